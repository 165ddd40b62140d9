/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods of lower priority could make room for a pod that fits nowhere: tried on the cluster and taken back, so the
 * cluster is as before when it returns. After defaultpreemption of v1.37. */
#ifndef SERVER_SCHEDULER_PREEMPT_H
#define SERVER_SCHEDULER_PREEMPT_H

#include "server/scheduler/budgets.h"
#include "server/scheduler/decide.h"

struct preemption {
	struct node_info *node;      /* NULL: nothing to be done */
	struct placed_pod **victims; /* heap; of the cluster; the most important first */
	size_t nvictims;
	int violations;     /* budgets that the victims overdraw */
	bool not_now;       /* the pod isn't eligible: its nomination stays as it is */
	struct buf message; /* "preemption: …" */
};
/* `random`: where the search starts in a large cluster. */
void schedule_preempt(struct sched_look *look, const struct decision *d,
		      const struct budgets *budgets, struct str nominated, uint64_t random,
		      struct preemption *out);
void preemption_free(struct preemption *p);

#endif
