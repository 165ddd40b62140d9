/* SPDX-License-Identifier: Apache-2.0 */
/* What the service proxy has to know of its own node: the zone decides which endpoints are near, the addresses who may come, and whether
 * the node stays tells load balancers to send here. Loop thread of the client only. */
#ifndef AGENT_NETWORK_SERVICE_NODE_H
#define AGENT_NETWORK_SERVICE_NODE_H

#include "agent/network/cidr.h"
#include "client/client.h"

#define SERVICE_NODE_IPS_MAX 4

struct service_node {
	char *zone;                          /* "" if it has none */
	struct ip ips[SERVICE_NODE_IPS_MAX]; /* InternalIPs */
	size_t nips;
	bool eligible; /* it is there, not being deleted, and no autoscaler is about to */
	void (*changed)(void *ctx); /* zone or addresses; also when the node is first known */
	void *ctx;
	struct informer *informer; /* private */
};
void service_node_start(struct service_node *n, struct client *client, const char *name,
			void (*changed)(void *ctx), void *ctx);
bool service_node_synced(const struct service_node *n);
void service_node_stop(struct service_node *n); /* no calls any more; what is known stays */
void service_node_free(struct service_node *n);

#endif
