/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_chains.h"

#include <stdio.h>

#include "agent/network/firewall.h"
#include "agent/network/service_sets.h"
#include "agent/network/service_table.h"

void service_chain_name(const struct service_pick *p, char out[SERVICE_CHAIN_NAME_MAX])
{
	int n = snprintf(out, SERVICE_CHAIN_NAME_MAX, "%s%d-%s%u", p->node ? "node" : "pick",
			 p->v6 ? 6 : 4,
			 p->edge     ? "edge"
			 : p->masked ? "masked"
				     : "",
			 p->near);
	if (p->edge)
		n += snprintf(out + n, SERVICE_CHAIN_NAME_MAX - (size_t)n, "-of-%u", p->far);
	if (p->sticky_s)
		snprintf(out + n, SERVICE_CHAIN_NAME_MAX - (size_t)n, "-sticky%u", p->sticky_s);
}

static void dnat(struct nft_batch *t, bool v6)
{
	nft_dnat_to(t, service_family(v6), SERVICE_BACKEND_REGISTER, service_port_register(v6));
}

/* The client is known and its backend is still one: on to it. */
static void rule_known_client(struct nft_batch *t, const char *chain, const struct service_pick *p)
{
	const char *map = service_clients(p->v6)->name;
	nft_rule_begin(t, chain);
	service_load_front(t, p->v6, p->node);
	service_load_client(t, p->v6);
	nft_look_up(t, map, service_front_register(p->v6), SERVICE_BACKEND_REGISTER);
	service_load_front(t, p->v6, p->node);
	nft_match_in(t, service_set(SERVICE_MEMBERS, p->v6)->name, SERVICE_BACKEND_REGISTER);
	service_load_client(t, p->v6);
	nft_remember(t, map, service_front_register(p->v6), SERVICE_BACKEND_REGISTER,
		     p->sticky_s * 1000ull);
	dnat(t, p->v6);
	nft_rule_end(t);
}

static void rule_pick(struct nft_batch *t, const char *chain, const struct service_pick *p,
		      uint32_t count, uint32_t first)
{
	nft_rule_begin(t, chain);
	service_load_front(t, p->v6, p->node);
	nft_load_random(t, service_number_register(p->v6), count, first);
	nft_look_up(t, service_set(SERVICE_BACKENDS, p->v6)->name, service_front_register(p->v6),
		    SERVICE_BACKEND_REGISTER);
	if (p->sticky_s) {
		service_load_client(t, p->v6);
		nft_remember(t, service_clients(p->v6)->name, service_front_register(p->v6),
			     SERVICE_BACKEND_REGISTER, p->sticky_s * 1000ull);
	}
	dnat(t, p->v6);
	nft_rule_end(t);
}

static void rules_pick(struct nft_batch *t, const char *chain, const struct service_pick *p,
		       uint32_t count, uint32_t first)
{
	if (p->sticky_s)
		rule_known_client(t, chain, p);
	rule_pick(t, chain, p, count, first);
}

/* Clients inside of the cluster go to any backend. */
static void rules_inside(struct nft_batch *t, const char *chain, const char *inside,
			 const struct cidr *cluster, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nft_rule_begin(t, chain);
		nft_match_source(t, &cluster[i]);
		nft_goto(t, inside);
		nft_rule_end(t);
	}
	nft_rule_begin(t, chain);
	nft_match_local_source(t);
	nft_goto(t, inside);
	nft_rule_end(t);
}

static void mark_for_masquerade(struct nft_batch *t, const char *chain, bool own)
{
	nft_rule_begin(t, chain);
	if (own)
		nft_match_local_source(t);
	nft_set_mark(t, FIREWALL_MARK);
	nft_rule_end(t);
}

/* Pods keep their address here; the node's own may be the very address that it asks. */
static void fill_edge(struct nft_batch *t, const char *chain, const struct service_pick *p,
		      const struct cidr *cluster, size_t n)
{
	char inside[SERVICE_CHAIN_NAME_MAX + 8];
	snprintf(inside, sizeof(inside), "%s-inside", chain);
	if (p->far) {
		nft_chain_add(t, inside, NULL);
		mark_for_masquerade(t, inside, true);
		rules_pick(t, inside, p, p->far, SERVICE_FAR);
		rules_inside(t, chain, inside, cluster, n);
	}
	if (p->near)
		rules_pick(t, chain, p, p->near, 0);
}

void service_chain_add(struct nft_batch *t, const char *chain, const struct service_pick *p,
		       const struct cidr *cluster, size_t n)
{
	nft_chain_add(t, chain, NULL);
	if (p->edge) {
		fill_edge(t, chain, p, cluster, n);
		return;
	}
	if (p->masked) {
		mark_for_masquerade(t, chain, false);
	} else {
		nft_rule_begin(t, chain);
		nft_jump(t, SERVICE_CHAIN_OUTSIDERS);
		nft_rule_end(t);
	}
	rules_pick(t, chain, p, p->near, 0);
}
