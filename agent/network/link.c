/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/link.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#include "agent/network/node_link.h"
#include "base/mem.h"

#define CREATE (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

static void link_attrs(struct netlink_batch *b, const char *name, const unsigned char *mac,
		       unsigned mtu)
{
	netlink_attr_text(b, IFLA_IFNAME, name);
	if (mac)
		netlink_attr(b, IFLA_ADDRESS, mac, 6);
	if (mtu)
		netlink_attr_u32(b, IFLA_MTU, mtu);
}

void link_add_veth(struct netlink_batch *b, const struct link_veth *v)
{
	struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP }, down = { 0 };
	netlink_begin(b, RTM_NEWLINK, CREATE, &up, sizeof(up));
	link_attrs(b, v->name, v->mac, v->mtu);
	size_t info = netlink_nest(b, IFLA_LINKINFO);
	netlink_attr_text(b, IFLA_INFO_KIND, "veth");
	size_t data = netlink_nest(b, IFLA_INFO_DATA);
	size_t peer = b->bytes.n;
	netlink_attr(b, VETH_INFO_PEER, &down, sizeof(down)); /* a header, then attributes */
	link_attrs(b, v->peer_name, v->peer_mac, v->mtu);
	netlink_attr_u32(b, IFLA_NET_NS_FD, (uint32_t)v->peer_netns_fd);
	netlink_nest_end(b, peer);
	netlink_nest_end(b, data);
	netlink_nest_end(b, info);
}

void link_up(struct netlink_batch *b, int index)
{
	struct ifinfomsg up = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	netlink_begin(b, RTM_NEWLINK, NLM_F_ACK, &up, sizeof(up));
}

void link_delete(struct netlink_batch *b, const char *name)
{
	struct ifinfomsg any = { 0 };
	netlink_begin(b, RTM_DELLINK, NLM_F_ACK, &any, sizeof(any));
	netlink_attr_text(b, IFLA_IFNAME, name);
}

static void on_link(void *ctx, const struct nlmsghdr *m)
{
	*(int *)ctx = ((const struct ifinfomsg *)NLMSG_DATA(m))->ifi_index;
}

int link_index(struct netlink *nl, const char *name, int *out, struct err *err)
{
	struct ifinfomsg any = { 0 };
	struct netlink_batch b = { 0 };
	netlink_begin(&b, RTM_GETLINK, 0, &any, sizeof(any));
	netlink_attr_text(&b, IFLA_IFNAME, name);
	int r = netlink_query(nl, &b, on_link, out, err);
	return r < 0 ? err_wrap(err, r, "find link %s", name) : 0;
}

static void address(struct netlink_batch *b, uint16_t type, uint16_t flags, int index,
		    const struct ip *ip, unsigned prefix)
{
	struct ifaddrmsg h = {
		.ifa_family = (uint8_t)ip->family,
		.ifa_prefixlen = (uint8_t)prefix,
		.ifa_flags = ip->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_index = (uint32_t)index,
	};
	netlink_begin(b, type, NLM_F_ACK | flags, &h, sizeof(h));
	netlink_attr(b, IFA_LOCAL, ip->bytes, ip_size(ip));
	netlink_attr(b, IFA_ADDRESS, ip->bytes, ip_size(ip));
}

void address_add(struct netlink_batch *b, int index, const struct ip *ip, unsigned prefix)
{
	address(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, ip, prefix);
}

void address_remove(struct netlink_batch *b, int index, const struct ip *ip, unsigned prefix)
{
	address(b, RTM_DELADDR, 0, index, ip, prefix);
}

void neighbour_add(struct netlink_batch *b, int index, const struct ip *ip,
		   const unsigned char mac[6])
{
	struct ndmsg h = { .ndm_family = (uint8_t)ip->family,
			   .ndm_ifindex = index,
			   .ndm_state = NUD_PERMANENT };
	netlink_begin(b, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &h, sizeof(h));
	netlink_attr(b, NDA_DST, ip->bytes, ip_size(ip));
	netlink_attr(b, NDA_LLADDR, mac, 6);
}

