/* SPDX-License-Identifier: Apache-2.0 */
/* Hands a request over to the reverse proxy and keeps its books: metrics and references, when the connection is over. */
#ifndef SERVER_APISERVER_KUBELET_PASSAGE_H
#define SERVER_APISERVER_KUBELET_PASSAGE_H

#include "net/proxy.h"
#include "server/apiserver/request.h"

struct passage {
	struct tls_client *tls; /* NULL: http */
	const char *host;
	int port;
	struct str target; /* path and query */
	struct str prefix; /* where the client sees its "/": for links */
};
/* Answers with an error when the request did not come over HTTP. */
void passage_open(struct api_request *r, const struct passage *p);
/* The path behind a proxy subresource as it was sent (still encoded), from its '/' on; empty when there is none. */
struct str passage_subpath(const struct api_request *r);

#endif
