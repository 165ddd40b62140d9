/* SPDX-License-Identifier: Apache-2.0 */
/* How many replicas one metric asks for. Pure. Pods that have no sample yet, or aren't ready, are reckoned in so that they hold a
 * change back and never drive it: with nothing when it goes up, with all that they may use when it goes down. Follows
 * pkg/controller/podautoscaler/replica_calculator.go of v1.37. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_PROPOSAL_H
#define SERVER_CONTROLLERS_AUTOSCALING_PROPOSAL_H

#include "server/controllers/autoscaling/samples.h"
#include "server/controllers/pods.h"

struct proposal_view {
	const struct pod_views *pods; /* that the target's selector selects */
	int32_t current;              /* the target's spec.replicas */
	int32_t counted;              /* its status.replicas */
	double tolerance_down, tolerance_up;
	int64_t initialization_us; /* for so long a pod's use of CPU says nothing */
	int64_t first_ready_us;    /* one that turns unready earlier was never ready */
	int64_t now_us;
	struct arena *arena;
};
struct proposal {
	int32_t replicas;
	int64_t usage_milli; /* as it is: the average of the pods, or the sum */
	int32_t utilization; /* percent of requests */
	const char *failure; /* NULL: it is one; in the arena or constant */
};
/* A part (in percent) of what the pods request. */
struct proposal proposal_of_utilization(const struct proposal_view *v, const struct samples *s,
					struct str resource, struct str container, int32_t percent);
/* An average over the pods. `resource` is empty for metrics that are none. */
struct proposal proposal_of_average(const struct proposal_view *v, const struct samples *s,
				    struct str resource, int64_t target_milli);
/* The metric as a whole against a value, or (per_pod) shared by all replicas that are counted. */
struct proposal proposal_of_value(const struct proposal_view *v, const struct samples *s,
				  int64_t target_milli);
struct proposal proposal_per_pod(const struct proposal_view *v, const struct samples *s,
				 int64_t target_milli);

#endif
