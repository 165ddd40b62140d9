/* SPDX-License-Identifier: Apache-2.0 */
/* How many of a budget's pods may be disrupted now: pure, after pkg/controller/disruption of v1.37. */
#ifndef SERVER_CONTROLLERS_LIMITS_DISRUPTION_PLAN_H
#define SERVER_CONTROLLERS_LIMITS_DISRUPTION_PLAN_H

#include "server/controllers/pods.h"

#define DISRUPTED_POD_US \
	(2 * 60 *        \
	 1000000LL) /* an eviction that was granted and is not seen by then did not happen */

struct disruption_view {
	const struct policy_v1_pod_disruption_budget *budget;
	struct pod_views *pods;
	int32_t scale; /* what their controllers want together */
	int64_t now_us;
};
/* Does the budget say a part of what the pods' controllers want? */
bool disruption_needs_scale(const struct policy_v1_pod_disruption_budget *b);
void disruption_plan(const struct disruption_view *v,
		     struct policy_v1_pod_disruption_budget_status *out, int64_t *out_wait_ms);
/* What can't be reckoned allows nothing. */
void disruption_failed(const struct disruption_view *v, struct str why,
		       struct policy_v1_pod_disruption_budget_status *out);
/* Evictions that were granted in vain: pods of the view, in order. `at` goes from 0 up; NULL: no more. */
const struct object *disruption_in_vain(const struct disruption_view *v, size_t *at);

/* A pod that was said to be disrupted, and goes on: in how many ms the condition is taken back. */
#define DISRUPTION_STANDS (-1)
int64_t disruption_stale_ms(const struct core_v1_pod *p, int64_t now_us);

#endif
