/* SPDX-License-Identifier: Apache-2.0 */
/* message → our own names, or the cache, or another server → message. */
#include "server/dns/server.h"

#include "base/mem.h"
#include "base/metrics.h"

#define TCP_ROOM DNS_MESSAGE_MAX

/* A question that someone else answers. */
struct pending {
	struct dns *dns;
	struct dns_asker who;
	bool alias; /* the answer is to be put behind our CNAME */
	struct buf query;
};

static void count(struct dns *d, unsigned rcode)
{
	metric_add(d->answers[rcode & 15], 1);
}

static size_t room_of(const struct dns_query *q, bool tcp, size_t max)
{
	size_t n = tcp ? TCP_ROOM : q->udp_size < DNS_UDP_MAX ? q->udp_size : DNS_UDP_MAX;
	return n < max ? n : max;
}

static size_t refuse(struct dns *d, const struct dns_query *q, enum dns_rcode rcode, void *room,
		     size_t max)
{
	struct dns_answer a;
	dns_answer_begin(&a, room, max, q);
	a.rcode = rcode;
	count(d, rcode);
	return dns_answer_end(&a, q);
}

/* --- answers from elsewhere --- */

static void pending_end(struct pending *p, const void *answer, size_t n)
{
	p->who.later(&p->who, answer, n);
	buf_free(&p->query);
	free(p);
}

/* Our CNAME once more, and what it leads to behind it. */
static size_t join_alias(struct pending *p, const struct dns_query *q, const void *answer, size_t n,
			 void *room, size_t max)
{
	struct dns_answer a;
	struct str alias;
	dns_answer_begin(&a, room, max, q);
	dns_answer_question(&p->dns->zone, q, &a, &alias);
	dns_add_from(&a, answer, n);
	count(p->dns, a.rcode);
	return dns_answer_end(&a, q);
}

static void on_forwarded(void *ctx, const void *answer, size_t n)
{
	struct pending *p = ctx;
	struct dns_query q;
	char room[TCP_ROOM];
	if (dns_query_read(p->query.p, p->query.n, &q) != 0) {
		pending_end(p, NULL, 0);
		return;
	}
	size_t max = room_of(&q, p->who.tcp, sizeof(room));
	if (p->alias) {
		n = join_alias(p, &q, answer, n, room, max);
		answer = room;
	} else if (n == 0) {
		n = refuse(p->dns, &q, DNS_SERVFAIL, room, max);
		answer = room;
	} else {
		count(p->dns, dns_get16(answer, 2));
		dns_cache_put(&p->dns->cache, &q, answer, n, (int64_t)uv_now(&p->dns->loop->uv));
	}
	pending_end(p, answer, n);
}

static bool pass_on(struct dns *d, const void *query, size_t n, const struct pending *how)
{
	struct pending *p = NEW(struct pending);
	*p = (struct pending){ .dns = d, .who = how->who, .alias = how->alias };
	buf_add(&p->query, how->query.p, how->query.n);
	if (dns_forward(d->forwarder, query, n, p->who.tcp || p->alias, on_forwarded, p))
		return true;
	buf_free(&p->query);
	free(p);
	return false;
}

/* Asks for the addresses of an ExternalName's target. */
static bool ask_alias(struct dns *d, const struct dns_query *q, struct str alias,
		      const struct pending *how)
{
	uint8_t query[DNS_HEADER + DNS_NAME_MAX + 6] = { 0 };
	size_t n = DNS_HEADER;
	struct str label;
	dns_put16(query, 0, q->id);
	dns_put16(query, 2, 0x0100);
	dns_put16(query, 4, 1);
	for (struct str rest = alias; str_next(&rest, '.', &label);) {
		query[n++] = (uint8_t)label.n;
		memcpy(query + n, label.p, label.n);
		n += label.n;
	}
	n++;
	dns_put16(query, n, q->type);
	dns_put16(query, n + 2, 1);
	return pass_on(d, query, n + 4, how);
}

/* --- one question --- */

static size_t from_elsewhere(struct dns *d, const struct dns_query *q, const struct pending *how,
			     void *room, size_t max, bool *waits)
{
	auto_buf kept = { 0 };
	if (dns_cache_get(&d->cache, q, (int64_t)uv_now(&d->loop->uv), &kept) &&
	    kept.n <= room_of(q, how->who.tcp, max)) {
		memcpy(room, kept.p, kept.n);
		count(d, dns_get16(kept.p, 2));
		return kept.n;
	}
	*waits = pass_on(d, how->query.p, how->query.n, how);
	return *waits ? 0 : refuse(d, q, DNS_SERVFAIL, room, max);
}

size_t dns_serve(struct dns *d, const void *query, size_t n, const struct dns_asker *who,
		 void *room, size_t max, bool *waits)
{
	struct dns_query q;
	struct dns_answer a;
	struct str alias;
	const struct pending how = {
		.who = *who,
		.query = { .p = (char *)(uintptr_t)query, .n = n },
	};
	int r = dns_query_read(query, n, &q);
	*waits = false;
	if (r != 0)
		return r < 0 ? 0 : refuse(d, &q, (enum dns_rcode)r, room, max);
	dns_answer_begin(&a, room, room_of(&q, who->tcp, max), &q);
	enum dns_outcome outcome = dns_answer_question(&d->zone, &q, &a, &alias);
	if (outcome == DNS_NOT_OURS)
		return from_elsewhere(d, &q, &how, room, max, waits);
	if (outcome == DNS_ALIAS) {
		struct pending with_alias = how;
		with_alias.alias = true;
		*waits = ask_alias(d, &q, alias, &with_alias);
		if (*waits)
			return 0;
	}
	count(d, a.rcode);
	return dns_answer_end(&a, &q);
}
