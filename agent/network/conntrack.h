/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's table of UDP flows: a client that goes on sending keeps the backend that its first packet got (or none), also when that is gone.
 * Flows that somebody no longer wants are forgotten, so that the next packet is led anew. Blocking.
 * Follows <linux/netfilter/nfnetlink_conntrack.h>. */
#ifndef AGENT_NETWORK_CONNTRACK_H
#define AGENT_NETWORK_CONNTRACK_H

#include "agent/network/cidr.h"

struct conntrack_flow {
	struct ip front; /* where the client sends */
	uint16_t front_port;
	struct ip
		backend; /* who answers; the front itself, if the packets were not led elsewhere */
	uint16_t backend_port;
};
typedef bool (*conntrack_stale)(const void *ctx, const struct conntrack_flow *flow);
int conntrack_forget_udp(conntrack_stale is_stale, const void *ctx, struct err *err);

#endif
