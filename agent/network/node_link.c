/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/node_link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"

#define OVERHEAD_V4 50
#define OVERHEAD_V6 70
#define MTU_DEFAULT 1500

/* --- ways --- */

static void on_way(void *ctx, const struct nlmsghdr *m)
{
	struct node_way *way = ctx;
	const struct rtmsg *h = NLMSG_DATA(m);
	const struct nlattr *out = netlink_find(m, sizeof(*h), RTA_OIF);
	way->index = out ? (int)*(const uint32_t *)netlink_data(out) : 0;
	way->is_local = h->rtm_type == RTN_LOCAL;
	way->on_link = h->rtm_type == RTN_UNICAST && !netlink_find(m, sizeof(*h), RTA_GATEWAY) &&
		       !netlink_find(m, sizeof(*h), RTA_VIA);
}

int node_way_find(struct netlink *nl, const struct ip *to, struct node_way *out, struct err *err)
{
	struct rtmsg h = { .rtm_family = (uint8_t)to->family, .rtm_dst_len = (uint8_t)ip_bits(to) };
	struct netlink_batch b = { 0 };
	*out = (struct node_way){ 0 };
	netlink_begin(&b, RTM_GETROUTE, 0, &h, sizeof(h));
	netlink_attr(&b, RTA_DST, to->bytes, ip_size(to));
	return netlink_query(nl, &b, on_way, out, err);
}

/* --- routes --- */

static void route(struct netlink_batch *b, uint16_t type, uint16_t flags, const struct rtmsg *h,
		  const struct cidr *to)
{
	netlink_begin(b, type, NLM_F_ACK | flags, h, sizeof(*h));
	netlink_attr(b, RTA_DST, to->base.bytes, ip_size(&to->base));
}

void node_route_add(struct netlink_batch *b, int index, const struct cidr *to,
		    const struct ip *gateway, bool onlink)
{
	struct rtmsg h = {
		.rtm_family = (uint8_t)to->base.family,
		.rtm_dst_len = (uint8_t)to->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = NODE_ROUTE_PROTOCOL,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = onlink ? RTNH_F_ONLINK : 0,
	};
	route(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &h, to);
	netlink_attr(b, RTA_GATEWAY, gateway->bytes, ip_size(gateway));
	netlink_attr_u32(b, RTA_OIF, (uint32_t)index);
}

struct sweep {
	bool (*wanted)(void *ctx, const struct cidr *to);
	void *ctx;
	struct cidr *gone;
	size_t n, cap;
};

static void on_route(void *ctx, const struct nlmsghdr *m)
{
	struct sweep *s = ctx;
	const struct rtmsg *h = NLMSG_DATA(m);
	const struct nlattr *dst = netlink_find(m, sizeof(*h), RTA_DST);
	struct cidr to = { .base = { .family = h->rtm_family }, .prefix = h->rtm_dst_len };
	if (m->nlmsg_type != RTM_NEWROUTE || h->rtm_protocol != NODE_ROUTE_PROTOCOL || !dst)
		return;
	memcpy(to.base.bytes, netlink_data(dst), ip_size(&to.base));
	if (s->wanted(s->ctx, &to))
		return;
	s->gone = mem_array_grow(s->gone, &s->cap, s->n + 1, sizeof(*s->gone));
	s->gone[s->n++] = to;
}

int node_routes_sweep(struct netlink *nl, bool (*wanted)(void *ctx, const struct cidr *to),
		      void *ctx, struct err *err)
{
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	struct sweep s = { .wanted = wanted, .ctx = ctx };
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct rtmsg all = { .rtm_family = families[i] };
		struct netlink_batch b = { 0 };
		netlink_begin(&b, RTM_GETROUTE, NLM_F_DUMP, &all, sizeof(all));
		int r = netlink_query(nl, &b, on_route, &s, err);
		if (r < 0 && families[i] == AF_INET) {
			free(s.gone);
			return r;
		}
	}
	struct netlink_batch b = { 0 };
	for (size_t i = 0; i < s.n; i++) {
		struct rtmsg h = { .rtm_family = (uint8_t)s.gone[i].base.family,
				   .rtm_dst_len = (uint8_t)s.gone[i].prefix,
				   .rtm_table = RT_TABLE_MAIN,
				   .rtm_protocol = NODE_ROUTE_PROTOCOL,
				   .rtm_scope = RT_SCOPE_NOWHERE };
		route(&b, RTM_DELROUTE, 0, &h, &s.gone[i]);
	}
	int r = s.n ? netlink_commit(nl, &b, ESRCH, NULL, err) : 0;
	free(s.gone);
	return r;
}

/* --- the device --- */

void node_vxlan_mac(struct str node, unsigned char mac[6])
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, "vxlan ", 6);
	sha256_update(&h, node.p, node.n);
	sha256_final(&h, digest);
	memcpy(mac, digest, 6);
	mac[0] = 0x0a; /* locally administered, unicast */
}

