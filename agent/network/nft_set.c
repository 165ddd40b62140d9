/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes follow <linux/netfilter/nf_tables.h>. A list of elements is one attribute of at most 64 KiB: a long one is continued in
 * another message. */
#include "agent/network/nft_set.h"

#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "agent/network/nft_parts.h"

#define LIST_BYTES_MAX 60000
#define TYPE_BITS      6 /* of a part in the type of a concatenation */
#define REG(n)         (NFT_REG32_00 + (n))

static size_t part_size(uint8_t type)
{
	return type == NFT_TYPE_IPV6 ? 16 : 4; /* filled up to whole registers */
}

size_t nft_parts_size(const uint8_t *parts)
{
	size_t n = 0;
	for (; *parts; parts++)
		n += part_size(*parts);
	return n;
}

static uint32_t parts_type(const uint8_t *parts)
{
	uint32_t type = 0;
	for (; *parts; parts++)
		type = type << TYPE_BITS | *parts;
	return type;
}

/* How many elements there may be; where each part of a range ends. */
static void set_describe(struct netlink_batch *b, const struct nft_set *s)
{
	size_t desc = netlink_nest(b, NFTA_SET_DESC);
	if (s->dynamic)
		netlink_attr_be32(b, NFTA_SET_DESC_SIZE, NFT_DYNAMIC_MAX);
	if (s->ranges) {
		size_t parts = netlink_nest(b, NFTA_SET_DESC_CONCAT);
		for (const uint8_t *p = s->key; *p; p++) {
			size_t part = netlink_nest(b, NFTA_LIST_ELEM);
			netlink_attr_be32(b, NFTA_SET_FIELD_LEN, (uint32_t)part_size(*p));
			netlink_nest_end(b, part);
		}
		netlink_nest_end(b, parts);
	}
	netlink_nest_end(b, desc);
}

void nft_set_add(struct nft_batch *t, const struct nft_set *s)
{
	struct netlink_batch *b = &t->batch;
	uint32_t flags = 0;
	if (s->data || s->verdicts)
		flags |= NFT_SET_MAP;
	if (s->ranges)
		flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
	if (s->dynamic)
		flags |= NFT_SET_EVAL | NFT_SET_TIMEOUT;
	nft_message(t, NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_attr_text(b, NFTA_SET_TABLE, t->table);
	netlink_attr_text(b, NFTA_SET_NAME, s->name);
	netlink_attr_be32(b, NFTA_SET_FLAGS, flags);
	netlink_attr_be32(b, NFTA_SET_KEY_TYPE, parts_type(s->key));
	netlink_attr_be32(b, NFTA_SET_KEY_LEN, (uint32_t)nft_parts_size(s->key));
	if (s->verdicts) {
		netlink_attr_be32(b, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
		netlink_attr_be32(b, NFTA_SET_DATA_LEN, 0);
	} else if (s->data) {
		netlink_attr_be32(b, NFTA_SET_DATA_TYPE, parts_type(s->data));
		netlink_attr_be32(b, NFTA_SET_DATA_LEN, (uint32_t)nft_parts_size(s->data));
	}
	netlink_attr_be32(b, NFTA_SET_ID, ++t->sets);
	if (s->dynamic || s->ranges)
		set_describe(b, s);
}

/* --- elements --- */

static void list_begin(struct nft_batch *t)
{
	nft_message(t, t->removes ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM,
		    t->removes ? 0 : NLM_F_CREATE);
	netlink_attr_text(&t->batch, NFTA_SET_ELEM_LIST_TABLE, t->table);
	netlink_attr_text(&t->batch, NFTA_SET_ELEM_LIST_SET, t->set);
	t->list = netlink_nest(&t->batch, NFTA_SET_ELEM_LIST_ELEMENTS);
}

void nft_elements_begin(struct nft_batch *t, const char *set, bool remove)
{
	t->set = set;
	t->removes = remove;
	list_begin(t);
}

void nft_elements_end(struct nft_batch *t)
{
	netlink_nest_end(&t->batch, t->list);
}

void nft_elements_flush(struct nft_batch *t, const char *set)
{
	nft_message(t, NFT_MSG_DELSETELEM, 0);
	netlink_attr_text(&t->batch, NFTA_SET_ELEM_LIST_TABLE, t->table);
	netlink_attr_text(&t->batch, NFTA_SET_ELEM_LIST_SET, set);
}

static size_t element_begin(struct nft_batch *t, const void *key, size_t nkey)
{
	if (t->batch.bytes.n - t->list > LIST_BYTES_MAX) {
		nft_elements_end(t);
		list_begin(t);
	}
	size_t nest = netlink_nest(&t->batch, NFTA_LIST_ELEM);
	nft_value(t, NFTA_SET_ELEM_KEY, key, nkey);
	return nest;
}

void nft_element(struct nft_batch *t, const void *key, size_t nkey, const void *data, size_t ndata)
{
	size_t nest = element_begin(t, key, nkey);
	if (ndata)
		nft_value(t, NFTA_SET_ELEM_DATA, data, ndata);
	netlink_nest_end(&t->batch, nest);
}

void nft_element_range(struct nft_batch *t, const void *first, const void *last, size_t nkey)
{
	size_t nest = element_begin(t, first, nkey);
	nft_value(t, NFTA_SET_ELEM_KEY_END, last, nkey);
	netlink_nest_end(&t->batch, nest);
}

void nft_element_goto(struct nft_batch *t, const void *key, size_t nkey, const char *chain)
{
	size_t nest = element_begin(t, key, nkey);
	nft_verdict_data(t, NFTA_SET_ELEM_DATA, (uint32_t)NFT_GOTO, chain);
	netlink_nest_end(&t->batch, nest);
}

/* --- loads --- */

static void load_payload(struct nft_batch *t, unsigned reg, uint32_t base, uint32_t offset,
			 uint32_t n)
{
	nft_expression(t, "payload");
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_DREG, REG(reg));
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_BASE, base);
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_OFFSET, offset);
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_LEN, n);
	nft_expression_end(t);
}

