/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 (RFC 9113), server side, on nghttp2. What handlers write waits in each stream's queue; once a turn nghttp2 is asked for
 * frames while the transport takes more, and DATA frames splice the queued chunks. A body is credited to the peer's window when
 * its consumer got it, so a slow handler slows its client.
 *
 * Floods: nghttp2 limits CONTINUATIONs, PINGs and SETTINGS that wait for our answer, and the rate of resets (rapid reset). */
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/chunk_queue.h"
#include "net/http_conn.h"
#include "net/http_tunnel.h"

#define STREAMS_MAX    250
#define STREAM_WINDOW  (256 * 1024)
#define CONN_WINDOW    (1024 * 1024)
#define TRANSPORT_HIGH (512 * 1024)
#define FIELDS_MAX     500
#define RESET_BURST    500
#define RESETS_PER_S   50
#define ACKS_MAX       200

struct http2;
struct h2_field {
	struct h2_field *next;
	struct http_field f;
};

struct h2_stream {
	struct http_exchange x;
	struct list link;
	struct http2 *conn; /* NULL: gone */
	int32_t id;
	struct chunk_queue out;
	struct h2_field *fields, **fields_end;
	size_t nfields, head_bytes;
	struct buf held; /* body that nobody wanted yet */
	struct http_field *trailers;
	size_t ntrailers;
	bool head_done, too_large, deferred, submitted, expects_continue, reset_after;
};

struct http2 {
	struct http_conn conn;
	nghttp2_session *session;
	struct list streams;
	size_t nstreams; /* including those whose handlers have not let go */
	struct chunk_queue scratch;
	struct loop_later flush;
	struct loop_timer timer;
	bool closing, draining;
};

static struct http2 *of(struct http_conn *c)
{
	return CONTAINER_OF(c, struct http2, conn);
}

static struct h2_stream *stream_of(const struct http_exchange *x)
{
	return CONTAINER_OF((struct http_exchange *)(uintptr_t)x, struct h2_stream, x);
}

static void close_now(struct http2 *h)
{
	if (h->closing)
		return;
	h->closing = true;
	stream_close(h->conn.stream);
}

static void schedule(struct http2 *h)
{
	if (!h->closing)
		loop_later(h->conn.home->loop, &h->flush);
}

/* ---- sending ---- */

static nghttp2_ssize read_data(nghttp2_session *session, int32_t id, uint8_t *buf, size_t max,
			       uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct h2_stream *st = source->ptr;
	(void)session;
	(void)id;
	(void)buf;
	(void)ctx;
	size_t n = st->out.bytes < max ? st->out.bytes : max;
	if (n == 0 && !st->x.ended) {
		st->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (n == st->out.bytes && st->x.ended)
		*flags |= NGHTTP2_DATA_FLAG_EOF |
			  (st->ntrailers > 0 ? NGHTTP2_DATA_FLAG_NO_END_STREAM : 0);
	return (nghttp2_ssize)n;
}

static nghttp2_nv nv_of(struct str name, struct str value)
{
	return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name.p,
			     .value = (uint8_t *)(uintptr_t)value.p,
			     .namelen = name.n,
			     .valuelen = value.n };
}

static size_t nv_fields(nghttp2_nv *out, const struct http_field *f, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		if (!http_field_is_hop(f[i].name))
			out[count++] = nv_of(f[i].name, f[i].value);
	}
	return count;
}

static void submit_trailers(struct h2_stream *st)
{
	nghttp2_nv *nv = mem_alloc(st->ntrailers * sizeof(*nv));
	size_t n = nv_fields(nv, st->trailers, st->ntrailers);
	nghttp2_submit_trailer(st->conn->session, st->id, nv, n);
	free(nv);
}

static int send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t n,
		     nghttp2_data_source *source, void *ctx)
{
	struct http2 *h = ctx;
	struct h2_stream *st = source->ptr;
	(void)session;
	(void)frame;
	stream_write_copy(h->conn.stream, head, 9);
	chunk_queue_move(&st->out, &h->scratch, n);
	chunk_queue_write(&h->scratch, h->conn.stream);
	return 0;
}

static void flush(struct http2 *h)
{
	while (!h->closing && h->conn.stream->queued_bytes < TRANSPORT_HIGH) {
		const uint8_t *p;
		nghttp2_ssize n = nghttp2_session_mem_send2(h->session, &p);
		if (n < 0)
			close_now(h);
		if (n <= 0)
			break;
		stream_write_copy(h->conn.stream, p, (size_t)n);
	}
	if (!h->closing && !nghttp2_session_want_read(h->session) &&
	    !nghttp2_session_want_write(h->session)) {
		stream_shutdown(h->conn.stream);
		loop_timer_start(&h->timer, HTTP_LINGER_MS);
	}
}

static void tell_drained(struct http2 *h)
{
	LIST_EACH_SAFE(&h->streams, it)
	http_exchange_drained(&LIST_ITEM(it, struct h2_stream, link)->x);
}

static void run_flush(struct loop_later *t)
{
	struct http2 *h = CONTAINER_OF(t, struct http2, flush);
	if (h->closing)
		return;
	flush(h);
	tell_drained(h);
}

/* ---- the exchange's verbs ---- */

