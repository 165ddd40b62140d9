/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink in the few sentences that a pod network needs: links, addresses, neighbours, routes. The verbs add to a batch
 * (netlink_commit() sends it); those that return a value ask at once. Follows rtnetlink(7) and <linux/rtnetlink.h>. */
#ifndef AGENT_NETWORK_LINK_H
#define AGENT_NETWORK_LINK_H

#include <stdbool.h>

#include "agent/network/cidr.h"
#include "agent/network/netlink.h"

/* A veth pair: `name` here and up, `peer_name` in the namespace of peer_netns_fd and still down (the kernel wants it so). MACs are 6 bytes. */
struct link_veth {
	const char *name, *peer_name;
	const unsigned char *mac, *peer_mac;
	int peer_netns_fd;
	unsigned mtu; /* 0: the kernel's */
};
void link_add_veth(struct netlink_batch *b, const struct link_veth *v);
void link_up(struct netlink_batch *b, int index);
void link_delete(struct netlink_batch *b, const char *name);
int link_index(struct netlink *nl, const char *name, int *out,
	       struct err *err); /* in the socket's namespace */

void address_add(struct netlink_batch *b, int index, const struct ip *ip,
		 unsigned prefix); /* no duplicate detection */
void address_remove(struct netlink_batch *b, int index, const struct ip *ip, unsigned prefix);
void neighbour_add(struct netlink_batch *b, int index, const struct ip *ip,
		   const unsigned char mac[6]); /* permanent */
/* To `to`/prefix (NULL: default) through the link, via `gateway` (NULL: on the link itself). Replaces. */
void route_add(struct netlink_batch *b, int index, const struct ip *to, unsigned prefix,
	       const struct ip *gateway);

/* Addresses of this machine that others can use (global scope, links up, not loopback, not our pods' links), the one of the default route first. */
int address_list(struct netlink *nl, struct ip *out, size_t max, size_t *n, struct err *err);

#endif
