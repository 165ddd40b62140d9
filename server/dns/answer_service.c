/* SPDX-License-Identifier: Apache-2.0 */
/* Services: their addresses, or those of their endpoints; ports; names of others. */
#include "base/mem.h"
#include "server/dns/answer_parts.h"

#include <stdio.h>

#define SRV_MAX     256 /* targets of one answer */
#define ALIASES_MAX 8   /* ExternalNames that point at each other */

/* --- endpoints --- */

/* Endpoints of all slices, beginning somewhere else each time. */
struct endpoint_walk {
	const struct dns_service *service;
	const struct dns_slice *slice;
	size_t at, left, start;
};

static size_t endpoint_count(const struct dns_service *s)
{
	size_t n = 0;
	for (const struct dns_slice *x = s->slices; x; x = x->next)
		n += x->nendpoints;
	return n;
}

static struct endpoint_walk endpoints_of(struct dns_task *t, const struct dns_service *s)
{
	struct endpoint_walk w = { .service = s, .left = endpoint_count(s), .slice = s->slices };
	w.at = w.left ? t->zone->turn++ % w.left : 0;
	while (w.slice && w.at >= w.slice->nendpoints) {
		w.at -= w.slice->nendpoints;
		w.slice = w.slice->next;
	}
	return w;
}

static const struct dns_endpoint *endpoint_next(struct endpoint_walk *w)
{
	if (w->left == 0)
		return NULL;
	w->left--;
	while (!w->slice || w->at >= w->slice->nendpoints) {
		w->slice = w->slice && w->slice->next ? w->slice->next : w->service->slices;
		w->at = 0;
	}
	return &w->slice->endpoints[w->at++];
}

/* Was the address put into this answer already? (Ports that differ put one pod into two slices.) */
static bool is_there(const struct dns_task *t, size_t first, const struct dns_address *a)
{
	for (size_t at = first; at + 12 + a->size <= t->a->n; at += 12u + a->size)
		if (memcmp(t->a->p + at + 12, a->bytes, a->size) == 0)
			return true;
	return false;
}

static void add_endpoints(struct dns_task *t, const struct dns_service *s, struct str host)
{
	char name[DNS_ENDPOINT_NAME_MAX];
	struct endpoint_walk w = endpoints_of(t, s);
	const struct dns_endpoint *e;
	size_t first = t->a->n;
	while ((e = endpoint_next(&w))) {
		if (host.n && !str_eq(dns_endpoint_name(e, name), host))
			continue;
		if (dns_task_wants(t, &e->address) && is_there(t, first, &e->address))
			continue;
		dns_task_address(t, &e->address);
	}
}

/* --- SRV --- */

struct srv_wanted {
	struct str port, protocol; /* empty: all */
	struct str key;            /* SVC.NS */
	struct {
		size_t at;
		const struct dns_address *addresses;
		size_t n;
	} targets[SRV_MAX];
	size_t ntargets;
	uint16_t weight;
};

static bool port_matches(const struct srv_wanted *w, const struct dns_port *p)
{
	return (!w->port.n || str_eqz(w->port, p->name)) &&
	       (!w->protocol.n || str_eqz(w->protocol, p->protocol));
}

static void add_target(struct dns_task *t, struct srv_wanted *w, uint16_t port, struct str target,
		       const struct dns_address *addresses, size_t n)
{
	if (w->ntargets == SRV_MAX)
		return;
	size_t at = dns_add_srv(t->a, DNS_HEADER, DNS_TTL_S, w->weight, port, target);
	if (!at)
		return;
	w->targets[w->ntargets].at = at;
	w->targets[w->ntargets].addresses = addresses;
	w->targets[w->ntargets++].n = n;
}

static void srv_of_service(struct dns_task *t, struct srv_wanted *w, const struct dns_service *s)
{
	char target[DNS_NAME_MAX + 1];
	snprintf(target, sizeof(target), "%s.svc.%s", s->key, t->zone->domain);
	for (size_t i = 0; i < s->ports.n; i++) {
		if (!port_matches(w, &s->ports.items[i]))
			continue;
		t->found = true;
		if (t->q->type == DNS_SRV)
			add_target(t, w, s->ports.items[i].number, str_from(target), s->addresses,
				   s->naddresses);
		else
			for (size_t j = 0; j < s->naddresses; j++)
				dns_task_address(t, &s->addresses[j]);
	}
}

