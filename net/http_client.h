/* SPDX-License-Identifier: Apache-2.0 */
/* Asynchronous HTTP/1.1 client on a loop, for the server's calls to nodes, probes, proxying and remote watches: pooled
 * keep-alive connections per origin, streaming bodies both ways, upgrades. (Image pulls use libcurl.) A call that fails on a
 * kept connection before anything came back is tried once more on a new one. Callbacks never come from inside these
 * functions. The TLS client must not offer "h2". Loop thread only. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "net/http_server.h"

struct http_client;
struct http_client *http_client_new(struct loop *l);
/* calls under way are cancelled; freed when the last is done */
void http_client_free(struct http_client *c);

struct http_response {
	int status;
	const struct http_field *fields;
	size_t nfields;
};
struct http_call;
struct http_call_ops {
	void (*response)(struct http_call *, const struct http_response *);
	void (*data)(struct http_call *, const char *p, size_t n);
	/* instead of data, after response with status 101; yours; done follows */
	void (*upgraded)(struct http_call *, struct stream *s);
	/* last call; err == NULL: complete. Frees nothing of yours */
	void (*done)(struct http_call *, const struct err *err);
	void (*drain)(struct http_call *); /* streaming: what was written is sent; may be NULL */
};
struct http_call_spec {
	struct tls_client *tls; /* NULL: http */
	const char *host;       /* name or address */
	int port;
	struct str method, target, authority;
	const struct http_field *fields; /* connection, upgrade, … as given */
	size_t nfields;
	struct str body; /* copied; or stream with http_call_write()/end when streaming is set */
	bool streaming;
	uint64_t connect_timeout_ms, timeout_ms; /* 0: none */
	const struct http_call_ops *ops;
	void *ctx;
};
struct http_call *http_call_start(struct http_client *c, const struct http_call_spec *spec);
void *http_call_ctx(struct http_call *call);
void http_call_write(struct http_call *call, struct chunk *c, size_t n);
void http_call_end(struct http_call *call);
/* streaming: written and not yet sent */
size_t http_call_queued_bytes(const struct http_call *call);
void http_call_pause(struct http_call *call, bool paused); /* stop reading the response */
void http_call_cancel(struct http_call *call);             /* done(err) follows */

#endif
