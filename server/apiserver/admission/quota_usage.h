/* SPDX-License-Identifier: Apache-2.0 */
/* What an object counts as in quotas: which of a quota's resources it may use up, which scopes it is in, how much it takes. One row per
 * kind that is more than one object (quota_usage.c). Pure, on trees. Follows upstream's pkg/quota/v1/evaluator/core. */
#ifndef SERVER_APISERVER_ADMISSION_QUOTA_USAGE_H
#define SERVER_APISERVER_ADMISSION_QUOTA_USAGE_H

#include <jansson.h>

#include "api/type.h"
#include "base/buf.h"

/* Whether quotas have to do with this write at all; `old` is NULL for creations. */
bool quota_handles(const struct api_resource *res, const char *subresource, const json_t *new,
		   const json_t *old);
bool quota_matches_name(const struct api_resource *res, const char *name);
/* One scope: its name, an operator and values. */
bool quota_in_scope(const struct api_resource *res, const json_t *object, struct str scope,
		    struct str operator, const json_t * values);
json_t *quota_usage_new(const struct api_resource *res, const json_t *object, int64_t now_s);
/* Resources that `hard` limits and that the object has to name itself; "must specify …" goes to out. */
bool quota_constraints_hold(const struct api_resource *res, const json_t *hard,
			    const json_t *object, struct buf *out);

#endif
