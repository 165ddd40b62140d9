/* SPDX-License-Identifier: Apache-2.0 */
/* Cordoned nodes take only pods that tolerate it. */
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static bool tolerates(const struct core_v1_pod *pod)
{
	return pod_tolerates(&pod->spec, STR("node.kubernetes.io/unschedulable"), STR(""),
			     STR("NoSchedule"));
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	(void)out;
	return c->cluster->ncordoned && !tolerates(c->pod);
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	(void)c;
	if (n->unschedulable)
		verdict_add_final(v, "node(s) were unschedulable");
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	if (!e->node)
		return tolerates(pod);
	return (!e->node->spec.unschedulable &&
		(!e->node_before || e->node_before->spec.unschedulable)) ||
	       (!e->node_before && tolerates(pod));
}

const struct sched_plugin plugin_node_unschedulable = { .name = "NodeUnschedulable",
							.pre_filter = pre_filter,
							.filter = filter,
							.events = SCHED_EVENT_NODE_ADD |
								  SCHED_EVENT_NODE_TAINTS |
								  SCHED_EVENT_SELF,
							.hint = hint };
