/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that the scheduler writes, as strategic merge patches of a pod's status. */
#ifndef SERVER_SCHEDULER_POD_STATUS_H
#define SERVER_SCHEDULER_POD_STATUS_H

#include "base/buf.h"
#include "generated/api_structs.h"

/* PodScheduled of a pod that was not placed. `nominate`: the node where room is being made, empty: nowhere any more; NULL: as it
 * is. False: the pod already says exactly that. */
bool unscheduled_patch(const struct core_v1_pod *pod, const char *reason, struct str message,
		       const struct str *nominate, int64_t now_s, struct buf *out);
/* DisruptionTarget of a pod that has to make room. */
void preempted_patch(struct str uid, int64_t now_s, struct buf *out);

#endif
