/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what a node's silence and conditions mean: which taints it should have, and whether its conditions turn Unknown. Pure.
 * Taints and conditions after node_lifecycle_controller of kube-controller-manager v1.37. */
#ifndef SERVER_CONTROLLERS_NODE_HEALTH_H
#define SERVER_CONTROLLERS_NODE_HEALTH_H

#include "generated/api_structs.h"

#define NODE_GRACE_MS 50000 /* --node-monitor-grace-period */

struct node_health_taint {
	const char *key, *effect;
};
#define NODE_HEALTH_TAINTS 9
struct node_health_plan {
	bool turn_unknown; /* the kubelet stopped posting */
	struct node_health_taint taints
		[NODE_HEALTH_TAINTS]; /* those that this controller owns and the node should have */
	size_t ntaints;
	bool change_taints; /* they differ from what it has */
};
/* silent_ms: since the node's Lease or status last changed under our eyes. */
void node_health_plan(const struct core_v1_node *node, int64_t silent_ms,
		      struct node_health_plan *out);
bool node_health_owns_taint(struct str key, struct str effect);

#endif
