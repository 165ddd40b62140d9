/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 (RFC 9113), server side, on nghttp2. What handlers write waits in each stream's queue; once a turn nghttp2 is asked for
 * frames while the transport takes more, and DATA frames splice the queued chunks. A body is credited to the peer's window when
 * its consumer got it, so a slow handler slows its client.
 *
 * Floods: nghttp2 limits CONTINUATIONs, PINGs and SETTINGS that wait for our answer, and the rate of resets (rapid reset). */
#include "net/http2_conn.h"

#define STREAMS_MAX   250
#define STREAM_WINDOW (256 * 1024)
#define CONN_WINDOW   (1024 * 1024)
#define FIELDS_MAX    500
#define RESET_BURST   500
#define RESETS_PER_S  50
#define ACKS_MAX      200

static struct http2 *of(struct http_conn *c)
{
	return CONTAINER_OF(c, struct http2, conn);
}

static void run_flush(struct loop_later *t)
{
	struct http2 *h = CONTAINER_OF(t, struct http2, flush);
	if (h->closing)
		return;
	http2_flush(h);
	http2_tell_drained(h);
}

/* ---- receiving ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct http2 *h = ctx;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	if (h->nstreams >= STREAMS_MAX)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	struct h2_stream *st = NEW(struct h2_stream);
	http_exchange_init(&st->x, h->conn.home->loop, &http2_exchange_ops);
	st->conn = h;
	st->id = frame->hd.stream_id;
	st->fields_end = &st->fields;
	list_add_tail(&h->streams, &st->link);
	h->nstreams++;
	loop_timer_start(&h->timer, h->conn.home->head_ms);
	nghttp2_session_set_stream_user_data(session, st->id, st);
	return 0;
}

static struct str copy_rcbuf(struct arena *a, nghttp2_rcbuf *b)
{
	nghttp2_vec v = nghttp2_rcbuf_get_buf(b);
	return arena_str(a, str_of(v.base, v.len));
}

static void take_pseudo(struct h2_stream *st, struct str name, struct str value)
{
	struct http_request *req = &st->x.pub;
	if (str_eq(name, STR(":method")))
		req->method = value;
	else if (str_eq(name, STR(":path")))
		req->target = value;
	else if (str_eq(name, STR(":authority")))
		req->authority = value;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, nghttp2_rcbuf *name,
		     nghttp2_rcbuf *value, uint8_t flags, void *ctx)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	(void)flags;
	(void)ctx;
	if (!st || st->head_done) /* trailers of a request are dropped */
		return 0;
	st->head_bytes += nghttp2_rcbuf_get_buf(name).len + nghttp2_rcbuf_get_buf(value).len + 32;
	if (st->head_bytes > HTTP_HEAD_MAX || st->nfields == FIELDS_MAX) {
		st->too_large = true;
		return 0;
	}
	struct str n = copy_rcbuf(&st->x.arena, name), v = copy_rcbuf(&st->x.arena, value);
	if (n.n > 0 && n.p[0] == ':') {
		take_pseudo(st, n, v);
		return 0;
	}
	struct h2_field *f = ARENA_NEW(&st->x.arena, struct h2_field);
	f->f = (struct http_field){ n, v };
	*st->fields_end = f;
	st->fields_end = &f->next;
	st->nfields++;
	return 0;
}

static void gather_fields(struct h2_stream *st)
{
	struct http_field *out = ARENA_ARRAY(&st->x.arena, struct http_field, st->nfields + 1);
	size_t n = 0;
	for (struct h2_field *f = st->fields; f; f = f->next)
		out[n++] = f->f;
	st->x.pub.fields = out;
	st->x.pub.nfields = n;
}

static void refuse_head(struct h2_stream *st)
{
	struct err err = { 0 };
	err_set(&err, ERR_BAD_REQUEST, "request header fields too large");
	err.code = 431;
	http_reply_err(&st->x.pub, &err);
	err_clear(&err);
}

static void dispatch(struct http2 *h, struct h2_stream *st, bool ended)
{
	struct http_request *req = &st->x.pub;
	st->head_done = true;
	st->x.body_complete = ended;
	loop_timer_stop(&h->timer);
	gather_fields(st);
	req->version = 20;
	st->x.is_head = str_eq(req->method, STR("HEAD"));
	if (!req->authority.p)
		req->authority = http_header(req, "host");
	http_exchange_set_target(&st->x, req->target);
	st->expects_continue = !ended && str_ieq(http_header(req, "expect"), STR("100-continue"));
	if (st->too_large)
		refuse_head(st);
	else
		http_conn_dispatch(&h->conn, &st->x);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct http2 *h = ctx;
	bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (!st || !st->conn)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && !st->head_done)
		dispatch(h, st, ended);
	else if (ended)
		http_exchange_body_complete(&st->x);
	return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p,
			 size_t n, void *ctx)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
	(void)flags;
	(void)ctx;
	if (!st || st->x.ended) {
		nghttp2_session_consume(session, id, n);
	} else if (http_exchange_wants_body(&st->x) && st->held.n == 0) {
		http_exchange_data(&st->x, (const char *)p, n);
		nghttp2_session_consume(session, id, n);
	} else {
		buf_add(&st->held, p, n); /* bounded by the stream's window */
	}
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *ctx)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
	(void)ctx;
	if (!st)
		return 0;
	nghttp2_session_set_stream_user_data(session, id, NULL);
	if (st->held.n > 0)
		nghttp2_session_consume_connection(session, st->held.n);
	http2_detach(st, code != NGHTTP2_NO_ERROR || !st->x.ended);
	return 0;
}

