/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod requests, as autoscaling reckons a utilization: every container must say it, or the pod as a whole. Pure. Follows
 * calculateRequests() of pkg/controller/podautoscaler of v1.37. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_REQUESTS_H
#define SERVER_CONTROLLERS_AUTOSCALING_REQUESTS_H

#include "base/arena.h"
#include "generated/api_structs.h"

/* Thousandths of `resource`, of one container or (empty) of all. NULL, or why there is none. */
const char *pod_requests(const struct core_v1_pod *pod, struct str resource, struct str container,
			 struct arena *a, int64_t *out_milli);

#endif
