/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints of a Service count, port by port and family by family, as kube-proxy decides it (pkg/proxy/topology.go): ready ones, or
 * else terminating ones that still serve; those on this node for the traffic policy Local; hints. Pure; any thread. */
#ifndef AGENT_NETWORK_SERVICE_BACKENDS_H
#define AGENT_NETWORK_SERVICE_BACKENDS_H

#include "agent/network/service_elements.h"

struct backend {
	struct ip ip;
	uint16_t port;
	bool local;
};
struct backends {
	struct backend *items;
	size_t n, cap;
};
/* The endpoints of one port in one family, by what they are good for. */
struct port_backends {
	struct backends all, local;
	struct backends served; /* all that serve, ending or not; wherever they are */
	unsigned local_ready;   /* how many on this node are ready */
	bool any;               /* there is an endpoint at all */
};
void port_backends_of(const struct service_view *v, const struct core_v1_service_port *p, bool v6,
		      struct port_backends *out); /* `out`: zero */
void port_backends_free(struct port_backends *p);

#endif
