/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 (RFC 9112), server side. One exchange at a time; what a pipelining client sent ahead waits in `input`.
 *
 *          bytes          head complete              answer ended, body read or discarded
 *   IDLE ────────► HEAD ───────────────► EXCHANGE ──────────────────────────────────────► IDLE
 *                    │ malformed, too slow    │ close wanted          upgrade
 *                    └──────────► LINGER ◄────┘                       └──────► UPGRADED
 *
 * The parser pauses after the head and after the message, so that handlers never run inside it. While an exchange is under way
 * the socket is still read (up to INPUT_MAX ahead), which is how a client that goes away is noticed. */
#include <llhttp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/http1.h"
#include "net/http_conn.h"
#include "net/stream_wrap.h"

#define INPUT_MAX   (64 * 1024)
#define DISCARD_MAX (256 * 1024) /* of a body nobody wants, to keep the connection */

enum state { STATE_IDLE, STATE_HEAD, STATE_EXCHANGE, STATE_LINGER, STATE_UPGRADED };

struct http1;
struct exchange {
	struct http_exchange x;
	struct http1 *conn; /* NULL: gone */
	bool chunked, keep_alive, expects_continue, body_began;
	size_t discarded;
};

struct http1 {
	struct http_conn conn;
	llhttp_t parser;
	struct http1_head head;
	struct buf input; /* read and not yet parsed */
	struct exchange *x;
	struct loop_timer timer;
	struct loop_later resume;
	enum state state;
	int refusal;        /* status to answer a parser error with */
	size_t linger_left; /* bytes unsent when the linger timer last looked */
	bool body_stopped;  /* by its consumer; the end may be due without another byte */
	bool head_complete, message_complete, parsing, closing, draining, ended, stopped_reading;
	struct stream *upgraded;
};

static struct http1 *of(struct http_conn *c)
{
	return CONTAINER_OF(c, struct http1, conn);
}

static struct exchange *exchange_of(const struct http_exchange *x)
{
	return CONTAINER_OF((struct http_exchange *)(uintptr_t)x, struct exchange, x);
}

static void close_now(struct http1 *h)
{
	if (h->closing)
		return;
	h->closing = true;
	stream_close(h->upgraded ? h->upgraded : h->conn.stream);
}

/* ---- writing ---- */

static void add_date(struct buf *out)
{
	char text[40];
	struct tm tm;
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_printf(out, "date: %s\r\n", text);
}

static void send_buf(struct http1 *h, struct buf *b)
{
	size_t n = b->n;
	struct chunk c = chunk_take(buf_take(b), n);
	stream_write(h->conn.stream, &c, 1);
}

static bool status_has_no_body(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static bool has_length(const struct http_field *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(f[i].name, STR("content-length")))
			return true;
	}
	return false;
}

