/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's status says of its containers, for pod_status_build() and for events. Pure but for the arena. Follows
 * pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses). */
#ifndef AGENT_KUBELET_POD_CONTAINER_REPORT_H
#define AGENT_KUBELET_POD_CONTAINER_REPORT_H

#include "agent/kubelet/pod/pod_status.h"

void container_report_fill(const struct pod *p, struct arena *a, struct core_v1_pod_status *out);
bool pod_container_is_ready(const struct pod_container *c);
const char *
container_first_reason(const struct pod_container *c); /* why one that never started waits */
const char *
container_end_reason(const struct container_end *e);       /* Completed, Error, OOMKilled, … */
struct api_time status_time(int64_t us);                   /* in whole seconds; 0: none */
struct str status_text(struct arena *a, const char *text); /* a copy; NULL: none */

#endif
