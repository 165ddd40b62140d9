/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/2 connection of the server and its streams: http2_server.c receives and lives, http2_stream.c answers. Private to them. */
#ifndef NET_HTTP2_CONN_H
#define NET_HTTP2_CONN_H

#include <nghttp2/nghttp2.h>

#include "net/chunk_queue.h"
#include "net/http_conn.h"

struct http2;
struct h2_field {
	struct h2_field *next;
	struct http_field f;
};

struct h2_stream {
	struct http_exchange x;
	struct list link;
	struct http2 *conn; /* NULL: gone */
	int32_t id;
	struct chunk_queue out;
	struct h2_field *fields, **fields_end;
	size_t nfields, head_bytes;
	struct buf held; /* body that nobody wanted yet */
	struct http_field *trailers;
	size_t ntrailers;
	bool head_done, too_large, deferred, submitted, expects_continue, reset_after;
};

struct http2 {
	struct http_conn conn;
	nghttp2_session *session;
	struct list streams;
	size_t nstreams;
	struct chunk_queue scratch;
	struct loop_later flush;
	struct loop_timer timer;
	bool closing, draining;
};

extern const struct http_exchange_ops http2_exchange_ops;
void http2_close(struct http2 *h);
void http2_schedule(struct http2 *h); /* a flush at the end of the turn */
void http2_flush(struct http2 *h);
void http2_tell_drained(struct http2 *h);
void http2_arm(struct http2 *h);                    /* the idle timer, if there is no stream */
void http2_detach(struct h2_stream *st, bool lost); /* its stream is over */
void http2_submit_trailers(struct h2_stream *st);
int http2_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t n,
		    nghttp2_data_source *source, void *ctx);

#endif
