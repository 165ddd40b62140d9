/* SPDX-License-Identifier: Apache-2.0 */
/* Pods by address family and by the ports that they offer, in order of their names, a hundred to a slice. Names are made from
 * what a slice holds, so that planning twice gives the same. A family without pods has one empty slice. */
#include <stdlib.h>

#include "base/encode.h"
#include "base/mem.h"
#include "server/controllers/services/backends.h"
#include "server/controllers/services/slice_name.h"
#include "server/controllers/services/zone_hints.h"

struct planning {
	const struct core_v1_service *service;
	const struct pod_views *pods;
	struct str (*zone_of)(void *ctx, struct str node);
	void *ctx;
	struct arena *arena;
	struct slices *out;
};

static struct discovery_v1_endpoint_port *slice_ports(struct arena *a,
						      const struct backend_ports *p)
{
	struct discovery_v1_endpoint_port *items =
		ARENA_ARRAY(a, struct discovery_v1_endpoint_port, p->n + 1);

	for (size_t i = 0; i < p->n; i++) {
		int32_t *port = ARENA_NEW(a, int32_t);

		*port = p->items[i].port;
		items[i].name = p->items[i].name.p ? p->items[i].name : STR("");
		items[i].protocol = p->items[i].protocol;
		items[i].app_protocol = p->items[i].app_protocol;
		items[i].port = port;
	}
	return items;
}

static bool *flag(struct arena *a, bool v)
{
	bool *p = ARENA_NEW(a, bool);

	*p = v;
	return p;
}

/* spec.trafficDistribution: each ready endpoint is for its own zone, and for its own node if that is preferred. */
static void add_hints(struct planning *w, struct discovery_v1_endpoint *e)
{
	struct str wish = w->service->spec.traffic_distribution;
	bool node = str_eqz(wish, "PreferSameNode") && e->node_name.n;
	bool zone = e->zone.n && (str_eqz(wish, "PreferSameNode") ||
				  str_eqz(wish, "PreferSameZone") || str_eqz(wish, "PreferClose"));

	if (!*e->conditions.ready || (!node && !zone) || zone_hints_wanted(w->service))
		return;
	e->hints = ARENA_NEW(w->arena, struct discovery_v1_endpoint_hints);
	if (zone) {
		e->hints->for_zones.items = ARENA_NEW(w->arena, struct discovery_v1_for_zone);
		e->hints->for_zones.items->name = e->zone;
		e->hints->for_zones.n = 1;
	}
	if (node) {
		e->hints->for_nodes.items = ARENA_NEW(w->arena, struct discovery_v1_for_node);
		e->hints->for_nodes.items->name = e->node_name;
		e->hints->for_nodes.n = 1;
	}
}

static void fill_endpoint(struct planning *w, const struct core_v1_pod *p, struct str address,
			  struct discovery_v1_endpoint *e)
{
	bool serving = pod_is_ready(p);
	bool terminating = p->metadata.deletion_timestamp.set;
	struct str *addresses = ARENA_NEW(w->arena, struct str);

	*addresses = address;
	*e = (struct discovery_v1_endpoint){ .addresses = { addresses, 1 },
					     .target_ref = backend_reference(p, w->arena),
					     .node_name = p->spec.node_name };
	e->conditions.serving = flag(w->arena, serving);
	e->conditions.terminating = flag(w->arena, terminating);
	e->conditions.ready = flag(w->arena, w->service->spec.publish_not_ready_addresses ||
						     (serving && !terminating));
	if (p->spec.hostname.n && str_eq(p->spec.subdomain, w->service->metadata.name))
		e->hostname = p->spec.hostname;
	if (w->zone_of && p->spec.node_name.n && w->zone_of(w->ctx, p->spec.node_name).n)
		e->zone = w->zone_of(w->ctx, p->spec.node_name);
	add_hints(w, e);
}

static bool name_taken(const struct slices *all, struct str name)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->items[i].metadata.name, name))
			return true;
	return false;
}

