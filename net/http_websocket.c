/* SPDX-License-Identifier: Apache-2.0 */
/* A streaming answer in WebSocket messages: the exchange's verbs are replaced by ones that send messages. What the client sends is
 * ignored. Follows k8s.io/apimachinery's wsstream.Reader (logs) and the API server's watch over WebSocket. */
#include <string.h>

#include "base/encode.h"
#include "net/http_exchange.h"
#include "net/websocket.h"

struct http_messages {
	struct websocket *ws; /* NULL: gone */
	struct http_exchange *x;
	const struct http_exchange_ops *old;
	bool text, base64;
};

static const char *const protocols[] = { "binary.k8s.io", "base64.binary.k8s.io", "", NULL };

static void send_message(struct http_messages *m, struct str data)
{
	auto_buf encoded = { 0 };
	if (!m->ws)
		return;
	if (!m->base64) {
		websocket_send(m->ws, m->text ? WEBSOCKET_TEXT : WEBSOCKET_BINARY, STR(""), data);
		return;
	}
	if (data.n > 0)
		base64_encode(&encoded, data.p, data.n);
	websocket_send(m->ws, WEBSOCKET_TEXT, STR(""), buf_view(&encoded));
}

static void write_message(struct http_exchange *x, struct chunk *c, size_t n)
{
	auto_buf all = { 0 };
	struct str one = str_of(c[0].p, c[0].n);
	if (n > 1) {
		for (size_t i = 0; i < n; i++)
			buf_add(&all, c[i].p, c[i].n);
		one = buf_view(&all);
	}
	if (one.n > 0)
		send_message(x->messages, one);
	for (size_t i = 0; i < n; i++)
		chunk_release(&c[i]);
}

static void end_messages(struct http_exchange *x, const struct http_field *trailers, size_t n)
{
	(void)trailers;
	(void)n;
	if (x->messages->ws)
		websocket_close(x->messages->ws, 1000);
}

static void abort_messages(struct http_exchange *x)
{
	if (x->messages->ws)
		websocket_kill(x->messages->ws);
}

static void want_body(struct http_exchange *x)
{
	(void)x;
}

static size_t queued(const struct http_exchange *x)
{
	return x->messages->ws ? websocket_queued_bytes(x->messages->ws) : 0;
}

static void free_exchange(struct http_exchange *x)
{
	const struct http_exchange_ops *old = x->messages->old;
	free(x->messages);
	old->free(x);
}

static const struct http_exchange_ops message_ops = {
	.write = write_message,
	.end = end_messages,
	.abort = abort_messages,
	.want_body = want_body,
	.queued = queued,
	.free = free_exchange,
};

static void on_data(void *ctx, const char *p, size_t n, bool first, bool last)
{
	(void)ctx;
	(void)p;
	(void)n;
	(void)first;
	(void)last;
}

static void on_drained(void *ctx)
{
	struct http_messages *m = ctx;
	http_exchange_drained(m->x);
}

/* The exchange is finished by its connection right after this. */
static void on_closed(void *ctx)
{
	struct http_messages *m = ctx;
	m->ws = NULL;
}

static const struct websocket_ops ws_ops = { .data = on_data,
					     .drained = on_drained,
					     .closed = on_closed };

static void refuse(struct http_request *req)
{
	struct err err = { 0 };
	struct str wanted = http_header(req, "sec-websocket-protocol");
	err_set(&err, ERR_FORBIDDEN,
		"requested protocol(s) are not supported: [%.*s]; supports [%s %s]",
		STR_ARG(wanted), protocols[0], protocols[1]);
	http_reply_err(req, &err);
	err_clear(&err);
}

bool http_websocket_start(struct http_request *req, bool text, bool greet)
{
	struct http_exchange *x = CONTAINER_OF(req, struct http_exchange, pub);
	if (x->closed || !websocket_requested(req))
		return false;
	const char *name = websocket_negotiate(req, protocols);
	if (!name) {
		refuse(req);
		return true;
	}
	struct http_messages *m = NEW(struct http_messages);
	m->x = x;
	m->text = text;
	m->base64 = strcmp(name, "base64.binary.k8s.io") == 0;
	m->ws = websocket_accept(req, name, &ws_ops, m);
	if (!m->ws) {
		free(m);
		return true;
	}
	m->old = x->ops;
	x->messages = m;
	x->ops = &message_ops;
	if (greet)
		send_message(m, STR(""));
	return true;
}
