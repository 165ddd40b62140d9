/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/service_elements.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "agent/network/service_backends.h"
#include "agent/network/service_sources.h"
#include "base/mem.h"

#define STICKY_DEFAULT_S 10800

struct front {
	struct ip ip; /* bytes zero: a node port */
	uint8_t protocol;
	uint16_t port;
	bool external; /* a way in from outside */
	uint16_t service_port;
};

static struct service_element *element(struct service_elements *out, enum service_set set, bool v6)
{
	out->items = mem_array_grow(out->items, &out->cap, out->n + 1, sizeof(*out->items));
	struct service_element *e = &out->items[out->n++];
	*e = (struct service_element){ .set = (uint8_t)set, .v6 = v6 };
	return e;
}

static void key_address(struct service_element *e, const struct ip *ip)
{
	size_t n = e->v6 ? 16 : 4;
	memcpy(e->key + e->nkey, ip->bytes, n);
	e->nkey = (uint8_t)(e->nkey + n);
}

static void key_protocol(struct service_element *e, uint8_t protocol)
{
	e->key[e->nkey] = protocol;
	e->nkey += 4;
}

static void key_port(struct service_element *e, uint16_t port)
{
	uint16_t wire = htons(port);
	memcpy(e->key + e->nkey, &wire, sizeof(wire));
	e->nkey += 4;
}

static void key_number(struct service_element *e, uint32_t number)
{
	memcpy(e->key + e->nkey, &number, sizeof(number));
	e->nkey += 4;
}

static void key_front(struct service_element *e, const struct front *f)
{
	key_address(e, &f->ip);
	key_protocol(e, f->protocol);
	key_port(e, f->port);
}

static void add_backends(struct service_elements *out, const struct front *f, bool v6,
			 const struct backends *b, uint32_t first, bool sticky)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct backend *x = &b->items[i];
		struct service_element *e = element(out, SERVICE_BACKENDS, v6);
		size_t n = v6 ? 16 : 4;
		uint16_t wire = htons(x->port);
		key_front(e, f);
		key_number(e, first + (uint32_t)i);
		memcpy(e->data, x->ip.bytes, n);
		memcpy(e->data + n, &wire, sizeof(wire));
		e->ndata = (uint8_t)(n + 4);
		if (!sticky)
			continue;
		e = element(out, SERVICE_MEMBERS, v6);
		key_address(e, &x->ip);
		key_port(e, x->port);
		key_front(e, f);
	}
}

static void add_front(struct service_elements *out, const struct front *f,
		      const struct service_pick *pick)
{
	struct service_element *e = element(out, SERVICE_FRONTS, pick->v6);
	key_front(e, f);
	memcpy(e->data, pick, sizeof(*pick));
	e->ndata = sizeof(*pick);
}

static void add_refusal(struct service_elements *out, const struct front *f, bool v6,
			enum service_refusal how)
{
	struct service_element *e = element(out, SERVICE_REFUSED, v6);
	key_front(e, f);
	e->data[0] = (uint8_t)how;
	e->ndata = 1;
}

/* Who serves, for those who send there already. */
static void add_served(struct service_elements *out, const struct front *f, bool v6,
		       const struct backends *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct service_element *e = element(out, SERVICE_SERVED, v6);
		key_address(e, &b->items[i].ip);
		key_port(e, b->items[i].port);
		key_front(e, f);
	}
}

static void add_sources(struct service_elements *out, const struct front *f, bool v6,
			const struct source_ranges *r)
{
	if (!r->n)
		return;
	key_front(element(out, SERVICE_GUARDED, v6), f);
	for (size_t i = 0; i < r->n; i++) {
		struct service_element *e = element(out, SERVICE_SOURCES, v6);
		struct ip last = cidr_last(&r->items[i]);
		key_front(e, f);
		key_address(e, &r->items[i].base);
		memcpy(e->data, last.bytes, ip_size(&last));
		e->ndata = (uint8_t)ip_size(&last);
	}
}

static uint32_t sticky_of(const struct core_v1_service_spec *spec)
{
	if (!str_eqz(spec->session_affinity, "ClientIP"))
		return 0;
	const struct core_v1_session_affinity_config *c = spec->session_affinity_config;
	return c && c->client_ip && c->client_ip->timeout_seconds
		       ? (uint32_t)*c->client_ip->timeout_seconds
		       : STICKY_DEFAULT_S;
}

