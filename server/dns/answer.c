/* SPDX-License-Identifier: Apache-2.0 */
/* The names there are, below DOMAIN:
 *
 *	dns-version                        TXT
 *	ns.dns                             the name server
 *	SVC.NS.svc                         a Service; headless: its endpoints
 *	HOST.SVC.NS.svc                    one endpoint
 *	_PORT._PROTOCOL.SVC.NS.svc         SRV
 *	10-0-0-1.NS.pod                    a pod's address, whether it is there or not
 *	NS.svc, svc, pod, dns              nothing but the beginning of others */
#include "server/dns/answer.h"

#include <stdio.h>

#include "base/mem.h"

#define SCHEMA_VERSION "1.1.0"
#define LABELS_MAX     8
#define SRV_MAX        256 /* targets of one answer */
#define ALIASES_MAX    8   /* ExternalNames that point at each other */

struct task {
	struct dns_zone *zone;
	const struct dns_query *q;
	struct dns_answer *a;
	struct str *alias;
	size_t owner; /* where the name stands whose records are added */
	int aliases;
	bool found; /* the name exists, though maybe not with this type */
};

/* --- the zone itself --- */

static void add_soa(struct task *t, enum dns_section section, size_t owner)
{
	char mname[DNS_NAME_MAX + 1], rname[DNS_NAME_MAX + 1];
	snprintf(mname, sizeof(mname), "ns.dns.%s", t->zone->domain);
	snprintf(rname, sizeof(rname), "hostmaster.%s", t->zone->domain);
	const struct dns_soa soa = {
		.mname = str_from(mname),
		.rname = str_from(rname),
		.serial = 1,
		.refresh = 7200,
		.retry = 1800,
		.expire = 86400,
		.minimum = DNS_TTL_S,
	};
	dns_add_soa(t->a, section, owner, DNS_TTL_S, &soa);
}

static void apex(struct task *t)
{
	char name[DNS_NAME_MAX + 1];
	t->found = true;
	snprintf(name, sizeof(name), "ns.dns.%s", t->zone->domain);
	if (t->q->type == DNS_SOA)
		add_soa(t, DNS_ANSWER, DNS_HEADER);
	else if (t->q->type == DNS_NS)
		dns_add_name(t->a, DNS_ANSWER, DNS_HEADER, DNS_NS, DNS_TTL_S, str_from(name));
}

/* --- addresses --- */

static bool wants(const struct task *t, const struct dns_address *a)
{
	return t->q->type == (a->size == 4 ? DNS_A : DNS_AAAA);
}

static void add_address(struct task *t, const struct dns_address *a)
{
	t->found = true;
	if (wants(t, a))
		dns_add_address(t->a, DNS_ANSWER, t->owner, DNS_TTL_S, a->bytes, a->size);
}

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

static struct endpoint_walk endpoints_of(struct task *t, const struct dns_service *s)
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
static bool is_there(const struct task *t, size_t first, const struct dns_address *a)
{
	for (size_t at = first; at + 12 + a->size <= t->a->n; at += 12u + a->size)
		if (memcmp(t->a->p + at + 12, a->bytes, a->size) == 0)
			return true;
	return false;
}

static void add_endpoints(struct task *t, const struct dns_service *s, struct str host)
{
	char name[DNS_ENDPOINT_NAME_MAX];
	struct endpoint_walk w = endpoints_of(t, s);
	const struct dns_endpoint *e;
	size_t first = t->a->n;
	while ((e = endpoint_next(&w))) {
		if (host.n && !str_eq(dns_endpoint_name(e, name), host))
			continue;
		if (wants(t, &e->address) && is_there(t, first, &e->address))
			continue;
		add_address(t, &e->address);
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

static void add_target(struct task *t, struct srv_wanted *w, uint16_t port, struct str target,
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

static void srv_of_service(struct task *t, struct srv_wanted *w, const struct dns_service *s)
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
				add_address(t, &s->addresses[j]);
	}
}

static void srv_of_endpoint(struct task *t, struct srv_wanted *w, const struct dns_service *s,
			    const struct dns_endpoint *e, const struct dns_port *p)
{
	char host[DNS_ENDPOINT_NAME_MAX], target[2 * DNS_NAME_MAX];
	t->found = true;
	if (t->q->type != DNS_SRV) {
		add_address(t, &e->address);
		return;
	}
	struct str name = dns_endpoint_name(e, host);
	snprintf(target, sizeof(target), "%.*s.%s.svc.%s", STR_ARG(name), s->key, t->zone->domain);
	add_target(t, w, p->number, str_from(target), &e->address, 1);
}

static void srv_of_endpoints(struct task *t, struct srv_wanted *w, const struct dns_service *s,
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
static void add_target_addresses(struct task *t, const struct srv_wanted *w)
{
	bool truncated = t->a->truncated;
	for (size_t i = 0; i < w->ntargets; i++)
		for (size_t j = 0; j < w->targets[i].n; j++)
			dns_add_address(t->a, DNS_ADDITIONAL, w->targets[i].at, DNS_TTL_S,
					w->targets[i].addresses[j].bytes,
					w->targets[i].addresses[j].size);
	t->a->truncated = truncated;
}

static void ports(struct task *t, const struct dns_service *s, struct str host, struct str port,
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

static void answer_name(struct task *t, struct str name);

static bool below(const struct dns_zone *z, struct str name, struct str *rest)
{
	size_t n = strlen(z->domain);
	if (!str_ends(name, str_from(z->domain)) || (name.n > n && name.p[name.n - n - 1] != '.'))
		return false;
	*rest = str_of(name.p, name.n > n ? name.n - n - 1 : 0);
	return true;
}

static void external(struct task *t, const struct dns_service *s)
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
	if (below(t->zone, target, &rest))
		answer_name(t, target);
	else
		*t->alias = target;
}

static void service(struct task *t, const struct dns_service *s)
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
			add_address(t, &s->addresses[i]);
	}
}

