/* SPDX-License-Identifier: Apache-2.0 */
/* Each subset gives slices per address family, a hundred addresses to a slice, those that are ready first. Names are made from what a
 * slice holds, so that planning twice gives the same. */
#include "server/controllers/services/endpoint_mirror_plan.h"

#include "base/encode.h"
#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/pairs.h"
#include "server/controllers/services/slice_name.h"

bool mirror_wanted(const struct core_v1_endpoints *e, const struct core_v1_service *s)
{
	const struct str *skip =
		str_map_get(&e->metadata.labels, STR("endpointslice.kubernetes.io/skip-mirror"));

	if (s->spec.selector.n || str_eqz(s->spec.type, "ExternalName"))
		return false;
	return !(skip && str_eqz(*skip, "true")) &&
	       !str_map_get(&e->metadata.annotations,
			    STR("control-plane.alpha.kubernetes.io/leader"));
}

struct mirroring {
	const struct core_v1_endpoints *endpoints;
	const struct core_v1_endpoint_subset *subset;
	size_t number; /* of the subset */
	const char *family;
	struct arena *arena;
	struct slices *out;
	struct discovery_v1_endpoint_slice *slice; /* that is being filled */
	size_t told, nslices;
};

static void copy_labels(struct mirroring *m, struct discovery_v1_endpoint_slice *s)
{
	const struct api_str_map *labels = &m->endpoints->metadata.labels,
				 *annotations = &m->endpoints->metadata.annotations;

	for (size_t i = 0; i < labels->n; i++)
		pairs_set(&s->metadata.labels, m->arena,
			  arena_strdup(m->arena, labels->items[i].key), labels->items[i].value);
	pairs_set(&s->metadata.labels, m->arena, "endpointslice.kubernetes.io/managed-by",
		  STR(MIRROR_MANAGER));
	pairs_set(&s->metadata.labels, m->arena, "kubernetes.io/service-name",
		  m->endpoints->metadata.name);
	for (size_t i = 0; i < annotations->n; i++) {
		struct str key = annotations->items[i].key;

		if (!str_eqz(key, "kubectl.kubernetes.io/last-applied-configuration") &&
		    !str_eqz(key, "endpoints.kubernetes.io/last-change-trigger-time"))
			pairs_set(&s->metadata.annotations, m->arena, arena_strdup(m->arena, key),
				  annotations->items[i].value);
	}
}

static void copy_ports(struct mirroring *m, struct discovery_v1_endpoint_slice *s)
{
	size_t n = m->subset->ports.n;
	struct discovery_v1_endpoint_port *items =
		ARENA_ARRAY(m->arena, struct discovery_v1_endpoint_port, n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct core_v1_endpoint_port *p = &m->subset->ports.items[i];
		int32_t *port = ARENA_NEW(m->arena, int32_t);

		*port = p->port;
		items[i].name = p->name.p ? p->name : STR("");
		items[i].protocol = p->protocol;
		items[i].app_protocol = p->app_protocol;
		items[i].port = port;
	}
	s->ports.items = (void *)items;
	s->ports.n = n;
}

static void slice_add(struct mirroring *m)
{
	auto_buf identity = { 0 };
	struct discovery_v1_endpoint_slice *s;

	buf_printf(&identity, "mirror/%s/%zu/%zu", m->family, m->number, m->nslices++);
	m->out->items = mem_array_grow(m->out->items, &m->out->cap, m->out->n + 1, sizeof(*s));
	s = m->slice = &m->out->items[m->out->n++];
	*s = (struct discovery_v1_endpoint_slice){ .address_type = str_from(m->family) };
	s->metadata.name = slice_name(m->arena, &m->endpoints->metadata, buf_view(&identity));
	copy_labels(m, s);
	copy_ports(m, s);
	s->endpoints.items =
		(void *)ARENA_ARRAY(m->arena, struct discovery_v1_endpoint, SLICE_ENDPOINTS_MAX);
}

static void add(struct mirroring *m, const struct core_v1_endpoint_address *from, bool ready)
{
	struct discovery_v1_endpoint *e;
	struct str *ip = ARENA_NEW(m->arena, struct str);
	bool *flag = ARENA_NEW(m->arena, bool);

	if ((str_find(from->ip, ':') < from->ip.n) != !strcmp(m->family, "IPv6") ||
	    m->told == MIRROR_ADDRESSES_MAX)
		return;
	m->told++;
	if (!m->slice || m->slice->endpoints.n == SLICE_ENDPOINTS_MAX)
		slice_add(m);
	*ip = from->ip;
	*flag = ready;
	e = &m->slice->endpoints.items[m->slice->endpoints.n++];
	*e = (struct discovery_v1_endpoint){ .addresses = { ip, 1 },
					     .node_name = from->node_name,
					     .hostname = from->hostname,
					     .target_ref = from->target_ref };
	e->conditions.ready = flag;
}

void mirror_plan(const struct core_v1_endpoints *e, struct arena *a, struct slices *out)
{
	static const char *const families[] = { "IPv4", "IPv6" };

	for (size_t i = 0; i < e->subsets.n; i++)
		for (size_t f = 0; f < COUNT_OF(families); f++) {
			const struct core_v1_endpoint_subset *s = &e->subsets.items[i];
			struct mirroring m = { .endpoints = e,
					       .subset = s,
					       .number = i,
					       .family = families[f],
					       .arena = a,
					       .out = out };

			for (size_t k = 0; k < s->addresses.n; k++)
				add(&m, &s->addresses.items[k], true);
			for (size_t k = 0; k < s->not_ready_addresses.n; k++)
				add(&m, &s->not_ready_addresses.items[k], false);
		}
}