static void respond(struct http_exchange *hx, int status, const struct http_field *f, size_t n,
		    int64_t length)
{
	struct exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	struct buf out = { 0 };
	bool http10 = hx->pub.version == 10;
	if (h->draining || (!hx->body_complete && x->expects_continue && !x->body_began))
		x->keep_alive = false;
	bool sized = length >= 0 || has_length(f, n);
	if (!sized && http10)
		x->keep_alive = false;
	x->chunked = !sized && !http10 && !hx->is_head && !status_has_no_body(status);
	buf_printf(&out, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
	http1_add_fields(&out, f, n);
	add_date(&out);
	if (x->chunked)
		buf_puts(&out, "transfer-encoding: chunked\r\n");
	else if (length >= 0 && !status_has_no_body(status))
		buf_printf(&out, "content-length: %lld\r\n", (long long)length);
	if (!x->keep_alive)
		buf_puts(&out, "connection: close\r\n");
	else if (http10)
		buf_puts(&out, "connection: keep-alive\r\n");
	buf_puts(&out, "\r\n");
	send_buf(h, &out);
}

static void write_body(struct http_exchange *hx, struct chunk *c, size_t n)
{
	struct exchange *x = exchange_of(hx);
	struct stream *s = x->conn->conn.stream;
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += c[i].n;
	if (!x->chunked || bytes == 0) {
		stream_write(s, c, n);
		return;
	}
	char size[24];
	struct chunk end = CHUNK_STATIC("\r\n");
	int len = snprintf(size, sizeof(size), "%zx\r\n", bytes);
	stream_write_copy(s, size, (size_t)len);
	stream_write(s, c, n);
	stream_write(s, &end, 1);
}

static void arm(struct http1 *h, uint64_t ms)
{
	loop_timer_start(&h->timer, ms);
}

/* Ends our side and reads on for a moment: closing with unread input would reset the connection under the answer. */
static void linger(struct http1 *h)
{
	h->state = STATE_LINGER;
	stream_shutdown(h->conn.stream);
	arm(h, HTTP_LINGER_MS);
	if (h->ended && h->conn.stream->queued_bytes == 0)
		close_now(h);
	else if (h->stopped_reading)
		stream_read_start(h->conn.stream);
	h->stopped_reading = false;
}

static void refuse(struct http1 *h, int status, const char *text)
{
	struct err err = { 0 };
	struct buf body = { 0 }, out = { 0 };
	static const struct {
		int status;
		enum err_reason reason;
	} reasons[] = { { 400, ERR_BAD_REQUEST }, { 413, ERR_TOO_LARGE }, { 408, ERR_TIMEOUT } };
	enum err_reason reason = ERR_BAD_REQUEST;
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		if (reasons[i].status == status)
			reason = reasons[i].reason;
	}
	err_set(&err, reason, "%s", text);
	err.code = status;
	http_status_body(&body, &err);
	buf_printf(&out,
		   "HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: "
		   "%zu\r\nconnection: close\r\n",
		   status, http_status_text(status), body.n);
	add_date(&out);
	buf_puts(&out, "\r\n");
	buf_str(&out, buf_view(&body));
	send_buf(h, &out);
	buf_free(&body);
	err_clear(&err);
	linger(h);
}

/* ---- the end of an exchange ---- */

static void next_request(struct http1 *h)
{
	h->x = NULL;
	http1_head_reset(&h->head);
	h->head_complete = false;
	if (h->draining && h->input.n == 0) {
		linger(h);
		return;
	}
	h->state = h->input.n > 0 ? STATE_HEAD : STATE_IDLE;
	arm(h, h->input.n > 0 ? h->conn.home->head_ms : h->conn.home->idle_ms);
	loop_later(h->conn.home->loop, &h->resume);
}

static void settle(struct http1 *h)
{
	struct exchange *x = h->x;
	if (!x || !x->x.ended || h->closing || h->state == STATE_UPGRADED)
		return;
	if (!x->keep_alive || h->ended) {
		h->x = NULL;
		x->conn = NULL;
		http_exchange_finish(&x->x, false);
		linger(h);
	} else if (x->x.body_complete) {
		x->conn = NULL;
		http_exchange_finish(&x->x, false);
		next_request(h);
	} else {
		x->x.body_mode = HTTP_BODY_DISCARD;
		x->x.body_paused = false;
		arm(h, h->conn.home->body_ms);
		loop_later(h->conn.home->loop, &h->resume);
	}
}

static void end(struct http_exchange *hx, const struct http_field *trailers, size_t n)
{
	struct exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	if (x->chunked) {
		struct buf out = { 0 };
		buf_puts(&out, "0\r\n");
		http1_add_fields(&out, trailers, n);
		buf_puts(&out, "\r\n");
		send_buf(h, &out);
	}
	if (!h->parsing)
		settle(h);
	else
		loop_later(h->conn.home->loop, &h->resume);
}

static void drop_exchange(struct http1 *h)
{
	struct exchange *x = h->x;
	if (!x)
		return;
	h->x = NULL;
	x->conn = NULL;
	http_exchange_finish(&x->x, true);
}

static void abort_exchange(struct http_exchange *hx)
{
	struct http1 *h = exchange_of(hx)->conn;
	drop_exchange(h);
	close_now(h);
}

