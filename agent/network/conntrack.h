/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's table of UDP flows: a client that goes on sending keeps the backend that its first packet got, also when that is gone. Flows
 * to backends that are no longer there are forgotten, so that the next packet is led anew. Blocking. Follows <linux/netfilter/nfnetlink_conntrack.h>. */
#ifndef AGENT_NETWORK_CONNTRACK_H
#define AGENT_NETWORK_CONNTRACK_H

#include "agent/network/cidr.h"

struct conntrack_flow {
	struct ip front; /* where clients send; family 0: any address (a node port) */
	uint16_t front_port;
	struct ip backend; /* who answers */
	uint16_t backend_port;
};
int conntrack_forget_udp(const struct conntrack_flow *flows, size_t n, struct err *err);

#endif