void route_add(struct netlink_batch *b, int index, const struct ip *to, unsigned prefix,
	       const struct ip *gateway)
{
	const struct ip *any = to ? to : gateway;
	struct rtmsg h = {
		.rtm_family = (uint8_t)any->family,
		.rtm_dst_len = (uint8_t)(to ? prefix : 0),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	netlink_begin(b, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &h, sizeof(h));
	if (to)
		netlink_attr(b, RTA_DST, to->bytes, ip_size(to));
	if (gateway)
		netlink_attr(b, RTA_GATEWAY, gateway->bytes, ip_size(gateway));
	netlink_attr_u32(b, RTA_OIF, (uint32_t)index);
}

/* --- addresses of this machine --- */

struct address_found {
	struct ip ip;
	int index;
};
struct address_search {
	struct address_found found[64];
	size_t n;
	int default_link[2]; /* by family: IPv4, IPv6 */
	uint32_t default_metric[2];
};

static void on_address(void *ctx, const struct nlmsghdr *m)
{
	struct address_search *s = ctx;
	const struct ifaddrmsg *h = NLMSG_DATA(m);
	const struct nlattr *a = netlink_find(m, sizeof(*h), IFA_LOCAL);
	if (!a)
		a = netlink_find(m, sizeof(*h), IFA_ADDRESS);
	bool usable = m->nlmsg_type == RTM_NEWADDR && h->ifa_scope == RT_SCOPE_UNIVERSE &&
		      h->ifa_index != 1 &&
		      !(h->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_TEMPORARY));
	char name[IF_NAMESIZE];
	if (!a || !usable || s->n == COUNT_OF(s->found) || !if_indextoname(h->ifa_index, name) ||
	    !strncmp(name, "veth", 4) || !strcmp(name, NODE_VXLAN))
		return;
	struct address_found *f = &s->found[s->n++];
	f->index = (int)h->ifa_index;
	f->ip.family = h->ifa_family;
	memcpy(f->ip.bytes, netlink_data(a), ip_size(&f->ip));
}

static void on_route(void *ctx, const struct nlmsghdr *m)
{
	struct address_search *s = ctx;
	const struct rtmsg *h = NLMSG_DATA(m);
	const struct nlattr *out = netlink_find(m, sizeof(*h), RTA_OIF);
	const struct nlattr *priority = netlink_find(m, sizeof(*h), RTA_PRIORITY);
	if (h->rtm_dst_len != 0 || h->rtm_table != RT_TABLE_MAIN || h->rtm_type != RTN_UNICAST ||
	    !out)
		return;
	int family = h->rtm_family == AF_INET6;
	uint32_t metric = priority ? *(const uint32_t *)netlink_data(priority) : 0;
	if (s->default_link[family] && metric >= s->default_metric[family])
		return;
	s->default_link[family] = (int)*(const uint32_t *)netlink_data(out);
	s->default_metric[family] = metric;
}

static int dump(struct netlink *nl, uint16_t type, int family,
		void (*fn)(void *, const struct nlmsghdr *), struct address_search *s,
		struct err *err)
{
	struct rtmsg h = { .rtm_family = (uint8_t)family };
	struct netlink_batch b = { 0 };
	size_t n = type == RTM_GETADDR ? sizeof(struct ifaddrmsg) : sizeof(h);
	netlink_begin(&b, type, NLM_F_DUMP, &h, n); /* the family stands first in both headers */
	return netlink_query(nl, &b, fn, s, err);
}

int address_list(struct netlink *nl, struct ip *out, size_t max, size_t *n, struct err *err)
{
	struct address_search s = { 0 };
	static const int families[2] = { AF_INET, AF_INET6 };
	for (int f = 0; f < 2; f++) {
		int r = dump(nl, RTM_GETADDR, families[f], on_address, &s, err);
		if (r == 0)
			r = dump(nl, RTM_GETROUTE, families[f], on_route, &s, err);
		if (r < 0 && families[f] == AF_INET)
			return err_wrap(err, r, "list addresses");
	}
	*n = 0;
	for (int wanted = 1; wanted >= 0; wanted--)
		for (size_t i = 0; i < s.n && *n < max; i++) {
			int preferred = s.found[i].index ==
					s.default_link[s.found[i].ip.family == AF_INET6];
			if (preferred == wanted)
				out[(*n)++] = s.found[i].ip;
		}
	return 0;
}