static size_t queued(const struct http_exchange *hx)
{
	struct http1 *h = exchange_of(hx)->conn;
	return h ? h->conn.stream->queued_bytes : 0;
}

static void free_exchange(struct http_exchange *hx)
{
	free(exchange_of(hx));
}

static void want_body(struct http_exchange *hx)
{
	struct exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	if (hx->body_complete)
		return;
	if (x->expects_continue && !x->body_began && !hx->answered) {
		struct chunk c = CHUNK_STATIC("HTTP/1.1 100 Continue\r\n\r\n");
		stream_write(h->conn.stream, &c, 1);
		x->expects_continue = false;
	}
	arm(h, h->conn.home->body_ms);
	if (!h->parsing)
		loop_later(h->conn.home->loop, &h->resume);
}

/* ---- upgrade ---- */

static void free_conn(struct http1 *h);

static void on_upgraded_closed(void *ctx)
{
	struct http1 *h = ctx;
	h->closing = true;
	drop_exchange(h);
	free_conn(h);
}

static struct stream *upgrade(struct http_exchange *hx, const struct http_field *f, size_t n)
{
	struct exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	struct buf out = { 0 };
	if (hx->pub.version != 11 || !hx->body_complete)
		return NULL;
	buf_puts(&out, "HTTP/1.1 101 Switching Protocols\r\n");
	http1_add_fields(&out, f, n);
	buf_puts(&out, "\r\n");
	send_buf(h, &out);
	loop_timer_stop(&h->timer);
	h->state = STATE_UPGRADED;
	h->upgraded = stream_wrap(h->conn.stream, h->parsing ? STR("") : buf_view(&h->input),
				  on_upgraded_closed, h);
	return h->upgraded;
}

static const struct http_exchange_ops exchange_ops = {
	.respond = respond,
	.write = write_body,
	.end = end,
	.abort = abort_exchange,
	.want_body = want_body,
	.upgrade = upgrade,
	.queued = queued,
	.free = free_exchange,
};

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
	struct exchange *x = h->x;
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
	arm(h, h->conn.home->body_ms);
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

static struct exchange *exchange_new(struct http1 *h)
{
	struct exchange *x = NEW(struct exchange);
	struct http_request *req = &x->x.pub;
	http_exchange_init(&x->x, h->conn.home->loop, &exchange_ops);
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

static size_t count_fields(const struct http_request *req, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < req->nfields; i++)
		n += str_eqz(req->fields[i].name, name);
	return n;
}

/* RFC 9110 5.6.2; upper case is gone already */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			  (c && strchr("!#$%&'*+-.^_`|~", c));
		if (!ok)
			return false;
	}
	return s.n > 0;
}

static bool names_are_tokens(const struct http_request *req)
{
	for (size_t i = 0; i < req->nfields; i++) {
		if (!is_token(req->fields[i].name))
			return false;
	}
	return true;
}

static bool is_visible(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	}
	return s.n > 0;
}

/* What the parser lets pass and HTTP does not. Text of the refusal, or NULL. */
static const char *check_head(struct http1 *h, struct exchange *x, int *status)
{
	struct str expect = http_header(&x->x.pub, "expect");
	*status = 400;
	if (h->parser.http_major != 1)
		return *status = 505, "HTTP version not supported";
	if (!names_are_tokens(&x->x.pub))
		return "invalid header field name";
	if (!is_visible(x->x.pub.target))
		return "invalid request target";
	if (x->x.pub.version == 11 && !http_header(&x->x.pub, "host").p)
		return "missing required Host header";
	if (count_fields(&x->x.pub, "host") > 1)
		return "too many Host headers";
	if (expect.n > 0 && !str_ieq(expect, STR("100-continue")))
		return *status = 417, "unknown expectation";
	x->expects_continue = expect.n > 0 && x->x.pub.version == 11;
	return NULL;
}

