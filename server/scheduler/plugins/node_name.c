/* SPDX-License-Identifier: Apache-2.0 */
/* A pod that names its node goes there or nowhere. */
#include "server/scheduler/plugin.h"

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	if (c->pod->spec.node_name.n && !str_eq(c->pod->spec.node_name, n->node.metadata.name))
		reasons_add(why, STR("node(s) didn't match the requested node name"));
}

const struct sched_plugin plugin_node_name = { .name = "NodeName",
					       .filter = filter,
					       .final = true };