static void srv_of_endpoint(struct dns_task *t, struct srv_wanted *w, const struct dns_service *s,
			    const struct dns_endpoint *e, const struct dns_port *p)
{
	char host[DNS_ENDPOINT_NAME_MAX], target[2 * DNS_NAME_MAX];
	t->found = true;
	if (t->q->type != DNS_SRV) {
		dns_task_address(t, &e->address);
		return;
	}
	struct str name = dns_endpoint_name(e, host);
	snprintf(target, sizeof(target), "%.*s.%s.svc.%s", STR_ARG(name), s->key, t->zone->domain);
	add_target(t, w, p->number, str_from(target), &e->address, 1);
}

static void srv_of_endpoints(struct dns_task *t, struct srv_wanted *w, const struct dns_service *s,
			     struct str host)
{
	char name[DNS_ENDPOINT_NAME_MAX];
	for (const struct dns_slice *x = s->slices; x; x = x->next)
		for (size_t i = 0; i < x->nendpoints; i++)
			for (size_t p = 0; p < x->ports.n; p++)
				if (port_matches(w, &x->ports.items[p]) &&
				    (!host.n ||
				     str_eq(dns_endpoint_name(&x->endpoints[i], name), host)))
					srv_of_endpoint(t, w, s, &x->endpoints[i],
							&x->ports.items[p]);
}

/* The addresses of the targets, for those who would ask next. What does not fit is no loss. */
static void add_target_addresses(struct dns_task *t, const struct srv_wanted *w)
{
	bool truncated = t->a->truncated;
	for (size_t i = 0; i < w->ntargets; i++)
		for (size_t j = 0; j < w->targets[i].n; j++)
			dns_add_address(t->a, DNS_ADDITIONAL, w->targets[i].at, DNS_TTL_S,
					w->targets[i].addresses[j].bytes,
					w->targets[i].addresses[j].size);
	t->a->truncated = truncated;
}

static void ports(struct dns_task *t, const struct dns_service *s, struct str host, struct str port,
		  struct str protocol)
{
	struct srv_wanted w = { .port = port, .protocol = protocol };
	size_t n = s->headless ? endpoint_count(s) : 1;
	w.weight = (uint16_t)(n ? (n < 100 ? 100 / n : 1) : 100);
	if (s->headless || host.n)
		srv_of_endpoints(t, &w, s, host);
	else
		srv_of_service(t, &w, s);
	add_target_addresses(t, &w);
}

/* --- Services --- */

static void external(struct dns_task *t, const struct dns_service *s)
{
	struct str target = str_from(s->external_name), rest;
	if (str_ends(target, STR(".")))
		target.n--;
	t->found = true;
	if (t->q->type != DNS_A && t->q->type != DNS_AAAA && t->q->type != DNS_CNAME)
		return;
	size_t at = dns_add_name(t->a, DNS_ANSWER, t->owner, DNS_CNAME, DNS_TTL_S, target);
	if (!at || t->q->type == DNS_CNAME || ++t->aliases > ALIASES_MAX)
		return;
	t->owner = at;
	if (dns_zone_has(t->zone, target, &rest))
		dns_task_name(t, target);
	else
		*t->alias = target;
}

static void service(struct dns_task *t, const struct dns_service *s)
{
	if (s->external_name) {
		external(t, s);
	} else if (t->q->type == DNS_SRV) {
		ports(t, s, STR(""), STR(""), STR(""));
		t->found = t->found || !s->headless;
	} else if (s->headless) {
		add_endpoints(t, s, STR(""));
	} else {
		t->found = true;
		for (size_t i = 0; i < s->naddresses; i++)
			dns_task_address(t, &s->addresses[i]);
	}
}

void dns_task_service(struct dns_task *t, const struct str *label, size_t n)
{
	if (n == 0) {
		t->found = true;
		return;
	}
	if (n == 1) {
		t->found = dns_records_has_namespace(t->zone->records, label[0]);
		return;
	}
	struct str ns = label[n - 1], name = label[n - 2];
	const struct dns_service *s =
		dns_records_find(t->zone->records, str_of(name.p, (size_t)(ns.p + ns.n - name.p)));
	if (!s)
		return;
	if (n == 2)
		service(t, s);
	else if (s->external_name)
		return;
	else if (n == 3 && t->q->type == DNS_SRV)
		ports(t, s, label[0], STR(""), STR(""));
	else if (n == 3)
		add_endpoints(t, s, label[0]);
	else if (n == 4 && label[0].n > 1 && label[1].n > 1 && label[0].p[0] == '_' &&
		 label[1].p[0] == '_')
		ports(t, s, STR(""), str_of(label[0].p + 1, label[0].n - 1),
		      str_of(label[1].p + 1, label[1].n - 1));
}
