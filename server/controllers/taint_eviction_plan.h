/* SPDX-License-Identifier: Apache-2.0 */
/* When a pod has to leave a node because of NoExecute taints: pure, after pkg/controller/tainteviction of v1.37. */
#ifndef SERVER_CONTROLLERS_TAINT_EVICTION_PLAN_H
#define SERVER_CONTROLLERS_TAINT_EVICTION_PLAN_H

#include "api/decode.h"

#define EVICT_NEVER (-1)
/* In how many ms: 0: now, EVICT_NEVER: it may stay. */
int64_t taint_eviction_ms(const struct core_v1_pod *p, const struct core_v1_node *n,
			  int64_t now_us);

#endif
