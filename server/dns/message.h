/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages on the wire: a query is read, an answer is written (RFC 1035; EDNS0: RFC 6891; SRV: RFC 2782). Pure; any thread.
 *
 * Names inside the program are text in lower case without the last dot. A query whose name can't be such text (a dot or a
 * control character inside a label) is `odd`: it belongs to no zone of ours. */
#ifndef SERVER_DNS_MESSAGE_H
#define SERVER_DNS_MESSAGE_H

#include "base/str.h"

#define DNS_HEADER      12
#define DNS_NAME_MAX    255 /* bytes of text */
#define DNS_MESSAGE_MAX 65535
#define DNS_UDP_PLAIN   512  /* what a client without EDNS0 takes */
#define DNS_UDP_MAX     1232 /* what we send at most in one datagram: never a fragment */

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_OPT = 41,
	DNS_ANY = 255,
};
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};
enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_query {
	uint16_t id, type, class;
	unsigned opcode;
	bool recursion_desired, odd;
	bool edns, dnssec_ok;
	uint16_t udp_size;   /* what the client takes in a datagram, at least DNS_UDP_PLAIN */
	struct str question; /* its wire form; borrowed from the message */
	char text[DNS_NAME_MAX + 1];
	struct str name; /* of `text` */
};
/* 0: fine. An rcode: answer with it. -1: say nothing (a response, or too short to answer). `out` is as far read as it says. */
int dns_query_read(const void *p, size_t n, struct dns_query *out);

/* An answer under construction. Records are added section by section. What doesn't fit sets the bit that says so. */
struct dns_answer {
	uint8_t *p;
	size_t n, max;
	uint16_t counts[3];
	enum dns_rcode rcode;
	bool authoritative, truncated, edns, dnssec_ok;
};
/* `max`: the room at p. Room for the answer's own OPT record is kept. */
void dns_answer_begin(struct dns_answer *a, void *p, size_t max, const struct dns_query *q);
size_t dns_answer_end(struct dns_answer *a, const struct dns_query *q); /* its size */

/* Owners are places of names in the message; DNS_HEADER is where the question stands. The adding functions give the place of
 * the name that they wrote last (SRV, CNAME: the target), or 0 when the record did not fit. */
size_t dns_add_address(struct dns_answer *a, enum dns_section s, size_t owner, uint32_t ttl,
		       const uint8_t *address, size_t n); /* 4 or 16 bytes */
size_t dns_add_name(struct dns_answer *a, enum dns_section s, size_t owner, enum dns_type type,
		    uint32_t ttl, struct str name); /* CNAME, NS, PTR */
size_t dns_add_srv(struct dns_answer *a, size_t owner, uint32_t ttl, uint16_t weight, uint16_t port,
		   struct str target);
size_t dns_add_text(struct dns_answer *a, size_t owner, uint32_t ttl, struct str text);
struct dns_soa {
	struct str mname, rname;
	uint32_t serial, refresh, retry, expire, minimum;
};
size_t dns_add_soa(struct dns_answer *a, enum dns_section s, size_t owner, uint32_t ttl,
		   const struct dns_soa *soa);
/* Takes addresses and aliases over from the answer section of a response (names are unfolded). */
void dns_add_from(struct dns_answer *a, const void *response, size_t n);

/* Walks the records of a message, any section. */
struct dns_record {
	size_t owner, ttl_at, data; /* places */
	uint16_t type, class, data_n;
	uint32_t ttl;
	enum dns_section section;
};
struct dns_walk {
	const uint8_t *p;
	size_t n, at;
	unsigned left[3];
};
bool dns_walk_begin(struct dns_walk *w, const void *p, size_t n); /* false: not a message */
bool dns_walk_next(struct dns_walk *w, struct dns_record *out);   /* false: the end, or broken */
/* The name at a place as text (lower case), pointers followed; false: broken or odd. */
bool dns_name_text(const void *p, size_t n, size_t at, char out[DNS_NAME_MAX + 1]);

uint16_t dns_get16(const void *p, size_t at);
void dns_put16(void *p, size_t at, unsigned v);
uint32_t dns_get32(const void *p, size_t at);
void dns_put32(void *p, size_t at, uint32_t v);

#endif
