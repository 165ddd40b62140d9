/* SPDX-License-Identifier: Apache-2.0 */
/* Host ports are taken once per address and protocol. */
#include "server/scheduler/plugin.h"

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	for (size_t i = 0; i < c->usage->nports; i++)
		for (size_t k = 0; k < n->nports; k++)
			if (host_port_conflicts(&c->usage->ports[i], &n->ports[k])) {
				reasons_add(why, STR("node(s) didn't have free ports for the "
						     "requested pod ports"));
				return;
			}
}

const struct sched_plugin plugin_node_ports = { .name = "NodePorts", .filter = filter };
