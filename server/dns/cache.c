/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dns/cache.h"

#include "base/mem.h"

struct entry {
	struct list link;
	char *key;
	size_t key_n;
	int64_t stored_ms, until_ms;
	size_t n;
	uint8_t answer[];
};

void dns_cache_init(struct dns_cache *c)
{
	*c = (struct dns_cache){ 0 };
	list_init(&c->age);
}

static void drop(struct dns_cache *c, struct entry *e)
{
	map_del(&c->entries, str_of(e->key, e->key_n));
	list_del(&e->link);
	c->bytes -= e->n;
	free(e->key);
	free(e);
}

static struct entry *oldest(struct dns_cache *c)
{
	return list_empty(&c->age) ? NULL : CONTAINER_OF(c->age.next, struct entry, link);
}

void dns_cache_free(struct dns_cache *c)
{
	struct entry *e;
	while ((e = oldest(c)))
		drop(c, e);
	map_free(&c->entries, NULL);
}

static void key_of(const struct dns_query *q, struct buf *out)
{
	const uint8_t more[] = { (uint8_t)(q->type >> 8), (uint8_t)q->type, q->edns, q->dnssec_ok };
	buf_add(out, more, sizeof(more));
	buf_str(out, q->name);
}

/* How long it may be kept, in seconds: the shortest life of its records; of an answer that says "there is none", what the zone says. */
static uint32_t life(const uint8_t *p, size_t n)
{
	struct dns_walk w;
	struct dns_record r;
	uint32_t ttl = DNS_CACHE_TTL_S;
	unsigned records = 0;
	if (!dns_walk_begin(&w, p, n))
		return 0;
	while (dns_walk_next(&w, &r)) {
		if (r.type == DNS_OPT)
			continue;
		records++;
		if (r.ttl < ttl)
			ttl = r.ttl;
		if (r.type == DNS_SOA && r.section == DNS_AUTHORITY && r.data_n >= 20 &&
		    dns_get32(p, r.data + r.data_n - 4) < ttl)
			ttl = dns_get32(p, r.data + r.data_n - 4);
	}
	return records ? ttl : 0;
}

void dns_cache_put(struct dns_cache *c, const struct dns_query *q, const void *answer, size_t n,
		   int64_t now_ms)
{
	unsigned flags = n >= DNS_HEADER ? dns_get16(answer, 2) : 0, rcode = flags & 15;
	if (q->odd || (rcode != DNS_NOERROR && rcode != DNS_NXDOMAIN) || flags & 0x0200)
		return;
	uint32_t ttl = life(answer, n);
	if (!ttl)
		return;
	auto_buf key = { 0 };
	key_of(q, &key);
	struct entry *e = map_get(&c->entries, buf_view(&key));
	if (e)
		drop(c, e);
	e = mem_zalloc(sizeof(*e) + n);
	e->stored_ms = now_ms;
	e->until_ms = now_ms + 1000 * (int64_t)ttl;
	e->n = n;
	memcpy(e->answer, answer, n);
	e->key_n = key.n;
	e->key = buf_take(&key);
	map_put(&c->entries, str_of(e->key, e->key_n), e);
	list_add_tail(&c->age, &e->link);
	c->bytes += n;
	while (c->entries.count > DNS_CACHE_ENTRIES || c->bytes > DNS_CACHE_BYTES)
		drop(c, oldest(c));
}

static void age_records(uint8_t *p, size_t n, uint32_t seconds)
{
	struct dns_walk w;
	struct dns_record r;
	if (!dns_walk_begin(&w, p, n))
		return;
	while (dns_walk_next(&w, &r))
		if (r.type != DNS_OPT)
			dns_put32(p, r.ttl_at, r.ttl > seconds ? r.ttl - seconds : 0);
}

bool dns_cache_get(struct dns_cache *c, const struct dns_query *q, int64_t now_ms, struct buf *out)
{
	auto_buf key = { 0 };
	if (q->odd)
		return false;
	key_of(q, &key);
	struct entry *e = map_get(&c->entries, buf_view(&key));
	if (e && e->until_ms <= now_ms) {
		drop(c, e);
		e = NULL;
	}
	if (!e)
		return false;
	buf_reset(out);
	buf_add(out, e->answer, e->n);
	dns_put16(out->p, 0, q->id);
	memcpy(out->p + DNS_HEADER, q->question.p, q->question.n); /* in the client's letters */
	age_records((uint8_t *)out->p, out->n, (uint32_t)((now_ms - e->stored_ms) / 1000));
	return true;
}
