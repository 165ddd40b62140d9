/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that names its node goes there or nowhere. */
#include "server/scheduler/plugin.h"

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	(void)out;
	return c->pod->spec.node_name.n > 0;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	if (!str_eq(c->pod->spec.node_name, n->node->metadata.name))
		verdict_add_final(v, "node(s) didn't match the requested node name");
}

const struct sched_plugin plugin_node_name = { .name = "NodeName",
					       .pre_filter = pre_filter,
					       .filter = filter,
					       .events = SCHED_EVENT_NODE_ADD };