void nft_load_source(struct nft_batch *t, int family, unsigned reg)
{
	bool v4 = family == AF_INET;
	load_payload(t, reg, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 12 : 8, v4 ? 4 : 16);
}

void nft_load_destination(struct nft_batch *t, int family, unsigned reg)
{
	bool v4 = family == AF_INET;
	load_payload(t, reg, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24, v4 ? 4 : 16);
}

void nft_load_dport(struct nft_batch *t, unsigned reg)
{
	load_payload(t, reg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
}

void nft_load_zeros(struct nft_batch *t, unsigned reg, size_t n)
{
	static const unsigned char zeros[16];
	nft_expression(t, "immediate");
	netlink_attr_be32(&t->batch, NFTA_IMMEDIATE_DREG, REG(reg));
	nft_value(t, NFTA_IMMEDIATE_DATA, zeros, n);
	nft_expression_end(t);
}

void nft_load_protocol(struct nft_batch *t, unsigned reg)
{
	nft_expression(t, "meta");
	netlink_attr_be32(&t->batch, NFTA_META_DREG, REG(reg));
	netlink_attr_be32(&t->batch, NFTA_META_KEY, NFT_META_L4PROTO);
	nft_expression_end(t);
}

void nft_load_random(struct nft_batch *t, unsigned reg, uint32_t modulus, uint32_t offset)
{
	nft_expression(t, "numgen");
	netlink_attr_be32(&t->batch, NFTA_NG_DREG, REG(reg));
	netlink_attr_be32(&t->batch, NFTA_NG_MODULUS, modulus);
	netlink_attr_be32(&t->batch, NFTA_NG_TYPE, NFT_NG_RANDOM);
	netlink_attr_be32(&t->batch, NFTA_NG_OFFSET, offset);
	nft_expression_end(t);
}

/* --- questions --- */

static void look_up(struct nft_batch *t, const char *set, unsigned key, uint32_t dreg,
		    uint32_t flags)
{
	nft_expression(t, "lookup");
	netlink_attr_text(&t->batch, NFTA_LOOKUP_SET, set);
	netlink_attr_be32(&t->batch, NFTA_LOOKUP_SREG, REG(key));
	if (dreg != UINT32_MAX)
		netlink_attr_be32(&t->batch, NFTA_LOOKUP_DREG, dreg);
	if (flags)
		netlink_attr_be32(&t->batch, NFTA_LOOKUP_FLAGS, flags);
	nft_expression_end(t);
}

void nft_match_in(struct nft_batch *t, const char *set, unsigned key)
{
	look_up(t, set, key, UINT32_MAX, 0);
}

void nft_match_not_in(struct nft_batch *t, const char *set, unsigned key)
{
	look_up(t, set, key, UINT32_MAX, NFT_LOOKUP_F_INV);
}

void nft_look_up(struct nft_batch *t, const char *map, unsigned key, unsigned to)
{
	look_up(t, map, key, REG(to), 0);
}

void nft_go_by(struct nft_batch *t, const char *map, unsigned key)
{
	look_up(t, map, key, NFT_REG_VERDICT, 0);
}

void nft_remember(struct nft_batch *t, const char *map, unsigned key, unsigned data, uint64_t ms)
{
	uint64_t timeout = htobe64(ms);
	nft_expression(t, "dynset");
	netlink_attr_text(&t->batch, NFTA_DYNSET_SET_NAME, map);
	netlink_attr_be32(&t->batch, NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	netlink_attr_be32(&t->batch, NFTA_DYNSET_SREG_KEY, REG(key));
	netlink_attr_be32(&t->batch, NFTA_DYNSET_SREG_DATA, REG(data));
	netlink_attr(&t->batch, NFTA_DYNSET_TIMEOUT, &timeout, sizeof(timeout));
	nft_expression_end(t);
}

void nft_dnat_to(struct nft_batch *t, int family, unsigned address, unsigned port)
{
	nft_expression(t, "nat");
	netlink_attr_be32(&t->batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	netlink_attr_be32(&t->batch, NFTA_NAT_FAMILY,
			  family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	netlink_attr_be32(&t->batch, NFTA_NAT_REG_ADDR_MIN, REG(address));
	netlink_attr_be32(&t->batch, NFTA_NAT_REG_PROTO_MIN, REG(port));
	nft_expression_end(t);
}
