/* SPDX-License-Identifier: Apache-2.0 */
/* Every value goes through register 1 (addresses of NAT in 1, ports in 2). Integers of attributes are big-endian; data of
 * comparisons stands as in the packet, or in host order where the kernel's register is (marks, protocol numbers are bytes). */
#include "agent/network/nft.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "agent/network/nft_parts.h"

#define MESSAGE(type) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (type)))
#define REGISTER      NFT_REG_1

static void begin(struct nft_batch *t, uint16_t type, uint16_t flags, uint8_t family,
		  uint16_t resource)
{
	struct nfgenmsg h = { .nfgen_family = family,
			      .version = NFNETLINK_V0,
			      .res_id = htons(resource) };
	netlink_begin(&t->batch, type, flags, &h, sizeof(h));
}

void nft_message(struct nft_batch *t, uint16_t type, uint16_t flags)
{
	begin(t, MESSAGE(type), flags, t->family, 0);
}

void nft_begin(struct nft_batch *t, uint8_t family, const char *table)
{
	*t = (struct nft_batch){ .family = family, .table = table };
	begin(t, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

int nft_commit(struct netlink *nl, struct nft_batch *t, struct err *err)
{
	if (t->batch.count > 1)
		netlink_ask_ack(&t->batch);
	begin(t, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	int r = netlink_commit(nl, &t->batch, 0, NULL, err);
	return r < 0 ? err_wrap(err, r, "nf_tables transaction") : 0;
}

void nft_table_add(struct nft_batch *t)
{
	nft_message(t, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	netlink_attr_text(&t->batch, NFTA_TABLE_NAME, t->table);
}

void nft_table_delete(struct nft_batch *t)
{
	nft_message(t, NFT_MSG_DELTABLE, 0);
	netlink_attr_text(&t->batch, NFTA_TABLE_NAME, t->table);
}

int nft_table_leave(uint8_t family, const char *table, struct err *err)
{
	struct netlink nl;
	struct nft_batch t;
	int r = netlink_open(&nl, NETLINK_NETFILTER, err);
	if (r < 0)
		return r;
	nft_begin(&t, family, table);
	nft_table_add(&t);
	nft_table_delete(&t);
	r = nft_commit(&nl, &t, err);
	netlink_close(&nl);
	return r;
}

void nft_chain_add(struct nft_batch *t, const char *chain, const struct nft_hook *hook)
{
	nft_message(t, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_attr_text(&t->batch, NFTA_CHAIN_TABLE, t->table);
	netlink_attr_text(&t->batch, NFTA_CHAIN_NAME, chain);
	if (!hook)
		return;
	size_t nest = netlink_nest(&t->batch, NFTA_CHAIN_HOOK);
	netlink_attr_be32(&t->batch, NFTA_HOOK_HOOKNUM, hook->hook);
	netlink_attr_be32(&t->batch, NFTA_HOOK_PRIORITY, (uint32_t)hook->priority);
	netlink_nest_end(&t->batch, nest);
	netlink_attr_text(&t->batch, NFTA_CHAIN_TYPE, hook->type);
}

void nft_chain_flush(struct nft_batch *t, const char *chain)
{
	nft_message(t, NFT_MSG_DELRULE, 0);
	netlink_attr_text(&t->batch, NFTA_RULE_TABLE, t->table);
	netlink_attr_text(&t->batch, NFTA_RULE_CHAIN, chain);
}

void nft_rule_begin(struct nft_batch *t, const char *chain)
{
	nft_message(t, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_attr_text(&t->batch, NFTA_RULE_TABLE, t->table);
	netlink_attr_text(&t->batch, NFTA_RULE_CHAIN, chain);
	t->rule_expressions = netlink_nest(&t->batch, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft_batch *t)
{
	netlink_nest_end(&t->batch, t->rule_expressions);
}

void nft_expression(struct nft_batch *t, const char *name)
{
	t->expression = netlink_nest(&t->batch, NFTA_LIST_ELEM);
	netlink_attr_text(&t->batch, NFTA_EXPR_NAME, name);
	t->expression_data = netlink_nest(&t->batch, NFTA_EXPR_DATA);
}

void nft_expression_end(struct nft_batch *t)
{
	netlink_nest_end(&t->batch, t->expression_data);
	netlink_nest_end(&t->batch, t->expression);
}

void nft_value(struct nft_batch *t, uint16_t type, const void *p, size_t n)
{
	size_t nest = netlink_nest(&t->batch, type);
	netlink_attr(&t->batch, NFTA_DATA_VALUE, p, n);
	netlink_nest_end(&t->batch, nest);
}

static void compare(struct nft_batch *t, uint32_t how, const void *p, size_t n)
{
	nft_expression(t, "cmp");
	netlink_attr_be32(&t->batch, NFTA_CMP_SREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_CMP_OP, how);
	nft_value(t, NFTA_CMP_DATA, p, n);
	nft_expression_end(t);
}

/* register = (register & mask) ^ flip */
static void bitwise(struct nft_batch *t, const void *mask, const void *flip, size_t n)
{
	nft_expression(t, "bitwise");
	netlink_attr_be32(&t->batch, NFTA_BITWISE_SREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_BITWISE_DREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_BITWISE_LEN, (uint32_t)n);
	nft_value(t, NFTA_BITWISE_MASK, mask, n);
	nft_value(t, NFTA_BITWISE_XOR, flip, n);
	nft_expression_end(t);
}

static void immediate(struct nft_batch *t, uint32_t reg, const void *p, size_t n)
{
	nft_expression(t, "immediate");
	netlink_attr_be32(&t->batch, NFTA_IMMEDIATE_DREG, reg);
	nft_value(t, NFTA_IMMEDIATE_DATA, p, n);
	nft_expression_end(t);
}

static void load_meta(struct nft_batch *t, uint32_t key)
{
	nft_expression(t, "meta");
	netlink_attr_be32(&t->batch, NFTA_META_DREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_META_KEY, key);
	nft_expression_end(t);
}

static void load_payload(struct nft_batch *t, uint32_t base, uint32_t offset, uint32_t n)
{
	nft_expression(t, "payload");
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_DREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_BASE, base);
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_OFFSET, offset);
	netlink_attr_be32(&t->batch, NFTA_PAYLOAD_LEN, n);
	nft_expression_end(t);
}

void nft_match_family(struct nft_batch *t, int family)
{
	uint8_t proto = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	load_meta(t, NFT_META_NFPROTO);
	compare(t, NFT_CMP_EQ, &proto, 1);
}

void nft_match_protocol(struct nft_batch *t, uint8_t protocol)
{
	load_meta(t, NFT_META_L4PROTO);
	compare(t, NFT_CMP_EQ, &protocol, 1);
}

void nft_match_dport(struct nft_batch *t, uint16_t port)
{
	uint16_t wire = htons(port);
	load_payload(t, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2);
	compare(t, NFT_CMP_EQ, &wire, sizeof(wire));
}

static void match_address(struct nft_batch *t, const struct cidr *c, uint32_t offset4,
			  uint32_t offset6)
{
	static const unsigned char zeros[16];
	unsigned char mask[16] = { 0 };
	size_t n = ip_size(&c->base);
	nft_match_family(t, c->base.family);
	load_payload(t, NFT_PAYLOAD_NETWORK_HEADER, c->base.family == AF_INET ? offset4 : offset6,
		     (uint32_t)n);
	for (unsigned bit = 0; bit < c->prefix; bit++)
		mask[bit / 8] |= (unsigned char)(0x80u >> bit % 8);
	if (c->prefix < ip_bits(&c->base))
		bitwise(t, mask, zeros, n);
	compare(t, NFT_CMP_EQ, c->base.bytes, n);
}

void nft_match_source(struct nft_batch *t, const struct cidr *c)
{
	match_address(t, c, 12, 8);
}

void nft_match_destination(struct nft_batch *t, const struct cidr *c)
{
	match_address(t, c, 16, 24);
}

/* Is the address one of this machine? */
static void address_type(struct nft_batch *t, uint32_t which)
{
	uint32_t local = RTN_LOCAL;
	nft_expression(t, "fib");
	netlink_attr_be32(&t->batch, NFTA_FIB_DREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	netlink_attr_be32(&t->batch, NFTA_FIB_FLAGS, which);
	nft_expression_end(t);
	compare(t, NFT_CMP_EQ, &local, sizeof(local));
}

void nft_match_local_destination(struct nft_batch *t)
{
	address_type(t, NFTA_FIB_F_DADDR);
}

void nft_match_local_source(struct nft_batch *t)
{
	address_type(t, NFTA_FIB_F_SADDR);
}

void nft_match_new_connection(struct nft_batch *t)
{
	uint32_t new = 1u << (IP_CT_NEW + 1), zero = 0;
	nft_expression(t, "ct");
	netlink_attr_be32(&t->batch, NFTA_CT_DREG, REGISTER);
	netlink_attr_be32(&t->batch, NFTA_CT_KEY, NFT_CT_STATE);
	nft_expression_end(t);
	bitwise(t, &new, &zero, sizeof(new));
	compare(t, NFT_CMP_NEQ, &zero, sizeof(zero));
}

void nft_match_from_outside(struct nft_batch *t)
{
	uint32_t lo = 1; /* the index of lo in every namespace */
	load_meta(t, NFT_META_IIF);
	compare(t, NFT_CMP_NEQ, &lo, sizeof(lo));
}

void nft_match_mark(struct nft_batch *t, uint32_t bit)
{
	uint32_t zero = 0;
	load_meta(t, NFT_META_MARK);
	bitwise(t, &bit, &zero, sizeof(bit));
	compare(t, NFT_CMP_NEQ, &zero, sizeof(zero));
}

void nft_set_mark(struct nft_batch *t, uint32_t bit)
{
	uint32_t others = ~bit;
	load_meta(t, NFT_META_MARK);
	bitwise(t, &others, &bit, sizeof(bit));
	nft_expression(t, "meta");
	netlink_attr_be32(&t->batch, NFTA_META_KEY, NFT_META_MARK);
	netlink_attr_be32(&t->batch, NFTA_META_SREG, REGISTER);
	nft_expression_end(t);
}

void nft_masquerade(struct nft_batch *t)
{
	nft_expression(t, "masq");
	netlink_attr_be32(&t->batch, NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY);
	nft_expression_end(t);
}

void nft_dnat(struct nft_batch *t, const struct ip *to, uint16_t port)
{
	uint16_t wire = htons(port);
	immediate(t, NFT_REG_1, to->bytes, ip_size(to));
	immediate(t, NFT_REG_2, &wire, sizeof(wire));
	nft_expression(t, "nat");
	netlink_attr_be32(&t->batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	netlink_attr_be32(&t->batch, NFTA_NAT_FAMILY,
			  to->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
	netlink_attr_be32(&t->batch, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	netlink_attr_be32(&t->batch, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
	nft_expression_end(t);
}

void nft_verdict_data(struct nft_batch *t, uint16_t type, uint32_t code, const char *chain)
{
	size_t data = netlink_nest(&t->batch, type);
	size_t nest = netlink_nest(&t->batch, NFTA_DATA_VERDICT);
	netlink_attr_be32(&t->batch, NFTA_VERDICT_CODE, code);
	if (chain)
		netlink_attr_text(&t->batch, NFTA_VERDICT_CHAIN, chain);
	netlink_nest_end(&t->batch, nest);
	netlink_nest_end(&t->batch, data);
}

static void verdict(struct nft_batch *t, uint32_t code, const char *chain)
{
	nft_expression(t, "immediate");
	netlink_attr_be32(&t->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	nft_verdict_data(t, NFTA_IMMEDIATE_DATA, code, chain);
	nft_expression_end(t);
}

void nft_return(struct nft_batch *t)
{
	verdict(t, (uint32_t)NFT_RETURN, NULL);
}

void nft_drop(struct nft_batch *t)
{
	verdict(t, NF_DROP, NULL);
}

void nft_jump(struct nft_batch *t, const char *chain)
{
	verdict(t, (uint32_t)NFT_JUMP, chain);
}

void nft_goto(struct nft_batch *t, const char *chain)
{
	verdict(t, (uint32_t)NFT_GOTO, chain);
}

void nft_reject(struct nft_batch *t)
{
	uint8_t code = NFT_REJECT_ICMPX_PORT_UNREACH;
	nft_expression(t, "reject");
	netlink_attr_be32(&t->batch, NFTA_REJECT_TYPE, NFT_REJECT_ICMPX_UNREACH);
	netlink_attr(&t->batch, NFTA_REJECT_ICMP_CODE, &code, 1);
	nft_expression_end(t);
}
