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

static void write_nomination(struct str node, struct buf *out)
{
	buf_puts(out, "\"nominatedNodeName\":");
	if (node.n)
		buf_json_string(out, node);
	else
		buf_puts(out, "null");
}

bool unscheduled_patch(const struct core_v1_pod *pod, const char *reason, struct str message,
		       const struct str *nominate, int64_t now_s, struct buf *out)
{
	const struct core_v1_pod_condition *had = scheduled_condition(pod);
	bool was_false = had && str_eqz(had->status, "False");
	bool same = was_false && str_eqz(had->reason, reason) && str_eq(had->message, message) &&
		    had->observed_generation == pod->metadata.generation;
	bool renominate = nominate && !str_eq(*nominate, pod->status.nominated_node_name);
	char now[TIME_TEXT_MAX];

	if (same && !renominate)
		return false;
	buf_printf(out, "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{",
		   STR_ARG(pod->metadata.uid));
	if (renominate)
		write_nomination(*nominate, out);
	if (!same) {
		time_format(was_false && had->last_transition_time.set
				    ? had->last_transition_time.us / 1000000
				    : now_s,
			    now);
		buf_printf(out,
			   "%s\"conditions\":[{\"type\":\"PodScheduled\",\"observedGeneration\":"
			   "%lld,\"status\":\"False\",\"lastProbeTime\":null,"
			   "\"lastTransitionTime\":\"%s\",\"reason\":\"%s\",\"message\":",
			   renominate ? "," : "", (long long)pod->metadata.generation, now, reason);
		buf_json_string(out, message);
		buf_puts(out, "}]");
	}
	buf_puts(out, "}}");
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
