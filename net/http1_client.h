/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1.1 connection of the client: parses responses for the call that uses it, or waits in the pool. It watches for the
 * server's end while it waits. Private to net/. Loop thread only. */
#ifndef NET_HTTP1_CLIENT_H
#define NET_HTTP1_CLIENT_H

#include "net/chunk_queue.h"
#include "net/http_client.h"

struct client_conn;
/* to the call; after complete, upgraded or broken the connection is not its any more */
struct client_conn_ops {
	void (*response)(void *ctx, const struct http_response *r);
	void (*body)(void *ctx, const char *p, size_t n);
	void (*sent)(void *ctx);
	void (*complete)(void *ctx, bool reusable); /* the callee keeps or closes the connection */
	void (*upgraded)(void *ctx, struct stream *s);
	void (*broken)(void *ctx, bool got_bytes, const char *why);
};

/* gone(gone_ctx) comes when a connection of the pool has left it. */
struct client_conn *client_conn_new(struct stream *s, const struct tls_client *tls,
				    const char *host, int port, void (*gone)(void *ctx),
				    void *gone_ctx);
struct stream *client_conn_begin(struct client_conn *k, const struct client_conn_ops *ops,
				 void *ctx, bool is_head);
struct stream *client_conn_stream(struct client_conn *k);
void client_conn_pause(struct client_conn *k, bool paused);
void client_conn_close(struct client_conn *k);
void client_conn_keep(struct client_conn *k, struct list *idle);
struct client_conn *client_conn_find(struct list *idle, const struct tls_client *tls,
				     const char *host, int port);
void client_conns_close(struct list *idle);

#endif
