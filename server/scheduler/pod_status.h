/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that the scheduler writes, as strategic merge patches of a pod's status. */
#ifndef SERVER_SCHEDULER_POD_STATUS_H
#define SERVER_SCHEDULER_POD_STATUS_H

#include "base/buf.h"
#include "generated/api_structs.h"

/* PodScheduled of a pod that does not fit. `nominated`: the node where room is being made, or empty. False: the pod already
 * says exactly that. */
bool unschedulable_patch(const struct core_v1_pod *pod, struct str message, struct str nominated,
			 int64_t now_s, struct buf *out);
/* DisruptionTarget of a pod that has to make room. */
void preempted_patch(struct str uid, int64_t now_s, struct buf *out);

#endif
