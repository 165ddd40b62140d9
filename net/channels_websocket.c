/* SPDX-License-Identifier: Apache-2.0 */
/* A message is a byte for the channel (base64: a digit) and data. v5 adds the message 255, channel: the client ends that channel.
 * Port-forward: channels 2i and 2i+1 are data and error of the i-th port; both open with the port, 16 bits, little endian. */
#include <string.h>

#include "base/encode.h"
#include "net/channels_session.h"
#include "net/websocket.h"

#define CLOSE_SIGNAL 255
#define PORTS_MAX    100 /* keeps channel numbers within a byte */

struct ws_session {
	struct channels base;
	struct websocket *ws;
	bool base64;
	struct chan *target; /* of the message that is coming in; NULL: ignored */
	bool close_signal;
	unsigned char signal[2];
	size_t signal_n;
};

static struct ws_session *of(struct channels *s)
{
	return CONTAINER_OF(s, struct ws_session, base);
}

/* ---- out ---- */

static void ws_write(struct channels *s, struct chan *c, struct str data)
{
	struct ws_session *w = of(s);
	unsigned char number = (unsigned char)c->id;
	if (!w->base64) {
		websocket_send(w->ws, WEBSOCKET_BINARY, str_of(&number, 1), data);
		return;
	}
	auto_buf text = { 0 };
	number = (unsigned char)('0' + c->id);
	if (data.n > 0)
		base64_encode(&text, data.p, data.n);
	websocket_send(w->ws, WEBSOCKET_TEXT, str_of(&number, 1), buf_view(&text));
}

/* The protocol has no half close from the server; when all forwards have ended, the connection ends. */
static void ws_end(struct channels *s, struct chan *c)
{
	(void)c;
	if (s->config.use == CHANNELS_REMOTE_COMMAND)
		return;
	LIST_EACH(&s->chans, it)
	{
		if (!LIST_ITEM(it, struct chan, link)->out_ended)
			return;
	}
	channels_close(s);
}

static void ws_reset(struct channels *s, struct chan *c)
{
	c->out_ended = true;
	ws_end(s, c);
}

static void ws_pause(struct channels *s, bool paused)
{
	websocket_pause(of(s)->ws, paused);
}

static void ws_close(struct channels *s)
{
	websocket_close(of(s)->ws, 1000);
}

static void ws_kill(struct channels *s)
{
	websocket_kill(of(s)->ws);
}

static size_t ws_queued(struct channels *s)
{
	return websocket_queued_bytes(of(s)->ws);
}

static void ws_free(struct channels *s)
{
	free(of(s));
}

static const struct channels_wire ws_wire = {
	.write = ws_write,
	.end = ws_end,
	.reset = ws_reset,
	.pause = ws_pause,
	.close = ws_close,
	.kill = ws_kill,
	.queued = ws_queued,
	.free = ws_free,
};

/* ---- in ---- */

static void take_base64(struct channels *s, struct chan *c, const char *p, size_t n, bool last)
{
	auto_buf text = { 0 }, plain = { 0 };
	buf_add(&text, c->carry, c->carry_n);
	buf_add(&text, p, n);
	size_t whole = last ? text.n : text.n & ~(size_t)3;
	c->carry_n = text.n - whole;
	memcpy(c->carry, text.p + whole, c->carry_n);
	if (whole > 0 && base64_decode(&plain, str_of(text.p, whole)) && plain.n > 0)
		session_data(s, c, plain.p, plain.n);
}

static void take_signal(struct ws_session *w, const char *p, size_t n, bool last)
{
	for (; n > 0 && w->signal_n < 2; p++, n--)
		w->signal[w->signal_n++] = (unsigned char)*p;
	if (!last)
		return;
	struct chan *c = w->signal_n == 2 && n == 0 ? session_find(&w->base, w->signal[1]) : NULL;
	if (c)
		session_ended(&w->base, c);
	else
		websocket_close(w->ws, 1002);
}

static bool is_input(const struct chan *c)
{
	return c->pub.kind == CHANNEL_STDIN || c->pub.kind == CHANNEL_RESIZE ||
	       c->pub.kind == CHANNEL_DATA;
}

static void begin_message(struct ws_session *w, unsigned char number)
{
	w->close_signal = w->base.version == 5 && number == CLOSE_SIGNAL;
	w->signal_n = 0;
	w->target = session_find(&w->base, w->base64 ? (uint32_t)number - '0' : number);
	if (w->target && !is_input(w->target))
		w->target = NULL;
	if (w->target)
		w->target->carry_n = 0;
}

static void on_data(void *ctx, const char *p, size_t n, bool first, bool last)
{
	struct ws_session *w = ctx;
	if (first && n == 0) { /* empty, or the number comes with the next piece */
		w->target = NULL;
		w->close_signal = false;
		return;
	}
	if (first)
		begin_message(w, (unsigned char)*p);
	if (w->close_signal) {
		take_signal(w, p, n, last);
		return;
	}
	if (first) {
		p++;
		n--;
	}
	if (!w->target)
		return;
	if (w->base64)
		take_base64(&w->base, w->target, p, n, last);
	else if (n > 0)
		session_data(&w->base, w->target, p, n);
}

