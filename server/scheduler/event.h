/* SPDX-License-Identifier: Apache-2.0 */
/* What happens in the cluster that may let a pod fit which did not. */
#ifndef SERVER_SCHEDULER_EVENT_H
#define SERVER_SCHEDULER_EVENT_H

#include "api/object/object.h"
#include "generated/api_structs.h"

enum {
	SCHED_EVENT_NODE_ADD = 1 << 0,
	SCHED_EVENT_NODE_ALLOCATABLE = 1 << 1,
	SCHED_EVENT_NODE_LABELS = 1 << 2,
	SCHED_EVENT_NODE_TAINTS = 1 << 3,
	SCHED_EVENT_NODE_DELETE = 1 << 4,
	SCHED_EVENT_POD_ADD = 1 << 6, /* assigned pods */
	SCHED_EVENT_POD_LABELS = 1 << 7,
	SCHED_EVENT_POD_SCALED_DOWN = 1 << 8,
	SCHED_EVENT_POD_DELETE = 1 << 9,
	SCHED_EVENT_SELF = 1 << 10, /* the pod itself changed */
	SCHED_EVENT_NAMESPACE = 1 << 11,
	SCHED_EVENT_CLAIM = 1 << 12, /* PersistentVolumeClaim */
	SCHED_EVENT_VOLUME = 1 << 13,
	SCHED_EVENT_CLASS = 1 << 14,
	SCHED_EVENT_CSI_NODE = 1 << 15,
	SCHED_EVENT_CSI_DRIVER = 1 << 16,
	SCHED_EVENT_CAPACITY = 1 << 17,
	SCHED_EVENT_ATTACHMENT = 1 << 18,
	SCHED_EVENT_NODE_FEATURES = 1 << 19,
};
struct sched_event {
	uint32_t what;                   /* one or several */
	const struct core_v1_node *node; /* of node events; the last one known if it was deleted */
	const struct core_v1_node *node_before;
	const struct object *pod; /* of pod events: the one of after, or the deleted one */
	const struct object *pod_before;
	const struct core_v1_pod *decoded;    /* of pod events, if somebody has it */
	const struct object *object, *before; /* of all others */
};

#endif
