/* SPDX-License-Identifier: Apache-2.0 */
/* Each channel is a stream that the client opens, with a header streamtype; port-forward adds port and requestid. The frames travel
 * over the upgraded connection, or in binary messages of a WebSocket (the tunnel that clients use for port-forward since 1.30). */
#include <string.h>

#include "net/channels_session.h"
#include "net/spdy.h"
#include "net/websocket.h"

#define STREAMS_MAX 2000
#define LINGER_MS   1000
#define UNREAD_MAX  (8 << 20) /* of answers to pings and the like, by a client that reads nothing */

struct spdy_session {
	struct channels base;
	struct spdy *spdy;
	struct stream *stream; /* NULL: tunnelled */
	struct websocket *ws;  /* NULL: not tunnelled */
	struct loop_timer linger;
	bool ended; /* our side said all */
};

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

/* ---- streams that the client opens ---- */

static struct str find(const struct spdy_header *h, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(h[i].name, str_from(name)))
			return h[i].value;
	}
	return (struct str){ 0 };
}

static const struct {
	const char *name;
	enum channel_kind kind;
} kinds[] = {
	{ "stdin", CHANNEL_STDIN }, { "stdout", CHANNEL_STDOUT }, { "stderr", CHANNEL_STDERR },
	{ "error", CHANNEL_ERROR }, { "resize", CHANNEL_RESIZE },
};

static bool open_command_stream(struct spdy_session *k, uint32_t id, struct str type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!str_eqz(type, kinds[i].name))
			continue;
		if (channels_find(&k->base, kinds[i].kind))
			return false;
		session_add(&k->base, kinds[i].kind, id);
		spdy_reply(k->spdy, id);
		session_schedule(&k->base);
		return true;
	}
	return false;
}

static struct chan *find_half(struct spdy_session *k, const char *request_id,
			      enum channel_kind kind)
{
	LIST_EACH(&k->base.chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (c->pub.kind == kind && !c->peer && strcmp(c->request_id, request_id) == 0)
			return c;
	}
	return NULL;
}

/* Clients before 1.4 sent no request id: their error stream comes first, its data stream has the next number. */
static char *request_id_of(struct str given, uint32_t id, bool data)
{
	if (given.n > 0)
		return str_dup(given);
	return str_printf("%u", data ? id - 2 : id);
}

static bool open_forward_stream(struct spdy_session *k, uint32_t id, struct str type,
				const struct spdy_header *h, size_t n)
{
	uint64_t port;
	bool data = str_eq(type, STR("data"));
	if (!str_to_u64(find(h, n, "port"), &port) || port < 1 || port > 65535)
		return false;
	if ((!data && !str_eq(type, STR("error"))) || k->base.nchans >= STREAMS_MAX)
		return false;
	char *request_id = request_id_of(find(h, n, "requestid"), id, data);
	if (find_half(k, request_id, data ? CHANNEL_DATA : CHANNEL_ERROR)) {
		free(request_id);
		return false;
	}
	struct chan *other = find_half(k, request_id, data ? CHANNEL_ERROR : CHANNEL_DATA);
	struct chan *c = session_add(&k->base, data ? CHANNEL_DATA : CHANNEL_ERROR, id);
	c->pub.port = (int)port;
	c->pub.request_id = c->request_id = request_id;
	c->peer = other;
	if (other)
		other->peer = c;
	spdy_reply(k->spdy, id);
	session_schedule(&k->base);
	return true;
}

static bool on_opened(void *ctx, uint32_t id, const struct spdy_header *h, size_t n)
{
	struct spdy_session *k = ctx;
	struct str type = find(h, n, "streamtype");
	if (k->base.dead || k->base.closing)
		return false;
	if (k->base.config.use == CHANNELS_REMOTE_COMMAND)
		return open_command_stream(k, id, type);
	return open_forward_stream(k, id, type, h, n);
}

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
	.opened = on_opened,
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

/* ---- negotiation: httpstream.Handshake's rules and texts ---- */

