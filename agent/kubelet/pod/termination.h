/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says when it ends: its termination log, or the end of its output. Loop thread; reads a few KiB. */
#ifndef AGENT_KUBELET_POD_TERMINATION_H
#define AGENT_KUBELET_POD_TERMINATION_H

#include "agent/kubelet/pod/pod.h"

char *termination_message(const struct pod_container *c,
			  const struct container_status *s); /* heap, or NULL */
/* As Go prints a duration of whole seconds: "10s", "2m40s", "5m0s". Returns out. */
const char *termination_duration(int64_t seconds, char out[32]);

#endif
