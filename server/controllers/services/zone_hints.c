/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/zone_hints.h"

#include <math.h>
#include <stdlib.h>

#include "api/values/quantity.h"
#include "base/mem.h"

#define OVERLOAD 0.2 /* by how much an endpoint may get more than its due */

static const struct str *pair(const struct api_str_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eqz(m->items[i].key, key))
			return &m->items[i].value;
	return NULL;
}

bool zone_hints_wanted(const struct core_v1_service *s)
{
	const struct api_str_map *m = &s->metadata.annotations;
	const struct str *mode = pair(m, "service.kubernetes.io/topology-aware-hints");
	if (!mode)
		mode = pair(m, "service.kubernetes.io/topology-mode");
	return mode && (str_eqz(*mode, "Auto") || str_eqz(*mode, "auto"));
}

/* --- zones --- */

static bool is_ready(const struct core_v1_node *n)
{
	for (size_t i = 0; i < n->status.conditions.n; i++)
		if (str_eqz(n->status.conditions.items[i].type, "Ready"))
			return str_eqz(n->status.conditions.items[i].status, "True");
	return false;
}

static int64_t milli_cpu(const struct core_v1_node *n)
{
	struct quantity q = { 0 };
	for (size_t i = 0; i < n->status.allocatable.n; i++)
		if (str_eqz(n->status.allocatable.items[i].key, "cpu"))
			quantity_parse(n->status.allocatable.items[i].value.text, &q, NULL);
	return quantity_milli(q);
}

void zone_cpus_add(struct zone_cpus *z, const struct core_v1_node *n, struct arena *a)
{
	const struct str *zone = pair(&n->metadata.labels, "topology.kubernetes.io/zone");
	int64_t milli = milli_cpu(n);
	if (pair(&n->metadata.labels, "node-role.kubernetes.io/control-plane") ||
	    pair(&n->metadata.labels, "node-role.kubernetes.io/master") || !is_ready(n))
		return;
	if (!zone || !zone->n || milli <= 0) {
		z->insufficient = true;
		return;
	}
	for (size_t i = 0; i < z->n; i++)
		if (str_eq(z->items[i].zone, *zone)) {
			z->items[i].milli += milli;
			return;
		}
	z->items = mem_array_grow(z->items, &z->cap, z->n + 1, sizeof(*z->items));
	z->items[z->n++] = (struct zone_cpu){ arena_str(a, *zone), milli };
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct zone_cpu *)a)->zone, ((const struct zone_cpu *)b)->zone);
}

void zone_cpus_end(struct zone_cpus *z)
{
	if (z->insufficient || z->n < 2)
		z->n = 0;
	if (z->n)
		qsort(z->items, z->n, sizeof(*z->items), by_name);
}

static double ratio(const struct zone_cpus *z, size_t i)
{
	double sum = 0;
	for (size_t k = 0; k < z->n; k++)
		sum += (double)z->items[k].milli;
	return (double)z->items[i].milli / sum;
}

/* --- who gives, who receives --- */

struct planning {
	const struct zone_cpus *zones;
	struct zone_givens *given; /* the first are the zones', in their order */
	double *desired;
	int *gives, *receives;
	struct arena *arena;
};

static bool is_ready_endpoint(const struct discovery_v1_endpoint *e)
{
	return e->conditions.ready && *e->conditions.ready;
}

static void hint(struct planning *p, struct discovery_v1_endpoint *e, struct str zone)
{
	e->hints = ARENA_NEW(p->arena, struct discovery_v1_endpoint_hints);
	e->hints->for_zones.items = ARENA_NEW(p->arena, struct discovery_v1_for_zone);
	e->hints->for_zones.items->name = zone;
	e->hints->for_zones.n = 1;
}

static bool allocate(struct planning *p, size_t nready, struct buf *why)
{
	const struct zone_cpus *z = p->zones;
	size_t left = nready;
	if (!z->n) {
		buf_puts(why, "Insufficient Node information: allocatable CPU or zone not "
			      "specified on one or more nodes");
		return false;
	}
	if (z->n > nready) {
		buf_printf(why, "Insufficient number of endpoints (%zu endpoints, %zu zones)",
			   nready, z->n);
		return false;
	}
	for (size_t i = 0; i < z->n; i++) {
		double desired = ratio(z, i) * (double)nready;
		double least = ceil(desired * (1 / (1 + OVERLOAD)));
		p->desired[i] = desired > least ? desired : least;
		if ((size_t)least > left) {
			buf_printf(why,
				   "Unable to allocate minimum required endpoints to each zone "
				   "without exceeding overload threshold (%zu endpoints, %zu "
				   "zones)",
				   nready, z->n);
			return false;
		}
		left -= (size_t)least;
	}
	return true;
}

