/* SPDX-License-Identifier: Apache-2.0 */
/* What a ResourceQuota's objects use: pure, after pkg/quota/v1 of v1.37. Objects are added one by one. */
#ifndef SERVER_CONTROLLERS_LIMITS_QUOTA_PLAN_H
#define SERVER_CONTROLLERS_LIMITS_QUOTA_PLAN_H

#include "api/object/object.h"
#include "api/values/quantity.h"
#include "base/arena.h"
#include "generated/api_structs.h"

struct quota_use {
	struct str name; /* as in spec.hard */
	struct quantity used;
};
struct quota_usage {
	const struct core_v1_resource_quota *quota;
	struct quota_use *items; /* parallel to spec.hard */
	size_t n;
	int64_t now_us; /* wall clock */
};
void quota_usage_init(struct quota_usage *u, const struct core_v1_resource_quota *q, int64_t now_us,
		      struct arena *a);
/* Is anything that the quota names counted in objects of this resource? */
bool quota_concerns(const struct core_v1_resource_quota *q, const struct api_resource *r);
void quota_usage_add(struct quota_usage *u, const struct object *o);
void quota_usage_write(const struct quota_usage *u, struct arena *a,
		       struct core_v1_resource_quota_status *out);

#endif
