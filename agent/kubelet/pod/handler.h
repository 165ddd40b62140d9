/* SPDX-License-Identifier: Apache-2.0 */
/* One action against a container: a command in it, an HTTP GET, a TCP connection, a gRPC health check, a pause. What probes and lifecycle hooks are
 * made of. Loop thread only. Upstream's pkg/probe and pkg/kubelet/lifecycle. */
#ifndef AGENT_KUBELET_POD_HANDLER_H
#define AGENT_KUBELET_POD_HANDLER_H

#include "agent/kubelet/pod/pod.h"

struct handler;
struct handler_spec { /* borrowed for the call; the first that is set counts */
	const struct core_v1_exec_action *exec;
	const struct core_v1_http_get_action *http_get;
	const struct core_v1_tcp_socket_action *tcp_socket;
	const struct core_v1_sleep_action *sleep;
	const struct core_v1_grpc_action *grpc;
	uint64_t timeout_ms; /* 0: none */
	const char *purpose; /* "probe", "lifecycle": for the user agent */
};
enum handler_result {
	HANDLER_SUCCESS,
	HANDLER_FAILURE,
	HANDLER_ERROR,
	HANDLER_WARNING /* good, but there is something to say: a redirect to another host */
};
/* output: what the command wrote or the server answered (at most 10 KiB), or what went wrong; borrowed for the call. Never called from
 * inside handler_start(). */
typedef void (*handler_done)(void *ctx, enum handler_result r, const char *output);
struct handler *handler_start(struct pod_container *c, const struct handler_spec *spec,
			      handler_done done, void *ctx);
void handler_cancel(struct handler *h); /* before done: done is not called */

#endif
