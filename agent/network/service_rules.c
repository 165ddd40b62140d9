/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_rules.h"

#include <linux/netfilter.h>
#include <stdlib.h>

#include "agent/network/service_chains.h"
#include "agent/network/service_sets.h"
#include "agent/network/service_table.h"
#include "base/map.h"
#include "base/mem.h"

struct service_rules {
	struct netlink nl;
	struct cidr *cluster, *ranges;
	size_t ncluster, nranges;
	struct map chains; /* names of those that are in the kernel, or in the transaction */
	bool fresh;        /* the table is not made yet */
	struct nft_batch batch;
	bool open;
	struct service_element *adds; /* elements to add come behind all removals */
	size_t nadds, cap;
};

static void begin(struct service_rules *r)
{
	if (r->open)
		return;
	r->open = true;
	nft_begin(&r->batch, NFPROTO_INET, SERVICE_TABLE);
	if (r->fresh)
		service_table_add(&r->batch, r->cluster, r->ncluster);
	if (r->fresh)
		service_table_ranges(&r->batch, r->ranges, r->nranges);
}

void service_rules_ranges(struct service_rules *r, const struct cidr *ranges, size_t n)
{
	begin(r);
	free(r->ranges);
	r->ranges = mem_alloc((n + 1) * sizeof(*ranges));
	if (n)
		memcpy(r->ranges, ranges, n * sizeof(*ranges));
	r->nranges = n;
	service_table_ranges(&r->batch, r->ranges, n);
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
	nft_elements_begin(&p->r->batch, service_set(e->set, e->v6)->name, remove);
}

static void close_list(struct place *p)
{
	if (p->set >= 0)
		nft_elements_end(&p->r->batch);
	p->set = -1;
}

/* Of a range of sources: from the key to the same front with the range's last address. */
static void add_range(struct service_rules *r, const struct service_element *e)
{
	uint8_t last[SERVICE_KEY_MAX];
	memcpy(last, e->key, e->nkey);
	memcpy(last + e->nkey - e->ndata, e->data, e->ndata);
	nft_element_range(&r->batch, e->key, last, e->nkey);
}

static void on_change(void *ctx, const struct service_element *e, bool remove)
{
	struct place *p = ctx;
	struct service_rules *r = p->r;
	if (e->set >= SERVICE_KERNEL_SETS)
		return;
	if (remove) {
		open_list(p, e, true);
		if (e->set == SERVICE_SOURCES)
			add_range(r, e);
		else
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
	char chain[SERVICE_CHAIN_NAME_MAX];
	struct service_pick pick;
	switch (e->set) {
	case SERVICE_FRONTS:
		memcpy(&pick, e->data, sizeof(pick));
		service_chain_name(&pick, chain);
		nft_element_goto(&r->batch, e->key, e->nkey, chain);
		break;
	case SERVICE_REFUSED:
		nft_element_goto(&r->batch, e->key, e->nkey,
				 e->data[0] == SERVICE_DROP ? SERVICE_CHAIN_DROP
							    : SERVICE_CHAIN_REJECT);
		break;
	case SERVICE_SOURCES: add_range(r, e); break;
	default: nft_element(&r->batch, e->key, e->nkey, e->data, e->ndata);
	}
}

static int add_cmp(const void *a, const void *b)
{
	return service_element_cmp(a, b);
}

static void need_chain(struct service_rules *r, const struct service_element *front)
{
	char chain[SERVICE_CHAIN_NAME_MAX];
	struct service_pick pick;
	memcpy(&pick, front->data, sizeof(pick));
	service_chain_name(&pick, chain);
	if (map_get(&r->chains, str_from(chain)))
		return;
	map_put(&r->chains, str_from(chain), r);
	service_chain_add(&r->batch, chain, &pick, r->cluster, r->ncluster);
}

static void add_all(struct service_rules *r)
{
	struct place place = { .r = r, .set = -1 };
	for (size_t i = 0; i < r->nadds; i++)
		if (r->adds[i].set == SERVICE_FRONTS)
			need_chain(r, &r->adds[i]);
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
	free(r->ranges);
	free(r->adds);
	free(r);
}
