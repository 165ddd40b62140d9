/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/pod_status.h"

#include "base/clock.h"

static const struct core_v1_pod_condition *scheduled_condition(const struct core_v1_pod *pod)
{
	for (size_t i = 0; i < pod->status.conditions.n; i++)
		if (str_eqz(pod->status.conditions.items[i].type, "PodScheduled"))
			return &pod->status.conditions.items[i];
	return NULL;
}

bool unschedulable_patch(const struct core_v1_pod *pod, struct str message, struct str nominated,
			 int64_t now_s, struct buf *out)
{
	const struct core_v1_pod_condition *had = scheduled_condition(pod);
	bool was_false = had && str_eqz(had->status, "False");
	char now[TIME_TEXT_MAX];

	if (was_false && str_eqz(had->reason, "Unschedulable") && str_eq(had->message, message) &&
	    (!nominated.n || str_eq(nominated, pod->status.nominated_node_name)))
		return false;
	time_format(was_false && had->last_transition_time.set
			    ? had->last_transition_time.us / 1000000
			    : now_s,
		    now);
	buf_printf(out, "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{",
		   STR_ARG(pod->metadata.uid));
	if (nominated.n)
		buf_printf(out, "\"nominatedNodeName\":\"%.*s\",", STR_ARG(nominated));
	buf_printf(out,
		   "\"conditions\":[{\"type\":\"PodScheduled\",\"observedGeneration\":%lld,"
		   "\"status\":\"False\","
		   "\"lastProbeTime\":null,\"lastTransitionTime\":\"%s\",\"reason\":"
		   "\"Unschedulable\",\"message\":",
		   (long long)pod->metadata.generation, now);
	buf_json_string(out, message);
	buf_puts(out, "}]}}");
	return true;
}

void preempted_patch(struct str uid, int64_t now_s, struct buf *out)
{
	char now[TIME_TEXT_MAX];

	time_format(now_s, now);
	buf_printf(out,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"conditions\":[{\"type\":"
		   "\"DisruptionTarget\",\"status\":"
		   "\"True\",\"lastTransitionTime\":\"%s\",\"reason\":\"PreemptionByScheduler\","
		   "\"message\":"
		   "\"default-scheduler: preempting to accommodate a higher priority pod\"}]}}",
		   STR_ARG(uid), now);
}
