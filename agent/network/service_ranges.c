/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_ranges.h"

#include "api/decode.h"
#include "base/mem.h"
#include "client/informer.h"
#include "generated/api_structs.h"
#include "generated/api_tables.h"

static void on_range(void *ctx, const struct object *old, const struct object *new)
{
	struct service_ranges *r = ctx;
	(void)old;
	(void)new;
	r->changed(r->ctx);
}

static void on_synced(void *ctx)
{
	on_range(ctx, NULL, NULL);
}

struct range_list {
	struct cidr *items;
	size_t n, cap;
};

static bool add(void *ctx, const struct object *o)
{
	struct range_list *l = ctx;
	auto_arena arena = { 0 };
	struct networking_v1_service_cidr s = { 0 };
	if (object_decode(o, &arena, api_struct_networking_v1_service_cidr, &s, NULL) < 0)
		return true;
	for (size_t i = 0; i < s.spec.cidrs.n; i++) {
		auto_free char *text = str_dup(s.spec.cidrs.items[i]);
		l->items = mem_array_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
		l->n += cidr_parse(text, &l->items[l->n], NULL) == 0;
	}
	return true;
}

size_t service_ranges_list(const struct service_ranges *r, struct cidr **out)
{
	struct range_list l = { 0 };
	informer_each(r->informer, STR(""), add, &l);
	*out = l.items;
	return l.n;
}

void service_ranges_start(struct service_ranges *r, struct client *client,
			  void (*changed)(void *ctx), void *ctx)
{
	r->changed = changed;
	r->ctx = ctx;
	r->informer =
		informer_new(client, API_NETWORKING_V1_SERVICECIDRS, STR(""), STR(""), STR(""));
	informer_hook_add(r->informer, on_range, on_synced, r);
	informer_start(r->informer);
}

bool service_ranges_synced(const struct service_ranges *r)
{
	return informer_synced(r->informer);
}

void service_ranges_stop(struct service_ranges *r)
{
	informer_free(TAKE(r->informer));
}
