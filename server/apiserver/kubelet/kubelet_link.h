/* SPDX-License-Identifier: Apache-2.0 */
/* How the API server reaches the kubelet of a node: address and port from the Node's status, TLS with the API server's own client
 * certificate, the node's certificate verified against its name. Any thread. */
#ifndef SERVER_APISERVER_KUBELET_KUBELET_LINK_H
#define SERVER_APISERVER_KUBELET_KUBELET_LINK_H

#include <pthread.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "net/tls.h"

struct apiserver;
struct kubelet_links { /* TLS clients by node name */
	pthread_mutex_t lock;
	struct map by_node;
	struct map retired; /* of certificates since renewed: connections may still use them */
};
struct kubelet_address {
	const char *host; /* in the arena */
	int port;
	struct tls_client *tls; /* lives as long as the server */
};
void kubelet_links_init(struct kubelet_links *k);
void kubelet_links_free(struct kubelet_links *k);
void kubelet_links_renewed(struct kubelet_links *k); /* the client certificate changed */
int kubelet_find(struct apiserver *s, struct str node, struct arena *a, struct kubelet_address *out,
		 struct err *err);

#endif
