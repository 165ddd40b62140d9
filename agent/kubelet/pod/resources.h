/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and limits of CPU and memory, compared and carried from one version of a pod to another. Pure. */
#ifndef AGENT_KUBELET_POD_RESOURCES_H
#define AGENT_KUBELET_POD_RESOURCES_H

#include "agent/runtime/runtime.h"
#include "base/arena.h"
#include "generated/api_structs.h"

struct resource_amounts { /* millicores, bytes; 0: absent */
	int64_t cpu_request, cpu_limit, memory_request, memory_limit;
};
/* Of a container; a limit that it lacks is its pod's (`pod` may be NULL). */
struct resource_amounts resources_of(const struct core_v1_resource_requirements *container,
				     const struct core_v1_resource_requirements *pod);
bool resources_equal(const struct resource_amounts *a, const struct resource_amounts *b);
/* Of all containers and of the pod itself. */
bool resources_same(const struct core_v1_pod_spec *a, const struct core_v1_pod_spec *b);

/* Deep copies. */
struct core_v1_resource_requirements resources_copy(const struct core_v1_resource_requirements *r,
						    struct arena *a);
void resources_overlay(struct core_v1_pod_spec *to, const struct core_v1_pod_spec *from,
		       struct arena *a); /* containers by their names */
/* A spec of nothing but names and resources. */
struct core_v1_pod_spec *resources_keep(const struct core_v1_pod_spec *spec, struct arena *a);

/* The larger of each; 0 (no limit) is the largest of limits. */
struct container_resources resources_wider(const struct container_resources *a,
					   const struct container_resources *b);

#endif
