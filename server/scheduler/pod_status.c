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

bool unschedulable_patch(const struct core_v1_pod *pod, struct str message, int64_t now_s,
			 struct buf *out)
{
	const struct core_v1_pod_condition *had = scheduled_condition(pod);
	bool was_false = had && str_eqz(had->status, "False");
	char now[TIME_TEXT_MAX];

	if (was_false && str_eqz(had->reason, "Unschedulable") && str_eq(had->message, message))
		return false;
	time_format(was_false && had->last_transition_time.set
			    ? had->last_transition_time.us / 1000000
			    : now_s,
		    now);
	buf_printf(out,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"conditions\":[{\"type\":"
		   "\"PodScheduled\","
		   "\"observedGeneration\":%lld,\"status\":\"False\",\"lastProbeTime\":null,"
		   "\"lastTransitionTime\":\"%s\","
		   "\"reason\":\"Unschedulable\",\"message\":",
		   STR_ARG(pod->metadata.uid), (long long)pod->metadata.generation, now);
	buf_json_string(out, message);
	buf_puts(out, "}]}}");
	return true;
}
