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
#include "server/dns/answer_parts.h"

#define SCHEMA_VERSION "1.1.0"
#define LABELS_MAX     8

/* --- the zone itself --- */

static void add_soa(struct dns_task *t, enum dns_section section, size_t owner)
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

static void apex(struct dns_task *t)
{
	char name[DNS_NAME_MAX + 1];
	t->found = true;
	snprintf(name, sizeof(name), "ns.dns.%s", t->zone->domain);
	if (t->q->type == DNS_SOA)
		add_soa(t, DNS_ANSWER, DNS_HEADER);
	else if (t->q->type == DNS_NS)
		dns_add_name(t->a, DNS_ANSWER, DNS_HEADER, DNS_NS, DNS_TTL_S, str_from(name));
}

bool dns_zone_has(const struct dns_zone *z, struct str name, struct str *rest)
{
	size_t n = strlen(z->domain);
	if (!str_ends(name, str_from(z->domain)) || (name.n > n && name.p[name.n - n - 1] != '.'))
		return false;
	*rest = str_of(name.p, name.n > n ? name.n - n - 1 : 0);
	return true;
}

/* --- addresses --- */

bool dns_task_wants(const struct dns_task *t, const struct dns_address *a)
{
	return t->q->type == (a->size == 4 ? DNS_A : DNS_AAAA);
}

void dns_task_address(struct dns_task *t, const struct dns_address *a)
{
	t->found = true;
	if (dns_task_wants(t, a))
		dns_add_address(t->a, DNS_ANSWER, t->owner, DNS_TTL_S, a->bytes, a->size);
}

/* --- the branches --- */

static void below_pod(struct dns_task *t, const struct str *label, size_t n)
{
	struct dns_address a;
	if (n == 0)
		t->found = true;
	else if (!dns_records_has_namespace(t->zone->records, label[n - 1]))
		return;
	else if (n == 1)
		t->found = true;
	else if (n == 2 && dns_address_of_dashes(label[0], &a))
		dns_task_address(t, &a);
}

static void below_dns(struct dns_task *t, const struct str *label, size_t n)
{
	t->found = n == 0;
	if (n == 1 && str_eqz(label[0], "ns"))
		for (size_t i = 0; i < t->zone->nservers; i++)
			dns_task_address(t, &t->zone->servers[i]);
}

static void version(struct dns_task *t, const struct str *label, size_t n)
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
	void (*answer)(struct dns_task *t, const struct str *label, size_t n);
} branches[] = {
	{ "svc", dns_task_service },
	{ "pod", below_pod },
	{ "dns", below_dns },
	{ "dns-version", version },
};

void dns_task_name(struct dns_task *t, struct str name)
{
	struct str rest, labels[LABELS_MAX], label;
	size_t n = 0;
	if (!dns_zone_has(t->zone, name, &rest))
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

enum dns_outcome dns_answer_question(struct dns_zone *z, const struct dns_query *q,
				     struct dns_answer *a, struct str *alias)
{
	struct str rest;
	*alias = STR("");
	struct dns_task t = { .zone = z, .q = q, .a = a, .alias = alias, .owner = DNS_HEADER };
	if (q->odd || q->class != 1)
		return DNS_NOT_OURS;
	if (!dns_zone_has(z, q->name, &rest))
		return dns_task_reverse(&t) ? (a->authoritative = true, DNS_ANSWERED)
					    : DNS_NOT_OURS;
	a->authoritative = true;
	dns_task_name(&t, q->name);
	if (alias->n)
		return DNS_ALIAS;
	if (!t.found && !z->complete) { /* it may well be there */
		a->rcode = DNS_SERVFAIL;
		return DNS_ANSWERED;
	}
	if (!t.found)
		a->rcode = DNS_NXDOMAIN;
	if (a->counts[DNS_ANSWER] == 0 && !a->truncated)
		add_soa(&t, DNS_AUTHORITY,
			DNS_HEADER + (rest.n ? rest.n + 1
					     : 0)); /* where the domain begins in the question */
	return DNS_ANSWERED;
}