static void dispatch(struct http1 *h)
{
	int status;
	struct exchange *x = exchange_new(h);
	const char *wrong = check_head(h, x, &status);
	h->head_complete = false;
	loop_timer_stop(&h->timer);
	if (wrong) {
		http_exchange_finish(&x->x, true);
		refuse(h, status, wrong);
		return;
	}
	h->state = STATE_EXCHANGE;
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
	if (h->closing || h->state == STATE_LINGER || h->state == STATE_UPGRADED)
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
		close_now(h);
	} else {
		drop_exchange(h);
		refuse(h, h->refusal ? h->refusal : 400,
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
	if (h->state == STATE_LINGER || h->closing)
		return;
	if (h->state == STATE_IDLE && n > 0) {
		h->state = STATE_HEAD;
		arm(h, h->conn.home->head_ms);
	}
	if (h->input.n > 0) {
		keep(h, p, n);
		struct buf in = h->input;
		h->input = (struct buf){ 0 };
		size_t done = parse(h, in.p, in.n);
		if (!h->closing && h->state != STATE_LINGER)
			keep(h, in.p + done, in.n - done);
		buf_free(&in);
	} else {
		size_t done = parse(h, p, n);
		if (!h->closing && h->state != STATE_LINGER)
			keep(h, p + done, n - done);
	}
	if (h->state == STATE_UPGRADED)
		give_to_upgraded(h);
	else if (h->stopped_reading && h->input.n <= INPUT_MAX && !h->closing &&
		 h->state != STATE_LINGER) {
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
	settle(h);
	if (h->input.n > 0 || h->body_stopped)
		take_input(h, "", 0);
	settle(h);
}

/* ---- the connection ---- */

static void on_end(struct stream *s)
{
	struct http1 *h = s->ctx;
	h->ended = true;
	bool patient = h->x && h->x->x.body_complete && (!h->x->x.answered || h->x->x.ended);
	bool sending = h->state == STATE_LINGER && s->queued_bytes > 0;
	if (!patient && !sending)
		close_now(h);
}

static void on_drain(struct stream *s)
{
	struct http1 *h = s->ctx;
	if (h->x)
		http_exchange_drained(&h->x->x);
	else if (h->state == STATE_LINGER && h->ended)
		close_now(h);
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

static void free_conn(struct http1 *h)
{
	loop_later_cancel(&h->resume);
	http_conn_gone(&h->conn);
	loop_timer_close(&h->timer, on_timer_closed);
}

static void on_close(struct stream *s)
{
	struct http1 *h = s->ctx;
	h->closing = true;
	drop_exchange(h);
	free_conn(h);
}

static void body_timed_out(struct http1 *h)
{
	struct http_exchange *x = &h->x->x;
	if (x->body_complete)
		return;
	if (!http_exchange_wants_body(x)) { /* it is we who wait */
		arm(h, h->conn.home->body_ms);
	} else if (x->ended) {
		close_now(h);
	} else if (!x->answered) {
		drop_exchange(h);
		refuse(h, 408, "the request's body took too long to arrive");
	}
}

/* The answer is complete but perhaps not sent: a client that takes it slowly may, one that takes nothing may not. */
static void linger_timed_out(struct http1 *h)
{
	size_t left = h->conn.stream->queued_bytes;
	if (left == 0 || left == h->linger_left) {
		close_now(h);
		return;
	}
	h->linger_left = left;
	arm(h, h->conn.home->body_ms);
}

static void on_timer(struct loop_timer *t)
{
	struct http1 *h = CONTAINER_OF(t, struct http1, timer);
	if (h->closing)
		return;
	if (h->state == STATE_HEAD)
		refuse(h, 408, "the request's head took too long to arrive");
	else if (h->state == STATE_EXCHANGE && h->x)
		body_timed_out(h);
	else if (h->state == STATE_LINGER)
		linger_timed_out(h);
	else
		close_now(h);
}

static void drain(struct http_conn *c)
{
	struct http1 *h = of(c);
	h->draining = true;
	if (h->state == STATE_IDLE)
		close_now(h);
	else if (h->x && !h->x->x.answered)
		h->x->keep_alive = false;
}

static void kill_conn(struct http_conn *c)
{
	close_now(of(c));
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
	arm(h, h->conn.home->head_ms);
	s->ctx = h;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	stream_read_start(s);
	return &h->conn;
}
