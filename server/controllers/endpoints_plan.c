/* SPDX-License-Identifier: Apache-2.0 */
/* The older form: one Endpoints object per Service, of its first address family, without terminating pods. Addresses with the
 * same ports share a subset; at most a thousand are told. */
#include <stdlib.h>

#include "base/mem.h"
#include "server/controllers/backends.h"

#define ADDRESSES_MAX 1000

static void fill_ports(struct core_v1_endpoint_subset *s, const struct backend_ports *p,
		       struct arena *a)
{
	struct core_v1_endpoint_port *items =
		ARENA_ARRAY(a, struct core_v1_endpoint_port, p->n + 1);

	for (size_t i = 0; i < p->n; i++)
		items[i] =
			(struct core_v1_endpoint_port){ .name = p->items[i].name,
							.port = p->items[i].port,
							.protocol = p->items[i].protocol,
							.app_protocol = p->items[i].app_protocol };
	s->ports.items = (void *)items;
	s->ports.n = p->n;
}

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

static struct core_v1_endpoint_subset *subset_for(struct core_v1_endpoints *out,
						  struct backend_ports *known,
						  const struct backend_ports *ports, size_t pods,
						  struct arena *a)
{
	struct core_v1_endpoint_subset *s;

	for (size_t i = 0; i < out->subsets.n; i++)
		if (backend_ports_equal(&known[i], ports))
			return &out->subsets.items[i];
	known[out->subsets.n] = *ports;
	s = &out->subsets.items[out->subsets.n++];
	fill_ports(s, ports, a);
	s->addresses.items = (void *)ARENA_ARRAY(a, struct core_v1_endpoint_address, pods);
	s->not_ready_addresses.items =
		(void *)ARENA_ARRAY(a, struct core_v1_endpoint_address, pods);
	return s;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(((const struct pod_view *)a)->pod.metadata.name,
		       ((const struct pod_view *)b)->pod.metadata.name);
}

void endpoints_plan(const struct core_v1_service *s, const struct pod_views *pods, struct arena *a,
		    struct core_v1_endpoints *out)
{
	const struct api_str_pair managed = { STR("endpoints.kubernetes.io/managed-by"),
					      STR("endpoint-controller") };
	struct backend_ports *known = ARENA_ARRAY(a, struct backend_ports, pods->n + 1);
	size_t told = 0;

	*out = (struct core_v1_endpoints){ 0 };
	out->metadata.name = s->metadata.name;
	out->metadata.namespace = s->metadata.namespace;
	backend_labels(s, &managed, 1, a, &out->metadata.labels);
	out->subsets.items = (void *)ARENA_ARRAY(a, struct core_v1_endpoint_subset, pods->n + 1);
	if (pods->n)
		qsort(pods->items, pods->n, sizeof(*pods->items), by_name);
	for (size_t i = 0; i < pods->n && told < ADDRESSES_MAX; i++) {
		const struct core_v1_pod *p = &pods->items[i].pod;
		struct str ip = backend_address(p, first_family(s));
		struct backend_ports ports;
		struct core_v1_endpoint_subset *set;

		backend_ports(s, p, a, &ports);
		if (!ip.n || !backend_is_published(p, false) || (!ports.n && s->spec.ports.n))
			continue;
		set = subset_for(out, known, &ports, pods->n, a);
		if (s->spec.publish_not_ready_addresses || pod_is_ready(p))
			set->addresses.items[set->addresses.n++] = address_of(s, p, ip, a);
		else
			set->not_ready_addresses.items[set->not_ready_addresses.n++] =
				address_of(s, p, ip, a);
		told++;
	}
}
