/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/backends.h"

bool backend_is_published(const struct core_v1_pod *p, bool terminating_too)
{
	if (pod_is_over(p) || (!p->status.pod_ip.n && !p->status.pod_ips.n))
		return false;
	return terminating_too || !p->metadata.deletion_timestamp.set;
}

static int32_t named_port(const struct core_v1_pod *p, struct str name, struct str protocol)
{
	for (size_t i = 0; i < p->spec.containers.n; i++)
		for (size_t k = 0; k < p->spec.containers.items[i].ports.n; k++) {
			const struct core_v1_container_port *c =
				&p->spec.containers.items[i].ports.items[k];
			struct str of = c->protocol.n ? c->protocol : STR("TCP");

			if (str_eq(c->name, name) && str_eq(of, protocol))
				return c->container_port;
		}
	return 0;
}

void backend_ports(const struct core_v1_service *s, const struct core_v1_pod *p, struct arena *a,
		   struct backend_ports *out)
{
	out->items = ARENA_ARRAY(a, struct backend_port, s->spec.ports.n + 1);
	out->n = 0;
	for (size_t i = 0; i < s->spec.ports.n; i++) {
		const struct core_v1_service_port *sp = &s->spec.ports.items[i];
		struct str protocol = sp->protocol.n ? sp->protocol : STR("TCP");
		int32_t port = sp->port;

		if (sp->target_port.set && sp->target_port.is_string)
			port = named_port(p, sp->target_port.s, protocol);
		else if (sp->target_port.set && sp->target_port.i)
			port = sp->target_port.i;
		if (port)
			out->items[out->n++] =
				(struct backend_port){ sp->name, protocol, sp->app_protocol, port };
	}
}

bool backend_ports_equal(const struct backend_ports *a, const struct backend_ports *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].port != b->items[i].port ||
		    !str_eq(a->items[i].name, b->items[i].name) ||
		    !str_eq(a->items[i].protocol, b->items[i].protocol))
			return false;
	return true;
}

struct str backend_address(const struct core_v1_pod *p, struct str family)
{
	bool v6 = str_eqz(family, "IPv6");

	for (size_t i = 0; i < p->status.pod_ips.n; i++) {
		struct str ip = p->status.pod_ips.items[i].ip;

		if ((str_find(ip, ':') < ip.n) == v6)
			return ip;
	}
	if (!p->status.pod_ips.n && (str_find(p->status.pod_ip, ':') < p->status.pod_ip.n) == v6)
		return p->status.pod_ip;
	return STR("");
}

struct core_v1_object_reference *backend_reference(const struct core_v1_pod *p, struct arena *a)
{
	struct core_v1_object_reference *r = ARENA_NEW(a, struct core_v1_object_reference);

	r->kind = STR("Pod");
	r->namespace = p->metadata.namespace;
	r->name = p->metadata.name;
	r->uid = p->metadata.uid;
	return r;
}

bool service_has_backends(const struct core_v1_service *s)
{
	return s->spec.selector.n > 0 && !str_eqz(s->spec.type, "ExternalName");
}

bool service_is_headless(const struct core_v1_service *s)
{
	return str_eqz(s->spec.cluster_ip, "None");
}

static void label_set(struct api_str_map *m, struct api_str_pair pair)
{
	size_t at = 0;

	while (at < m->n && str_cmp(m->items[at].key, pair.key) < 0)
		at++;
	if (at == m->n || !str_eq(m->items[at].key, pair.key)) {
		for (size_t i = m->n++; i > at; i--)
			m->items[i] = m->items[i - 1];
	}
	m->items[at] = pair;
}

void backend_labels(const struct core_v1_service *s, const struct api_str_pair *more, size_t n,
		    struct arena *a, struct api_str_map *out)
{
	const struct api_str_map *own = &s->metadata.labels;

	*out = (struct api_str_map){ ARENA_ARRAY(a, struct api_str_pair, own->n + n + 1), 0 };
	for (size_t i = 0; i < own->n; i++)
		label_set(out, own->items[i]);
	for (size_t i = 0; i < n; i++)
		label_set(out, more[i]);
	if (service_is_headless(s))
		label_set(out,
			  (struct api_str_pair){ STR("service.kubernetes.io/headless"), STR("") });
}