struct device {
	int index;
	unsigned mtu;
	struct ip local;
};

static void on_device(void *ctx, const struct nlmsghdr *m)
{
	struct device *d = ctx;
	const struct ifinfomsg *h = NLMSG_DATA(m);
	const struct nlattr *mtu = netlink_find(m, sizeof(*h), IFLA_MTU),
			    *info = netlink_find(m, sizeof(*h), IFLA_LINKINFO),
			    *data = info ? netlink_find_in(info, IFLA_INFO_DATA) : NULL,
			    *v4 = data ? netlink_find_in(data, IFLA_VXLAN_LOCAL) : NULL,
			    *v6 = data ? netlink_find_in(data, IFLA_VXLAN_LOCAL6) : NULL;
	d->index = h->ifi_index;
	d->mtu = mtu ? *(const uint32_t *)netlink_data(mtu) : 0;
	d->local.family = v4 ? AF_INET : v6 ? AF_INET6 : 0;
	if (v4 || v6)
		memcpy(d->local.bytes, netlink_data(v4 ? v4 : v6), ip_size(&d->local));
}

static int device_find(struct netlink *nl, const char *name, int index, struct device *out,
		       struct err *err)
{
	struct ifinfomsg h = { .ifi_index = index };
	struct netlink_batch b = { 0 };
	*out = (struct device){ 0 };
	netlink_begin(&b, RTM_GETLINK, 0, &h, sizeof(h));
	if (name)
		netlink_attr_text(&b, IFLA_IFNAME, name);
	return netlink_query(nl, &b, on_device, out, err);
}

static void device_add(struct netlink_batch *b, const struct node_vxlan *v, unsigned mtu)
{
	struct ifinfomsg up = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	uint16_t port = htons(NODE_VXLAN_PORT);
	uint8_t off = 0;
	netlink_begin(b, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &up, sizeof(up));
	netlink_attr_text(b, IFLA_IFNAME, NODE_VXLAN);
	netlink_attr(b, IFLA_ADDRESS, v->mac, 6);
	netlink_attr_u32(b, IFLA_MTU, mtu);
	size_t info = netlink_nest(b, IFLA_LINKINFO);
	netlink_attr_text(b, IFLA_INFO_KIND, "vxlan");
	size_t data = netlink_nest(b, IFLA_INFO_DATA);
	netlink_attr_u32(b, IFLA_VXLAN_ID, NODE_VXLAN_ID);
	netlink_attr(b, IFLA_VXLAN_PORT, &port, sizeof(port));
	netlink_attr(b, IFLA_VXLAN_LEARNING, &off, sizeof(off));
	netlink_attr(b, v->local.family == AF_INET ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6,
		     v->local.bytes, ip_size(&v->local));
	netlink_nest_end(b, data);
	netlink_nest_end(b, info);
}

void node_vxlan_remove(struct netlink *nl)
{
	struct netlink_batch b = { 0 };
	link_delete(&b, NODE_VXLAN);
	netlink_commit(nl, &b, ENODEV, NULL, NULL);
}

int node_vxlan_ensure(struct netlink *nl, const struct node_vxlan *v, int *index, struct err *err)
{
	struct device under, there;
	unsigned overhead = v->local.family == AF_INET ? OVERHEAD_V4 : OVERHEAD_V6;
	if (device_find(nl, NULL, v->underlay, &under, NULL) < 0 || under.mtu <= 2 * overhead)
		under.mtu = MTU_DEFAULT;
	unsigned mtu = under.mtu - overhead;
	bool found = device_find(nl, NODE_VXLAN, 0, &there, NULL) == 0 && there.index;
	if (found && ip_equal(&there.local, &v->local) && there.mtu == mtu) {
		*index = there.index;
		return 0;
	}
	if (found)
		node_vxlan_remove(nl);
	struct netlink_batch b = { 0 };
	device_add(&b, v, mtu);
	int r = netlink_commit(nl, &b, 0, NULL, err);
	if (r == 0)
		r = link_index(nl, NODE_VXLAN, index, err);
	return r < 0 ? err_wrap(err, r, "make the link %s", NODE_VXLAN) : 0;
}

void node_vxlan_peer(struct netlink_batch *b, int index, const unsigned char mac[6],
		     const struct ip *remote)
{
	struct ndmsg h = { .ndm_family = AF_BRIDGE,
			   .ndm_ifindex = index,
			   .ndm_state = NUD_PERMANENT,
			   .ndm_flags = NTF_SELF };
	netlink_begin(b, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &h, sizeof(h));
	netlink_attr(b, NDA_LLADDR, mac, 6);
	netlink_attr(b, NDA_DST, remote->bytes, ip_size(remote));
}
