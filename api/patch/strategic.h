/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' strategic merge patch: a merge patch that knows from the schema which lists merge by which key. Understands
 * `$patch: replace|delete|merge`, `$retainKeys`, `$setElementOrder/LIST` and `$deleteFromPrimitiveList/LIST`.
 * Follows apimachinery's pkg/util/strategicpatch. In place. Any thread. */
#ifndef API_PATCH_STRATEGIC_H
#define API_PATCH_STRATEGIC_H

#include <jansson.h>

#include "api/type.h"
#include "base/err.h"

/* `patch` stays as it is: nothing of it is shared with the document. After a failure the document is of no use.
 * Errors are BadRequest or Invalid in upstream's words. Custom resources have no strategic patch: the caller answers 415. */
int patch_strategic_apply(const struct api_type *t, json_t **doc, const json_t *patch,
			  struct err *err);

#endif
