/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of other name servers, kept for as long as they say, 30 s at most (kubeadm's setting for CoreDNS). Bounded: the oldest
 * makes room. Loop thread only. */
#ifndef SERVER_DNS_CACHE_H
#define SERVER_DNS_CACHE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "server/dns/message.h"

#define DNS_CACHE_ENTRIES 4096
#define DNS_CACHE_BYTES   (2u << 20)
#define DNS_CACHE_TTL_S   30

struct dns_cache {
	struct map entries;
	struct list age; /* oldest first */
	size_t bytes;
};
void dns_cache_init(struct dns_cache *c);
void dns_cache_free(struct dns_cache *c);
/* Keeps an answer, if it is one that may be kept. */
void dns_cache_put(struct dns_cache *c, const struct dns_query *q, const void *answer, size_t n,
		   int64_t now_ms);
/* A copy with times to live as of now and the query's id; false: not there. */
bool dns_cache_get(struct dns_cache *c, const struct dns_query *q, int64_t now_ms, struct buf *out);

#endif
