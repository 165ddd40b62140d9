/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dns/records.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "api/decode.h"
#include "base/mem.h"

#define SERVICE_LABEL "kubernetes.io/service-name"

bool dns_address_parse(struct str text, struct dns_address *out)
{
	char copy[46];
	if (text.n >= sizeof(copy))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*out = (struct dns_address){ .size = 4 };
	if (inet_pton(AF_INET, copy, out->bytes) == 1)
		return true;
	out->size = 16;
	return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

bool dns_address_of_dashes(struct str text, struct dns_address *out)
{
	char copy[46];
	if (text.n >= sizeof(copy))
		return false;
	for (int sep = 0; sep < 2; sep++) {
		for (size_t i = 0; i < text.n; i++)
			copy[i] = text.p[i] == '-' ? ".:"[sep] : text.p[i];
		if (dns_address_parse(str_of(copy, text.n), out))
			return true;
	}
	return false;
}

struct str dns_endpoint_name(const struct dns_endpoint *e, char out[DNS_ENDPOINT_NAME_MAX])
{
	if (e->hostname)
		return str_from(e->hostname);
	inet_ntop(e->address.size == 4 ? AF_INET : AF_INET6, e->address.bytes, out,
		  DNS_ENDPOINT_NAME_MAX);
	for (char *c = out; *c; c++)
		if (*c == '.' || *c == ':')
			*c = '-';
	return str_from(out);
}

static char *lower(struct str s)
{
	char *copy = str_dup(s);
	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	return copy;
}

/* --- ports --- */

static void ports_free(struct dns_ports *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].name);
		free(p->items[i].protocol);
	}
	free(p->items);
	*p = (struct dns_ports){ 0 };
}

static void ports_add(struct dns_ports *p, size_t max, struct str name, struct str protocol,
		      int32_t number)
{
	if (!p->items)
		p->items = mem_zalloc(max * sizeof(*p->items));
	p->items[p->n++] = (struct dns_port){ lower(name), lower(protocol), (uint16_t)number };
}

/* --- services --- */

static struct str address_key(const struct dns_address *a)
{
	return str_of(a->bytes, a->size);
}

static void pointer_add(struct dns_records *r, const struct dns_address *a,
			const struct dns_service *s, const struct dns_endpoint *e)
{
	struct dns_pointer *p = NEW(struct dns_pointer);
	p->service = s;
	p->endpoint = e;
	p->next = map_put(&r->pointers, address_key(a), p);
}

static void pointer_del(struct dns_records *r, const struct dns_address *a,
			const struct dns_service *s, const struct dns_endpoint *e)
{
	struct dns_pointer *list = map_get(&r->pointers, address_key(a)), **at = &list;
	while (*at && ((*at)->service != s || (*at)->endpoint != e))
		at = &(*at)->next;
	struct dns_pointer *gone = *at;
	if (!gone)
		return;
	*at = gone->next;
	free(gone);
	if (list)
		map_put(&r->pointers, address_key(a), list);
	else
		map_del(&r->pointers, address_key(a));
}

static void service_key(struct str name, struct str ns, struct buf *out)
{
	buf_str(out, name);
	buf_putc(out, '.');
	buf_str(out, ns);
}

static struct dns_service *service_at(struct dns_records *r, struct str name, struct str ns)
{
	auto_buf key = { 0 };
	service_key(name, ns, &key);
	struct dns_service *s = map_get(&r->services, buf_view(&key));
	if (s)
		return s;
	s = NEW(struct dns_service);
	s->key = str_dup(buf_view(&key));
	map_put(&r->services, buf_view(&key), s);
	return s;
}

static void service_clear(struct dns_records *r, struct dns_service *s)
{
	for (size_t i = 0; i < s->naddresses; i++)
		pointer_del(r, &s->addresses[i], s, NULL);
	s->naddresses = 0;
	s->exists = s->headless = false;
	free(s->external_name);
	s->external_name = NULL;
	ports_free(&s->ports);
}

/* Forgets a Service that has nothing left. */
static void service_drop_if_empty(struct dns_records *r, struct dns_service *s)
{
	if (s->exists || s->slices)
		return;
	map_del(&r->services, str_from(s->key));
	free(s->key);
	free(s);
}

static void service_fill(struct dns_records *r, struct dns_service *s,
			 const struct core_v1_service_spec *spec)
{
	s->exists = true;
	if (str_eqz(spec->type, "ExternalName")) {
		s->external_name = lower(spec->external_name);
		return;
	}
	s->headless = str_eqz(spec->cluster_ip, "None");
	for (size_t i = 0; !s->headless && i < spec->cluster_ips.n && s->naddresses < 2; i++) {
		struct dns_address *a = &s->addresses[s->naddresses];
		if (!dns_address_parse(spec->cluster_ips.items[i], a))
			continue;
		pointer_add(r, a, s, NULL);
		s->naddresses++;
	}
	for (size_t i = 0; i < spec->ports.n; i++)
		ports_add(&s->ports, spec->ports.n, spec->ports.items[i].name,
			  spec->ports.items[i].protocol, spec->ports.items[i].port);
}

