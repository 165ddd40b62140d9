/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's status as upstream's kubelet reports it, from what its worker knows. Pure but for the arena. Follows
 * pkg/kubelet/kubelet_pods.go (getPhase) and pkg/kubelet/status/generate.go. */
#ifndef AGENT_KUBELET_POD_POD_STATUS_H
#define AGENT_KUBELET_POD_POD_STATUS_H

#include "agent/kubelet/pod/pod.h"

#define CONTAINER_ID_SCHEME "allinone://"

void pod_status_build(const struct pod *p, int64_t now_us, struct arena *a,
		      struct core_v1_pod_status *out);
/* "Pending", "Running", "Succeeded", "Failed" */
const char *pod_phase(const struct pod *p);

#endif
