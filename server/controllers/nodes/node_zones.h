/* SPDX-License-Identifier: Apache-2.0 */
/* How fast nodes may be emptied: nodes by zone, the state of each zone, and a queue per zone of nodes that wait for their NoExecute
 * taint, let out by a token bucket whose rate follows from the state. When no node of the cluster answers, it is rather we who are cut
 * off: nothing is let out. Pure but for its own state: times are given, in ms of any monotonic clock. After
 * pkg/controller/nodelifecycle of v1.37 (handleDisruption, RateLimitedTimedQueue). */
#ifndef SERVER_CONTROLLERS_NODES_NODE_ZONES_H
#define SERVER_CONTROLLERS_NODES_NODE_ZONES_H

#include "base/list.h"
#include "base/map.h"

enum zone_state { ZONE_INITIAL, ZONE_NORMAL, ZONE_PARTIAL_DISRUPTION, ZONE_FULL_DISRUPTION };
struct node_zones_config {
	double rate;           /* --node-eviction-rate: nodes a second */
	double secondary_rate; /* --secondary-node-eviction-rate, in large zones that are unhealthy */
	int64_t large;         /* --large-cluster-size-threshold: more nodes are large */
	double unhealthy;      /* --unhealthy-zone-threshold: the part of nodes that aren't ready */
};
extern const struct node_zones_config node_zones_defaults;

struct node_zones {
	struct node_zones_config config;
	struct map nodes, zones; /* private */
};
void node_zones_init(struct node_zones *z, const struct node_zones_config *config);
void node_zones_free(struct node_zones *z);

struct node_zones_fact {
	struct str zone; /* node_zone_key() */
	bool ready;      /* the condition is True */
	bool excluded;   /* label node.kubernetes.io/exclude-disruption: doesn't count */
};
/* Tells of a node; one that waits goes on to wait. Returns whether the states may have changed. */
bool node_zones_put(struct node_zones *z, struct str node, const struct node_zones_fact *f);
bool node_zones_drop(struct node_zones *z, struct str node);

enum zones_turn {
	ZONES_AS_BEFORE,
	ZONES_ALL_DISRUPTED, /* nobody answers: NoExecute taints are to be taken off all nodes */
	ZONES_ANSWER_AGAIN,  /* the silence of all nodes is to be counted from now */
};
/* States and rates from what is known now. */
enum zones_turn node_zones_judge(struct node_zones *z, int64_t now_ms);

/* The node is to get its taint, when its turn comes. */
void node_zones_wait(struct node_zones *z, struct str node);
void node_zones_forget(struct node_zones *z, struct str node);
bool node_zones_waits(const struct node_zones *z, struct str node);
/* The next node whose turn has come (borrowed until the next verb); it waits no more. None: false, and *out_wait_ms says when to ask
 * again, ZONES_NEVER: when something has changed. */
#define ZONES_NEVER (-1)
bool node_zones_next(struct node_zones *z, int64_t now_ms, struct str *out, int64_t *out_wait_ms);

/* What the metrics show. */
struct zone_report {
	struct str zone;
	size_t size, unhealthy;
	uint64_t evictions; /* nodes let out */
	enum zone_state state;
};
void node_zones_each(const struct node_zones *z, void (*fn)(void *ctx, const struct zone_report *r),
		     void *ctx);

#endif
