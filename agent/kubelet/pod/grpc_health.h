/* SPDX-License-Identifier: Apache-2.0 */
/* Asks grpc.health.v1.Health/Check of a server, over HTTP/2 without TLS. Loop thread only. Follows grpc's health checking protocol
 * and PROTOCOL-HTTP2, and upstream's pkg/probe/grpc for the words. */
#ifndef AGENT_KUBELET_POD_GRPC_HEALTH_H
#define AGENT_KUBELET_POD_GRPC_HEALTH_H

#include "base/str.h"
#include "net/loop.h"

struct grpc_health;
/* healthy, or what is wrong (borrowed). Once, never from inside grpc_health_start(). */
typedef void (*grpc_health_done)(void *ctx, bool healthy, const char *output);
struct grpc_health *grpc_health_start(struct loop *l, const char *host, int port,
				      struct str service, uint64_t timeout_ms,
				      grpc_health_done done, void *ctx);
void grpc_health_cancel(struct grpc_health *h); /* before done: done is not called */

#endif
