/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of one running container: startup, liveness, readiness; by exec, HTTP, TCP or gRPC. The results go into the
 * container (started, ready, kill_message) and its pod is synced when one of them changes. A timer per probe, none without probes.
 * Loop thread only. Upstream's pkg/kubelet/prober. */
#ifndef AGENT_KUBELET_POD_PROBE_H
#define AGENT_KUBELET_POD_PROBE_H

#include <stdbool.h>

enum probe_kind { PROBE_STARTUP, PROBE_LIVENESS, PROBE_READINESS, PROBE_KINDS };
#define PROBE_RESULTS 3 /* enum handler_result */

struct pod_container;
struct probes;

/* The container began to run (or was found running: `adopted`; then what started and ready say already holds until a result says
 * otherwise). Sets started and ready as they are before the first result. */
void probes_start(struct pod_container *c, bool adopted);
/* The container is about to end or has ended: no more results. What is left closes by itself. */
void probes_stop(struct pod_container *c);

#endif
