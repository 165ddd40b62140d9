/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out: the exchange's verbs, and the frames that nghttp2 makes of what they queued. */
#include <stdio.h>

#include "net/http2_conn.h"
#include "net/http_tunnel.h"

#define TRANSPORT_HIGH (512 * 1024)

static struct h2_stream *stream_of(const struct http_exchange *x)
{
	return CONTAINER_OF((struct http_exchange *)(uintptr_t)x, struct h2_stream, x);
}

void http2_close(struct http2 *h)
{
	if (h->closing)
		return;
	h->closing = true;
	stream_close(h->conn.stream);
}

void http2_schedule(struct http2 *h)
{
	if (!h->closing)
		loop_later(h->conn.home->loop, &h->flush);
}

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

void http2_submit_trailers(struct h2_stream *st)
{
	nghttp2_nv *nv = mem_alloc(st->ntrailers * sizeof(*nv));
	size_t n = nv_fields(nv, st->trailers, st->ntrailers);
	nghttp2_submit_trailer(st->conn->session, st->id, nv, n);
	free(nv);
}

int http2_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t n,
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

void http2_flush(struct http2 *h)
{
	while (!h->closing && h->conn.stream->queued_bytes < TRANSPORT_HIGH) {
		const uint8_t *p;
		nghttp2_ssize n = nghttp2_session_mem_send2(h->session, &p);
		if (n < 0)
			http2_close(h);
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

void http2_tell_drained(struct http2 *h)
{
	LIST_EACH_SAFE(&h->streams, it)
	http_exchange_drained(&LIST_ITEM(it, struct h2_stream, link)->x);
}

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
	http2_schedule(st->conn);
}

static void resume_data(struct h2_stream *st)
{
	if (st->deferred) {
		st->deferred = false;
		nghttp2_session_resume_data(st->conn->session, st->id);
	}
	http2_schedule(st->conn);
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
	http2_schedule(st->conn);
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
		http2_schedule(st->conn);
}

static size_t queued(const struct http_exchange *x)
{
	const struct h2_stream *st = stream_of(x);
	return st->out.bytes;
}

void http2_arm(struct http2 *h)
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

void http2_detach(struct h2_stream *st, bool lost)
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
	http2_arm(h);
}

static struct stream *h2_upgrade(struct http_exchange *x, const struct http_field *f, size_t n)
{
	if (!str_eq(x->pub.method, STR("CONNECT")))
		return NULL;
	respond(x, 200, f, n, -1);
	return http_tunnel_new(x);
}

const struct http_exchange_ops http2_exchange_ops = {
	.respond = respond,
	.write = write_body,
	.end = end,
	.abort = abort_exchange,
	.want_body = want_body,
	.upgrade = h2_upgrade,
	.queued = queued,
	.free = free_exchange,
};
