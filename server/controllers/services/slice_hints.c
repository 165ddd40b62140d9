/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/slice_hints.h"

#include "base/mem.h"
#include "server/controllers/services/zone_hints.h"

enum { IPV4, IPV6, FAMILIES };
static const char *const families[] = { "IPv4", "IPv6" };

struct hinted { /* a Service that asks for hints */
	bool populated;
	struct zone_givens given[FAMILIES];
	struct arena arena; /* of them */
};
struct slice_hints {
	struct controller *controller;
	struct event_recorder *events;
	struct map services; /* struct hinted */
	struct zone_cpus zones;
	struct arena arena; /* of them */
	bool stale;         /* they are of other nodes */
};

struct slice_hints *slice_hints_new(struct controller *c)
{
	struct slice_hints *h = NEW(struct slice_hints);
	h->controller = c;
	h->stale = true;
	h->events = event_recorder_new(c->client, clock_real(), c->component);
	return h;
}

static void hinted_free(void *hinted)
{
	struct hinted *k = hinted;
	arena_free(&k->arena);
	free(k);
}

void slice_hints_free(struct slice_hints *h)
{
	event_recorder_free(h->events);
	map_free(&h->services, hinted_free);
	free(h->zones.items);
	arena_free(&h->arena);
	free(h);
}

void slice_hints_nodes_changed(struct slice_hints *h)
{
	h->stale = true;
}

static bool add_node(void *ctx, const struct object *o)
{
	struct slice_hints *h = ctx;
	auto_arena arena = { 0 };
	struct core_v1_node n = { 0 };
	if (object_decode(o, &arena, api_struct_core_v1_node, &n, NULL) == 0)
		zone_cpus_add(&h->zones, &n, &h->arena);
	return true;
}

static const struct zone_cpus *zones_now(struct slice_hints *h)
{
	if (!h->stale)
		return &h->zones;
	h->stale = false;
	h->zones.n = 0;
	h->zones.insufficient = false;
	arena_free(&h->arena);
	h->arena = (struct arena){ 0 };
	informer_each(controller_informer(h->controller, API_CORE_V1_NODES), STR(""), add_node, h);
	zone_cpus_end(&h->zones);
	return &h->zones;
}

/* All endpoints of a family, in their order. */
static struct discovery_v1_endpoint **endpoints_of(struct slices *slices, const char *family,
						   struct arena *a, size_t *n)
{
	size_t sum = 0;
	for (size_t i = 0; i < slices->n; i++)
		sum += slices->items[i].endpoints.n;
	struct discovery_v1_endpoint **out =
		ARENA_ARRAY(a, struct discovery_v1_endpoint *, sum + 1);
	*n = 0;
	for (size_t i = 0; i < slices->n; i++)
		for (size_t k = 0; str_eqz(slices->items[i].address_type, family) &&
				   k < slices->items[i].endpoints.n;
		     k++)
			out[(*n)++] = &slices->items[i].endpoints.items[k];
	return out;
}

static bool has_family(const struct slices *slices, const char *family)
{
	for (size_t i = 0; i < slices->n; i++)
		if (str_eqz(slices->items[i].address_type, family))
			return true;
	return false;
}

static void remember(struct hinted *k, int family, const struct zone_givens *given)
{
	struct zone_givens *to = &k->given[family];
	*to = (struct zone_givens){ ARENA_ARRAY(&k->arena, struct zone_given, given->n + 1), 0 };
	for (size_t i = 0; i < given->n; i++)
		to->items[to->n++] =
			(struct zone_given){ arena_str(&k->arena, given->items[i].zone),
					     given->items[i].n };
}

static void apply_family(struct slice_hints *h, struct hinted *k, int family,
			 const struct object *service, struct slices *slices, struct arena *a)
{
	struct zone_givens given;
	auto_buf why = { 0 };
	size_t n;
	struct discovery_v1_endpoint **all = endpoints_of(slices, families[family], a, &n);
	if (!zone_hints_plan(zones_now(h), all, n, a, &given, &why)) {
		event_record(h->events, service, EVENT_WARNING, "TopologyAwareHintsDisabled", NULL,
			     "%.*s, addressType: %s", STR_ARG(buf_view(&why)), families[family]);
		k->populated = false;
		return;
	}
	remember(k, family, &given);
	if (!k->populated)
		event_record(h->events, service, EVENT_NORMAL, "TopologyAwareHintsEnabled", NULL,
			     "Topology Aware Hints has been enabled, addressType: %s",
			     families[family]);
	k->populated = true;
}

static void forget(struct slice_hints *h, struct str key, const struct object *service,
		   const struct slices *slices)
{
	struct hinted *k = map_del(&h->services, key);
	if (!k)
		return;
	if (service && k->populated)
		event_record(h->events, service, EVENT_WARNING, "TopologyAwareHintsDisabled", NULL,
			     "Topology Aware Hints has been disabled, addressType: %s",
			     families[has_family(slices, families[IPV4]) ? IPV4 : IPV6]);
	hinted_free(k);
}

void slice_hints_apply(struct slice_hints *h, struct str key, const struct object *service,
		       bool wanted, struct slices *slices, struct arena *a)
{
	if (!wanted) {
		forget(h, key, service, slices);
		return;
	}
	struct hinted *k = map_get(&h->services, key);
	if (!k) {
		k = NEW(struct hinted);
		map_put(&h->services, key, k);
	}
	arena_free(&k->arena);
	k->arena = (struct arena){ 0 };
	k->given[IPV4].n = k->given[IPV6].n = 0;
	for (int f = 0; f < FAMILIES; f++)
		if (has_family(slices, families[f]))
			apply_family(h, k, f, service, slices, a);
}

void slice_hints_review(struct slice_hints *h)
{
	size_t at = 0;
	if (!h->services.count)
		return;
	const struct zone_cpus *z = zones_now(h);
	for (struct map_entry *e; (e = map_next(&h->services, &at));) {
		const struct hinted *k = e->value;
		if ((!k->populated && z->n) || zone_hints_overloaded(z, &k->given[IPV4]) ||
		    zone_hints_overloaded(z, &k->given[IPV6]))
			work_queue_add(h->controller->queue, e->key);
	}
}
