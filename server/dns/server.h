/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between the sockets and the answers. Private to this room. */
#ifndef SERVER_DNS_SERVER_H
#define SERVER_DNS_SERVER_H

#include "client/informer.h"
#include "server/dns/answer.h"
#include "server/dns/cache.h"
#include "server/dns/dns.h"
#include "server/dns/forward.h"

struct dns_udp;
struct dns_tcp;
struct metric;

#define DNS_ADDRESSES_MAX 4
struct dns {
	struct loop *loop;
	char *domain;
	struct dns_address addresses[DNS_ADDRESSES_MAX];
	size_t naddresses;
	int port;
	struct dns_records records;
	struct dns_zone zone;
	struct dns_cache cache;
	struct dns_forwarder *forwarder;
	struct informer *services, *slices, *namespaces;
	struct dns_udp *udp[DNS_ADDRESSES_MAX];
	struct dns_tcp *tcp[DNS_ADDRESSES_MAX];
	struct metric *answers[16]; /* by rcode */
};

/* Who asks. Copied. */
struct dns_asker {
	void (*later)(const struct dns_asker *who, const void *answer, size_t n);
	void *ctx;
	bool tcp;
	struct sockaddr_storage from; /* UDP */
};
/* Answers a message. What is known at once is written to `room`, and its size given back (0: nothing is to be said). What has to be
 * asked for elsewhere comes through who->later() exactly once: *waits tells. */
size_t dns_serve(struct dns *d, const void *query, size_t n, const struct dns_asker *who,
		 void *room, size_t max, bool *waits);

int dns_udp_open(struct dns *d, const struct sockaddr *address, struct dns_udp **out, int *port,
		 struct err *err);
void dns_udp_close(struct dns_udp *u);
int dns_tcp_open(struct dns *d, const struct sockaddr *address, struct dns_tcp **out,
		 struct err *err);
void dns_tcp_close(struct dns_tcp *t);

#endif
