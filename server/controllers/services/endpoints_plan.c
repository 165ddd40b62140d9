/* SPDX-License-Identifier: Apache-2.0 */
/* The older form: one Endpoints object per Service, of its first address family, without terminating pods. At most a thousand addresses
 * are told, and an annotation says when there are more. */
#include <stdlib.h>

#include "base/mem.h"
#include "server/controllers/pairs.h"
#include "server/controllers/services/backends.h"

#define ADDRESSES_MAX 1000

static struct core_v1_endpoint_address address_of(const struct core_v1_service *s,
						  const struct core_v1_pod *p, struct str ip,
						  struct arena *a)
{
	struct core_v1_endpoint_address e = { .ip = ip,
					      .node_name = p->spec.node_name,
					      .target_ref = backend_reference(p, a) };

	if (p->spec.hostname.n && str_eq(p->spec.subdomain, s->metadata.name))
		e.hostname = p->spec.hostname;
	return e;
}

static struct str first_family(const struct core_v1_service *s)
{
	if (s->spec.ip_families.n)
		return s->spec.ip_families.items[0];
	return str_find(s->spec.cluster_ip, ':') < s->spec.cluster_ip.n ? STR("IPv6") : STR("IPv4");
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct pod_view *)a)->pod.metadata.name,
		       ((const struct pod_view *)b)->pod.metadata.name);
}

/* Which addresses offer which ports. */
struct table {
	struct core_v1_endpoint_address *addresses;
	bool *ready;
	size_t n, most;
	struct backend_port *ports;
	size_t nports;
	bool **offers; /* per port: by address */
};

static size_t port_row(struct table *t, const struct backend_port *p, struct arena *a)
{
	for (size_t i = 0; i < t->nports; i++)
		if (t->ports[i].port == p->port && str_eq(t->ports[i].name, p->name) &&
		    str_eq(t->ports[i].protocol, p->protocol))
			return i;
	t->ports[t->nports] = *p;
	t->offers[t->nports] = ARENA_ARRAY(a, bool, t->most);
	return t->nports++;
}

static void add_pod(struct table *t, const struct core_v1_service *s, const struct core_v1_pod *p,
		    struct arena *a)
{
	struct str ip = backend_address(p, first_family(s));
	struct backend_ports ports;

	backend_ports(s, p, a, &ports);
	if (!ip.n || !backend_is_published(p, false) || (!ports.n && s->spec.ports.n))
		return;
	for (size_t i = 0; i < ports.n; i++)
		t->offers[port_row(t, &ports.items[i], a)][t->n] = true;
	t->ready[t->n] = s->spec.publish_not_ready_addresses || pod_is_ready(p);
	t->addresses[t->n++] = address_of(s, p, ip, a);
}

static bool same_addresses(const struct table *t, size_t x, size_t y)
{
	return memcmp(t->offers[x], t->offers[y], t->n * sizeof(bool)) == 0;
}

static struct core_v1_endpoint_subset *
subset_add(struct core_v1_endpoints *out, const struct table *t, const bool *has, struct arena *a)
{
	struct core_v1_endpoint_subset *s = &out->subsets.items[out->subsets.n++];

	s->addresses.items = (void *)ARENA_ARRAY(a, struct core_v1_endpoint_address, t->n + 1);
	s->not_ready_addresses.items =
		(void *)ARENA_ARRAY(a, struct core_v1_endpoint_address, t->n + 1);
	s->ports.items = (void *)ARENA_ARRAY(a, struct core_v1_endpoint_port, t->nports + 1);
	for (size_t i = 0; i < t->n; i++) {
		if (has && !has[i])
			continue;
		if (t->ready[i])
			s->addresses.items[s->addresses.n++] = t->addresses[i];
		else
			s->not_ready_addresses.items[s->not_ready_addresses.n++] = t->addresses[i];
	}
	return s;
}

/* Ports that the same addresses offer share a subset (endpoints.RepackSubsets). */
static void make_subsets(struct core_v1_endpoints *out, const struct table *t, struct arena *a)
{
	bool *done = ARENA_ARRAY(a, bool, t->nports + 1);

	out->subsets.items = (void *)ARENA_ARRAY(a, struct core_v1_endpoint_subset, t->nports + 1);
	if (t->n && !t->nports)
		subset_add(out, t, NULL, a);
	for (size_t i = 0; i < t->nports; i++) {
		struct core_v1_endpoint_subset *s;

		if (done[i])
			continue;
		s = subset_add(out, t, t->offers[i], a);
		for (size_t k = i; k < t->nports; k++) {
			if (done[k] || !same_addresses(t, i, k))
				continue;
			done[k] = true;
			s->ports.items[s->ports.n++] =
				(struct core_v1_endpoint_port){ .name = t->ports[k].name,
								.port = t->ports[k].port,
								.protocol = t->ports[k].protocol,
								.app_protocol =
									t->ports[k].app_protocol };
		}
	}
}

/* Those that are ready go first: when there are too many, the others are left out. */
static void fill_table(struct table *t, const struct core_v1_service *s,
		       const struct pod_views *pods, struct arena *a)
{
	for (int ready = 1; ready >= 0; ready--)
		for (size_t i = 0; i < pods->n && t->n < t->most; i++)
			if (pod_is_ready(&pods->items[i].pod) == (ready == 1))
				add_pod(t, s, &pods->items[i].pod, a);
}

void endpoints_plan(const struct core_v1_service *s, const struct pod_views *pods, struct arena *a,
		    struct core_v1_endpoints *out)
{
	const struct api_str_pair managed = { STR("endpoints.kubernetes.io/managed-by"),
					      STR("endpoint-controller") };
	size_t most = pods->n < ADDRESSES_MAX ? pods->n : ADDRESSES_MAX,
	       rows = s->spec.ports.n * most + 1;
	struct table t = { .most = most,
			   .addresses = ARENA_ARRAY(a, struct core_v1_endpoint_address, most + 1),
			   .ready = ARENA_ARRAY(a, bool, most + 1),
			   .ports = ARENA_ARRAY(a, struct backend_port, rows),
			   .offers = ARENA_ARRAY(a, bool *, rows) };

	*out = (struct core_v1_endpoints){ 0 };
	out->metadata.name = s->metadata.name;
	out->metadata.namespace = s->metadata.namespace;
	backend_labels(s, &managed, 1, a, &out->metadata.labels);
	if (pods->n)
		qsort(pods->items, pods->n, sizeof(*pods->items), by_name);
	fill_table(&t, s, pods, a);
	make_subsets(out, &t, a);
	if (pods->n > ADDRESSES_MAX && t.n == ADDRESSES_MAX)
		pairs_set(&out->metadata.annotations, a, ENDPOINTS_OVER_CAPACITY, STR("truncated"));
}