static const struct {
	const char *name;
	int version;
	enum channels_use use;
} protocols[] = {
	{ "v4.channel.k8s.io", 4, CHANNELS_REMOTE_COMMAND },
	{ "v3.channel.k8s.io", 3, CHANNELS_REMOTE_COMMAND },
	{ "v2.channel.k8s.io", 2, CHANNELS_REMOTE_COMMAND },
	{ "channel.k8s.io", 1, CHANNELS_REMOTE_COMMAND },
	{ "portforward.k8s.io", 1, CHANNELS_PORT_FORWARD },
};

static struct channels *refuse(struct http_request *req, enum err_reason reason, const char *why)
{
	struct err err = { 0 };
	err_set(&err, reason, "unable to upgrade: %s", why);
	http_reply_err(req, &err);
	err_clear(&err);
	return NULL;
}

static bool offers(struct str name, const struct http_request *req, bool *any)
{
	for (size_t i = 0; i < req->nfields; i++) {
		struct str list = req->fields[i].value, item;
		if (!str_eq(req->fields[i].name, STR("x-stream-protocol-version")))
			continue;
		while (str_next(&list, ',', &item)) {
			item = str_trim(item);
			*any |= item.n > 0;
			if (item.n > 0 && str_eq(item, name))
				return true;
		}
	}
	return false;
}

/* The client's order decides; it lists the newest first, as the table does. Index, or -1. */
static int negotiate(const struct http_request *req, enum channels_use use, bool *any)
{
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		if (protocols[i].use == use && offers(str_from(protocols[i].name), req, any))
			return (int)i;
	}
	return -1;
}

static struct channels *refuse_protocol(struct http_request *req, enum channels_use use)
{
	struct http_field f[8] = { { STR("content-type"), STR("text/plain; charset=utf-8") } };
	size_t n = 1;
	auto_buf text = { 0 };
	struct str wanted = http_header(req, "x-stream-protocol-version");
	buf_printf(&text,
		   "unable to upgrade: unable to negotiate protocol: client supports [%.*s], "
		   "server accepts [",
		   STR_ARG(wanted));
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		if (protocols[i].use != use)
			continue;
		buf_printf(&text, "%s%s", n > 1 ? " " : "", protocols[i].name);
		f[n++] = (struct http_field){ STR("x-accepted-stream-protocol-versions"),
					      str_from(protocols[i].name) };
	}
	buf_puts(&text, "]\n");
	struct chunk c = chunk_copy(buf_view(&text));
	http_reply(req, 403, f, n, &c, 1);
	return NULL;
}

static bool upgrade_asked(const struct http_request *req)
{
	struct str list = http_header(req, "connection"), item;
	while (str_next(&list, ',', &item)) {
		if (str_ieq(str_trim(item), STR("upgrade")))
			return str_ieq(http_header(req, "upgrade"), STR("SPDY/3.1"));
	}
	return false;
}

struct channels *channels_accept_spdy(struct http_request *req, const struct channels_config *c)
{
	bool any = false;
	if (!upgrade_asked(req))
		return refuse(req, ERR_BAD_REQUEST, "missing upgrade headers in request");
	int i = negotiate(req, c->use, &any);
	if (i < 0 && !any)
		return refuse(req, ERR_BAD_REQUEST,
			      "header X-Stream-Protocol-Version does not exist in request");
	if (i < 0)
		return refuse_protocol(req, c->use);
	struct http_field f[] = { { STR("connection"), STR("Upgrade") },
				  { STR("upgrade"), STR("SPDY/3.1") },
				  { STR("x-stream-protocol-version"),
				    str_from(protocols[i].name) } };
	struct loop *l = req->loop;
	struct stream *s = http_upgrade(req, f, COUNT_OF(f));
	if (!s)
		return refuse(req, ERR_BAD_REQUEST, "the connection can't be taken over");
	struct spdy_session *k = NEW(struct spdy_session);
	start(k, l, c);
	k->base.version = protocols[i].version;
	k->stream = s;
	s->ctx = k;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	stream_read_start(s);
	return &k->base;
}
