/* SPDX-License-Identifier: Apache-2.0 */
/* Answers, and how an exchange ends: the connection goes on, lingers and closes, or changes hands. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "net/http1_conn.h"
#include "net/stream_wrap.h"

static struct http1_exchange *exchange_of(const struct http_exchange *x)
{
	return CONTAINER_OF((struct http_exchange *)(uintptr_t)x, struct http1_exchange, x);
}

void http1_close(struct http1 *h)
{
	if (h->closing)
		return;
	h->closing = true;
	stream_close(h->upgraded ? h->upgraded : h->conn.stream);
}

static void add_date(struct buf *out)
{
	char text[TIME_TEXT_MAX];
	time_format_http(time(NULL), text);
	buf_puts(out, "date: ");
	buf_puts(out, text);
	buf_puts(out, "\r\n");
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
	struct http1_exchange *x = exchange_of(hx);
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
	struct http1_exchange *x = exchange_of(hx);
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

static void write_frame(struct http_exchange *hx, struct http_frame *f)
{
	struct http1_exchange *x = exchange_of(hx);
	struct chunk c = http_frame_chunk(f, x->chunked);
	stream_write(x->conn->conn.stream, &c, 1);
}

void http1_arm(struct http1 *h, uint64_t ms)
{
	loop_timer_start(&h->timer, ms);
}

/* Ends our side and reads on for a moment: closing with unread input would reset the connection under the answer. */
static void linger(struct http1 *h)
{
	h->state = HTTP1_LINGER;
	stream_shutdown(h->conn.stream);
	http1_arm(h, HTTP_LINGER_MS);
	if (h->ended && h->conn.stream->queued_bytes == 0)
		http1_close(h);
	else if (h->stopped_reading)
		stream_read_start(h->conn.stream);
	h->stopped_reading = false;
}

void http1_refuse(struct http1 *h, int status, const char *text)
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

static void next_request(struct http1 *h)
{
	h->x = NULL;
	http1_head_reset(&h->head);
	h->head_complete = false;
	if (h->draining && h->input.n == 0) {
		linger(h);
		return;
	}
	h->state = h->input.n > 0 ? HTTP1_HEAD : HTTP1_IDLE;
	http1_arm(h, h->input.n > 0 ? h->conn.home->head_ms : h->conn.home->idle_ms);
	loop_later(h->conn.home->loop, &h->resume);
}

void http1_settle(struct http1 *h)
{
	struct http1_exchange *x = h->x;
	if (!x || !x->x.ended || h->closing || h->state == HTTP1_UPGRADED)
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
		http1_arm(h, h->conn.home->body_ms);
		loop_later(h->conn.home->loop, &h->resume);
	}
}

static void end(struct http_exchange *hx, const struct http_field *trailers, size_t n)
{
	struct http1_exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	if (x->chunked) {
		struct buf out = { 0 };
		buf_puts(&out, "0\r\n");
		http1_add_fields(&out, trailers, n);
		buf_puts(&out, "\r\n");
		send_buf(h, &out);
	}
	if (!h->parsing)
		http1_settle(h);
	else
		loop_later(h->conn.home->loop, &h->resume);
}

void http1_drop_exchange(struct http1 *h)
{
	struct http1_exchange *x = h->x;
	if (!x)
		return;
	h->x = NULL;
	x->conn = NULL;
	http_exchange_finish(&x->x, true);
}

static void abort_exchange(struct http_exchange *hx)
{
	struct http1 *h = exchange_of(hx)->conn;
	http1_drop_exchange(h);
	http1_close(h);
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
	struct http1_exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	if (hx->body_complete)
		return;
	if (x->expects_continue && !x->body_began && !hx->answered) {
		struct chunk c = CHUNK_STATIC("HTTP/1.1 100 Continue\r\n\r\n");
		stream_write(h->conn.stream, &c, 1);
		x->expects_continue = false;
	}
	http1_arm(h, h->conn.home->body_ms);
	if (!h->parsing)
		loop_later(h->conn.home->loop, &h->resume);
}

static void on_upgraded_closed(void *ctx)
{
	struct http1 *h = ctx;
	h->closing = true;
	http1_drop_exchange(h);
	http1_conn_free(h);
}

static struct stream *upgrade(struct http_exchange *hx, const struct http_field *f, size_t n)
{
	struct http1_exchange *x = exchange_of(hx);
	struct http1 *h = x->conn;
	struct buf out = { 0 };
	if (hx->pub.version != 11 || !hx->body_complete)
		return NULL;
	buf_puts(&out, "HTTP/1.1 101 Switching Protocols\r\n");
	http1_add_fields(&out, f, n);
	buf_puts(&out, "\r\n");
	send_buf(h, &out);
	loop_timer_stop(&h->timer);
	h->state = HTTP1_UPGRADED;
	h->upgraded = stream_wrap(h->conn.stream, h->parsing ? STR("") : buf_view(&h->input),
				  on_upgraded_closed, h);
	return h->upgraded;
}

const struct http_exchange_ops http1_exchange_ops = {
	.respond = respond,
	.write = write_body,
	.write_frame = write_frame,
	.end = end,
	.abort = abort_exchange,
	.want_body = want_body,
	.upgrade = upgrade,
	.queued = queued,
	.free = free_exchange,
};