static void respond(struct http_exchange *x, int status, const struct http_field *f, size_t n,
		    int64_t length)
{
	struct h2_stream *st = stream_of(x);
	char code[8], size[24];
	nghttp2_nv *nv = mem_alloc((n + 2) * sizeof(*nv));
	nghttp2_data_provider2 data = { .source.ptr = st, .read_callback = read_data };
	snprintf(code, sizeof(code), "%d", status);
	nv[0] = nv_of(STR(":status"), str_from(code));
	size_t count = 1 + nv_fields(nv + 1, f, n);
	if (length >= 0 && status != 204 && status != 304) {
		snprintf(size, sizeof(size), "%lld", (long long)length);
		nv[count++] = nv_of(STR("content-length"), str_from(size));
	}
	bool no_body = length == 0 || x->is_head || status == 204 || status == 304;
	if (nghttp2_submit_response2(st->conn->session, st->id, nv, count,
				     no_body ? NULL : &data) != 0)
		nghttp2_submit_rst_stream(st->conn->session, NGHTTP2_FLAG_NONE, st->id,
					  NGHTTP2_INTERNAL_ERROR);
	st->submitted = !no_body;
	free(nv);
	schedule(st->conn);
}

static void resume_data(struct h2_stream *st)
{
	if (st->deferred) {
		st->deferred = false;
		nghttp2_session_resume_data(st->conn->session, st->id);
	}
	schedule(st->conn);
}

static void write_body(struct http_exchange *x, struct chunk *c, size_t n)
{
	struct h2_stream *st = stream_of(x);
	chunk_queue_add(&st->out, c, n);
	resume_data(st);
}

static void end(struct http_exchange *x, const struct http_field *trailers, size_t n)
{
	struct h2_stream *st = stream_of(x);
	if (n > 0 && st->submitted) {
		st->trailers = ARENA_ARRAY(&x->arena, struct http_field, n);
		st->ntrailers = n;
		for (size_t i = 0; i < n; i++) {
			st->trailers[i].name = arena_str(&x->arena, trailers[i].name);
			st->trailers[i].value = arena_str(&x->arena, trailers[i].value);
		}
	}
	st->reset_after = !x->body_complete;
	resume_data(st);
}

static void abort_exchange(struct http_exchange *x)
{
	struct h2_stream *st = stream_of(x);
	nghttp2_submit_rst_stream(st->conn->session, NGHTTP2_FLAG_NONE, st->id,
				  NGHTTP2_INTERNAL_ERROR);
	schedule(st->conn);
}

static void want_body(struct http_exchange *x)
{
	struct h2_stream *st = stream_of(x);
	if (st->expects_continue && !x->answered) {
		nghttp2_nv nv = nv_of(STR(":status"), STR("100"));
		nghttp2_submit_headers(st->conn->session, NGHTTP2_FLAG_NONE, st->id, NULL, &nv, 1,
				       NULL);
	}
	st->expects_continue = false;
	if (st->held.n > 0) {
		struct buf held = st->held;
		st->held = (struct buf){ 0 };
		http_exchange_data(x, held.p, held.n);
		if (st->conn)
			nghttp2_session_consume(st->conn->session, st->id, held.n);
		buf_free(&held);
	}
	if (st->conn)
		schedule(st->conn);
}

static size_t queued(const struct http_exchange *x)
{
	const struct h2_stream *st = stream_of(x);
	return st->out.bytes;
}

static void arm(struct http2 *h)
{
	if (h->nstreams == 0 && !h->closing)
		loop_timer_start(&h->timer, h->draining ? HTTP_LINGER_MS : h->conn.home->idle_ms);
}

static void free_exchange(struct http_exchange *x)
{
	struct h2_stream *st = stream_of(x);
	chunk_queue_free(&st->out);
	buf_free(&st->held);
	free(st);
}

static void detach(struct h2_stream *st, bool lost)
{
	struct http2 *h = st->conn;
	st->conn = NULL;
	list_del(&st->link);
	h->nstreams--;
	/* pieces of a chunk may still be on their way: it is released behind them */
	chunk_queue_drop(&st->out, &h->scratch);
	if (!h->closing)
		chunk_queue_write(&h->scratch, h->conn.stream);
	http_exchange_finish(&st->x, lost);
	arm(h);
}

static struct stream *h2_upgrade(struct http_exchange *x, const struct http_field *f, size_t n)
{
	if (!str_eq(x->pub.method, STR("CONNECT")))
		return NULL;
	respond(x, 200, f, n, -1);
	return http_tunnel_new(x);
}

static const struct http_exchange_ops exchange_ops = {
	.respond = respond,
	.write = write_body,
	.end = end,
	.abort = abort_exchange,
	.want_body = want_body,
	.upgrade = h2_upgrade,
	.queued = queued,
	.free = free_exchange,
};

/* ---- receiving ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *ctx)
{
	struct http2 *h = ctx;
	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	if (h->nstreams >= STREAMS_MAX)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	struct h2_stream *st = NEW(struct h2_stream);
	http_exchange_init(&st->x, h->conn.home->loop, &exchange_ops);
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
	detach(st, code != NGHTTP2_NO_ERROR || !st->x.ended);
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
		submit_trailers(st);
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
		close_now(h);
	schedule(h);
}

/* ---- the connection ---- */

static void on_drain(struct stream *s)
{
	struct http2 *h = s->ctx;
	if (h->closing)
		return;
	flush(h);
	tell_drained(h);
}

static void on_end(struct stream *s)
{
	close_now(s->ctx);
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
		detach(st, true);
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
		close_now(h);
		return;
	}
	nghttp2_session_terminate_session(h->session, NGHTTP2_NO_ERROR);
	h->draining = true;
	flush(h);
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
	arm(h);
	schedule(h);
}

static void kill_conn(struct http_conn *c)
{
	close_now(of(c));
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
	nghttp2_session_callbacks_set_send_data_callback(cb, send_data);
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
	schedule(h);
	return &h->conn;
}