static void on_drained(void *ctx)
{
	session_drained(&((struct ws_session *)ctx)->base);
}

static void on_closed(void *ctx)
{
	session_closed(&((struct ws_session *)ctx)->base);
}

static const struct websocket_ops ws_ops = { .data = on_data,
					     .drained = on_drained,
					     .closed = on_closed };

/* ---- accept ---- */

static const struct {
	const char *name;
	int version;
	bool base64;
} protocols[] = {
	{ "v5.channel.k8s.io", 5, false },       { "v4.channel.k8s.io", 4, false },
	{ "v4.base64.channel.k8s.io", 4, true }, { "channel.k8s.io", 1, false },
	{ "base64.channel.k8s.io", 1, true },    { "", 1, false },
};
static const char *const command_protocols[] = { "v5.channel.k8s.io",
						 "v4.channel.k8s.io",
						 "v4.base64.channel.k8s.io",
						 "channel.k8s.io",
						 "base64.channel.k8s.io",
						 "",
						 NULL };
static const char tunnel_protocol[] = "SPDY/3.1+portforward.k8s.io";
static const char *const forward_protocols[] = { tunnel_protocol, "v4.channel.k8s.io",
						 "v4.base64.channel.k8s.io", "", NULL };

static void refuse_protocol(struct http_request *req, const char *const *supported)
{
	struct err err = { 0 };
	auto_buf list = { 0 };
	struct str wanted = http_header(req, "sec-websocket-protocol");
	for (const char *const *s = supported; *s; s++)
		buf_printf(&list, "%s%s", s == supported ? "" : " ", *s);
	err_set(&err, ERR_FORBIDDEN,
		"requested protocol(s) are not supported: [%.*s]; supports [%s]", STR_ARG(wanted),
		list.p);
	http_reply_err(req, &err);
	err_clear(&err);
}

static void add_command_channels(struct ws_session *w)
{
	const struct channels_config *c = &w->base.config;
	struct channels *s = &w->base;
	if (c->in)
		session_add(s, CHANNEL_STDIN, 0)->writable = false;
	if (c->out)
		session_add(s, CHANNEL_STDOUT, 1);
	if (c->err_out)
		session_add(s, CHANNEL_STDERR, 2);
	struct chan *error = session_add(s, CHANNEL_ERROR, 3);
	session_add(s, CHANNEL_RESIZE, 4)->writable = false;
	/* an empty message on the lowest channel we write to tells the client that it is connected */
	struct channel *first = channels_find(s, CHANNEL_STDOUT);
	if (!first)
		first = channels_find(s, CHANNEL_STDERR);
	ws_write(s, first ? CONTAINER_OF(first, struct chan, pub) : error, STR(""));
}

static void add_forward_channels(struct ws_session *w)
{
	const int *ports = w->base.config.ports;
	for (uint32_t i = 0; ports && ports[i] && i < PORTS_MAX; i++) {
		unsigned char port[2] = { (unsigned char)ports[i], (unsigned char)(ports[i] >> 8) };
		struct chan *data = session_add(&w->base, CHANNEL_DATA, 2 * i),
			    *error = session_add(&w->base, CHANNEL_ERROR, 2 * i + 1);
		data->pub.port = error->pub.port = ports[i];
		data->peer = error;
		error->peer = data;
		data->pub.request_id = data->request_id = str_printf("%u", i);
		error->pub.request_id = error->request_id = str_printf("%u", i);
		ws_write(&w->base, data, str_of(port, 2));
		ws_write(&w->base, error, str_of(port, 2));
	}
}

struct channels *channels_accept_websocket(struct http_request *req,
					   const struct channels_config *c)
{
	bool command = c->use == CHANNELS_REMOTE_COMMAND;
	const char *const *supported = command ? command_protocols : forward_protocols;
	const char *name = websocket_negotiate(req, supported);
	if (!name) {
		refuse_protocol(req, supported);
		return NULL;
	}
	if (strcmp(name, tunnel_protocol) == 0)
		return channels_tunnel(req, c);
	struct ws_session *w = NEW(struct ws_session);
	struct loop *l = req->loop;
	w->ws = websocket_accept(req, name, &ws_ops, w);
	if (!w->ws) {
		free(w);
		return NULL;
	}
	session_init(&w->base, l, c, &ws_wire);
	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		if (strcmp(protocols[i].name, name) == 0) {
			w->base.version = protocols[i].version;
			w->base64 = protocols[i].base64;
		}
	}
	if (command)
		add_command_channels(w);
	else
		add_forward_channels(w);
	session_schedule(&w->base);
	return &w->base;
}
