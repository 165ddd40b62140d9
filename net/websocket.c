/* SPDX-License-Identifier: Apache-2.0 */
/* The connection around the parser: handshake (RFC 6455 4.2), pongs, and the closing handshake, for which the peer has a second. */
#include "net/websocket.h"

#include <string.h>

#define CLOSE_MS 1000
#define PONG_QUEUE_MAX \
	(64 * 1024) /* pings of a client that reads nothing are not answered any more */

struct websocket {
	struct stream *stream;
	struct websocket_parser parser;
	const struct websocket_ops *ops;
	void *ctx;
	struct loop_timer timer;
	bool close_sent, close_seen, gone;
};

static bool has_token(struct str list, const char *token)
{
	struct str item;
	while (str_next(&list, ',', &item)) {
		if (str_ieq(str_trim(item), str_from(token)))
			return true;
	}
	return false;
}

bool websocket_requested(const struct http_request *req)
{
	return str_ieq(http_header(req, "upgrade"), STR("websocket")) &&
	       has_token(http_header(req, "connection"), "upgrade");
}

static const char *find_protocol(struct str name, const char *const *supported)
{
	for (const char *const *s = supported; *s; s++) {
		if (str_eqz(name, *s))
			return *s;
	}
	return NULL;
}

const char *websocket_negotiate(const struct http_request *req, const char *const *supported)
{
	bool named = false;
	for (size_t i = 0; i < req->nfields; i++) {
		struct str list = req->fields[i].value, item;
		if (!str_eq(req->fields[i].name, STR("sec-websocket-protocol")))
			continue;
		while (str_next(&list, ',', &item)) {
			const char *found = find_protocol(str_trim(item), supported);
			named = true;
			if (found)
				return found;
		}
	}
	return named ? NULL : find_protocol(STR(""), supported);
}

static void send_frame(struct websocket *w, int opcode, struct str head, struct str body)
{
	unsigned char frame[10];
	size_t n = websocket_head(frame, opcode, head.n + body.n);
	char *all = mem_alloc(n + head.n + body.n);
	memcpy(all, frame, n);
	if (head.n)
		memcpy(all + n, head.p, head.n);
	if (body.n)
		memcpy(all + n + head.n, body.p, body.n);
	struct chunk c = chunk_take(all, n + head.n + body.n);
	stream_write(w->stream, &c, 1);
}

void websocket_send(struct websocket *w, int opcode, struct str head, struct str body)
{
	if (!w->gone && !w->close_sent)
		send_frame(w, opcode, head, body);
}

size_t websocket_queued_bytes(const struct websocket *w)
{
	return w->gone ? 0 : w->stream->queued_bytes;
}

void websocket_pause(struct websocket *w, bool paused)
{
	if (w->gone)
		return;
	if (paused)
		stream_read_stop(w->stream);
	else
		stream_read_start(w->stream);
}

static void finish_when_sent(struct websocket *w)
{
	if (w->close_sent && w->close_seen) {
		stream_shutdown(w->stream);
		if (w->stream->queued_bytes == 0)
			stream_close(w->stream);
	}
}

void websocket_close(struct websocket *w, int code)
{
	unsigned char payload[2] = { (unsigned char)(code >> 8), (unsigned char)code };
	if (w->gone || w->close_sent)
		return;
	send_frame(w, WEBSOCKET_CLOSE, str_of(payload, 2), STR(""));
	w->close_sent = true;
	stream_read_start(w->stream); /* for the peer's close */
	if (w->stream->queued_bytes == 0)
		loop_timer_start(&w->timer, CLOSE_MS);
	finish_when_sent(w);
}

void websocket_kill(struct websocket *w)
{
	if (!w->gone)
		stream_close(w->stream);
}

static void on_message(struct websocket_parser *p, const char *data, size_t n, bool first,
		       bool last)
{
	struct websocket *w = CONTAINER_OF(p, struct websocket, parser);
	if (!w->close_sent && !w->gone)
		w->ops->data(w->ctx, data, n, first, last);
}

static void on_control(struct websocket_parser *p, int opcode, const char *data, size_t n)
{
	struct websocket *w = CONTAINER_OF(p, struct websocket, parser);
	if (opcode == WEBSOCKET_PING && !w->close_sent &&
	    w->stream->queued_bytes < PONG_QUEUE_MAX) {
		send_frame(w, WEBSOCKET_PONG, str_of(data, n), STR(""));
	} else if (opcode == WEBSOCKET_CLOSE) {
		w->close_seen = true;
		websocket_close(w, n >= 2 ? (unsigned char)data[0] << 8 | (unsigned char)data[1]
					  : 1000);
		finish_when_sent(w);
	}
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct websocket *w = s->ctx;
	if (w->close_seen)
		return;
	int wrong = websocket_parse(&w->parser, p, n);
	if (wrong) {
		websocket_close(w, wrong);
		w->close_seen = true;
		finish_when_sent(w);
	}
}

static void on_end(struct stream *s)
{
	stream_close(s);
}

static void on_drain(struct stream *s)
{
	struct websocket *w = s->ctx;
	if (w->close_sent) {
		loop_timer_start(&w->timer, CLOSE_MS);
		finish_when_sent(w);
	} else if (w->ops->drained) {
		w->ops->drained(w->ctx);
	}
}

static void on_timer_closed(struct loop_timer *t)
{
	free(CONTAINER_OF(t, struct websocket, timer));
}

static void on_close(struct stream *s)
{
	struct websocket *w = s->ctx;
	w->gone = true;
	w->ops->closed(w->ctx);
	loop_timer_close(&w->timer, on_timer_closed);
}

static void on_timer(struct loop_timer *t)
{
	websocket_kill(CONTAINER_OF(t, struct websocket, timer));
}

static struct websocket *refuse(struct http_request *req, const char *why)
{
	struct err err = { 0 };
	err_set(&err, ERR_BAD_REQUEST, "unable to upgrade: %s", why);
	http_reply_err(req, &err);
	err_clear(&err);
	return NULL;
}

struct websocket *websocket_accept(struct http_request *req, const char *protocol,
				   const struct websocket_ops *ops, void *ctx)
{
	char accept[29];
	struct str key = http_header(req, "sec-websocket-key");
	struct http_field f[4] = { { STR("upgrade"), STR("websocket") },
				   { STR("connection"), STR("Upgrade") },
				   { STR("sec-websocket-accept"), { accept, 28 } } };
	if (!str_eq(req->method, STR("GET")) || key.n == 0 || key.n > 64)
		return refuse(req, "not a WebSocket handshake");
	if (!str_eq(http_header(req, "sec-websocket-version"), STR("13")))
		return refuse(req, "unsupported WebSocket version");
	websocket_accept_key(key, accept);
	f[3] = (struct http_field){ STR("sec-websocket-protocol"), str_from(protocol) };
	struct stream *s = http_upgrade(req, f, protocol[0] ? 4 : 3);
	if (!s)
		return refuse(req, "the connection can't be taken over");
	struct websocket *w = NEW(struct websocket);
	w->stream = s;
	w->ops = ops;
	w->ctx = ctx;
	w->parser.data = on_message;
	w->parser.control = on_control;
	loop_timer_init(s->loop, &w->timer, on_timer);
	s->ctx = w;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	stream_read_start(s);
	return w;
}
