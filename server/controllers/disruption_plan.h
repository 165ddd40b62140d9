/* SPDX-License-Identifier: Apache-2.0 */
/* How many of a budget's pods may be disrupted now: pure, after pkg/controller/disruption of v1.37. */
#ifndef SERVER_CONTROLLERS_DISRUPTION_PLAN_H
#define SERVER_CONTROLLERS_DISRUPTION_PLAN_H

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
void disruption_plan(const struct disruption_view *v,
		     struct policy_v1_pod_disruption_budget_status *out, int64_t *out_wait_ms);

#endif
