/* SPDX-License-Identifier: Apache-2.0 */
/* The session: what the owner sees. Everything that could surprise a caller (ready, opened, held data, gone) is told by `deliver`
 * at the end of the loop's turn. */
#include "net/channels.h"

#include <string.h>

#include "net/channels_session.h"
#include "net/websocket.h"

#define HOLD_BYTES  (256 * 1024)
#define PATIENCE_MS 30000

static struct chan *of(struct channel *c)
{
	return CONTAINER_OF(c, struct chan, pub);
}

/* ---- life ---- */

static void chan_free(struct chan *c)
{
	buf_free(&c->held);
	free(c->request_id);
	free(c);
}

struct chan *session_add(struct channels *s, enum channel_kind kind, uint32_t id)
{
	struct chan *c = NEW(struct chan);
	c->pub.kind = kind;
	c->session = s;
	c->id = id;
	c->writable = true;
	list_add_tail(&s->chans, &c->link);
	s->nchans++;
	return c;
}

struct chan *session_find(struct channels *s, uint32_t id)
{
	LIST_EACH(&s->chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (c->id == id)
			return c;
	}
	return NULL;
}

static void not_over_full(struct channels *s, struct chan *c)
{
	if (c->held.n > HOLD_BYTES && --s->over_full == 0 && !s->dead)
		s->wire->pause(s, false);
}

void session_drop(struct channels *s, struct chan *c)
{
	not_over_full(s, c);
	if (c->peer)
		c->peer->peer = NULL;
	list_del(&c->link);
	s->nchans--;
	chan_free(c);
}

size_t session_expected(const struct channels *s)
{
	return 1u + s->config.in + s->config.out + s->config.err_out +
	       (s->config.tty && s->version >= 3);
}

static bool is_complete(const struct channels *s)
{
	return s->config.use == CHANNELS_REMOTE_COMMAND && s->nchans >= session_expected(s);
}

static void tell_new(struct channels *s)
{
	const struct channels_ops *ops = s->config.ops;
	if (!s->ready_told && is_complete(s)) {
		s->ready_told = true;
		loop_timer_stop(&s->patience);
		if (ops->ready)
			ops->ready(s);
	}
	LIST_EACH_SAFE(&s->chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (c->pub.kind != CHANNEL_DATA || c->announced || !c->peer || s->dead)
			continue;
		c->announced = c->peer->announced = true;
		if (ops->opened)
			ops->opened(s, &c->pub);
	}
}

static bool is_started(const struct channels *s, const struct chan *c)
{
	return s->config.use == CHANNELS_REMOTE_COMMAND ? s->ready_told : c->announced;
}

static void deliver_held(struct channels *s, struct chan *c)
{
	if (c->paused || !is_started(s, c) || s->dead)
		return;
	if (c->held.n > 0) {
		struct buf held = c->held;
		not_over_full(s, c);
		c->held = (struct buf){ 0 };
		if (s->config.ops->data)
			s->config.ops->data(s, &c->pub, held.p, held.n);
		buf_free(&held);
	}
	if (c->in_ended && !c->end_told && c->held.n == 0 && !c->paused) {
		c->end_told = true;
		if (s->config.ops->ended)
			s->config.ops->ended(s, &c->pub);
	}
}

/* A port-forward pair that both sides have ended. */
static bool is_over(const struct chan *c)
{
	const struct chan *e = c->peer;
	return c->pub.kind == CHANNEL_DATA && c->announced && e && c->end_told && c->out_ended &&
	       e->out_ended;
}

static void drop_over(struct channels *s)
{
	LIST_EACH_SAFE(&s->chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (!is_over(c))
			continue;
		if (s->config.ops->gone)
			s->config.ops->gone(s, &c->pub);
		struct chan *e = c->peer;
		if (it_next == &e->link)
			it_next = e->link.next;
		session_drop(s, e);
		session_drop(s, c);
	}
}

static void run_deliver(struct loop_later *t)
{
	struct channels *s = CONTAINER_OF(t, struct channels, deliver);
	tell_new(s);
	LIST_EACH_SAFE(&s->chans, it)
	deliver_held(s, LIST_ITEM(it, struct chan, link));
	if (s->config.use == CHANNELS_PORT_FORWARD)
		drop_over(s);
}

void session_schedule(struct channels *s)
{
	if (!s->dead)
		loop_later(s->loop, &s->deliver);
}

static void on_patience(struct loop_timer *t)
{
	struct channels *s = CONTAINER_OF(t, struct channels, patience);
	if (!s->dead)
		s->wire->kill(s);
}

void session_init(struct channels *s, struct loop *l, const struct channels_config *c,
		  const struct channels_wire *wire)
{
	s->wire = wire;
	s->loop = l;
	s->config = *c;
	list_init(&s->chans);
	loop_later_init(&s->deliver, run_deliver);
	loop_timer_init(l, &s->patience, on_patience);
	if (c->use == CHANNELS_REMOTE_COMMAND)
		loop_timer_start(&s->patience, PATIENCE_MS);
}

static void on_patience_closed(struct loop_timer *t)
{
	struct channels *s = CONTAINER_OF(t, struct channels, patience);
	while (!list_empty(&s->chans))
		session_drop(s, LIST_ITEM(s->chans.next, struct chan, link));
	s->wire->free(s);
}

