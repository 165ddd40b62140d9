/* SPDX-License-Identifier: Apache-2.0 */
/* guard ── from outside to 127/8: drop (the links of pods with host ports have route_localnet)
 * prerouting, output ── to a local address ──► hostports: DNAT to the pod (marked if it calls itself or comes from 127/8)
 * postrouting ── marked, or of a pod to itself: masquerade ── from our pods ──► outgoing: return inside the cluster, else masquerade */
#include "agent/network/firewall.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "agent/network/nft_set.h"
#include "base/mem.h"

static const struct {
	const char *name;
	struct nft_hook hook;
} hooked_chains[] = {
	{ "guard", { "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW } },
	{ "prerouting", { "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST } },
	{ "output", { "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST } },
	{ "postrouting", { "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC } },
};
static const char *const plain_chains[] = { "hostports", "outgoing" };

/* Pods of this node, each twice: as source and as destination. */
static const uint8_t pair4[] = { NFT_TYPE_IPV4, NFT_TYPE_IPV4, 0 },
		     pair6[] = { NFT_TYPE_IPV6, NFT_TYPE_IPV6, 0 };
static const struct nft_set hairpins[] = { { .name = "hairpin4", .key = pair4 },
					   { .name = "hairpin6", .key = pair6 } };

static void hairpin_elements(struct nft_batch *t, const struct ipam_pod *pod, bool remove)
{
	for (size_t i = 0; i < pod->nips; i++) {
		unsigned char pair[32];
		size_t n = ip_size(&pod->ips[i]);
		memcpy(pair, pod->ips[i].bytes, n);
		memcpy(pair + n, pod->ips[i].bytes, n);
		nft_elements_begin(t, hairpins[n == 16].name, remove);
		nft_element(t, pair, 2 * n, NULL, 0);
		nft_elements_end(t);
	}
}

int firewall_hairpin(struct netlink *nl, const struct ipam_pod *pod, bool remove, struct err *err)
{
	struct nft_batch t;
	nft_begin(&t, NFPROTO_INET, FIREWALL_TABLE);
	hairpin_elements(&t, pod, remove);
	return nft_commit(nl, &t, err);
}

static void add_hairpin(void *ctx, const struct ipam_pod *pod)
{
	hairpin_elements(ctx, pod, false);
}

static void match_hairpin(struct nft_batch *t, bool v6)
{
	int family = v6 ? AF_INET6 : AF_INET;
	nft_match_family(t, family);
	nft_load_source(t, family, 0);
	nft_load_destination(t, family, v6 ? 4 : 1);
	nft_match_in(t, hairpins[v6].name, 0);
}

static void add_chains(struct nft_batch *t)
{
	nft_table_add(t);
	for (size_t i = 0; i < COUNT_OF(hairpins); i++) {
		nft_set_add(t, &hairpins[i]);
		nft_elements_flush(t, hairpins[i].name);
	}
	for (size_t i = 0; i < COUNT_OF(plain_chains); i++)
		nft_chain_add(t, plain_chains[i], NULL);
	for (size_t i = 0; i < COUNT_OF(hooked_chains); i++)
		nft_chain_add(t, hooked_chains[i].name, &hooked_chains[i].hook);
}

static const struct cidr loopback = { { AF_INET, { 127 } }, 8 };

static void add_guard(struct nft_batch *t)
{
	nft_chain_flush(t, "guard");
	nft_rule_begin(t, "guard");
	nft_match_from_outside(t);
	nft_match_destination(t, &loopback);
	nft_drop(t);
	nft_rule_end(t);
}

static void add_dispatch(struct nft_batch *t, const char *chain)
{
	nft_chain_flush(t, chain);
	nft_rule_begin(t, chain);
	nft_match_local_destination(t);
	nft_jump(t, "hostports");
	nft_rule_end(t);
}

static void add_postrouting(struct nft_batch *t, const struct cidr *pods, size_t npods)
{
	nft_chain_flush(t, "postrouting");
	nft_rule_begin(t, "postrouting");
	nft_match_mark(t, FIREWALL_MARK);
	nft_masquerade(t);
	nft_rule_end(t);
	for (int v6 = 0; v6 < 2; v6++) {
		nft_rule_begin(t, "postrouting");
		match_hairpin(t, v6);
		nft_masquerade(t);
		nft_rule_end(t);
	}
	for (size_t i = 0; i < npods; i++) {
		nft_rule_begin(t, "postrouting");
		nft_match_source(t, &pods[i]);
		nft_jump(t, "outgoing");
		nft_rule_end(t);
	}
}

static void add_outgoing(struct nft_batch *t, const struct cidr *cluster, size_t ncluster)
{
	static const struct cidr multicast[] = {
		{ { AF_INET, { 224 } }, 4 },
		{ { AF_INET6, { 0xff } }, 8 },
	};
	nft_chain_flush(t, "outgoing");
	for (size_t i = 0; i < ncluster + COUNT_OF(multicast); i++) {
		nft_rule_begin(t, "outgoing");
		nft_match_destination(t, i < ncluster ? &cluster[i] : &multicast[i - ncluster]);
		nft_return(t);
		nft_rule_end(t);
	}
	nft_rule_begin(t, "outgoing");
	nft_masquerade(t);
	nft_rule_end(t);
}

int firewall_base(struct netlink *nl, const struct cidr *pods, size_t npods,
		  const struct cidr *cluster, size_t ncluster, const struct ipam *known,
		  struct err *err)
{
	struct nft_batch t;
	nft_begin(&t, NFPROTO_INET, FIREWALL_TABLE);
	add_chains(&t);
	ipam_each(known, add_hairpin, &t);
	add_guard(&t);
	add_dispatch(&t, "prerouting");
	add_dispatch(&t, "output");
	add_postrouting(&t, pods, npods);
	add_outgoing(&t, cluster, ncluster);
	return nft_commit(nl, &t, err);
}

/* --- host ports --- */

static void match_port(struct nft_batch *t, const struct ipam_port *port, const struct ip *pod)
{
	nft_match_family(t, pod->family);
	nft_match_protocol(t, port->protocol);
	nft_match_dport(t, port->host_port);
	if (port->host_ip.family) {
		struct cidr one = { port->host_ip, ip_bits(&port->host_ip) };
		nft_match_destination(t, &one);
	}
}

static void mark_source(struct nft_batch *t, const struct ipam_port *port, const struct ip *pod,
			const struct cidr *source)
{
	nft_rule_begin(t, "hostports");
	match_port(t, port, pod);
	nft_match_source(t, source);
	nft_set_mark(t, FIREWALL_MARK);
	nft_rule_end(t);
}

static void add_port(struct nft_batch *t, const struct ipam_port *port, const struct ip *pod)
{
	struct cidr itself = { *pod, ip_bits(pod) };
	if (port->host_ip.family && port->host_ip.family != pod->family)
		return;
	mark_source(t, port, pod, &itself);
	if (pod->family == AF_INET)
		mark_source(t, port, pod, &loopback);
	nft_rule_begin(t, "hostports");
	match_port(t, port, pod);
	nft_dnat(t, pod, port->container_port);
	nft_rule_end(t);
}

static void add_pod(void *ctx, const struct ipam_pod *pod)
{
	for (size_t p = 0; p < pod->nports; p++)
		for (size_t i = 0; i < pod->nips; i++)
			add_port(ctx, &pod->ports[p], &pod->ips[i]);
}

int firewall_host_ports(struct netlink *nl, const struct ipam *pods, struct err *err)
{
	struct nft_batch t;
	nft_begin(&t, NFPROTO_INET, FIREWALL_TABLE);
	nft_chain_flush(&t, "hostports");
	ipam_each(pods, add_pod, &t);
	return nft_commit(nl, &t, err);
}
