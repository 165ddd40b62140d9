/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of an autoscaler: what its API answered becomes a number of replicas, a status and sentences, or the reason why not, in
 * upstream's words. Pure. Follows computeReplicasForMetric() of pkg/controller/podautoscaler of v1.37. */
#ifndef SERVER_CONTROLLERS_AUTOSCALING_METRIC_H
#define SERVER_CONTROLLERS_AUTOSCALING_METRIC_H

#include "server/controllers/autoscaling/proposal.h"

struct metric_answer {
	struct samples samples;
	const char *failure; /* NULL: there are samples; "unable to fetch metrics from …" */
};
struct metric_result { /* texts are in the arena of the view, or constant */
	int32_t replicas;
	const char *name; /* "cpu resource utilization (percentage of request)" */
	struct autoscaling_v2_metric_status status;
	const char *reason; /* NULL: it worked. "FailedGetResourceMetric" … */
	const char *failure,
		*summary; /* for the event and the condition; for what is said of all metrics */
};
void metric_judge(const struct proposal_view *v, struct str ns,
		  const struct autoscaling_v2_metric_spec *spec, const struct metric_answer *answer,
		  struct metric_result *out);

#endif