static struct discovery_v1_endpoint_slice *slice_add(struct planning *w, struct str family,
						     const struct backend_ports *ports, int number)
{
	static const struct api_str_pair managed = {
		STR_INIT("endpointslice.kubernetes.io/managed-by"),
		STR_INIT("endpointslice-controller.k8s.io")
	};
	const struct api_str_pair more[] = {
		managed, { STR("kubernetes.io/service-name"), w->service->metadata.name }
	};
	struct slices *all = w->out;
	struct discovery_v1_endpoint_slice *s;
	auto_buf identity = { 0 };

	buf_printf(&identity, "%.*s/%d", STR_ARG(family), number);
	for (size_t i = 0; i < ports->n; i++)
		buf_printf(&identity, "/%.*s:%.*s:%d", STR_ARG(ports->items[i].name),
			   STR_ARG(ports->items[i].protocol), ports->items[i].port);
	struct str name = slice_name(w->arena, &w->service->metadata, buf_view(&identity));
	while (name_taken(all, name)) {
		buf_putc(&identity, '+');
		name = slice_name(w->arena, &w->service->metadata, buf_view(&identity));
	}
	all->items = mem_array_grow(all->items, &all->cap, all->n + 1, sizeof(*all->items));
	s = &all->items[all->n++];
	*s = (struct discovery_v1_endpoint_slice){ .address_type = family };
	s->metadata.name = name;
	backend_labels(w->service, more, COUNT_OF(more), w->arena, &s->metadata.labels);
	s->ports.items = ports->n ? (void *)slice_ports(w->arena, ports) : NULL;
	s->ports.n = ports->n;
	s->endpoints.items =
		(void *)ARENA_ARRAY(w->arena, struct discovery_v1_endpoint, SLICE_ENDPOINTS_MAX);
	return s;
}

static void plan_family(struct planning *w, struct str family)
{
	struct backend_ports *ports = ARENA_ARRAY(w->arena, struct backend_ports, w->pods->n + 1);
	bool *taken = ARENA_ARRAY(w->arena, bool, w->pods->n + 1), any = false;

	for (size_t i = 0; i < w->pods->n; i++) {
		const struct core_v1_pod *p = &w->pods->items[i].pod;

		taken[i] = !backend_is_published(p, true) || !backend_address(p, family).n;
		backend_ports(w->service, p, w->arena, &ports[i]);
	}
	for (size_t i = 0; i < w->pods->n; i++) { /* i leads a group with the same ports */
		struct discovery_v1_endpoint_slice *s = NULL;
		int number = 0;

		for (size_t k = i; !taken[i] && k < w->pods->n; k++) {
			const struct core_v1_pod *p = &w->pods->items[k].pod;

			if (taken[k] || !backend_ports_equal(&ports[i], &ports[k]))
				continue;
			if (!s || s->endpoints.n == SLICE_ENDPOINTS_MAX)
				s = slice_add(w, family, &ports[i], number++);
			fill_endpoint(w, p, backend_address(p, family),
				      &s->endpoints.items[s->endpoints.n++]);
			taken[k] = k != i;
			any = true;
		}
	}
	if (!any)
		slice_add(w, family, &(struct backend_ports){ 0 }, 0);
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct pod_view *)a)->pod.metadata.name,
		       ((const struct pod_view *)b)->pod.metadata.name);
}

void slices_plan(const struct core_v1_service *s, const struct pod_views *pods,
		 struct str (*zone_of)(void *ctx, struct str node), void *ctx, struct arena *a,
		 struct slices *out)
{
	struct planning w = { s, pods, zone_of, ctx, a, out };

	if (!service_has_backends(s) || s->metadata.deletion_timestamp.set)
		return;
	if (pods->n)
		qsort(pods->items, pods->n, sizeof(*pods->items), by_name);
	for (size_t i = 0; i < s->spec.ip_families.n; i++)
		plan_family(&w, s->spec.ip_families.items[i]);
	if (!s->spec.ip_families.n)
		plan_family(&w, str_find(s->spec.cluster_ip, ':') < s->spec.cluster_ip.n
					? STR("IPv6")
					: STR("IPv4"));
}
