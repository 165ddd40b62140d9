/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: which node a pod goes to, or why none. Pure but for the tie-break, which takes its random number from the
 * caller. */
#ifndef SERVER_SCHEDULER_DECIDE_H
#define SERVER_SCHEDULER_DECIDE_H

#include "server/scheduler/look.h"

struct decision {
	struct node_info *node; /* NULL: none fits */
	struct buf message;     /* then: upstream's words */
	/* Then, by place in the cluster's list: removing pods may help. In the look's arena; NULL: nowhere. */
	bool *may_help;
	bool nominated_is_final; /* … and not on the nominated node */
};
/* The look is opened by the caller, and closed after the last use of the decision. */
void schedule_decide(struct sched_look *look, struct str nominated, uint64_t random,
		     struct decision *out);
/* "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable." */
void schedule_message(size_t nodes, const char *reject, const struct reasons *r, struct buf *out);
/* How many fitting nodes are enough to choose from. */
size_t schedule_enough(size_t nodes);

#endif
