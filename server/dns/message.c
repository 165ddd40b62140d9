/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dns/message.h"

#include "base/mem.h"

#define FLAG_RESPONSE      0x8000u
#define FLAG_AUTHORITATIVE 0x0400u
#define FLAG_TRUNCATED     0x0200u
#define FLAG_RD            0x0100u
#define FLAG_RA            0x0080u
#define OPT_BYTES          11
#define POINTER            0xc0u
#define JUMPS_MAX          32
#define EDNS_DO            0x8000u

uint16_t dns_get16(const void *p, size_t at)
{
	const uint8_t *b = (const uint8_t *)p + at;
	return (uint16_t)(b[0] << 8 | b[1]);
}

void dns_put16(void *p, size_t at, unsigned v)
{
	uint8_t *b = (uint8_t *)p + at;
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}

uint32_t dns_get32(const void *p, size_t at)
{
	return (uint32_t)dns_get16(p, at) << 16 | dns_get16(p, at + 2);
}

void dns_put32(void *p, size_t at, uint32_t v)
{
	dns_put16(p, at, v >> 16);
	dns_put16(p, at + 2, v & 0xffff);
}

/* --- names --- */

/* Appends a label in lower case; false: it can't be text. */
static bool add_label(char *out, size_t *n, const uint8_t *label, size_t len)
{
	if (*n + (*n > 0) + len > DNS_NAME_MAX)
		return false;
	if (*n)
		out[(*n)++] = '.';
	for (size_t i = 0; i < len; i++) {
		uint8_t c = label[i];
		if (c <= ' ' || c >= 0x7f || c == '.')
			return false;
		out[(*n)++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	return true;
}

bool dns_name_text(const void *p, size_t n, size_t at, char out[DNS_NAME_MAX + 1])
{
	const uint8_t *b = p;
	size_t len = 0;
	for (int jumps = 0; at < n;) {
		uint8_t c = b[at];
		if (c == 0) {
			out[len] = '\0';
			return true;
		}
		if ((c & POINTER) == POINTER) {
			if (at + 1 >= n || ++jumps > JUMPS_MAX)
				return false;
			at = dns_get16(b, at) & 0x3fffu;
		} else if (c & POINTER || at + 1 + c > n || !add_label(out, &len, b + at + 1, c)) {
			return false;
		} else {
			at += 1u + c;
		}
	}
	return false;
}

/* Where the name at `at` ends; 0: broken. */
static size_t skip_name(const uint8_t *p, size_t n, size_t at)
{
	while (at < n) {
		uint8_t c = p[at];
		if (c == 0)
			return at + 1;
		if ((c & POINTER) == POINTER)
			return at + 2 <= n ? at + 2 : 0;
		if (c & POINTER)
			return 0;
		at += 1u + c;
	}
	return 0;
}

/* --- records --- */

bool dns_walk_begin(struct dns_walk *w, const void *p, size_t n)
{
	if (n < DNS_HEADER)
		return false;
	*w = (struct dns_walk){ .p = p, .n = n, .at = DNS_HEADER };
	for (unsigned i = 0; i < 3; i++)
		w->left[i] = dns_get16(p, 6 + 2 * i);
	for (unsigned q = dns_get16(p, 4); q > 0; q--) {
		w->at = skip_name(w->p, n, w->at);
		if (w->at == 0 || w->at + 4 > n)
			return false;
		w->at += 4;
	}
	return true;
}

bool dns_walk_next(struct dns_walk *w, struct dns_record *out)
{
	unsigned section = 0;
	while (section < 3 && w->left[section] == 0)
		section++;
	if (section == 3)
		return false;
	size_t end = skip_name(w->p, w->n, w->at);
	if (end == 0 || end + 10 > w->n)
		return false;
	*out = (struct dns_record){
		.owner = w->at,
		.type = dns_get16(w->p, end),
		.class = dns_get16(w->p, end + 2),
		.ttl_at = end + 4,
		.ttl = dns_get32(w->p, end + 4),
		.data_n = dns_get16(w->p, end + 8),
		.data = end + 10,
		.section = (enum dns_section)section,
	};
	if (out->data + out->data_n > w->n)
		return false;
	w->at = out->data + out->data_n;
	w->left[section]--;
	return true;
}

/* --- reading a query --- */

static void read_edns(const void *p, size_t n, struct dns_query *q)
{
	struct dns_walk w;
	struct dns_record r;
	if (!dns_walk_begin(&w, p, n))
		return;
	while (dns_walk_next(&w, &r)) {
		if (r.type != DNS_OPT)
			continue;
		q->edns = true;
		q->dnssec_ok = (r.ttl & EDNS_DO) != 0;
		if (r.class > q->udp_size)
			q->udp_size = r.class;
	}
}

/* There is nothing before a question that it could point to. */
static bool has_pointer(const uint8_t *p, size_t at)
{
	for (; p[at]; at += 1u + p[at])
		if ((p[at] & POINTER) == POINTER)
			return true;
	return false;
}

int dns_query_read(const void *p, size_t n, struct dns_query *out)
{
	*out = (struct dns_query){ .udp_size = DNS_UDP_PLAIN };
	if (n < DNS_HEADER || dns_get16(p, 2) & FLAG_RESPONSE)
		return -1;
	unsigned flags = dns_get16(p, 2);
	out->id = dns_get16(p, 0);
	out->opcode = flags >> 11 & 15;
	out->recursion_desired = (flags & FLAG_RD) != 0;
	if (out->opcode != 0)
		return DNS_NOTIMP;
	if (dns_get16(p, 4) != 1)
		return DNS_FORMERR;
	size_t at = DNS_HEADER, end = skip_name(p, n, at);
	if (end == 0 || end + 4 > n || end - at > DNS_NAME_MAX || has_pointer(p, at))
		return DNS_FORMERR;
	out->odd = !dns_name_text(p, n, at, out->text);
	if (out->odd)
		out->text[0] = '\0';
	out->name = str_from(out->text);
	out->type = dns_get16(p, end);
	out->class = dns_get16(p, end + 2);
	out->question = str_of((const char *)p + at, end + 4 - at);
	read_edns(p, n, out);
	return 0;
}

/* --- writing an answer --- */

void dns_answer_begin(struct dns_answer *a, void *p, size_t max, const struct dns_query *q)
{
	*a = (struct dns_answer){ .p = p, .max = max, .edns = q->edns, .dnssec_ok = q->dnssec_ok };
	memset(p, 0, DNS_HEADER);
	a->n = DNS_HEADER;
	if (q->question.n && a->n + q->question.n <= max) {
		memcpy(a->p + a->n, q->question.p, q->question.n);
		a->n += q->question.n;
	}
	if (a->edns)
		a->max -= OPT_BYTES;
}

size_t dns_answer_end(struct dns_answer *a, const struct dns_query *q)
{
	unsigned flags = FLAG_RESPONSE | FLAG_RA | q->opcode << 11 | a->rcode;
	if (q->recursion_desired)
		flags |= FLAG_RD;
	if (a->authoritative)
		flags |= FLAG_AUTHORITATIVE;
	if (a->truncated)
		flags |= FLAG_TRUNCATED;
	if (a->edns) {
		uint8_t *opt = a->p + a->n;
		memset(opt, 0, OPT_BYTES);
		dns_put16(opt, 1, DNS_OPT);
		dns_put16(opt, 3, DNS_UDP_MAX);
		dns_put16(opt, 7, a->dnssec_ok ? EDNS_DO : 0);
		a->n += OPT_BYTES;
		a->counts[DNS_ADDITIONAL]++;
	}
	dns_put16(a->p, 0, q->id);
	dns_put16(a->p, 2, flags);
	dns_put16(a->p, 4, q->question.n ? 1 : 0);
	for (unsigned i = 0; i < 3; i++)
		dns_put16(a->p, 6 + 2 * i, a->counts[i]);
	return a->n;
}

/* Room for n more bytes; otherwise the answer is cut here. */
static bool room(struct dns_answer *a, size_t n)
{
	if (a->truncated || a->n + n > a->max) {
		a->truncated = true;
		return false;
	}
	return true;
}

/* The fixed part of a record; gives the place of its data, 0: no room for it and `data_n` bytes. */
static size_t record(struct dns_answer *a, enum dns_section s, size_t owner, enum dns_type type,
		     uint32_t ttl, size_t data_n)
{
	if (!room(a, 12 + data_n))
		return 0;
	uint8_t *p = a->p + a->n;
	dns_put16(p, 0, (unsigned)(POINTER << 8 | owner));
	dns_put16(p, 2, type);
	dns_put16(p, 4, 1);
	dns_put32(p, 6, ttl);
	dns_put16(p, 10, (unsigned)data_n);
	a->counts[s]++;
	a->n += 12 + data_n;
	return a->n - data_n;
}

static size_t wire_size(struct str name)
{
	return name.n ? name.n + 2 : 1;
}

static void write_name(uint8_t *p, struct str name)
{
	struct str rest = name, label;
	while (name.n && str_next(&rest, '.', &label)) {
		*p++ = (uint8_t)label.n;
		memcpy(p, label.p, label.n);
		p += label.n;
	}
	*p = 0;
}

/* Can it be written: labels of 1 to 63 bytes? */
static bool is_name(struct str name)
{
	struct str rest = name, label;
	if (name.n > DNS_NAME_MAX - 2)
		return false;
	while (name.n && str_next(&rest, '.', &label))
		if (label.n == 0 || label.n > 63)
			return false;
	return true;
}

size_t dns_add_address(struct dns_answer *a, enum dns_section s, size_t owner, uint32_t ttl,
		       const uint8_t *address, size_t n)
{
	size_t at = record(a, s, owner, n == 4 ? DNS_A : DNS_AAAA, ttl, n);
	if (at)
		memcpy(a->p + at, address, n);
	return at;
}

size_t dns_add_name(struct dns_answer *a, enum dns_section s, size_t owner, enum dns_type type,
		    uint32_t ttl, struct str name)
{
	if (!is_name(name))
		return 0;
	size_t at = record(a, s, owner, type, ttl, wire_size(name));
	if (at)
		write_name(a->p + at, name);
	return at;
}

size_t dns_add_srv(struct dns_answer *a, size_t owner, uint32_t ttl, uint16_t weight, uint16_t port,
		   struct str target)
{
	if (!is_name(target))
		return 0;
	size_t at = record(a, DNS_ANSWER, owner, DNS_SRV, ttl, 6 + wire_size(target));
	if (!at)
		return 0;
	dns_put16(a->p, at, 0);
	dns_put16(a->p, at + 2, weight);
	dns_put16(a->p, at + 4, port);
	write_name(a->p + at + 6, target);
	return at + 6;
}

size_t dns_add_text(struct dns_answer *a, size_t owner, uint32_t ttl, struct str text)
{
	size_t at = record(a, DNS_ANSWER, owner, DNS_TXT, ttl, 1 + text.n);
	if (at) {
		a->p[at] = (uint8_t)text.n;
		memcpy(a->p + at + 1, text.p, text.n);
	}
	return at;
}

size_t dns_add_soa(struct dns_answer *a, enum dns_section s, size_t owner, uint32_t ttl,
		   const struct dns_soa *soa)
{
	const uint32_t numbers[] = { soa->serial, soa->refresh, soa->retry, soa->expire,
				     soa->minimum };
	size_t names = wire_size(soa->mname) + wire_size(soa->rname);
	size_t at = record(a, s, owner, DNS_SOA, ttl, names + sizeof(numbers));
	if (!at)
		return 0;
	write_name(a->p + at, soa->mname);
	write_name(a->p + at + wire_size(soa->mname), soa->rname);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		dns_put32(a->p, at + names + 4 * i, numbers[i]);
	return at;
}

/* One record under a name that is written out. */
static void copy_record(struct dns_answer *a, const uint8_t *from, size_t n,
			const struct dns_record *r)
{
	char owner[DNS_NAME_MAX + 1], target[DNS_NAME_MAX + 1];
	bool alias = r->type == DNS_CNAME;
	if (!dns_name_text(from, n, r->owner, owner) ||
	    (alias && !dns_name_text(from, n, r->data, target)))
		return;
	struct str name = str_from(owner);
	size_t data_n = alias ? wire_size(str_from(target)) : r->data_n;
	if (!room(a, wire_size(name) + 10 + data_n))
		return;
	uint8_t *p = a->p + a->n;
	write_name(p, name);
	p += wire_size(name);
	dns_put16(p, 0, r->type);
	dns_put16(p, 2, 1);
	dns_put32(p, 4, r->ttl);
	dns_put16(p, 8, (unsigned)data_n);
	if (alias)
		write_name(p + 10, str_from(target));
	else
		memcpy(p + 10, from + r->data, data_n);
	a->n += wire_size(name) + 10 + data_n;
	a->counts[DNS_ANSWER]++;
}

void dns_add_from(struct dns_answer *a, const void *response, size_t n)
{
	struct dns_walk w;
	struct dns_record r;
	if (!dns_walk_begin(&w, response, n))
		return;
	while (dns_walk_next(&w, &r))
		if (r.section == DNS_ANSWER &&
		    (r.type == DNS_CNAME || (r.type == DNS_A && r.data_n == 4) ||
		     (r.type == DNS_AAAA && r.data_n == 16)))
			copy_record(a, response, n, &r);
}
