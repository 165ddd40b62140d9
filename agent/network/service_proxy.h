/* SPDX-License-Identifier: Apache-2.0 */
/* The service proxy of a node: Services and EndpointSlices in, rules of the kernel out (service_rules.h). What changed in a turn of the loop
 * is one transaction on a worker; meanwhile the next is collected. Tick-free: nothing happens while nothing changes. All on the
 * client's loop. */
#ifndef AGENT_NETWORK_SERVICE_PROXY_H
#define AGENT_NETWORK_SERVICE_PROXY_H

#include "client/client.h"

struct service_proxy;
struct service_proxy_config {
	struct client *client; /* system:kube-proxy; Services, EndpointSlices, Nodes */
	const char *node_name;
	const char *const *cluster_cidrs; /* ranges of pods */
	const char *const
		*own_addresses; /* cluster addresses that this machine answers for itself (DNS) */
};
int service_proxy_start(const struct service_proxy_config *c, struct service_proxy **out,
			struct err *err);
/* No call into the client after this; the rules stay, so that Services go on while nobody is there. `done` comes when the worker has
 * ended. */
void service_proxy_stop(struct service_proxy *p, void (*done)(void *ctx), void *ctx);

#endif
