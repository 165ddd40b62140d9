/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: which node a pod goes to, or why none. Pure but for the tie-break, which takes its random number from the
 * caller. */
#ifndef SERVER_SCHEDULER_DECIDE_H
#define SERVER_SCHEDULER_DECIDE_H

#include "server/scheduler/plugin.h"

#define SCHED_PLUGINS_MAX 24

struct sched_pod { /* who is to be placed */
	const struct core_v1_pod *pod;
	const struct pod_usage *usage;
	struct str key;
};
struct decision {
	struct node_info *node; /* NULL: none fits */
	struct buf message;     /* then: upstream's words */
};
void schedule_decide(struct cluster *c, const struct sched_pod *p, uint64_t random,
		     struct decision *out);
/* "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable." */
void schedule_message(size_t nodes, const struct reasons *r, struct buf *out);
/* How many fitting nodes are enough to choose from. */
size_t schedule_enough(size_t nodes);

/* One look at the cluster: what the plug-ins prepared for a pod. For deciding and for trying preemptions. */
struct sched_look {
	struct sched_cycle cycle;
	void *states[SCHED_PLUGINS_MAX];
	bool skip[SCHED_PLUGINS_MAX]; /* has nothing to say about this pod */
	struct arena arena;
};
void sched_look_open(struct sched_look *l, const struct cluster *c, const struct sched_pod *p,
		     const struct placed_pod *const *gone, size_t ngone);
void sched_look_close(struct sched_look *l);
/* `final` (may be NULL): no removal of pods could help. Pods nominated for the node count as if they were there. */
bool sched_look_fits(struct sched_look *l, struct node_info *n, struct reasons *why, bool *final);

#endif