static struct zone_given *given_of(struct zone_givens *g, struct str zone)
{
	for (size_t i = 0; i < g->n; i++)
		if (str_eq(g->items[i].zone, zone))
			return &g->items[i];
	g->items[g->n] = (struct zone_given){ .zone = zone };
	return &g->items[g->n++];
}

static size_t most(const double *of, size_t n)
{
	size_t at = n;
	double best = 0;
	for (size_t i = 0; i < n; i++)
		if (of[i] > best) {
			best = of[i];
			at = i;
		}
	return at;
}

static void settle(struct planning *p)
{
	size_t n = p->zones->n;
	double *gives = ARENA_ARRAY(p->arena, double, n),
	       *receives = ARENA_ARRAY(p->arena, double, n);
	for (size_t i = 0; i < n; i++) {
		double over = p->given->items[i].n - p->desired[i];
		gives[i] = over > 0 ? over : 0;
		receives[i] = over < 0 ? -over : 0;
	}
	for (;;) {
		size_t from = most(gives, n), to = most(receives, n);
		if (from == n || to == n || (gives[from] < 1 && receives[to] < 1) ||
		    gives[from] < 0.5 || receives[to] < 0.5)
			return;
		p->gives[from]++;
		gives[from]--;
		p->receives[to]++;
		receives[to]--;
	}
}

static size_t first_needy(const struct planning *p)
{
	size_t i = 0;
	while (i < p->zones->n && !p->receives[i])
		i++;
	return i;
}

static void give(struct planning *p, struct discovery_v1_endpoint *e)
{
	for (size_t i = 0; i < p->zones->n; i++) {
		size_t to = first_needy(p);
		if (!p->gives[i] || !str_eq(e->zone, p->zones->items[i].zone) || to == p->zones->n)
			continue;
		hint(p, e, p->zones->items[to].zone);
		p->gives[i]--;
		p->receives[to]--;
		p->given->items[i].n--;
		p->given->items[to].n++;
		return;
	}
}

static bool keep_own(struct planning *p, struct discovery_v1_endpoint *const *endpoints, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct discovery_v1_endpoint *e = endpoints[i];
		if (!is_ready_endpoint(e))
			continue;
		if (!e->zone.n)
			return false;
		given_of(p->given, e->zone)->n++;
		hint(p, e, e->zone);
	}
	return true;
}

static void clear(struct discovery_v1_endpoint *const *endpoints, size_t n)
{
	for (size_t i = 0; i < n; i++)
		endpoints[i]->hints = NULL;
}

bool zone_hints_plan(const struct zone_cpus *z, struct discovery_v1_endpoint *const *endpoints,
		     size_t n, struct arena *a, struct zone_givens *given, struct buf *why)
{
	struct planning p = { .zones = z,
			      .given = given,
			      .desired = ARENA_ARRAY(a, double, z->n + 1),
			      .gives = ARENA_ARRAY(a, int, z->n + 1),
			      .receives = ARENA_ARRAY(a, int, z->n + 1),
			      .arena = a };
	size_t nready = 0;
	*given = (struct zone_givens){ ARENA_ARRAY(a, struct zone_given, z->n + n + 1), 0 };
	clear(endpoints, n);
	for (size_t i = 0; i < n; i++)
		nready += is_ready_endpoint(endpoints[i]);
	if (!allocate(&p, nready, why))
		return false;
	for (size_t i = 0; i < z->n; i++)
		given_of(given, z->items[i].zone);
	if (!keep_own(&p, endpoints, n)) {
		clear(endpoints, n);
		buf_puts(why, "One or more endpoints do not have a zone specified");
		return false;
	}
	settle(&p);
	for (size_t i = 0; i < n; i++)
		if (is_ready_endpoint(endpoints[i]))
			give(&p, endpoints[i]);
	return true;
}

bool zone_hints_overloaded(const struct zone_cpus *z, const struct zone_givens *given)
{
	double sum = 0;
	if (!given->n)
		return false;
	if (!z->n)
		return true;
	for (size_t i = 0; i < given->n; i++)
		sum += given->items[i].n;
	for (size_t i = 0; i < z->n; i++) {
		double least = ceil(sum * ratio(z, i) * (1 / (1 + OVERLOAD)));
		int has = 0;
		for (size_t k = 0; k < given->n; k++)
			if (str_eq(given->items[k].zone, z->items[i].zone))
				has = given->items[k].n;
		if (has < (int)least)
			return true;
	}
	return false;
}
