/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's name server on one node: answers for the cluster domain from informers, passes other questions on to the
 * machine's name servers and remembers their answers. UDP and TCP. All on the client's loop. */
#ifndef SERVER_DNS_DNS_H
#define SERVER_DNS_DNS_H

#include "client/client.h"

struct dns;
struct dns_config {
	struct client *client;        /* system:coredns; Services, EndpointSlices, Namespaces */
	const char *domain;           /* "cluster.local" */
	const char *const *addresses; /* to listen on, NULL-terminated; they are on this machine */
	int port;                     /* 53; 0 takes a free one of the first address, for tests */
	const char *resolv_conf;      /* of the machine */
	int forward_port;             /* of its name servers; 0: 53 */
};
int dns_start(const struct dns_config *c, struct dns **out, struct err *err);
int dns_port(const struct dns *d);
void dns_stop(
	struct dns *
		d); /* nothing is answered after this; freed when the loop has closed its sockets */

#endif
