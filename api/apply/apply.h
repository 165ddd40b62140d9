/* SPDX-License-Identifier: Apache-2.0 */
/* Server-side apply: merges an applied configuration into the live object by schema, finds conflicts with other managers, removes what this
 * manager no longer applies and that nobody else owns. Follows structured-merge-diff's merge and typed packages and
 * apimachinery's util/managedfields. Any thread. */
#ifndef API_APPLY_APPLY_H
#define API_APPLY_APPLY_H

#include <jansson.h>

#include "api/apply/managed_fields.h"
#include "api/type.h"
#include "base/err.h"

/* `live` NULL: the object is created. `applied` is the request's body as parsed and conformed, without defaults, and
 * has passed apply_check(). The result is a new tree with managedFields; `live` and `applied` stay as they are and share nothing with it.
 * The result has no defaults yet: the caller defaults it as after any patch.
 * Errors: Conflict with upstream's text and one FieldManagerConflict cause per field; BadRequest for managedFields in the body. */
int apply_merge(const struct api_resource *res, const json_t *live, const json_t *applied,
		const struct managed_by *by, bool force, json_t **out, struct err *err);

#endif