/* An answer that did not wait for its request's body: the client is told to stop sending (RFC 9113 8.1). */
static int on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	(void)ctx;
	if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
		return 0;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (!st)
		return 0;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		if (st->reset_after && !st->x.body_complete)
			nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, st->id,
						  NGHTTP2_NO_ERROR);
	} else if (frame->hd.type == NGHTTP2_DATA && st->x.ended && st->out.bytes == 0 &&
		   st->ntrailers > 0) {
		http2_submit_trailers(st);
		st->ntrailers = 0;
	}
	return 0;
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct http2 *h = s->ctx;
	if (h->closing)
		return;
	nghttp2_ssize r = nghttp2_session_mem_recv2(h->session, (const uint8_t *)p, n);
	if (r < 0) /* what a GOAWAY could answer, nghttp2 has answered */
		http2_close(h);
	http2_schedule(h);
}

/* ---- the connection ---- */

static void on_drain(struct stream *s)
{
	struct http2 *h = s->ctx;
	if (h->closing)
		return;
	http2_flush(h);
	http2_tell_drained(h);
}

static void on_end(struct stream *s)
{
	http2_close(s->ctx);
}

static void on_timer_closed(struct loop_timer *t)
{
	struct http2 *h = CONTAINER_OF(t, struct http2, timer);
	nghttp2_session_del(h->session);
	chunk_queue_free(&h->scratch);
	free(h);
}

static void on_close(struct stream *s)
{
	struct http2 *h = s->ctx;
	h->closing = true;
	LIST_EACH_SAFE(&h->streams, it)
	{
		struct h2_stream *st = LIST_ITEM(it, struct h2_stream, link);
		nghttp2_session_set_stream_user_data(h->session, st->id, NULL);
		http2_detach(st, true);
	}
	loop_later_cancel(&h->flush);
	http_conn_gone(&h->conn);
	loop_timer_close(&h->timer, on_timer_closed);
}

/* Idle, or a head that does not end. */
static void on_timer(struct loop_timer *t)
{
	struct http2 *h = CONTAINER_OF(t, struct http2, timer);
	if (h->closing)
		return;
	if (h->draining || !nghttp2_session_want_read(h->session)) {
		http2_close(h);
		return;
	}
	nghttp2_session_terminate_session(h->session, NGHTTP2_NO_ERROR);
	h->draining = true;
	http2_flush(h);
}

static void drain(struct http_conn *c)
{
	struct http2 *h = of(c);
	h->draining = true;
	if (h->nstreams == 0)
		nghttp2_session_terminate_session(h->session, NGHTTP2_NO_ERROR);
	else
		nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(h->session),
				      NGHTTP2_NO_ERROR, NULL, 0);
	http2_arm(h);
	http2_schedule(h);
}

static void kill_conn(struct http_conn *c)
{
	http2_close(of(c));
}

static void input(struct http_conn *c, const char *p, size_t n)
{
	on_data(c->stream, p, n);
}

static const struct http_conn_ops conn_ops = { .input = input, .drain = drain, .kill = kill_conn };

static nghttp2_session *session_new(struct http2 *h)
{
	nghttp2_session_callbacks *cb;
	nghttp2_option *opt;
	nghttp2_session *session;
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback2(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_session_callbacks_set_send_data_callback(cb, http2_send_data);
	nghttp2_option_new(&opt);
	nghttp2_option_set_no_auto_window_update(opt, 1);
	nghttp2_option_set_max_outbound_ack(opt, ACKS_MAX);
	nghttp2_option_set_stream_reset_rate_limit(opt, RESET_BURST, RESETS_PER_S);
	nghttp2_session_server_new2(&session, cb, h, opt);
	nghttp2_option_del(opt);
	nghttp2_session_callbacks_del(cb);
	return session;
}

static void submit_settings(struct http2 *h)
{
	nghttp2_settings_entry s[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_MAX },
		{ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 },
	};
	nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, s, COUNT_OF(s));
	nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, CONN_WINDOW);
}

struct http_conn *http2_conn_new(struct http_loop *home, struct stream *s,
				 const struct tls_peer *peer, const char *remote)
{
	struct http2 *h = NEW(struct http2);
	http_conn_init(&h->conn, home, s, peer, remote);
	h->conn.ops = &conn_ops;
	list_init(&h->streams);
	loop_later_init(&h->flush, run_flush);
	loop_timer_init(home->loop, &h->timer, on_timer);
	loop_timer_start(&h->timer, h->conn.home->head_ms);
	h->session = session_new(h);
	submit_settings(h);
	s->ctx = h;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	stream_read_start(s);
	http2_schedule(h);
	return &h->conn;
}
