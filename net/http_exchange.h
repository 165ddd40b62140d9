/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer, as HTTP/1.1 and HTTP/2 share it: what the handler asked for, the body's way to its consumer, and
 * the end. The codec embeds it and implements ops. Private to net/. Loop thread only.
 *
 *   head complete ─► handler ─► answer started ─► answer ended ─┐
 *        └── body: unclaimed ─► collected | streamed ─► complete │─► finish (end of turn): on_close, freed
 *   connection lost, aborted ────────────────────────────────────┘ */
#ifndef NET_HTTP_EXCHANGE_H
#define NET_HTTP_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/http_frame.h"

#define HTTP_HEAD_MAX (64 * 1024)
#define HTTP_HIGH_BYTES \
	(256 * 1024) /* a stream that queues more is told when it has drained below LOW */
#define HTTP_LOW_BYTES (64 * 1024)

struct http_exchange;
struct http_exchange_ops {
	/* length -1: unknown */
	void (*respond)(struct http_exchange *x, int status, const struct http_field *f, size_t n,
			int64_t length);
	void (*write)(struct http_exchange *x, struct chunk *c, size_t n);
	/* NULL: its body is written */
	void (*write_frame)(struct http_exchange *x, struct http_frame *f);
	void (*end)(struct http_exchange *x, const struct http_field *trailers, size_t n);
	void (*abort)(struct http_exchange *x);
	void (*want_body)(struct http_exchange *x); /* the consumer is there and not paused */
	struct stream *(*upgrade)(struct http_exchange *x, const struct http_field *f, size_t n);
	size_t (*queued)(const struct http_exchange *x);
	void (*free)(struct http_exchange *x);
};

enum http_body_mode { HTTP_BODY_UNCLAIMED, HTTP_BODY_COLLECT, HTTP_BODY_STREAM, HTTP_BODY_DISCARD };

struct http_exchange {
	struct http_request pub;
	const struct http_exchange_ops *ops;
	struct arena arena;
	bool answered, ended, closed, above_high, is_head, lost;
	bool body_paused, body_complete, body_told;
	enum http_body_mode body_mode;
	size_t body_max;
	struct buf collected;
	http_body_fn body_fn;
	void (*body_data)(struct http_request *, const char *, size_t);
	void (*body_end)(struct http_request *);
	struct loop_later finish;
	struct http_messages *messages; /* http_websocket_start() */
};

void http_exchange_init(struct http_exchange *x, struct loop *l,
			const struct http_exchange_ops *ops);
/* Sets target, path and query; copies `target` into the arena. */
void http_exchange_set_target(struct http_exchange *x, struct str target);
bool http_exchange_wants_body(const struct http_exchange *x); /* data may be delivered now */
void http_exchange_data(struct http_exchange *x, const char *p, size_t n);
void http_exchange_body_complete(struct http_exchange *x); /* tells the consumer, if there is one */
bool http_exchange_has_body(const struct http_request *req); /* more is to come */
void http_exchange_drained(struct http_exchange *x);         /* the codec sent something */
/* Nothing more will come of it: on_close at the end of the turn, then ops->free. `lost`: before its answer was complete. */
void http_exchange_finish(struct http_exchange *x, bool lost);

const char *http_status_text(int status);
bool http_field_is_hop(struct str lower_name); /* connection-specific, RFC 9110 7.6.1 */
void http_status_body(struct buf *out, const struct err *err); /* metav1.Status */

#endif
