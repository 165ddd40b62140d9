/* SPDX-License-Identifier: Apache-2.0 */
/* In-place resize. What a pod's spec asks for becomes its allocation when it fits on the node; until then the pod keeps what it was
 * allocated, and its spec in memory (p->api) says that. What is allocated is then carried out in the cgroups, or by starting
 * containers again whose resizePolicy asks for it. Loop thread only. Follows upstream's pkg/kubelet/allocation and
 * kuberuntime (doPodResizeAction).
 *
 *	spec changes ─► fits? ─no─► PodResizePending (Deferred), looked at again when others end or shrink
 *	                      └yes► PodResizeInProgress ─► cgroups ─► done */
#ifndef AGENT_KUBELET_POD_POD_RESIZE_H
#define AGENT_KUBELET_POD_POD_RESIZE_H

#include "agent/kubelet/pod/resources.h"
#include "base/clock.h"

struct kubelet;
struct pod;
struct pod_container;
struct pod_resize {
	struct arena arena;
	struct core_v1_pod_spec *allocated, *desired; /* NULL: nothing is pending */
	char *pending_message;                        /* of Deferred */
	int64_t generation;                           /* of the spec that is in progress */
	bool in_progress, failed;
	char *error;                    /* why it does not go on */
	int updating;                   /* how many answers of the runtime are awaited */
	int64_t retry_at_us;            /* after an error */
	bool ever;                      /* there were conditions, which may have to be taken back */
	struct container_resources pod; /* what the pod's own cgroup has */
	struct arena actuated_arena;    /* of: */
	struct core_v1_resource_requirements *actuated; /* of the pod itself, NULL: it has none */
};

void pod_resize_changed(struct pod *p, const struct core_v1_pod_spec *before);
void pod_resize_adopt(struct pod *p); /* after a restart: from the API's status */
void pod_resize_started(struct pod *p, const struct core_v1_pod_spec *spec,
			const struct container_resources *r);
void pod_resize_container_started(struct pod_container *c, const struct core_v1_container *spec);
void pod_resize_actuate(struct pod *p); /* what is allocated and not yet so; part of each sync */
void pod_resize_retry_all(struct kubelet *k); /* something became free */
void pod_resize_free(struct pod *p);

#endif