static bool parse_ip(struct str text, struct ip *out)
{
	char copy[IP_TEXT_MAX];
	if (text.n >= sizeof(copy))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return ip_parse(copy, out);
}

/* A cluster address and port name a Service's port: nobody else has them. */
static void add_sticky(struct service_elements *out, const struct core_v1_service_spec *spec,
		       const struct front *f, bool v6)
{
	struct service_element *e = element(out, SERVICE_STICKY, v6);
	size_t n = v6 ? 16 : 4;
	uint16_t wire = htons(f->service_port);
	struct ip ip;
	key_front(e, f);
	for (size_t i = 0; i < spec->cluster_ips.n; i++)
		if (parse_ip(spec->cluster_ips.items[i], &ip) && (ip.family == AF_INET6) == v6)
			memcpy(e->data, ip.bytes, n);
	memcpy(e->data + n, &wire, sizeof(wire));
	e->ndata = (uint8_t)(n + 4);
}

static void add_one(struct service_elements *out, const struct core_v1_service_spec *spec,
		    const struct front *f, bool v6, const struct port_backends *p)
{
	bool local =
		str_eqz(f->external ? spec->external_traffic_policy : spec->internal_traffic_policy,
			"Local");
	bool edge = f->external && local;
	const struct backends *b = local ? &p->local : &p->all;
	struct service_pick pick = {
		.v6 = v6,
		.node = ip_equal(&f->ip, &(struct ip){ .family = f->ip.family }),
		.masked = f->external && !edge,
		.edge = edge,
		.near = (uint32_t)b->n,
		.far = edge ? (uint32_t)p->all.n : 0,
		.sticky_s = sticky_of(spec),
	};
	if (f->protocol == IPPROTO_UDP)
		add_served(out, f, v6, &p->served);
	if (!b->n)
		add_refusal(out, f, v6, p->any && local ? SERVICE_DROP : SERVICE_REJECT);
	if (!b->n && !pick.far)
		return;
	add_front(out, f, &pick);
	if (pick.sticky_s)
		add_sticky(out, spec, f, v6);
	add_backends(out, f, v6, b, 0, pick.sticky_s > 0);
	if (edge)
		add_backends(out, f, v6, &p->all, SERVICE_FAR, pick.sticky_s > 0);
}

static bool is_own(const struct service_view *v, struct str address)
{
	for (const char *const *o = v->own; o && *o; o++)
		if (str_eqz(address, *o))
			return true;
	return false;
}

/* The front at a text address, if it is of this family. */
static void add_at(struct service_elements *out, const struct service_view *v, struct front *f,
		   struct str address, bool v6, const struct port_backends *p,
		   const struct source_ranges *sources)
{
	if (is_own(v, address) || !parse_ip(address, &f->ip) || (f->ip.family == AF_INET6) != v6 ||
	    (v->claims && !service_claims_take(v->claims, &f->ip, f->protocol, f->port)))
		return;
	if (sources)
		add_sources(out, f, v6, sources);
	add_one(out, &v->service->spec, f, v6, p);
}

static bool has_family(const struct core_v1_service_spec *spec, bool v6)
{
	for (size_t i = 0; i < spec->ip_families.n; i++)
		if (str_eqz(spec->ip_families.items[i], v6 ? "IPv6" : "IPv4"))
			return true;
	return false;
}

static uint8_t protocol_number(struct str name)
{
	return str_eqz(name, "UDP")    ? IPPROTO_UDP
	       : str_eqz(name, "SCTP") ? IPPROTO_SCTP
				       : IPPROTO_TCP;
}

static void add_balancers(struct service_elements *out, const struct service_view *v,
			  struct front *f, bool v6, const struct port_backends *p)
{
	const struct core_v1_load_balancer_status *s = &v->service->status.load_balancer;
	struct source_ranges sources;
	source_ranges_of(v, v6, &sources);
	for (size_t i = 0; i < s->ingress.n; i++)
		if (is_virtual_ingress(&s->ingress.items[i]))
			add_at(out, v, f, s->ingress.items[i].ip, v6, p, &sources);
	source_ranges_free(&sources);
}

