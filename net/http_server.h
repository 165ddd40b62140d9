/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 (llhttp) and HTTP/2 (nghttp2) server over TLS or plain TCP. A connection stays on the loop that accepted it.
 * The handler gets a request when its head is complete and must answer it exactly once: http_reply(), or
 * http_stream_start() … http_stream_end(), or http_upgrade(). Malformed input is answered by the server itself with a
 * metav1.Status body (400, 413, 431, …); head limit 64 KiB, idle and slow-client timeouts. Loop thread of the request only. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "net/tls.h"

struct http_field {
	struct str name; /* lower case */
	struct str value;
};

/* Calls on a request whose client is gone do nothing (chunks are released); on_close tells. Callbacks never come from
 * inside these calls, except http_body_collect()'s and http_body_stream()'s when the body is already there. */
struct http_request {
	struct loop *loop;
	struct str method;      /* "GET" */
	struct str target;      /* path and query as sent */
	struct str path, query; /* still percent-encoded; query without '?' */
	struct str authority;   /* Host */
	const struct http_field *fields;
	size_t nfields;
	int version;                 /* 11 or 20 */
	const struct tls_peer *peer; /* verified client certificate, or NULL */
	bool peer_refused;           /* there is one, but it is not to be trusted, or is over */
	char remote[64];             /* address of the peer, no port */
	/* owner's: */
	void *user;
	/* streaming: queued bytes fell below the low mark */
	void (*on_drain)(struct http_request *);
	/* last call: answered completely or the client went away. May be NULL */
	void (*on_close)(struct http_request *);
};

typedef void (*http_handler)(void *ctx, struct http_request *req);

/* p == NULL if absent */
struct str http_header(const struct http_request *req, const char *lower_name);

/* Collects the body and calls back once, perhaps at once. Above `max`: err ERR_TOO_LARGE. The body is valid until on_close. */
typedef void (*http_body_fn)(struct http_request *req, struct str body, const struct err *err);
void http_body_collect(struct http_request *req, size_t max, http_body_fn fn);
/* Or piece by piece, for proxying: end is called once after the last data. */
void http_body_stream(struct http_request *req,
		      void (*data)(struct http_request *, const char *p, size_t n),
		      void (*end)(struct http_request *));
void http_body_pause(struct http_request *req, bool paused);

/* Whole answer; content-length is added. Takes the chunks over. */
void http_reply(struct http_request *req, int status, const struct http_field *fields,
		size_t nfields, struct chunk *body, size_t nbody);
/* Answer of unknown length, unless a content-length stands in the fields. http_stream_write() takes the chunks over and
 * returns the bytes now queued. */
void http_stream_start(struct http_request *req, int status, const struct http_field *fields,
		       size_t nfields);
size_t http_stream_write(struct http_request *req, struct chunk *body, size_t nbody);
void http_stream_end(struct http_request *req);
/* The same with trailing fields (gRPC). HTTP/1.1 sends them only in chunked answers. */
void http_stream_end_trailers(struct http_request *req, const struct http_field *fields,
			      size_t nfields);
/* written and not yet handed to the transport */
size_t http_queued_bytes(const struct http_request *req);
/* A metav1.Status of `err` as the whole answer, with causes and Retry-After. */
void http_reply_err(struct http_request *req, const struct err *err);
void http_abort(struct http_request *req); /* resets the stream or connection */

/* 101 Switching Protocols with these fields; HTTP/1.1 only (and RFC 8441 CONNECT on HTTP/2). The stream belongs to the
 * caller; the request ends (on_close) when the stream closes. NULL: not possible, answer the request otherwise. */
struct stream *http_upgrade(struct http_request *req, const struct http_field *fields,
			    size_t nfields);

/* Streaming answers for browsers. False: the request asks for no WebSocket, go on with http_stream_start(). True: it is answered;
 * each http_stream_write() is now one message, http_stream_end() closes, on_drain and on_close come as ever. Sub-protocols:
 * none and binary.k8s.io (binary messages, or text ones if `text`), base64.binary.k8s.io (text). `greet` sends an empty message
 * first, which tells a client of logs that it is connected. A broken handshake is answered with 400 or 403. */
bool http_websocket_start(struct http_request *req, bool text, bool greet);

struct http_server;
struct http_server_config {
	struct loop **loops; /* connections are spread over them */
	size_t nloops;
	struct tls_server *tls;       /* NULL: plain */
	const char *const *addresses; /* NULL-terminated, "0.0.0.0", "::", … */
	int port;
	http_handler handler;
	void *ctx;
	/* limits; 0: 10 s for a head, 180 s between requests, 30 s without a byte of a body */
	uint64_t head_ms, idle_ms, body_ms;
};
/* before the loops run, or on loops[0] */
int http_server_start(const struct http_server_config *c, struct http_server **out,
		      struct err *err);
int http_server_port(const struct http_server *s); /* the one that was taken when `port` was 0 */
/* Stops accepting, sends GOAWAY / closes idle connections; open streams have `ms` to end. Any thread.
 * done (may be NULL) is called on loops[0]; the server is freed after it. */
void http_server_stop(struct http_server *s, uint64_t ms, void (*done)(void *ctx), void *ctx);

#endif