void dns_records_service(struct dns_records *r, const struct object *old, const struct object *new)
{
	const struct object *o = new ? new : old;
	auto_arena arena = { 0 };
	struct core_v1_service service = { 0 };
	struct dns_service *s = service_at(r, o->name, o->ns);
	service_clear(r, s);
	if (new &&object_decode(new, &arena, api_struct_core_v1_service, &service, NULL) == 0)
		service_fill(r, s, &service.spec);
	service_drop_if_empty(r, s);
}

/* --- slices --- */

static void slice_free(struct dns_records *r, const struct dns_service *s, struct dns_slice *slice)
{
	for (size_t i = 0; i < slice->nendpoints; i++) {
		struct dns_endpoint *e = &slice->endpoints[i];
		pointer_del(r, &e->address, s, e);
		free(e->hostname);
	}
	free(slice->endpoints);
	ports_free(&slice->ports);
	free(slice->name);
	free(slice);
}

static void slice_remove(struct dns_records *r, const struct object *o)
{
	const struct object_label *label = NULL;
	for (size_t i = 0; i < o->nlabels && !label; i++)
		if (str_eqz(o->labels[i].key, SERVICE_LABEL))
			label = &o->labels[i];
	if (!label)
		return;
	struct dns_service *s = service_at(r, label->value, o->ns);
	struct dns_slice **at = &s->slices;
	while (*at && !str_eqz(o->name, (*at)->name))
		at = &(*at)->next;
	struct dns_slice *gone = *at;
	if (gone) {
		*at = gone->next;
		slice_free(r, s, gone);
	}
	service_drop_if_empty(r, s);
}

static bool is_ready(const struct discovery_v1_endpoint *e)
{
	return e->addresses.n > 0 && (!e->conditions.ready || *e->conditions.ready);
}

static void slice_fill(struct dns_records *r, struct dns_service *s, struct dns_slice *to,
		       const struct discovery_v1_endpoint_slice *from)
{
	to->endpoints = mem_zalloc((from->endpoints.n + 1) * sizeof(*to->endpoints));
	for (size_t i = 0; i < from->endpoints.n; i++) {
		const struct discovery_v1_endpoint *e = &from->endpoints.items[i];
		struct dns_endpoint *out = &to->endpoints[to->nendpoints];
		if (!is_ready(e) || !dns_address_parse(e->addresses.items[0], &out->address))
			continue;
		to->nendpoints++;
		if (e->hostname.n)
			out->hostname = lower(e->hostname);
		pointer_add(r, &out->address, s, out);
	}
	for (size_t i = 0; i < from->ports.n; i++) {
		const struct discovery_v1_endpoint_port *p = &from->ports.items[i];
		ports_add(&to->ports, from->ports.n, p->name,
			  p->protocol.n ? p->protocol : STR("TCP"), p->port ? *p->port : 0);
	}
}

static void slice_add(struct dns_records *r, const struct object *o)
{
	auto_arena arena = { 0 };
	struct discovery_v1_endpoint_slice slice = { 0 };
	struct str service = { 0 };
	for (size_t i = 0; i < o->nlabels; i++)
		if (str_eqz(o->labels[i].key, SERVICE_LABEL))
			service = o->labels[i].value;
	if (!service.n ||
	    object_decode(o, &arena, api_struct_discovery_v1_endpoint_slice, &slice, NULL) < 0 ||
	    str_eqz(slice.address_type, "FQDN"))
		return;
	struct dns_service *s = service_at(r, service, o->ns);
	struct dns_slice *to = NEW(struct dns_slice);
	to->name = str_dup(o->name);
	slice_fill(r, s, to, &slice);
	to->next = s->slices;
	s->slices = to;
}

void dns_records_slice(struct dns_records *r, const struct object *old, const struct object *new)
{
	if (old)
		slice_remove(r, old);
	if (new)
		slice_add(r, new);
}

/* --- the rest --- */

void dns_records_namespace(struct dns_records *r, const struct object *old,
			   const struct object *new)
{
	if (new)
		map_put(&r->namespaces, new->name, r);
	else
		map_del(&r->namespaces, old->name);
}

const struct dns_service *dns_records_find(const struct dns_records *r, struct str key)
{
	const struct dns_service *s = map_get(&r->services, key);
	return s && s->exists ? s : NULL;
}

const struct dns_pointer *dns_records_reverse(const struct dns_records *r,
					      const struct dns_address *a)
{
	return map_get(&r->pointers, address_key(a));
}

bool dns_records_has_namespace(const struct dns_records *r, struct str ns)
{
	return map_get(&r->namespaces, ns) != NULL;
}

void dns_records_free(struct dns_records *r)
{
	size_t i = 0;
	struct map_entry *e;
	while ((e = map_next(&r->services, &i))) {
		struct dns_service *s = e->value;
		service_clear(r, s);
		for (struct dns_slice *slice = s->slices, *next; slice; slice = next) {
			next = slice->next;
			slice_free(r, s, slice);
		}
		free(s->key);
		free(s);
	}
	map_free(&r->services, NULL);
	map_free(&r->pointers, NULL);
	map_free(&r->namespaces, NULL);
}