void session_closed(struct channels *s)
{
	s->dead = true;
	loop_later_cancel(&s->deliver);
	s->config.ops->closed(s);
	loop_timer_close(&s->patience, on_patience_closed);
}

/* ---- input ---- */

void session_data(struct channels *s, struct chan *c, const char *p, size_t n)
{
	if (s->dead || s->closing || c->in_ended)
		return;
	if (!c->paused && c->held.n == 0 && is_started(s, c)) {
		if (s->config.ops->data)
			s->config.ops->data(s, &c->pub, p, n);
		return;
	}
	bool was_full = c->held.n > HOLD_BYTES;
	buf_add(&c->held, p, n);
	if (!was_full && c->held.n > HOLD_BYTES && s->over_full++ == 0)
		s->wire->pause(s, true);
	session_schedule(s);
}

void session_ended(struct channels *s, struct chan *c)
{
	c->in_ended = true;
	session_schedule(s);
}

void session_drained(struct channels *s)
{
	LIST_EACH_SAFE(&s->chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		bool had = c->pub.queued_bytes > 0;
		c->pub.queued_bytes = 0;
		if (had && s->config.ops->drained && !s->dead)
			s->config.ops->drained(s, &c->pub);
	}
}

/* ---- the owner's verbs ---- */

struct channels *channels_accept(struct http_request *req, const struct channels_config *c)
{
	if (websocket_requested(req))
		return channels_accept_websocket(req, c);
	return channels_accept_spdy(req, c);
}

void *channels_ctx(struct channels *s)
{
	return s->config.ctx;
}

struct channel *channels_find(struct channels *s, enum channel_kind kind)
{
	LIST_EACH(&s->chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (c->pub.kind == kind)
			return &c->pub;
	}
	return NULL;
}

struct channel *channel_peer(struct channels *s, struct channel *c)
{
	(void)s;
	return of(c)->peer ? &of(c)->peer->pub : NULL;
}

void channel_write(struct channels *s, struct channel *c, const void *p, size_t n)
{
	struct chan *k = of(c);
	if (s->dead || s->closing || k->out_ended || !k->writable || n == 0)
		return;
	s->wire->write(s, k, str_of(p, n));
	c->queued_bytes = s->wire->queued(s);
}

void channel_end(struct channels *s, struct channel *c)
{
	struct chan *k = of(c);
	if (s->dead || s->closing || k->out_ended)
		return;
	k->out_ended = true;
	s->wire->end(s, k);
	session_schedule(s);
}

static void reset_one(struct channels *s, struct chan *k)
{
	s->wire->reset(s, k);
	k->out_ended = k->in_ended = true;
	not_over_full(s, k);
	buf_free(&k->held);
	k->paused = false;
}

void channel_reset(struct channels *s, struct channel *c)
{
	struct chan *k = of(c);
	if (s->dead || s->closing)
		return;
	reset_one(s, k);
	if (k->peer)
		reset_one(s, k->peer);
	session_schedule(s);
}

void channel_pause(struct channels *s, struct channel *c, bool paused)
{
	of(c)->paused = paused;
	if (!paused)
		session_schedule(s);
}

static void add_quoted(struct buf *b, const char *text)
{
	buf_json_string(b, str_from(text));
}

static void add_exit_status(struct buf *b, int code)
{
	if (code == 0) {
		buf_puts(b, "{\"metadata\":{},\"status\":\"Success\"}");
		return;
	}
	buf_printf(b,
		   "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"command terminated with "
		   "non-zero exit code: exit status %d\","
		   "\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{\"reason\":"
		   "\"ExitCode\",\"message\":\"%d\"}]}}",
		   code, code);
}

static void add_failure(struct buf *b, const char *why)
{
	auto_buf message = { 0 };
	buf_printf(&message, "Internal error occurred: error executing command in container: %s",
		   why);
	buf_puts(b, "{\"metadata\":{},\"status\":\"Failure\",\"message\":");
	add_quoted(b, message.p);
	buf_puts(b, ",\"reason\":\"InternalError\",\"details\":{\"causes\":[{\"message\":");
	add_quoted(b, message.p + strlen("Internal error occurred: "));
	buf_puts(b, "}]},\"code\":500}");
}

static void add_plain(struct buf *b, int code, const struct err *err)
{
	if (err)
		buf_printf(b, "Internal error occurred: error executing command in container: %s",
			   err_text(err));
	else if (code != 0)
		buf_printf(b, "command terminated with non-zero exit code: exit status %d", code);
}

void channels_finish_exec(struct channels *s, int exit_code, const struct err *err)
{
	struct channel *c = channels_find(s, CHANNEL_ERROR);
	auto_buf b = { 0 };
	if (s->dead || s->closing)
		return;
	if (s->version < 4)
		add_plain(&b, exit_code, err);
	else if (err)
		add_failure(&b, err_text(err));
	else
		add_exit_status(&b, exit_code);
	if (c && b.n > 0)
		channel_write(s, c, b.p, b.n);
	channels_close(s);
}

void channels_close(struct channels *s)
{
	if (s->dead || s->closing)
		return;
	LIST_EACH(&s->chans, it)
	{
		struct chan *c = LIST_ITEM(it, struct chan, link);
		if (!c->out_ended && c->writable)
			s->wire->end(s, c);
		c->out_ended = true;
	}
	s->closing = true;
	loop_timer_start(&s->patience, PATIENCE_MS);
	s->wire->close(s);
}
