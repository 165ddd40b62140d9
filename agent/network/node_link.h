/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel is told about other nodes: routes to their pods (marked as ours by a protocol number) and the VXLAN device with its
 * forwarding and neighbour entries. Blocking, a few microseconds each. Follows rtnetlink(7), Documentation/networking/vxlan.rst and
 * drivers/net/vxlan/vxlan_core.c. */
#ifndef AGENT_NETWORK_NODE_LINK_H
#define AGENT_NETWORK_NODE_LINK_H

#include "agent/network/link.h"

#define NODE_VXLAN          "allinone-vxlan"
#define NODE_VXLAN_ID       77
#define NODE_VXLAN_PORT     8472
#define NODE_ROUTE_PROTOCOL 77 /* of the routes that are ours; "ip route show proto 77" */

/* How this machine reaches an address. */
struct node_way {
	int index;     /* of the link that packets leave by */
	bool on_link;  /* without a router in between */
	bool is_local; /* it is one of our own */
};
int node_way_find(struct netlink *nl, const struct ip *to, struct node_way *out, struct err *err);

/* Replaces. `onlink`: the gateway is taken to be a neighbour without asking. */
void node_route_add(struct netlink_batch *b, int index, const struct cidr *to,
		    const struct ip *gateway, bool onlink);
/* Removes our routes that `wanted` doesn't want. */
int node_routes_sweep(struct netlink *nl, bool (*wanted)(void *ctx, const struct cidr *to),
		      void *ctx, struct err *err);

struct node_vxlan {
	struct ip local; /* where its packets come from */
	int underlay;    /* the link that they leave by */
	unsigned char mac[6];
};
/* Makes the device unless it is there as wanted; its index. */
int node_vxlan_ensure(struct netlink *nl, const struct node_vxlan *v, int *index, struct err *err);
void node_vxlan_remove(struct netlink *nl); /* absent is fine */
/* Frames for `mac` are sent to the machine `remote`. */
void node_vxlan_peer(struct netlink_batch *b, int index, const unsigned char mac[6],
		     const struct ip *remote);
/* The MAC of a node's device, from its name alone: nobody has to tell it. */
void node_vxlan_mac(struct str node, unsigned char mac[6]);

#endif
