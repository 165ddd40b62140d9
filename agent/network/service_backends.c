/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_backends.h"

#include <stdlib.h>

#include "base/mem.h"

static bool is_true(const bool *b, bool absent)
{
	return b ? *b : absent;
}

static const struct discovery_v1_endpoint_port *
find_port(const struct discovery_v1_endpoint_slice *s, const struct core_v1_service_port *p)
{
	for (size_t i = 0; i < s->ports.n; i++) {
		const struct discovery_v1_endpoint_port *x = &s->ports.items[i];
		struct str protocol = x->protocol.n ? x->protocol : STR("TCP");
		struct str wanted = p->protocol.n ? p->protocol : STR("TCP");
		if (x->port && str_eq(x->name, p->name) && str_eq(protocol, wanted))
			return x;
	}
	return NULL;
}

enum hint { HINT_NODE, HINT_ZONE };

/* Is the endpoint meant for this node or zone? *has: it carries hints of that sort. */
static bool is_hinted(const struct service_view *v, const struct discovery_v1_endpoint *e,
		      enum hint hint, bool *has)
{
	bool mine = false;
	*has = false;
	if (!e->hints)
		return false;
	if (hint == HINT_NODE) {
		*has = e->hints->for_nodes.n > 0;
		for (size_t i = 0; i < e->hints->for_nodes.n; i++)
			mine = mine || str_eqz(e->hints->for_nodes.items[i].name, v->node);
	} else {
		*has = e->hints->for_zones.n > 0;
		for (size_t i = 0; i < e->hints->for_zones.n; i++)
			mine = mine || str_eqz(e->hints->for_zones.items[i].name, v->zone);
	}
	return mine;
}

struct candidate {
	const struct discovery_v1_endpoint *endpoint;
	uint16_t port;
};
struct candidates {
	struct candidate *items;
	size_t n, cap;
};

static void collect(const struct service_view *v, const struct core_v1_service_port *p, bool v6,
		    struct candidates *out)
{
	const char *family = v6 ? "IPv6" : "IPv4";
	for (size_t i = 0; i < v->nslices; i++) {
		const struct discovery_v1_endpoint_slice *s = &v->slices[i];
		const struct discovery_v1_endpoint_port *port = find_port(s, p);
		if (!port || !str_eqz(s->address_type, family))
			continue;
		for (size_t j = 0; j < s->endpoints.n; j++) {
			if (!s->endpoints.items[j].addresses.n)
				continue;
			out->items = mem_array_grow(out->items, &out->cap, out->n + 1,
						    sizeof(*out->items));
			out->items[out->n++] =
				(struct candidate){ &s->endpoints.items[j], (uint16_t)*port->port };
		}
	}
}

static bool is_ready(const struct discovery_v1_endpoint *e)
{
	return is_true(e->conditions.ready, true);
}

static bool is_serving(const struct discovery_v1_endpoint *e)
{
	return is_true(e->conditions.serving, true);
}

static bool is_serving_to_the_end(const struct discovery_v1_endpoint *e)
{
	return is_serving(e) && is_true(e->conditions.terminating, false);
}

/* Hints count when all ready endpoints have them and one is for us. */
static bool can_use_hints(const struct service_view *v, const struct candidates *c, enum hint hint)
{
	bool mine = false, has;
	if (hint == HINT_ZONE && !*v->zone)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		if (!is_ready(c->items[i].endpoint))
			continue;
		bool here = is_hinted(v, c->items[i].endpoint, hint, &has);
		if (!has)
			return false;
		mine = mine || here;
	}
	return mine;
}

static void backends_add(struct backends *b, const struct backend *x)
{
	b->items = mem_array_grow(b->items, &b->cap, b->n + 1, sizeof(*b->items));
	b->items[b->n++] = *x;
}

static int backend_cmp(const void *a, const void *b)
{
	const struct backend *x = a, *y = b;
	int r = memcmp(x->ip.bytes, y->ip.bytes, sizeof(x->ip.bytes));
	return r ? r : (int)x->port - (int)y->port;
}

static void backends_sort(struct backends *b)
{
	size_t n = 0;
	if (b->n)
		qsort(b->items, b->n, sizeof(*b->items), backend_cmp);
	for (size_t i = 0; i < b->n; i++)
		if (n == 0 || backend_cmp(&b->items[n - 1], &b->items[i]) != 0)
			b->items[n++] = b->items[i];
	b->n = n;
}

static void choose(const struct service_view *v, const struct candidates *c,
		   bool (*wanted)(const struct discovery_v1_endpoint *e), bool hints,
		   struct backends *all, struct backends *local)
{
	bool by_node = hints && can_use_hints(v, c, HINT_NODE);
	bool by_zone = hints && !by_node && can_use_hints(v, c, HINT_ZONE), has;
	for (size_t i = 0; i < c->n; i++) {
		const struct discovery_v1_endpoint *e = c->items[i].endpoint;
		struct backend b = { .port = c->items[i].port,
				     .local = str_eqz(e->node_name, v->node) };
		char text[IP_TEXT_MAX];
		if (!wanted(e) || e->addresses.items[0].n >= sizeof(text))
			continue;
		memcpy(text, e->addresses.items[0].p, e->addresses.items[0].n);
		text[e->addresses.items[0].n] = '\0';
		if (!ip_parse(text, &b.ip))
			continue;
		if (b.local && local)
			backends_add(local, &b);
		if (all && (!by_node || is_hinted(v, e, HINT_NODE, &has)) &&
		    (!by_zone || is_hinted(v, e, HINT_ZONE, &has)))
			backends_add(all, &b);
	}
}

void port_backends_of(const struct service_view *v, const struct core_v1_service_port *p, bool v6,
		      struct port_backends *out)
{
	struct candidates c = { 0 };
	collect(v, p, v6, &c);
	choose(v, &c, is_serving, false, &out->served, NULL);
	choose(v, &c, is_ready, true, &out->all, &out->local);
	backends_sort(&out->served);
	backends_sort(&out->local);
	out->local_ready = (unsigned)out->local.n;
	if (!out->all.n)
		choose(v, &c, is_serving_to_the_end, false, &out->all, NULL);
	if (!out->local.n)
		choose(v, &c, is_serving_to_the_end, false, NULL, &out->local);
	backends_sort(&out->all);
	backends_sort(&out->local);
	out->any = out->all.n || out->local.n;
	free(c.items);
}

void port_backends_free(struct port_backends *p)
{
	free(p->all.items);
	free(p->local.items);
	free(p->served.items);
}
