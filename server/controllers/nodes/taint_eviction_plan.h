/* SPDX-License-Identifier: Apache-2.0 */
/* When a pod has to leave a node because of NoExecute taints: pure, after pkg/controller/tainteviction of v1.37. */
#ifndef SERVER_CONTROLLERS_NODES_TAINT_EVICTION_PLAN_H
#define SERVER_CONTROLLERS_NODES_TAINT_EVICTION_PLAN_H

#include "api/decode.h"

#define EVICT_NEVER (-1)
/* For how many seconds the pod puts up with the node's taints: 0: not at all, EVICT_NEVER: it may stay. Of several tolerations for
 * a taint the first counts. */
int64_t taint_eviction_s(const struct core_v1_pod *p, const struct core_v1_node *n);

#endif
