/* SPDX-License-Identifier: Apache-2.0 */
/* The ports at which load balancers ask whether a node has endpoints of a Service with the traffic policy Local: 200 when it has, 503 when
 * it has none, with kube-proxy's body. Loop thread only. */
#ifndef AGENT_NETWORK_SERVICE_HEALTH_H
#define AGENT_NETWORK_SERVICE_HEALTH_H

#include "base/buf.h"
#include "net/loop.h"

struct service_health;
struct service_health *service_health_new(struct loop *l);
void service_health_free(struct service_health *h); /* closes all */
/* port 0: it has none (any more). `ns`, `name`: of the Service. */
void service_health_set(struct service_health *h, struct str ns, struct str name, int port,
			unsigned local_endpoints);

#endif
