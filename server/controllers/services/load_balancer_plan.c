/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/load_balancer_plan.h"

#include <stdlib.h>

bool is_balanced(const struct core_v1_service *s)
{
	return str_eqz(s->spec.type, "LoadBalancer") && !s->spec.load_balancer_class.n &&
	       !s->metadata.deletion_timestamp.set;
}

/* Times are whole seconds: of two of the same second the one that was given addresses was seen first. */
static int by_age(const void *a, const void *b)
{
	const struct core_v1_service *x = ((const struct balanced *)a)->service,
				     *y = ((const struct balanced *)b)->service;
	int64_t born = x->metadata.creation_timestamp.us, other = y->metadata.creation_timestamp.us;
	int r = born < other ? -1 : born > other;
	if (!r)
		r = (y->status.load_balancer.ingress.n > 0) -
		    (x->status.load_balancer.ingress.n > 0);
	if (!r)
		r = str_cmp(x->metadata.namespace, y->metadata.namespace);
	return r ? r : str_cmp(x->metadata.name, y->metadata.name);
}

static bool has_label(const struct core_v1_node *node, const char *key)
{
	for (size_t i = 0; i < node->metadata.labels.n; i++)
		if (str_eqz(node->metadata.labels.items[i].key, key))
			return true;
	return false;
}

static bool takes_traffic(const struct core_v1_node *node)
{
	if (node->metadata.deletion_timestamp.set || has_label(node, NODE_EXCLUDED))
		return false;
	for (size_t i = 0; i < node->status.conditions.n; i++)
		if (str_eqz(node->status.conditions.items[i].type, "Ready"))
			return str_eqz(node->status.conditions.items[i].status, "True");
	return false;
}

static bool is_local(const struct balanced *b, const struct core_v1_node *node)
{
	for (size_t i = 0; i < b->nlocal; i++)
		if (str_eq(b->local[i], node->metadata.name))
			return true;
	return !b->local;
}

static struct str address_of(const struct core_v1_node *node, const char *type, bool v6)
{
	for (size_t i = 0; i < node->status.addresses.n; i++) {
		const struct core_v1_node_address *a = &node->status.addresses.items[i];

		if (str_eqz(a->type, type) && v6 == (str_find(a->address, ':') < a->address.n))
			return a->address;
	}
	return STR("");
}

static void add_address(struct balanced *b, struct str address)
{
	for (size_t i = 0; i < b->n; i++)
		if (str_eq(b->addresses[i], address))
			return;
	if (address.n)
		b->addresses[b->n++] = address;
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Family after family in the order of the Service, each sorted. */
static void add_addresses(struct balanced *b, const struct core_v1_node *nodes, size_t nnodes,
			  struct arena *a)
{
	const struct api_str_list *families = &b->service->spec.ip_families;

	b->addresses = ARENA_ARRAY(a, struct str, families->n * nnodes + 1);
	for (size_t f = 0; f < families->n; f++) {
		bool v6 = str_eqz(families->items[f], "IPv6");
		size_t first = b->n;

		for (size_t i = 0; i < nnodes; i++) {
			struct str address = address_of(&nodes[i], "ExternalIP", v6);

			if (takes_traffic(&nodes[i]) && is_local(b, &nodes[i]))
				add_address(b, address.n ? address
							 : address_of(&nodes[i], "InternalIP", v6));
		}
		qsort(b->addresses + first, b->n - first, sizeof(*b->addresses), by_text);
	}
}

static const struct core_v1_service_port *shared_port(const struct core_v1_service *s,
						      const struct core_v1_service *with)
{
	for (size_t i = 0; i < s->spec.ports.n; i++)
		for (size_t k = 0; k < with->spec.ports.n; k++)
			if (s->spec.ports.items[i].port == with->spec.ports.items[k].port &&
			    str_eq(s->spec.ports.items[i].protocol,
				   with->spec.ports.items[k].protocol))
				return &s->spec.ports.items[i];
	return NULL;
}

static const struct core_v1_service_port *own_port(const struct core_v1_service *s,
						   const int32_t *own, size_t nown)
{
	for (size_t i = 0; i < s->spec.ports.n; i++)
		for (size_t k = 0; k < nown; k++)
			if (s->spec.ports.items[i].port == own[k] &&
			    str_eqz(s->spec.ports.items[i].protocol, "TCP"))
				return &s->spec.ports.items[i];
	return NULL;
}

void load_balancer_plan(struct balanced *services, size_t n, const struct core_v1_node *nodes,
			size_t nnodes, const int32_t *own, size_t nown, struct arena *a)
{
	if (n)
		qsort(services, n, sizeof(*services), by_age);
	for (size_t i = 0; i < n; i++) {
		struct balanced *b = &services[i];
		const struct core_v1_service_port *port = own_port(b->service, own, nown);

		for (size_t k = 0; k < i && !port; k++) {
			if (services[k].taken)
				continue;
			port = shared_port(b->service, services[k].service);
			b->holder = port ? &services[k] : NULL;
		}
		b->taken = port ? port->port : 0;
		b->protocol = port ? port->protocol : STR("");
		if (!port)
			add_addresses(b, nodes, nnodes, a);
	}
}
