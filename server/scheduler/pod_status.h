/* SPDX-License-Identifier: Apache-2.0 */
/* The PodScheduled condition of a pod that does not fit, as a strategic merge patch of its status. */
#ifndef SERVER_SCHEDULER_POD_STATUS_H
#define SERVER_SCHEDULER_POD_STATUS_H

#include "base/buf.h"
#include "generated/api_structs.h"

/* False: the pod already says exactly that. */
bool unschedulable_patch(const struct core_v1_pod *pod, struct str message, int64_t now_s,
			 struct buf *out);

#endif
