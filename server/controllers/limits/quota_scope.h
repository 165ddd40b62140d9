/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects a ResourceQuota's scopes take in: pods by how long they may run, what they ask for, their priority and whom they want
 * to be near; claims by their VolumeAttributesClass. All of a quota's scopes have to hold. Pure; after pkg/quota/v1/evaluator/core of
 * v1.37. */
#ifndef SERVER_CONTROLLERS_LIMITS_QUOTA_SCOPE_H
#define SERVER_CONTROLLERS_LIMITS_QUOTA_SCOPE_H

#include "generated/api_structs.h"

bool quota_has_scopes(const struct core_v1_resource_quota *q);
/* No other resource has scopes: a quota that has some counts nothing else. */
bool quota_scopes_pod(const struct core_v1_resource_quota *q, const struct core_v1_pod *p);
bool quota_scopes_claim(const struct core_v1_resource_quota *q,
			const struct core_v1_persistent_volume_claim *c);

#endif
