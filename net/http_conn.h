/* SPDX-License-Identifier: Apache-2.0 */
/* What the server knows of a connection of either protocol version. Private to net/. Loop thread only. */
#ifndef NET_HTTP_CONN_H
#define NET_HTTP_CONN_H

#include "net/http_exchange.h"

#define HTTP_LINGER_MS \
	1000 /* to read what a refused client still sends, so that it sees the answer */

struct http_loop {
	struct http_server *server;
	struct loop *loop;
	struct list conns;
	struct loop_timer deadline;
	uint64_t head_ms, idle_ms, body_ms;
	bool stopping;
};

struct http_conn;
struct http_conn_ops {
	/* bytes that were read before it took over */
	void (*input)(struct http_conn *, const char *p, size_t n);
	void (*drain)(struct http_conn *); /* end when what is under way is done */
	void (*kill)(struct http_conn *);  /* end now */
};
struct http_conn {
	struct list link;
	struct http_loop *home;
	const struct http_conn_ops *ops;
	struct stream *stream;
	const struct tls_peer *peer;
	bool peer_refused;
	char remote[64];
};

/* Take the stream over and start reading. */
struct http_conn *http1_conn_new(struct http_loop *home, struct stream *s,
				 const struct tls_peer *peer, const char *remote);
struct http_conn *http2_conn_new(struct http_loop *home, struct stream *s,
				 const struct tls_peer *peer, const char *remote);

/* Serves a connected socket as if loops[0] had accepted it. */
void http_server_adopt(struct http_server *s, int fd);
void http_conn_init(struct http_conn *c, struct http_loop *home, struct stream *s,
		    const struct tls_peer *peer, const char *remote);
void http_conn_gone(struct http_conn *c); /* before it is freed */
/* sets peer and remote, calls the handler */
void http_conn_dispatch(struct http_conn *c, struct http_exchange *x);

#endif
