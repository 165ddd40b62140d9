/* SPDX-License-Identifier: Apache-2.0 */
/* A pod with gates waits outside of the queue until they are gone. */
#include "server/scheduler/plugin.h"

static const char *pre_enqueue(const struct core_v1_pod *pod)
{
	return pod->spec.scheduling_gates.n
		       ? "Scheduling is blocked due to non-empty scheduling gates"
		       : NULL;
}

const struct sched_plugin plugin_scheduling_gates = { .name = "SchedulingGates",
						      .pre_enqueue = pre_enqueue,
						      .events = SCHED_EVENT_SELF };
