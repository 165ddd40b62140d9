/* SPDX-License-Identifier: Apache-2.0 */
/* Values as upstream's errors print them where its internal types have no JSON names: Go's field names in their order, everything that is not
 * set spelled out. Pure; any thread. */
#ifndef API_VALIDATION_INTERNAL_H
#define API_VALIDATION_INTERNAL_H

#include <jansson.h>

#include "api/type.h"
#include "api/validation/check.h"
#include "base/buf.h"

void internal_text(const struct api_type *t, const json_t *value, struct buf *out);
/* check_invalid and check_duplicate for such a value; type: "core/v1.Toleration". */
void check_invalid_internal(struct check *c, const char *child, const char *type,
			    const json_t *value, const char *detail);
/* A field that stays as it is. type NULL: its value is printed as it is, and an empty one is none; else empty is not none. */
void check_immutable_internal(struct check *c, const char *child, const char *type,
			      const json_t *new, const json_t *old);
void check_unsupported_internal(struct check *c, const char *child, const char *type,
				const json_t *value, const char *const *supported);
void check_duplicate_internal(struct check *c, const char *child, const char *type,
			      const json_t *value);

/* A list of such values. */
void check_invalid_internal_items(struct check *c, const char *child, const char *type,
				  const json_t *list, const char *detail);
/* A list as JSON, the fields of its items in their order. */
void check_invalid_items(struct check *c, const char *child, const char *type, const json_t *list,
			 const char *detail);
/* An item of a list as JSON, its fields in their order. */
void check_duplicate_typed(struct check *c, const char *type, const json_t *value);

#endif
