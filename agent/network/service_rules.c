/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of a rule that picks: the backend (address, port) first, then the front (address, protocol, port), then the number or the
 * client's address: so each key and each answer is one stretch. IPv4: 0 1 | 2 3 4 | 5; IPv6: 0-3 4 | 5-8 9 10 | 11-14. */
#include "agent/network/service_rules.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/network/firewall.h"
#include "agent/network/nft_set.h"
#include "base/map.h"
#include "base/mem.h"

#define BACKEND          0u
#define REFUSE_REJECT    "refuse"
#define REFUSE_DROP      "ignore"
#define CHAIN_NAME_MAX   64
#define STICKY_SET_COUNT 2

static const uint8_t front4[] = { NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
		     front6[] = { NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
		     number4[] = { NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_NUMBER,
				   0 },
		     number6[] = { NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_NUMBER,
				   0 },
		     target4[] = { NFT_TYPE_IPV4, NFT_TYPE_PORT, 0 },
		     target6[] = { NFT_TYPE_IPV6, NFT_TYPE_PORT, 0 },
		     member4[] = { NFT_TYPE_IPV4,     NFT_TYPE_PORT, NFT_TYPE_IPV4,
				   NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
		     member6[] = { NFT_TYPE_IPV6,     NFT_TYPE_PORT, NFT_TYPE_IPV6,
				   NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, 0 },
		     client4[] = { NFT_TYPE_IPV4, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_IPV4,
				   0 },
		     client6[] = { NFT_TYPE_IPV6, NFT_TYPE_PROTOCOL, NFT_TYPE_PORT, NFT_TYPE_IPV6,
				   0 },
		     address4[] = { NFT_TYPE_IPV4, 0 }, address6[] = { NFT_TYPE_IPV6, 0 };

static const struct nft_set sets[SERVICE_SETS][2] = {
	[SERVICE_FRONTS] = { { .name = "fronts4", .key = front4, .verdicts = true },
			     { .name = "fronts6", .key = front6, .verdicts = true } },
	[SERVICE_BACKENDS] = { { .name = "backends4", .key = number4, .data = target4 },
			       { .name = "backends6", .key = number6, .data = target6 } },
	[SERVICE_MEMBERS] = { { .name = "members4", .key = member4 },
			      { .name = "members6", .key = member6 } },
	[SERVICE_REFUSED] = { { .name = "refused4", .key = front4, .verdicts = true },
			      { .name = "refused6", .key = front6, .verdicts = true } },
	[SERVICE_CLUSTER_IPS] = { { .name = "clusterips4", .key = address4 },
				  { .name = "clusterips6", .key = address6 } },
};
/* Where clients are that stay with a backend. */
static const struct nft_set clients[STICKY_SET_COUNT] = {
	{ .name = "clients4", .key = client4, .data = target4, .dynamic = true },
	{ .name = "clients6", .key = client6, .data = target6, .dynamic = true },
};

struct service_rules {
	struct netlink nl;
	struct cidr *cluster;
	size_t ncluster;
	struct map chains; /* names of those that are in the kernel, or in the transaction */
	bool fresh;        /* the table is not made yet */
	struct nft_batch batch;
	bool open;
	struct service_element *adds; /* elements to add come behind all removals */
	size_t nadds, cap;
};

/* --- registers --- */

static unsigned front_register(bool v6)
{
	return v6 ? 5 : 2;
}

static unsigned port_register(bool v6)
{
	return BACKEND + (v6 ? 4 : 1);
}

static unsigned number_register(bool v6)
{
	return front_register(v6) + (v6 ? 6 : 3);
}

static int family_of(bool v6)
{
	return v6 ? AF_INET6 : AF_INET;
}

static void load_front(struct nft_batch *t, bool v6, bool node)
{
	unsigned at = front_register(v6), address = v6 ? 4 : 1;
	if (node)
		nft_load_zeros(t, at, v6 ? 16 : 4);
	else
		nft_load_destination(t, family_of(v6), at);
	nft_load_protocol(t, at + address);
	nft_load_dport(t, at + address + 1);
}

/* --- the fixed rules --- */

static const struct {
	const char *name;
	struct nft_hook hook;
} hooked[] = {
	/* before the host ports: NF_IP_PRI_NAT_DST of firewall.c */
	{ "prerouting", { "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST - 1 } },
	{ "output", { "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST - 1 } },
	{ "filter-input", { "filter", NF_INET_LOCAL_IN, NF_IP_PRI_FILTER - 1 } },
	{ "filter-forward", { "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER - 1 } },
	{ "filter-output", { "filter", NF_INET_LOCAL_OUT, NF_IP_PRI_FILTER - 1 } },
};
static const char *const plain[] = { "services", "refusals", "outsiders", REFUSE_REJECT,
				     REFUSE_DROP };

static void rule_jump(struct nft_batch *t, const char *chain, const char *to)
{
	nft_rule_begin(t, chain);
	nft_jump(t, to);
	nft_rule_end(t);
}

static void rule_go_by(struct nft_batch *t, const char *chain, enum service_set set, bool v6,
		       bool node)
{
	nft_rule_begin(t, chain);
	nft_match_family(t, family_of(v6));
	if (node)
		nft_match_local_destination(t);
	load_front(t, v6, node);
	nft_go_by(t, sets[set][v6].name, front_register(v6));
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
	nft_match_family(t, family_of(v6));
	nft_load_destination(t, family_of(v6), front_register(v6));
	nft_match_in(t, sets[SERVICE_CLUSTER_IPS][v6].name, front_register(v6));
	nft_goto(t, REFUSE_REJECT);
	nft_rule_end(t);
}

/* Marks what does not come from pods. */
static void add_outsiders(struct service_rules *r)
{
	struct nft_batch *t = &r->batch;
	for (size_t i = 0; i < r->ncluster; i++) {
		nft_rule_begin(t, "outsiders");
		nft_match_source(t, &r->cluster[i]);
		nft_return(t);
		nft_rule_end(t);
	}
	nft_rule_begin(t, "outsiders");
	nft_set_mark(t, FIREWALL_MARK);
	nft_rule_end(t);
}

static void add_filters(struct nft_batch *t)
{
	for (size_t i = 2; i < COUNT_OF(hooked); i++) {
		nft_rule_begin(t, hooked[i].name);
		nft_match_new_connection(t);
		nft_jump(t, "refusals");
		nft_rule_end(t);
	}
	rules_by_front(t, "refusals", SERVICE_REFUSED);
	rule_other_ports(t, false);
	rule_other_ports(t, true);
	nft_rule_begin(t, REFUSE_REJECT);
	nft_reject(t);
	nft_rule_end(t);
	nft_rule_begin(t, REFUSE_DROP);
	nft_drop(t);
	nft_rule_end(t);
}

static void add_table(struct service_rules *r)
{
	struct nft_batch *t = &r->batch;
	nft_table_add(t); /* so that there is one to delete */
	nft_table_delete(t);
	nft_table_add(t);
	for (size_t i = 0; i < SERVICE_SETS * 2; i++)
		nft_set_add(t, &sets[i / 2][i % 2]);
	for (size_t i = 0; i < STICKY_SET_COUNT; i++)
		nft_set_add(t, &clients[i]);
	for (size_t i = 0; i < COUNT_OF(plain); i++)
		nft_chain_add(t, plain[i], NULL);
	for (size_t i = 0; i < COUNT_OF(hooked); i++)
		nft_chain_add(t, hooked[i].name, &hooked[i].hook);
	rule_jump(t, "prerouting", "services");
	rule_jump(t, "output", "services");
	rules_by_front(t, "services", SERVICE_FRONTS);
	add_outsiders(r);
	add_filters(t);
}

/* --- chains that pick --- */

static void chain_name(const struct service_pick *p, char out[CHAIN_NAME_MAX])
{
	int n = snprintf(out, CHAIN_NAME_MAX, "%s%d-%s%u", p->node ? "node" : "pick", p->v6 ? 6 : 4,
			 p->edge     ? "edge"
			 : p->masked ? "masked"
				     : "",
			 p->near);
	if (p->edge)
		n += snprintf(out + n, CHAIN_NAME_MAX - (size_t)n, "-of-%u", p->far);
	if (p->sticky_s)
		snprintf(out + n, CHAIN_NAME_MAX - (size_t)n, "-sticky%u", p->sticky_s);
}

static void dnat(struct nft_batch *t, bool v6)
{
	nft_dnat_to(t, family_of(v6), BACKEND, port_register(v6));
}

/* The client is known and its backend is still one: on to it. */
static void rule_known_client(struct nft_batch *t, const char *chain, const struct service_pick *p)
{
	const char *map = clients[p->v6].name;
	nft_rule_begin(t, chain);
	load_front(t, p->v6, p->node);
	nft_load_source(t, family_of(p->v6), number_register(p->v6));
	nft_look_up(t, map, front_register(p->v6), BACKEND);
	nft_match_in(t, sets[SERVICE_MEMBERS][p->v6].name, BACKEND);
	nft_remember(t, map, front_register(p->v6), BACKEND, p->sticky_s * 1000ull);
	dnat(t, p->v6);
	nft_rule_end(t);
}

static void rule_pick(struct nft_batch *t, const char *chain, const struct service_pick *p,
		      uint32_t count, uint32_t first)
{
	nft_rule_begin(t, chain);
	load_front(t, p->v6, p->node);
	nft_load_random(t, number_register(p->v6), count, first);
	nft_look_up(t, sets[SERVICE_BACKENDS][p->v6].name, front_register(p->v6), BACKEND);
	if (p->sticky_s) {
		nft_load_source(t, family_of(p->v6), number_register(p->v6));
		nft_remember(t, clients[p->v6].name, front_register(p->v6), BACKEND,
			     p->sticky_s * 1000ull);
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
static void rules_inside(struct service_rules *r, const char *chain, const char *inside)
{
	struct nft_batch *t = &r->batch;
	for (size_t i = 0; i < r->ncluster; i++) {
		nft_rule_begin(t, chain);
		nft_match_source(t, &r->cluster[i]);
		nft_goto(t, inside);
		nft_rule_end(t);
	}
	nft_rule_begin(t, chain);
	nft_match_local_source(t);
	nft_goto(t, inside);
	nft_rule_end(t);
}

static void fill_edge(struct service_rules *r, const char *chain, const struct service_pick *p)
{
	char inside[CHAIN_NAME_MAX + 8];
	struct nft_batch *t = &r->batch;
	snprintf(inside, sizeof(inside), "%s-inside", chain);
	if (p->far) {
		nft_chain_add(t, inside, NULL);
		nft_rule_begin(t, inside);
		nft_set_mark(t, FIREWALL_MARK);
		nft_rule_end(t);
		rules_pick(t, inside, p, p->far, SERVICE_FAR);
		rules_inside(r, chain, inside);
	}
	if (p->near)
		rules_pick(t, chain, p, p->near, 0);
}

static void fill_chain(struct service_rules *r, const char *chain, const struct service_pick *p)
{
	struct nft_batch *t = &r->batch;
	if (p->edge) {
		fill_edge(r, chain, p);
		return;
	}
	if (p->masked) {
		nft_rule_begin(t, chain);
		nft_set_mark(t, FIREWALL_MARK);
		nft_rule_end(t);
	} else {
		rule_jump(t, chain, "outsiders");
	}
	rules_pick(t, chain, p, p->near, 0);
}

static void need_chain(struct service_rules *r, const char *chain, const struct service_pick *p)
{
	if (map_get(&r->chains, str_from(chain)))
		return;
	map_put(&r->chains, str_from(chain), r);
	nft_chain_add(&r->batch, chain, NULL);
	fill_chain(r, chain, p);
}

/* --- transactions --- */

static void begin(struct service_rules *r)
{
	if (r->open)
		return;
	r->open = true;
	nft_begin(&r->batch, NFPROTO_INET, SERVICE_TABLE);
	if (r->fresh)
		add_table(r);
}

struct place {
	struct service_rules *r;
	int set, v6; /* whose list is open; -1: none */
};

static void open_list(struct place *p, const struct service_element *e, bool remove)
{
	if (p->set == e->set && p->v6 == e->v6)
		return;
	if (p->set >= 0)
		nft_elements_end(&p->r->batch);
	p->set = e->set;
	p->v6 = e->v6;
	nft_elements_begin(&p->r->batch, sets[e->set][e->v6].name, remove);
}

static void close_list(struct place *p)
{
	if (p->set >= 0)
		nft_elements_end(&p->r->batch);
	p->set = -1;
}

static void on_change(void *ctx, const struct service_element *e, bool remove)
{
	struct place *p = ctx;
	struct service_rules *r = p->r;
	if (remove) {
		open_list(p, e, true);
		nft_element(&r->batch, e->key, e->nkey, NULL, 0);
		return;
	}
	r->adds = mem_array_grow(r->adds, &r->cap, r->nadds + 1, sizeof(*r->adds));
	r->adds[r->nadds++] = *e;
}

void service_rules_change(struct service_rules *r, const struct service_elements *before,
			  const struct service_elements *after)
{
	struct place place = { .r = r, .set = -1 };
	begin(r);
	service_elements_diff(before, after, on_change, &place);
	close_list(&place);
}

static void add_element(struct service_rules *r, const struct service_element *e)
{
	char chain[CHAIN_NAME_MAX];
	struct service_pick pick;
	switch (e->set) {
	case SERVICE_FRONTS:
		memcpy(&pick, e->data, sizeof(pick));
		chain_name(&pick, chain);
		nft_element_goto(&r->batch, e->key, e->nkey, chain);
		break;
	case SERVICE_REFUSED:
		nft_element_goto(&r->batch, e->key, e->nkey,
				 e->data[0] == SERVICE_DROP ? REFUSE_DROP : REFUSE_REJECT);
		break;
	default: nft_element(&r->batch, e->key, e->nkey, e->data, e->ndata);
	}
}

static int add_cmp(const void *a, const void *b)
{
	return service_element_cmp(a, b);
}

static void add_all(struct service_rules *r)
{
	struct place place = { .r = r, .set = -1 };
	char chain[CHAIN_NAME_MAX];
	struct service_pick pick;
	for (size_t i = 0; i < r->nadds; i++) {
		if (r->adds[i].set != SERVICE_FRONTS)
			continue;
		memcpy(&pick, r->adds[i].data, sizeof(pick));
		chain_name(&pick, chain);
		need_chain(r, chain, &pick);
	}
	if (r->nadds)
		qsort(r->adds, r->nadds, sizeof(*r->adds), add_cmp);
	for (size_t i = 0; i < r->nadds; i++) {
		open_list(&place, &r->adds[i], false);
		add_element(r, &r->adds[i]);
	}
	close_list(&place);
	r->nadds = 0;
}

int service_rules_commit(struct service_rules *r, struct err *err)
{
	begin(r);
	add_all(r);
	r->open = false;
	int code = nft_commit(&r->nl, &r->batch, err);
	r->fresh = code < 0;
	if (code < 0)
		map_free(&r->chains, NULL);
	return code;
}

/* --- life --- */

int service_rules_new(const struct cidr *cluster, size_t n, struct service_rules **out,
		      struct err *err)
{
	struct service_rules *r = NEW(struct service_rules);
	int code = netlink_open(&r->nl, NETLINK_NETFILTER, err);
	if (code < 0) {
		free(r);
		return err_wrap(err, code, "service proxy");
	}
	r->cluster = mem_alloc((n + 1) * sizeof(*cluster));
	memcpy(r->cluster, cluster, n * sizeof(*cluster));
	r->ncluster = n;
	r->fresh = true;
	*out = r;
	return 0;
}

void service_rules_free(struct service_rules *r)
{
	netlink_close(&r->nl);
	map_free(&r->chains, NULL);
	free(r->cluster);
	free(r->adds);
	free(r);
}

int service_rules_remove(struct err *err)
{
	struct netlink nl;
	struct nft_batch t;
	int r = netlink_open(&nl, NETLINK_NETFILTER, err);
	if (r < 0)
		return r;
	nft_begin(&t, NFPROTO_INET, SERVICE_TABLE);
	nft_table_add(&t);
	nft_table_delete(&t);
	r = nft_commit(&nl, &t, err);
	netlink_close(&nl);
	return r;
}
