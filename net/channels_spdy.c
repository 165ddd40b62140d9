/* SPDX-License-Identifier: Apache-2.0 */
/* Each channel is a stream that the client opens, with a header streamtype; port-forward adds port and requestid. The frames travel
 * over the upgraded connection, or in binary messages of a WebSocket (the tunnel that clients use for port-forward since 1.30). */
#include <string.h>

#include "net/channels_offer.h"
#include "net/channels_spdy.h"

#define LINGER_MS  1000
#define UNREAD_MAX (8 << 20) /* of answers to pings and the like, by a client that reads nothing */

static struct spdy_session *of(struct channels *s)
{
	return CONTAINER_OF(s, struct spdy_session, base);
}

/* ---- out ---- */

static void send_frame(void *ctx, struct str head, struct str body)
{
	struct spdy_session *k = ctx;
	if (k->base.dead)
		return;
	if (k->ws) {
		websocket_send(k->ws, WEBSOCKET_BINARY, head, body);
		return;
	}
	char *all = mem_alloc(head.n + body.n);
	memcpy(all, head.p, head.n);
	if (body.n)
		memcpy(all + head.n, body.p, body.n);
	struct chunk c = chunk_take(all, head.n + body.n);
	stream_write(k->stream, &c, 1);
}

static void wire_write(struct channels *s, struct chan *c, struct str data)
{
	spdy_data(of(s)->spdy, c->id, data, false);
}

static void wire_end(struct channels *s, struct chan *c)
{
	spdy_data(of(s)->spdy, c->id, STR(""), true);
}

static void wire_reset(struct channels *s, struct chan *c)
{
	spdy_reset(of(s)->spdy, c->id, SPDY_CANCEL);
}

static void wire_pause(struct channels *s, bool paused)
{
	struct spdy_session *k = of(s);
	if (k->ws)
		websocket_pause(k->ws, paused);
	else if (paused)
		stream_read_stop(k->stream);
	else
		stream_read_start(k->stream);
}

/* The streams have been ended; GOAWAY lets the client stop, and it has a moment to close first. */
static void wire_close(struct channels *s)
{
	struct spdy_session *k = of(s);
	k->ended = true;
	if (k->ws) {
		websocket_close(k->ws, 1000);
		return;
	}
	spdy_goaway(k->spdy, 0);
	stream_shutdown(k->stream);
	stream_read_start(k->stream);
	if (k->stream->queued_bytes == 0)
		loop_timer_start(&k->linger, LINGER_MS);
}

static void wire_kill(struct channels *s)
{
	struct spdy_session *k = of(s);
	if (k->ws)
		websocket_kill(k->ws);
	else
		stream_close(k->stream);
}

static size_t wire_queued(struct channels *s)
{
	struct spdy_session *k = of(s);
	return k->ws ? websocket_queued_bytes(k->ws) : k->stream->queued_bytes;
}

static void on_linger_closed(struct loop_timer *t)
{
	struct spdy_session *k = CONTAINER_OF(t, struct spdy_session, linger);
	spdy_free(k->spdy);
	free(k);
}

static void wire_free(struct channels *s)
{
	loop_timer_close(&of(s)->linger, on_linger_closed);
}

static const struct channels_wire wire = {
	.write = wire_write,
	.end = wire_end,
	.reset = wire_reset,
	.pause = wire_pause,
	.close = wire_close,
	.kill = wire_kill,
	.queued = wire_queued,
	.free = wire_free,
};

/* ---- what the streams bring ---- */

static void on_stream_data(void *ctx, uint32_t id, const char *p, size_t n)
{
	struct spdy_session *k = ctx;
	struct chan *c = session_find(&k->base, id);
	if (c)
		session_data(&k->base, c, p, n);
}

static void on_stream_ended(void *ctx, uint32_t id)
{
	struct spdy_session *k = ctx;
	struct chan *c = session_find(&k->base, id);
	if (c)
		session_ended(&k->base, c);
}

/* The client gives a stream up: nothing more comes, and nothing has to go. */
static void on_stream_reset(void *ctx, uint32_t id)
{
	struct spdy_session *k = ctx;
	struct chan *c = session_find(&k->base, id);
	if (!c)
		return;
	c->out_ended = true;
	session_ended(&k->base, c);
}

static const struct spdy_ops spdy_callbacks = {
	.send = send_frame,
	.opened = spdy_stream_opened,
	.data = on_stream_data,
	.ended = on_stream_ended,
	.reset = on_stream_reset,
};

/* ---- the connection below ---- */

static void take(struct spdy_session *k, const char *p, size_t n)
{
	if (k->base.dead || k->ended)
		return;
	if (!spdy_input(k->spdy, p, n) || wire_queued(&k->base) > UNREAD_MAX)
		wire_kill(&k->base);
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	take(s->ctx, p, n);
}

static void on_end(struct stream *s)
{
	stream_close(s);
}

static void on_drain(struct stream *s)
{
	struct spdy_session *k = s->ctx;
	if (k->ended)
		loop_timer_start(&k->linger, LINGER_MS);
	else
		session_drained(&k->base);
}

static void on_close(struct stream *s)
{
	struct spdy_session *k = s->ctx;
	session_closed(&k->base);
}

static void on_linger(struct loop_timer *t)
{
	struct spdy_session *k = CONTAINER_OF(t, struct spdy_session, linger);
	if (!k->base.dead)
		wire_kill(&k->base);
}

static void ws_data(void *ctx, const char *p, size_t n, bool first, bool last)
{
	(void)first;
	(void)last;
	take(ctx, p, n);
}

static void ws_drained(void *ctx)
{
	session_drained(&((struct spdy_session *)ctx)->base);
}

static void ws_closed(void *ctx)
{
	session_closed(&((struct spdy_session *)ctx)->base);
}

static const struct websocket_ops tunnel_ops = { .data = ws_data,
						 .drained = ws_drained,
						 .closed = ws_closed };

static void start(struct spdy_session *k, struct loop *l, const struct channels_config *c)
{
	session_init(&k->base, l, c, &wire);
	k->spdy = spdy_new(&spdy_callbacks, k);
	loop_timer_init(l, &k->linger, on_linger);
}

struct channels *channels_tunnel(struct http_request *req, const struct channels_config *c)
{
	struct loop *l = req->loop;
	struct spdy_session *k = NEW(struct spdy_session);
	k->ws = websocket_accept(req, "SPDY/3.1+portforward.k8s.io", &tunnel_ops, k);
	if (!k->ws) {
		free(k);
		return NULL;
	}
	start(k, l, c);
	return &k->base;
}

struct channels *channels_accept_spdy(struct http_request *req, const struct channels_config *c)
{
	struct spdy_protocol agreed;
	if (!spdy_agree(req, c->use, &agreed))
		return NULL;
	struct http_field f[] = { { STR("connection"), STR("Upgrade") },
				  { STR("upgrade"), STR("SPDY/3.1") },
				  { STR("x-stream-protocol-version"), str_from(agreed.name) } };
	struct loop *l = req->loop;
	struct stream *s = http_upgrade(req, f, COUNT_OF(f));
	if (!s) {
		spdy_refuse(req, ERR_BAD_REQUEST, "the connection can't be taken over");
		return NULL;
	}
	struct spdy_session *k = NEW(struct spdy_session);
	start(k, l, c);
	k->base.version = agreed.version;
	k->stream = s;
	s->ctx = k;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	stream_read_start(s);
	return &k->base;
}
