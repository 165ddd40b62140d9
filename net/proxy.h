/* SPDX-License-Identifier: Apache-2.0 */
/* Reverse proxy of one request: exec, attach, log and port-forward to a kubelet, and the proxy subresources. Passes the request's
 * body and the response as they come, both with back-pressure; hop-by-hop fields stay behind (RFC 9110 7.6.1). A request that asks
 * for Upgrade (WebSocket, SPDY) gets the backend's 101 and is then a pair of spliced streams. A backend that can't be reached or
 * that fails before its head came is answered with 503 and a Status "error trying to reach service: …".
 * After proxy_request() the request belongs to the proxy: the handler must not answer it. Loop thread of the request. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "net/http_client.h"
#include "net/http_server.h"

struct proxy_spec {
	struct http_client *client; /* of the request's loop */
	struct tls_client *tls;     /* NULL: http */
	const char *host;
	int port;
	struct str target;    /* path and query to ask for */
	struct str authority; /* Host to send; empty: host:port */
	/* added, replacing those of the same name that the client sent */
	const struct http_field *fields;
	size_t nfields;
	/* lower-case names that are not passed on ("authorization"), NULL-terminated, or NULL */
	const char *const *drop;
	/* the path under which the client sees the backend's "/": put before the path in Location fields and in the links of pages
	 * (text/html), and told to the backend in X-Forwarded-Uri; empty: all that stays as it is */
	struct str prefix;
	uint64_t connect_timeout_ms; /* 0: 30 s */
	void (*closed)(void *ctx);   /* the request is over; may be NULL */
	void *ctx;
};
void proxy_request(struct http_request *req, const struct proxy_spec *spec);

#endif
