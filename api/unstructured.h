/* SPDX-License-Identifier: Apache-2.0 */
/* What Go's conversion of a decoded tree into a typed object does: upstream reads what a strategic or an applied patch made this
 * way, and not from text. Any thread. */
#ifndef API_UNSTRUCTURED_H
#define API_UNSTRUCTURED_H

#include <jansson.h>

#include "api/type.h"
#include "base/err.h"

/* Checks the kind of each value in upstream's words (BadRequest: "cannot convert float64 to int32"), and makes a whole number of
 * one that is written with a point (2.0) where the type wants one. In place; custom resources are left alone: they have no Go
 * types. api_conform() comes after it, and refuses numbers beyond their type: upstream cuts them off. */
int api_from_unstructured(const struct api_type *t, json_t *tree, struct err *err);

#endif
