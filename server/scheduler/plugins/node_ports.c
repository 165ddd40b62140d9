/* SPDX-License-Identifier: Apache-2.0 */
/* Host ports are taken once per address and protocol. */
#include "server/scheduler/plugin.h"

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	(void)out;
	return c->usage->nports > 0;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	for (size_t i = 0; i < c->usage->nports; i++)
		for (size_t k = 0; k < n->nports; k++)
			if (host_port_conflicts(&c->usage->ports[i], &n->ports[k])) {
				verdict_add(v, "node(s) didn't have free ports for the requested "
					       "pod ports");
				return;
			}
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	struct pod_usage mine, theirs;
	bool conflict = false;

	if (!e->decoded)
		return true;
	pod_usage_read(pod, &mine);
	pod_usage_read(e->decoded, &theirs);
	for (size_t i = 0; i < mine.nports; i++)
		for (size_t k = 0; k < theirs.nports; k++)
			conflict |= host_port_conflicts(&mine.ports[i], &theirs.ports[k]);
	pod_usage_free(&mine);
	pod_usage_free(&theirs);
	return conflict;
}

const struct sched_plugin plugin_node_ports = { .name = "NodePorts",
						.pre_filter = pre_filter,
						.filter = filter,
						.events = SCHED_EVENT_POD_DELETE |
							  SCHED_EVENT_NODE_ADD,
						.hint = hint };
