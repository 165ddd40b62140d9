/* SPDX-License-Identifier: Apache-2.0 */
/* Cordoned nodes take only pods that tolerate it. */
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	if (n->node.spec.unschedulable &&
	    !pod_tolerates(&c->pod->spec, STR("node.kubernetes.io/unschedulable"), STR(""),
			   STR("NoSchedule")))
		reasons_add(why, STR("node(s) were unschedulable"));
}

const struct sched_plugin plugin_node_unschedulable = { .name = "NodeUnschedulable",
							.filter = filter,
							.final = true };
