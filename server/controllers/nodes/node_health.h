/* SPDX-License-Identifier: Apache-2.0 */
/* Decides what a node's silence and conditions mean: which taints it should have, and whether its conditions turn Unknown. Pure.
 * Taints that only keep pods away (NoSchedule) follow the conditions at once; those that evict (NoExecute) come when the node's zone
 * lets it (node_zones.h), change into each other at once and go at once. After node_lifecycle_controller of kube-controller-manager
 * v1.37. */
#ifndef SERVER_CONTROLLERS_NODES_NODE_HEALTH_H
#define SERVER_CONTROLLERS_NODES_NODE_HEALTH_H

#include "base/buf.h"
#include "generated/api_structs.h"

struct node_health_config { /* how long a node may be silent */
	int64_t grace_ms;   /* --node-monitor-grace-period */
	int64_t startup_ms; /* --node-startup-grace-period: before its first word */
};
extern const struct node_health_config node_health_defaults;

enum node_eviction {
	EVICTION_AS_IT_IS, /* nothing is known of the node, or it has its taint */
	EVICTION_END,      /* it is ready: its NoExecute taints go */
	EVICTION_SWAP,     /* unreachable becomes not-ready, or the other way round */
	EVICTION_WAIT,     /* it needs a taint, when its turn comes */
};
struct node_health_taint {
	const char *key, *effect;
};
#define NODE_HEALTH_TAINTS 8
struct node_health_plan {
	bool turn_unknown; /* the kubelet stopped posting, or never began */
	bool was_ready;    /* its last word was that it is */
	bool silent;       /* it has been Unknown for some time */
	struct node_health_taint no_schedule[NODE_HEALTH_TAINTS]; /* that the node should have */
	size_t nno_schedule;
	bool change_no_schedule; /* they differ from what it has */
	enum node_eviction eviction;
	struct node_health_taint no_execute; /* SWAP, WAIT: the one that it needs */
};
/* The condition Ready; NULL: not a word yet. */
const struct core_v1_node_condition *node_ready(const struct core_v1_node *node);
const struct str *node_label(const struct core_v1_node *node, const char *key);
/* How long the node may be silent: its first word takes longer. */
int64_t node_health_grace_ms(const struct node_health_config *c, const struct core_v1_node *node);
/* silent_ms: since the node's Lease or status last changed under our eyes. */
void node_health_plan(const struct core_v1_node *node, const struct node_health_config *c,
		      int64_t silent_ms, struct node_health_plan *out);
/* Its spec.taints as they should be, as JSON: those of others and those that stay are left as they are. `evict`: with the taint that
 * the plan waits for. */
void node_health_taints(const struct core_v1_node *node, const struct node_health_plan *plan,
			bool evict, const char *now, struct buf *out);
/* Conditions that turn Unknown, as a JSON array. */
void node_health_unknown(const struct core_v1_node *node, const char *now, struct buf *out);
/* No NoExecute taint of ours is left: for when nobody answers. Returns whether it has one. */
bool node_health_evicts(const struct core_v1_node *node);

/* Labels that repeat others for old readers (beta.kubernetes.io/os and arch): those to be set, as JSON; false: they are right. */
bool node_health_labels(const struct core_v1_node *node, struct buf *out);
/* Region and zone as one key; empty when it has neither. */
void node_zone_key(const struct core_v1_node *node, struct buf *out);

#endif
