/* SPDX-License-Identifier: Apache-2.0 */
/* What a ReplicaSet needs: pure, after pkg/controller/replicaset of v1.37. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_REPLICA_SET_PLAN_H
#define SERVER_CONTROLLERS_WORKLOADS_REPLICA_SET_PLAN_H

#include "server/controllers/pods.h"

#define REPLICA_SET_BURST 500

struct replica_set_plan {
	size_t create;
	struct pod_view **remove; /* in the arena of the views */
	size_t nremove;
	struct apps_v1_replica_set_status status; /* conditions: replica_set_failure() */
	int64_t wait_ms;                          /* > 0: a pod becomes available then */
};
void replica_set_plan(const struct apps_v1_replica_set *rs, struct pod_views *pods, int64_t now_us,
		      struct replica_set_plan *out);
/* Fills the conditions: ReplicaFailure while pods that are needed could not be made. `failure` may be NULL. */
void replica_set_failure(const struct apps_v1_replica_set *rs, const char *failure, int64_t now_us,
			 struct replica_set_plan *plan, struct arena *a);

#endif
