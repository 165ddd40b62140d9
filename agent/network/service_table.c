/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_table.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

#include "agent/network/firewall.h"
#include "agent/network/service_sets.h"
#include "base/mem.h"

static const struct {
	const char *name;
	struct nft_hook hook;
	const char *to;
	bool new_only; /* nat chains see nothing else */
} hooked[] = {
	/* before the host ports: NF_IP_PRI_NAT_DST of firewall.c */
	{ "prerouting", { "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST - 1 }, "services", false },
	{ "output", { "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST - 1 }, "services", false },
	/* before packets are led: addresses are still those that clients know */
	{ "firewall-prerouting",
	  { "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST - 10 },
	  "firewall",
	  true },
	{ "firewall-output",
	  { "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST - 10 },
	  "firewall",
	  true },
	{ "filter-input", { "filter", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER - 1 }, "refusals", true },
	{ "filter-forward", { "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER - 1 }, "refusals", true },
	{ "filter-output",
	  { "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER - 1 },
	  "refusals",
	  true },
};
static const char *const plain[] = {
	"services",           "refusals",        "unallocated", "firewall", SERVICE_CHAIN_OUTSIDERS,
	SERVICE_CHAIN_REJECT, SERVICE_CHAIN_DROP
};

static void rule_go_by(struct nft_batch *t, const char *chain, enum service_set set, bool v6,
		       bool node)
{
	nft_rule_begin(t, chain);
	nft_match_family(t, service_family(v6));
	if (node)
		nft_match_local_destination(t);
	service_load_front(t, v6, node);
	nft_go_by(t, service_set(set, v6)->name, service_front_register(v6));
	nft_rule_end(t);
}

static void rules_by_front(struct nft_batch *t, const char *chain, enum service_set set)
{
	for (int node = 0; node < 2; node++)
		for (int v6 = 0; v6 < 2; v6++)
			rule_go_by(t, chain, set, v6, node);
}

static void rule_other_ports(struct nft_batch *t, bool v6)
{
	nft_rule_begin(t, "refusals");
	nft_match_family(t, service_family(v6));
	nft_load_destination(t, service_family(v6), service_front_register(v6));
	nft_match_in(t, service_set(SERVICE_CLUSTER_IPS, v6)->name, service_front_register(v6));
	nft_goto(t, SERVICE_CHAIN_REJECT);
	nft_rule_end(t);
}

/* Marks what does not come from pods. */
static void add_outsiders(struct nft_batch *t, const struct cidr *cluster, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nft_rule_begin(t, SERVICE_CHAIN_OUTSIDERS);
		nft_match_source(t, &cluster[i]);
		nft_return(t);
		nft_rule_end(t);
	}
	nft_rule_begin(t, SERVICE_CHAIN_OUTSIDERS);
	nft_set_mark(t, FIREWALL_MARK);
	nft_rule_end(t);
}

static void add_refusals(struct nft_batch *t)
{
	rules_by_front(t, "refusals", SERVICE_REFUSED);
	rule_other_ports(t, false);
	rule_other_ports(t, true);
	nft_rule_begin(t, "refusals");
	nft_jump(t, "unallocated");
	nft_rule_end(t);
	nft_rule_begin(t, SERVICE_CHAIN_REJECT);
	nft_reject(t);
	nft_rule_end(t);
	nft_rule_begin(t, SERVICE_CHAIN_DROP);
	nft_drop(t);
	nft_rule_end(t);
}

/* Load balancers with source ranges: others are dropped, before the packet is led anywhere. */
static void add_firewall(struct nft_batch *t, bool v6)
{
	unsigned front = service_front_register(v6);
	nft_rule_begin(t, "firewall");
	nft_match_family(t, service_family(v6));
	service_load_front(t, v6, false);
	nft_match_in(t, service_set(SERVICE_GUARDED, v6)->name, front);
	nft_load_source(t, service_family(v6), service_number_register(v6));
	nft_match_not_in(t, service_set(SERVICE_SOURCES, v6)->name, front);
	nft_drop(t);
	nft_rule_end(t);
}

static void add_dispatch(struct nft_batch *t)
{
	for (size_t i = 0; i < COUNT_OF(hooked); i++) {
		nft_rule_begin(t, hooked[i].name);
		if (hooked[i].new_only)
			nft_match_new_connection(t);
		nft_jump(t, hooked[i].to);
		nft_rule_end(t);
	}
}

/* The name server's address is this machine's own and no Service's in the kernel. */
void service_table_ranges(struct nft_batch *t, const struct cidr *ranges, size_t n)
{
	nft_chain_flush(t, "unallocated");
	nft_rule_begin(t, "unallocated");
	nft_match_local_destination(t);
	nft_return(t);
	nft_rule_end(t);
	for (size_t i = 0; i < n; i++) {
		nft_rule_begin(t, "unallocated");
		nft_match_destination(t, &ranges[i]);
		nft_drop(t);
		nft_rule_end(t);
	}
}

void service_table_add(struct nft_batch *t, const struct cidr *cluster, size_t n)
{
	nft_table_add(t); /* so that there is one to delete */
	nft_table_delete(t);
	nft_table_add(t);
	service_sets_add(t);
	for (size_t i = 0; i < COUNT_OF(plain); i++)
		nft_chain_add(t, plain[i], NULL);
	for (size_t i = 0; i < COUNT_OF(hooked); i++)
		nft_chain_add(t, hooked[i].name, &hooked[i].hook);
	add_dispatch(t);
	rules_by_front(t, "services", SERVICE_FRONTS);
	add_outsiders(t, cluster, n);
	add_refusals(t);
	for (int v6 = 0; v6 < 2; v6++)
		add_firewall(t, v6);
}