/* `label` are the n labels before "svc". */
static void below_svc(struct task *t, const struct str *label, size_t n)
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

static void below_pod(struct task *t, const struct str *label, size_t n)
{
	struct dns_address a;
	if (n == 0)
		t->found = true;
	else if (!dns_records_has_namespace(t->zone->records, label[n - 1]))
		return;
	else if (n == 1)
		t->found = true;
	else if (n == 2 && dns_address_of_dashes(label[0], &a))
		add_address(t, &a);
}

static void below_dns(struct task *t, const struct str *label, size_t n)
{
	t->found = n == 0;
	if (n == 1 && str_eqz(label[0], "ns"))
		for (size_t i = 0; i < t->zone->nservers; i++)
			add_address(t, &t->zone->servers[i]);
}

static void version(struct task *t, const struct str *label, size_t n)
{
	(void)label;
	if (n)
		return;
	t->found = true;
	if (t->q->type == DNS_TXT)
		dns_add_text(t->a, DNS_HEADER, DNS_TTL_S, STR(SCHEMA_VERSION));
}

static const struct {
	const char *label;
	void (*answer)(struct task *t, const struct str *label, size_t n);
} branches[] = {
	{ "svc", below_svc },
	{ "pod", below_pod },
	{ "dns", below_dns },
	{ "dns-version", version },
};

static void answer_name(struct task *t, struct str name)
{
	struct str rest, labels[LABELS_MAX], label;
	size_t n = 0;
	if (!below(t->zone, name, &rest))
		return;
	if (!rest.n) {
		apex(t);
		return;
	}
	for (struct str more = rest; str_next(&more, '.', &label);) {
		if (n == LABELS_MAX)
			return;
		labels[n++] = label;
	}
	for (size_t i = 0; i < COUNT_OF(branches); i++)
		if (str_eqz(labels[n - 1], branches[i].label))
			branches[i].answer(t, labels, n - 1);
}

/* --- addresses to names --- */

static bool hex_digit(struct str label, unsigned *out)
{
	if (label.n != 1)
		return false;
	char c = label.p[0];
	*out = (unsigned)(c >= '0' && c <= '9'   ? c - '0'
			  : c >= 'a' && c <= 'f' ? c - 'a' + 10
						 : 16);
	return *out < 16;
}

/* "1.0.43.10.in-addr.arpa", "….ip6.arpa" */
static bool reverse_address(struct str name, struct dns_address *a)
{
	struct str label;
	*a = (struct dns_address){ 0 };
	if (str_ends(name, STR(".in-addr.arpa"))) {
		struct str rest = str_of(name.p, name.n - strlen(".in-addr.arpa"));
		uint64_t v;
		for (a->size = 4; a->size > 0 && str_next(&rest, '.', &label); a->size--) {
			if (!str_to_u64(label, &v) || v > 255)
				return false;
			a->bytes[a->size - 1] = (uint8_t)v;
		}
		bool whole = a->size == 0 && rest.p == NULL;
		a->size = 4;
		return whole;
	}
	if (!str_ends(name, STR(".ip6.arpa")))
		return false;
	struct str rest = str_of(name.p, name.n - strlen(".ip6.arpa"));
	unsigned i = 0, digit;
	for (; i < 32 && str_next(&rest, '.', &label); i++) {
		if (!hex_digit(label, &digit))
			return false;
		a->bytes[15 - i / 2] |= (uint8_t)(i % 2 ? digit << 4 : digit);
	}
	a->size = 16;
	return i == 32 && rest.p == NULL;
}

static bool answer_reverse(struct task *t)
{
	struct dns_address a;
	char name[2 * DNS_NAME_MAX], host[DNS_ENDPOINT_NAME_MAX];
	if (!reverse_address(t->q->name, &a))
		return false;
	const struct dns_pointer *p = dns_records_reverse(t->zone->records, &a);
	for (const struct dns_pointer *x = p; x; x = x->next) {
		struct str e = x->endpoint ? dns_endpoint_name(x->endpoint, host) : STR("");
		snprintf(name, sizeof(name), "%.*s%s%s.svc.%s", STR_ARG(e), e.n ? "." : "",
			 x->service->key, t->zone->domain);
		if (t->q->type == DNS_PTR)
			dns_add_name(t->a, DNS_ANSWER, DNS_HEADER, DNS_PTR, DNS_TTL_S,
				     str_from(name));
	}
	return p != NULL;
}

enum dns_outcome dns_answer_question(struct dns_zone *z, const struct dns_query *q,
				     struct dns_answer *a, struct str *alias)
{
	struct str rest;
	*alias = STR("");
	struct task t = { .zone = z, .q = q, .a = a, .alias = alias, .owner = DNS_HEADER };
	if (q->odd || q->class != 1)
		return DNS_NOT_OURS;
	if (!below(z, q->name, &rest))
		return answer_reverse(&t) ? (a->authoritative = true, DNS_ANSWERED) : DNS_NOT_OURS;
	a->authoritative = true;
	answer_name(&t, q->name);
	if (alias->n)
		return DNS_ALIAS;
	if (!t.found)
		a->rcode = DNS_NXDOMAIN;
	if (a->counts[DNS_ANSWER] == 0 && !a->truncated)
		add_soa(&t, DNS_AUTHORITY,
			DNS_HEADER + (rest.n ? rest.n + 1
					     : 0)); /* where the domain begins in the question */
	return DNS_ANSWERED;
}
