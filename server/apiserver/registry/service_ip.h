/* SPDX-License-Identifier: Apache-2.0 */
/* Cluster IPs: ranges of addresses and which are taken. The truth is the Services in the cache; this is the reservation that
 * keeps two writers from choosing the same address at once. Locked inside, any thread. */
#ifndef SERVER_APISERVER_REGISTRY_SERVICE_IP_H
#define SERVER_APISERVER_REGISTRY_SERVICE_IP_H

#include <pthread.h>

#include "base/err.h"
#include "base/map.h"

#define IP_TEXT_MAX 46

struct ip_range {
	int family; /* 4 or 6 */
	unsigned char base[16];
	int prefix;
	uint64_t size; /* addresses in it, at most 2^20 are used */
};
bool ip_range_parse(struct str cidr, struct ip_range *out);
void ip_range_text(const struct ip_range *r, uint64_t offset, char out[IP_TEXT_MAX]);
bool ip_range_offset(const struct ip_range *r, const char *address,
		     uint64_t *out);                        /* false: not in the range */
void ip_canonical(const char *text, char out[IP_TEXT_MAX]); /* copies what it can't parse */
int service_ip_family(const char *text);                    /* 4, 6, or 0 */

struct service_ranges {
	pthread_mutex_t lock;
	struct ip_range range[2]; /* the first is the cluster's primary family */
	size_t n;
	struct ip_range *more; /* of ServiceCIDR objects, when they are ready */
	size_t nmore;
	struct map taken; /* address text → this */
};
int service_ranges_init(struct service_ranges *s, const char *cidrs, struct err *err);
void service_ranges_free(struct service_ranges *s);
/* The ranges beside the first ones; takes the list over. What has been taken stays so. */
void service_ranges_more(struct service_ranges *s, struct ip_range *take, size_t n);
/* Takes a free address of a family; the lower sixteenth of the range is left for those who ask by number. */
int service_ip_take_next(struct service_ranges *s, int family, char out[IP_TEXT_MAX],
			 struct err *err);
int service_ip_take(struct service_ranges *s, const char *address,
		    struct err *err); /* a certain one; Invalid text in upstream's words */
void service_ip_give_back(struct service_ranges *s, const char *address);

#endif
