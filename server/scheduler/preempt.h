/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods of lower priority could make room for a pod that fits nowhere: tried on the cluster and taken back, so the
 * cluster is as before when it returns. After defaultpreemption of v1.37, without PodDisruptionBudgets. */
#ifndef SERVER_SCHEDULER_PREEMPT_H
#define SERVER_SCHEDULER_PREEMPT_H

#include "server/scheduler/decide.h"

struct preemption {
	struct node_info *node;      /* NULL: nothing to be done */
	struct placed_pod **victims; /* heap; of the cluster */
	size_t nvictims;
	struct buf message; /* then: "preemption: …" */
};
void schedule_preempt(struct cluster *c, const struct sched_pod *p, struct preemption *out);
void preemption_free(struct preemption *p);

#endif