static void add_port(struct service_elements *out, const struct service_view *v,
		     const struct core_v1_service_port *port, bool v6)
{
	const struct core_v1_service *s = v->service;
	struct port_backends p = { 0 };
	struct front f = { .protocol = protocol_number(port->protocol),
			   .port = (uint16_t)port->port,
			   .service_port = (uint16_t)port->port };
	port_backends_of(v, port, v6, &p);
	for (size_t i = 0; i < s->spec.cluster_ips.n; i++)
		add_at(out, v, &f, s->spec.cluster_ips.items[i], v6, &p, NULL);
	f.external = true;
	for (size_t i = 0; i < s->spec.external_ips.n; i++)
		add_at(out, v, &f, s->spec.external_ips.items[i], v6, &p, NULL);
	add_balancers(out, v, &f, v6, &p);
	if (port->node_port && has_family(&s->spec, v6)) {
		f.ip = (struct ip){ .family = v6 ? AF_INET6 : AF_INET };
		f.port = (uint16_t)port->node_port;
		add_one(out, &s->spec, &f, v6, &p);
	}
	if (s->spec.health_check_node_port && p.local_ready > out->local_ready)
		out->local_ready = p.local_ready;
	port_backends_free(&p);
}

static void add_cluster_ips(struct service_elements *out, const struct service_view *v)
{
	const struct api_str_list *ips = &v->service->spec.cluster_ips;
	struct ip ip;
	for (size_t i = 0; i < ips->n; i++)
		if (!is_own(v, ips->items[i]) && parse_ip(ips->items[i], &ip))
			key_address(element(out, SERVICE_CLUSTER_IPS, ip.family == AF_INET6), &ip);
}

int service_element_cmp(const struct service_element *a, const struct service_element *b)
{
	if (a->set != b->set)
		return (int)a->set - (int)b->set;
	if (a->v6 != b->v6)
		return (int)a->v6 - (int)b->v6;
	return memcmp(a->key, b->key, sizeof(a->key));
}

static int place_cmp(const void *a, const void *b)
{
	return service_element_cmp(a, b);
}

static bool is_programmed(const struct core_v1_service *s)
{
	return s && !str_eqz(s->spec.type, "ExternalName") && s->spec.cluster_ip.n &&
	       !str_eqz(s->spec.cluster_ip, "None");
}

/* Two ways of naming one front (an external address that is the balancer's, too) are one element. */
static void drop_doubles(struct service_elements *out)
{
	size_t n = 0;
	for (size_t i = 0; i < out->n; i++)
		if (n == 0 || service_element_cmp(&out->items[n - 1], &out->items[i]) != 0)
			out->items[n++] = out->items[i];
	out->n = n;
}

void service_elements_of(const struct service_view *v, struct service_elements *out)
{
	*out = (struct service_elements){ 0 };
	if (!is_programmed(v->service))
		return;
	const struct core_v1_service_spec *spec = &v->service->spec;
	for (size_t i = 0; i < spec->ports.n; i++)
		for (int v6 = 0; v6 < 2; v6++)
			add_port(out, v, &spec->ports.items[i], v6);
	add_cluster_ips(out, v);
	out->health_port = spec->health_check_node_port;
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), place_cmp);
	drop_doubles(out);
}

void service_elements_free(struct service_elements *e)
{
	free(e->items);
	*e = (struct service_elements){ 0 };
}

void service_elements_diff(const struct service_elements *before,
			   const struct service_elements *after,
			   void (*change)(void *ctx, const struct service_element *e, bool remove),
			   void *ctx)
{
	size_t i = 0, j = 0;
	while (i < before->n || j < after->n) {
		int order = i == before->n ? 1
			    : j == after->n
				    ? -1
				    : service_element_cmp(&before->items[i], &after->items[j]);
		bool same = order == 0 && memcmp(before->items[i].data, after->items[j].data,
						 SERVICE_DATA_MAX) == 0;
		if (order <= 0 && !same)
			change(ctx, &before->items[i], true);
		if (order >= 0 && !same)
			change(ctx, &after->items[j], false);
		i += order <= 0;
		j += order >= 0;
	}
}
