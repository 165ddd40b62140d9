/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's requests and limits mean on a node: its quality of service, its cgroup, its containers' limits. Pure functions of
 * the spec; upstream's pkg/kubelet/qos and cm. */
#ifndef AGENT_KUBELET_POD_QOS_H
#define AGENT_KUBELET_POD_QOS_H

#include <stdbool.h>

#include "agent/runtime/runtime.h"
#include "base/arena.h"
#include "generated/api_structs.h"

/* cpu in millicores, everything else in units; 0: absent. */
int64_t resource_amount(const struct api_quantity_map *m, const char *name);

const char *
qos_class(const struct core_v1_pod_spec *spec); /* "Guaranteed", "Burstable", "BestEffort" */
/* Relative to the runtime's cgroup root: "podUID", "burstable/podUID", "besteffort/podUID". */
const char *qos_cgroup(struct arena *a, const struct core_v1_pod *pod);
int qos_oom_score_adj(const struct core_v1_pod_spec *spec, const struct core_v1_container *c,
		      int64_t node_memory_bytes);
void qos_resources(const struct core_v1_pod_spec *spec, const struct core_v1_container *c,
		   int64_t node_memory_bytes, struct container_resources *out);
/* Of the pod's own cgroup: requests summed; a limit only when every container has one. */
void qos_pod_resources(const struct core_v1_pod_spec *spec, struct container_resources *out);
/* What the pod asks of a node: containers and sidecars summed, or the largest init container; "cpu" or "memory". */
int64_t qos_pod_request(const struct core_v1_pod_spec *spec, const char *name);

#endif
