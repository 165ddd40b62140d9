/* SPDX-License-Identifier: Apache-2.0 */
/* Takes out of a conformed tree what a decoder into structs would not see: empty values of fields that are not written when
 * empty. Afterwards the tree says as much as its canonical JSON, so that it can be compared with a stored one and its
 * fields be given to managers. In place; any thread. */
#ifndef SERVER_APISERVER_WRITE_CANONICAL_H
#define SERVER_APISERVER_WRITE_CANONICAL_H

#include <jansson.h>

#include "api/type.h"

void canonical_prune(const struct api_type *t, json_t *tree);

#endif
