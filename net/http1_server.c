/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 (RFC 9112), server side. One exchange at a time; what a pipelining client sent ahead waits in `input`.
 *
 * The parser pauses after the head and after the message, so that handlers never run inside it. While an exchange is under way
 * the socket is still read (up to INPUT_MAX ahead), which is how a client that goes away is noticed. */
#include "net/http1_conn.h"

#include "net/stream_wrap.h"

#define INPUT_MAX   (64 * 1024)
#define DISCARD_MAX (256 * 1024) /* of a body nobody wants, to keep the connection */

static struct http1 *of(struct http_conn *c)
{
	return CONTAINER_OF(c, struct http1, conn);
}

/* ---- parsing ---- */

static int limit(struct http1 *h, bool ok)
{
	if (ok)
		return 0;
	h->refusal = 431;
	return -1;
}

static int on_message_begin(llhttp_t *p)
{
	struct http1 *h = p->data;
	http1_head_reset(&h->head);
	h->head_complete = h->message_complete = false;
	return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	return limit(h, http1_head_target(&h->head, at, n));
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	/* with an exchange: trailers, dropped */
	return h->x ? 0 : limit(h, http1_head_name(&h->head, at, n));
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	return h->x ? 0 : limit(h, http1_head_value(&h->head, at, n));
}

static int on_headers_complete(llhttp_t *p)
{
	struct http1 *h = p->data;
	h->head_complete = true;
	return HPE_PAUSED;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	struct http1_exchange *x = h->x;
	if (!x)
		return 0;
	x->body_began = true;
	if (x->x.body_mode == HTTP_BODY_DISCARD) {
		x->discarded += n;
		if (x->discarded > DISCARD_MAX && x->x.ended) {
			x->keep_alive = false;
			loop_later(h->conn.home->loop, &h->resume);
		}
		return 0;
	}
	http1_arm(h, h->conn.home->body_ms);
	http_exchange_data(&x->x, at, n);
	h->body_stopped = h->x && !http_exchange_wants_body(&h->x->x);
	return h->body_stopped ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *p)
{
	struct http1 *h = p->data;
	h->message_complete = true;
	return h->x ? HPE_PAUSED : 0;
}

static const llhttp_settings_t *parser_settings(void)
{
	static const llhttp_settings_t settings = {
		.on_message_begin = on_message_begin,
		.on_url = on_url,
		.on_header_field = on_name,
		.on_header_value = on_value,
		.on_headers_complete = on_headers_complete,
		.on_body = on_body,
		.on_message_complete = on_message_complete,
	};
	return &settings;
}

static bool has_body(const llhttp_t *p)
{
	return (p->flags & F_CHUNKED) || p->content_length > 0;
}

static struct http1_exchange *exchange_new(struct http1 *h)
{
	struct http1_exchange *x = NEW(struct http1_exchange);
	struct http_request *req = &x->x.pub;
	http_exchange_init(&x->x, h->conn.home->loop, &http1_exchange_ops);
	x->conn = h;
	x->keep_alive = llhttp_should_keep_alive(&h->parser) && !h->draining;
	req->version = h->parser.http_minor == 0 ? 10 : 11;
	req->method = str_from(llhttp_method_name((llhttp_method_t)h->parser.method));
	x->x.is_head = h->parser.method == HTTP_HEAD;
	req->fields = http1_head_fields(&h->head, &x->x.arena, &req->nfields);
	req->authority = http_header(req, "host");
	http_exchange_set_target(&x->x, str_of(h->head.text.p, h->head.target_n));
	x->x.body_complete = !has_body(&h->parser);
	return x;
}

static void dispatch(struct http1 *h)
{
	int status;
	struct http1_exchange *x = exchange_new(h);
	const char *wrong = http1_check_head(h, x, &status);
	h->head_complete = false;
	loop_timer_stop(&h->timer);
	if (wrong) {
		http_exchange_finish(&x->x, true);
		http1_refuse(h, status, wrong);
		return;
	}
	h->state = HTTP1_EXCHANGE;
	h->x = x;
	http_conn_dispatch(&h->conn, &x->x);
}

