/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema can't say about an object: upstream's rules, field paths and messages (pkg/apis/.../validation). A kind is one
 * file and one row in validation/kinds.c. Trees are conformed and defaulted. Any thread.
 *
 * All errors of an object are collected: ERR_INVALID, one cause per field, and the text
 * `Pod "web" is invalid: spec.containers[0].name: Required value` (several: `[a, b]`). */
#ifndef API_VALIDATION_VALIDATION_H
#define API_VALIDATION_VALIDATION_H

#include <jansson.h>

#include "api/type.h"
#include "base/err.h"

/* Metadata and what the kind has to say. `subresource` "" is the object itself; "status" checks the status only, others ("ephemeralcontainers",
 * "resize", "finalize", "approval") as far as their kind has rules. For an update new.metadata.name and namespace are already
 * what the request's path says. */
int validate_create(const struct api_resource *r, const json_t *object, struct err *err);
int validate_update(const struct api_resource *r, const char *subresource, const json_t *new,
		    const json_t *old, struct err *err);

/* The answer's text and reason from the causes collected so far; 0 when there are none. For others that collect causes (admission, CRDs). */
int validate_finish(const char *kind, const char *group, struct str name, struct err *err);

#endif
