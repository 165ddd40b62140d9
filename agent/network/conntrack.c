/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "agent/network/netlink.h"
#include "base/mem.h"

#define MESSAGE(type) ((uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | (type)))

/* One direction of a flow. */
struct tuple {
	struct ip source, destination;
	uint16_t source_port, destination_port;
	uint8_t protocol;
};

struct search {
	conntrack_stale is_stale;
	const void *ctx;
	struct netlink_batch deletions;
	bool any;
};

static void read_ip(const struct nlattr *a, int family, struct ip *out)
{
	*out = (struct ip){ .family = family };
	if (a)
		memcpy(out->bytes, netlink_data(a), ip_size(out));
}

static uint16_t read_port(const struct nlattr *a)
{
	uint16_t wire = 0;
	if (a)
		memcpy(&wire, netlink_data(a), sizeof(wire));
	return ntohs(wire);
}

static bool read_tuple(const struct nlattr *a, int family, struct tuple *out)
{
	bool v4 = family == AF_INET;
	if (!a)
		return false;
	const struct nlattr *ip = netlink_find_in(a, CTA_TUPLE_IP),
			    *proto = netlink_find_in(a, CTA_TUPLE_PROTO);
	if (!ip || !proto)
		return false;
	const struct nlattr *number = netlink_find_in(proto, CTA_PROTO_NUM);
	out->protocol = number ? *(const uint8_t *)netlink_data(number) : 0;
	read_ip(netlink_find_in(ip, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC), family, &out->source);
	read_ip(netlink_find_in(ip, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST), family, &out->destination);
	out->source_port = read_port(netlink_find_in(proto, CTA_PROTO_SRC_PORT));
	out->destination_port = read_port(netlink_find_in(proto, CTA_PROTO_DST_PORT));
	return true;
}

static void on_flow(void *ctx, const struct nlmsghdr *m)
{
	struct search *s = ctx;
	const struct nfgenmsg *h = NLMSG_DATA(m);
	const struct nlattr *original = netlink_find(m, sizeof(*h), CTA_TUPLE_ORIG),
			    *reply = netlink_find(m, sizeof(*h), CTA_TUPLE_REPLY);
	struct tuple from, back;
	if (!read_tuple(original, h->nfgen_family, &from) ||
	    !read_tuple(reply, h->nfgen_family, &back) || from.protocol != IPPROTO_UDP)
		return;
	const struct conntrack_flow flow = { from.destination, from.destination_port, back.source,
					     back.source_port };
	if (!s->is_stale(s->ctx, &flow))
		return;
	struct nfgenmsg header = { .nfgen_family = h->nfgen_family, .version = NFNETLINK_V0 };
	netlink_begin(&s->deletions, MESSAGE(IPCTNL_MSG_CT_DELETE), NLM_F_ACK, &header,
		      sizeof(header));
	netlink_attr(&s->deletions, CTA_TUPLE_ORIG | NLA_F_NESTED, netlink_data(original),
		     original->nla_len - NETLINK_ATTR_HEADER);
	s->any = true;
}

static int dump(struct netlink *nl, uint8_t family, struct search *s, struct err *err)
{
	struct netlink_batch b = { 0 };
	struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };
	netlink_begin(&b, MESSAGE(IPCTNL_MSG_CT_GET), NLM_F_DUMP, &header, sizeof(header));
	return netlink_query(nl, &b, on_flow, s, err);
}

int conntrack_forget_udp(conntrack_stale is_stale, const void *ctx, struct err *err)
{
	struct search s = { .is_stale = is_stale, .ctx = ctx };
	struct netlink nl;
	int r = netlink_open(&nl, NETLINK_NETFILTER, err);
	if (r < 0)
		return r;
	r = dump(&nl, AF_INET, &s, err);
	if (r == 0)
		r = dump(&nl, AF_INET6, &s, err);
	if (r == 0 && s.any)
		r = netlink_commit(&nl, &s.deletions, ENOENT, NULL,
				   err); /* it may have ended by itself */
	else
		netlink_batch_free(&s.deletions);
	netlink_close(&nl);
	return r < 0 ? err_wrap(err, r, "forget UDP flows") : 0;
}
