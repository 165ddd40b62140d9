/* SPDX-License-Identifier: Apache-2.0 */
/* kube-proxy's own pages at their usual ports: :10256/healthz and /livez for load balancers and monitors (after
 * pkg/proxy/healthcheck/proxy_health.go), 127.0.0.1:10249/metrics, /healthz and /proxyMode. A port that somebody else has is left to
 * them, with a word in the log. Loop thread only. */
#ifndef AGENT_NETWORK_PROXY_HEALTH_H
#define AGENT_NETWORK_PROXY_HEALTH_H

#include "base/buf.h"
#include "net/loop.h"

#define PROXY_HEALTHZ_PORT 10256
#define PROXY_METRICS_PORT 10249

struct proxy_health;
struct proxy_health *proxy_health_new(struct loop *l,
				      const bool *eligible); /* of the node; read when asked */
void proxy_health_free(struct proxy_health *h);
void proxy_health_queued(struct proxy_health *h); /* there is something to do */
/* The kernel has it all, after so long. `more`: something new has come meanwhile. */
void proxy_health_updated(struct proxy_health *h, int64_t took_us, bool more);
/* The answer's body and status; `livez`: whether the node stays does not matter. Pure. */
struct proxy_view {
	int64_t now_us, updated_us, queued_us; /* wall clock; 0: not yet, nothing */
	bool eligible, livez;
};
int proxy_health_page(const struct proxy_view *v, struct buf *out);

#endif
