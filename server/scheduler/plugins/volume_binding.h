/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be done about a pod's claims before it can be bound to a node. */
#ifndef SERVER_SCHEDULER_PLUGINS_VOLUME_BINDING_H
#define SERVER_SCHEDULER_PLUGINS_VOLUME_BINDING_H

#include "server/scheduler/plugin.h"

struct claim_plan {
	const claim_struct *claim;
	const volume_struct *volume; /* that it gets; NULL: one will be made on the node */
};
struct volume_plan { /* in the turn's arena */
	struct claim_plan *items;
	size_t n; /* claims that are not bound yet */
};
/* For a node that has passed the filter. False: it doesn't do (any more). */
bool volume_binding_plan(const struct sched_cycle *c, const struct node_info *n,
			 struct volume_plan *out);

#endif
