/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: which node a pod goes to, or why none. Pure but for the tie-break, which takes its random number from the
 * caller. */
#ifndef SERVER_SCHEDULER_DECIDE_H
#define SERVER_SCHEDULER_DECIDE_H

#include "server/scheduler/plugin.h"

struct decision {
	struct node_info *node; /* NULL: none fits */
	struct buf message;     /* then: upstream's words */
};
void schedule_decide(struct cluster *c, const struct core_v1_pod *pod,
		     const struct pod_usage *usage, uint64_t random, struct decision *out);
/* "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable." */
void schedule_message(size_t nodes, const struct reasons *r, struct buf *out);
/* How many fitting nodes are enough to choose from. */
size_t schedule_enough(size_t nodes);

#endif