static void complete_message(struct http1 *h)
{
	h->message_complete = false;
	loop_timer_stop(&h->timer);
	if (h->x && !h->x->x.body_complete)
		http_exchange_body_complete(&h->x->x);
	if (h->x && h->x->x.ended)
		loop_later(h->conn.home->loop, &h->resume);
}

static bool may_parse(const struct http1 *h)
{
	if (h->closing || h->state == HTTP1_LINGER || h->state == HTTP1_UPGRADED)
		return false;
	if (!h->x) /* a client that asks on and on and reads nothing has to wait */
		return h->conn.stream->queued_bytes < HTTP_HIGH_BYTES;
	return (!h->x->x.body_complete && http_exchange_wants_body(&h->x->x));
}

/* What the parser stopped for. False: the connection is done for. */
static bool after_stop(struct http1 *h, llhttp_errno_t e)
{
	if (e == HPE_PAUSED) {
		llhttp_resume(&h->parser);
		if (h->head_complete && !h->x)
			dispatch(h);
		else if (h->message_complete)
			complete_message(h);
		return true;
	}
	if (e == HPE_PAUSED_UPGRADE) { /* the handler answered it like any other request */
		llhttp_resume_after_upgrade(&h->parser);
		return true;
	}
	if (h->x && h->x->x.answered) {
		http1_close(h);
	} else {
		http1_drop_exchange(h);
		http1_refuse(h, h->refusal ? h->refusal : 400,
			     h->refusal == 431 ? "request header fields too large"
					       : "malformed HTTP request");
	}
	return false;
}

static size_t parse(struct http1 *h, const char *p, size_t n)
{
	size_t done = 0;
	h->parsing = true;
	while ((done < n || h->body_stopped) && may_parse(h)) {
		h->body_stopped = false;
		llhttp_errno_t e = llhttp_execute(&h->parser, p + done, n - done);
		if (e == HPE_OK) {
			done = n;
			break;
		}
		const char *at = llhttp_get_error_pos(&h->parser);
		done = at ? (size_t)(at - p) : n;
		if (!after_stop(h, e))
			break;
	}
	h->parsing = false;
	return done;
}

static void keep(struct http1 *h, const char *p, size_t n)
{
	if (n == 0)
		return;
	buf_add(&h->input, p, n);
	if (h->input.n > INPUT_MAX && !h->stopped_reading) {
		h->stopped_reading = true;
		stream_read_stop(h->conn.stream);
	}
}

/* Bytes that came with an upgrade's request belong to the new protocol. */
static void give_to_upgraded(struct http1 *h)
{
	if (h->input.n == 0)
		return;
	stream_wrap_pending(h->upgraded, buf_view(&h->input));
	buf_reset(&h->input);
}

static void take_input(struct http1 *h, const char *p, size_t n)
{
	if (h->state == HTTP1_LINGER || h->closing)
		return;
	if (h->state == HTTP1_IDLE && n > 0) {
		h->state = HTTP1_HEAD;
		http1_arm(h, h->conn.home->head_ms);
	}
	if (h->input.n > 0) {
		keep(h, p, n);
		struct buf in = h->input;
		h->input = (struct buf){ 0 };
		size_t done = parse(h, in.p, in.n);
		if (!h->closing && h->state != HTTP1_LINGER)
			keep(h, in.p + done, in.n - done);
		buf_free(&in);
	} else {
		size_t done = parse(h, p, n);
		if (!h->closing && h->state != HTTP1_LINGER)
			keep(h, p + done, n - done);
	}
	if (h->state == HTTP1_UPGRADED)
		give_to_upgraded(h);
	else if (h->stopped_reading && h->input.n <= INPUT_MAX && !h->closing &&
		 h->state != HTTP1_LINGER) {
		h->stopped_reading = false;
		stream_read_start(h->conn.stream);
	}
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	take_input(s->ctx, p, n);
}

static void run_resume(struct loop_later *t)
{
	struct http1 *h = CONTAINER_OF(t, struct http1, resume);
	if (h->closing)
		return;
	http1_settle(h);
	if (h->input.n > 0 || h->body_stopped)
		take_input(h, "", 0);
	http1_settle(h);
}

/* ---- the connection ---- */

static void on_end(struct stream *s)
{
	struct http1 *h = s->ctx;
	h->ended = true;
	bool patient = h->x && h->x->x.body_complete && (!h->x->x.answered || h->x->x.ended);
	bool sending = h->state == HTTP1_LINGER && s->queued_bytes > 0;
	if (!patient && !sending)
		http1_close(h);
}

static void on_drain(struct stream *s)
{
	struct http1 *h = s->ctx;
	if (h->x)
		http_exchange_drained(&h->x->x);
	else if (h->state == HTTP1_LINGER && h->ended)
		http1_close(h);
	else if (h->input.n > 0)
		loop_later(h->conn.home->loop, &h->resume);
}

static void on_timer_closed(struct loop_timer *t)
{
	struct http1 *h = CONTAINER_OF(t, struct http1, timer);
	http1_head_free(&h->head);
	buf_free(&h->input);
	free(h);
}

void http1_conn_free(struct http1 *h)
{
	loop_later_cancel(&h->resume);
	http_conn_gone(&h->conn);
	loop_timer_close(&h->timer, on_timer_closed);
}

static void on_close(struct stream *s)
{
	struct http1 *h = s->ctx;
	h->closing = true;
	http1_drop_exchange(h);
	http1_conn_free(h);
}

static void body_timed_out(struct http1 *h)
{
	struct http_exchange *x = &h->x->x;
	if (x->body_complete)
		return;
	if (!http_exchange_wants_body(x)) { /* it is we who wait */
		http1_arm(h, h->conn.home->body_ms);
	} else if (x->ended) {
		http1_close(h);
	} else if (!x->answered) {
		http1_drop_exchange(h);
		http1_refuse(h, 408, "the request's body took too long to arrive");
	}
}

/* The answer is complete but perhaps not sent: a client that takes it slowly may, one that takes nothing may not. */
static void linger_timed_out(struct http1 *h)
{
	size_t left = h->conn.stream->queued_bytes;
	if (left == 0 || left == h->linger_left) {
		http1_close(h);
		return;
	}
	h->linger_left = left;
	http1_arm(h, h->conn.home->body_ms);
}

static void on_timer(struct loop_timer *t)
{
	struct http1 *h = CONTAINER_OF(t, struct http1, timer);
	if (h->closing)
		return;
	if (h->state == HTTP1_HEAD)
		http1_refuse(h, 408, "the request's head took too long to arrive");
	else if (h->state == HTTP1_EXCHANGE && h->x)
		body_timed_out(h);
	else if (h->state == HTTP1_LINGER)
		linger_timed_out(h);
	else
		http1_close(h);
}

static void drain(struct http_conn *c)
{
	struct http1 *h = of(c);
	h->draining = true;
	if (h->state == HTTP1_IDLE)
		http1_close(h);
	else if (h->x && !h->x->x.answered)
		h->x->keep_alive = false;
}

static void kill_conn(struct http_conn *c)
{
	http1_close(of(c));
}

static void input(struct http_conn *c, const char *p, size_t n)
{
	take_input(of(c), p, n);
}

static const struct http_conn_ops conn_ops = { .input = input, .drain = drain, .kill = kill_conn };

struct http_conn *http1_conn_new(struct http_loop *home, struct stream *s,
				 const struct tls_peer *peer, const char *remote)
{
	struct http1 *h = NEW(struct http1);
	http_conn_init(&h->conn, home, s, peer, remote);
	h->conn.ops = &conn_ops;
	llhttp_init(&h->parser, HTTP_REQUEST, parser_settings());
	h->parser.data = h;
	loop_timer_init(home->loop, &h->timer, on_timer);
	loop_later_init(&h->resume, run_resume);
	http1_arm(h, h->conn.home->head_ms);
	s->ctx = h;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	stream_read_start(s);
	return &h->conn;
}
