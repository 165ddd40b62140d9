/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS connection over a transport stream.
 *
 *   write: chunks ──► plain queue ──(end of turn, or the transport drained)──► records ──► block ──► transport
 *   read:  transport's bytes are opened where they lie; what a paused reader leaves over is kept in `kept`
 *
 * The plain queue holds references, so a large answer costs little ciphertext at a time. Nothing calls the owner from inside an
 * op. The handshake, reading and writing have files of their own (tls_conn.h). */
#include "net/tls_conn.h"

#define HANDSHAKE_MS 10000

static struct tls_stream *of(struct stream *s)
{
	return CONTAINER_OF(s, struct tls_stream, base);
}

void tls_close_now(struct tls_stream *t)
{
	if (t->closing)
		return;
	t->closing = true;
	stream_close(t->transport);
}

static void tls_stream_close(struct stream *s)
{
	struct tls_stream *t = of(s);
	t->ready = NULL;
	tls_close_now(t);
}

static void free_when_gone(struct tls_stream *t)
{
	if (!t->transport_gone || !t->timer_gone)
		return;
	mbedtls_ssl_free(&t->ssl);
	tls_secrets_drop(t);
	tls_records_free(t->records);
	chunk_queue_free(&t->plain);
	buf_free(&t->kept);
	tls_peer_unref(t->peer);
	tls_context_unref(t->context);
	free(t->block);
	free(t);
}

void tls_timer_closed(struct loop_timer *timer)
{
	struct tls_stream *t = CONTAINER_OF(timer, struct tls_stream, handshake_timer);
	t->timer_gone = true;
	free_when_gone(t);
}

static void on_transport_close(struct stream *transport)
{
	struct tls_stream *t = transport->ctx;
	t->closing = true;
	t->transport_gone = true;
	loop_later_cancel(&t->work);
	if (t->ready) {
		struct err err = { 0 };
		tls_ready ready = TAKE(t->ready);
		err_set(&err, ERR_UNAVAILABLE, "TLS handshake: the peer closed the connection");
		ready(t->ready_ctx, &t->base, &err);
		err_clear(&err);
	}
	if (t->base.on_close)
		t->base.on_close(&t->base);
	if (!t->timer_gone)
		loop_timer_close(&t->handshake_timer, tls_timer_closed);
	free_when_gone(t);
}

/* Sends what mbedtls produced (an alert, perhaps), then closes. */
void tls_abandon(struct tls_stream *t)
{
	t->failed = true;
	tls_block_send(t);
	tls_close_now(t);
}

static void pump(struct tls_stream *t)
{
	if (t->pumping || t->closing)
		return;
	t->pumping = true;
	if (!t->established)
		tls_handshake_step(t);
	if (t->established && t->reading && !t->closing && !tls_read(t))
		tls_abandon(t);
	tls_block_send(t); /* key updates, alerts */
	tls_tell_end(t);
	t->pumping = false;
}

static void on_transport_data(struct stream *transport, const char *p, size_t n)
{
	struct tls_stream *t = transport->ctx;
	if (t->closing || t->notified)
		return;
	if (t->server && !t->first_bytes_seen && tls_is_plain_http(p, n)) {
		tls_refuse_plain_http(t);
		return;
	}
	t->first_bytes_seen = true;
	if (t->kept.n > 0) {
		size_t done = (size_t)(t->input.p - t->kept.p);
		buf_add(&t->kept, p, n);
		t->input = str_of(t->kept.p + done, t->kept.n - done);
	} else {
		t->input = str_of(p, n);
	}
	pump(t);
	tls_keep_rest(t);
}

static void on_transport_end(struct stream *transport)
{
	struct tls_stream *t = transport->ctx;
	if (!t->established) {
		tls_close_now(t);
		return;
	}
	t->input_ended = true;
	pump(t);
	tls_keep_rest(t);
}

static void on_transport_drain(struct stream *transport)
{
	tls_encrypt(transport->ctx);
}

static void run_work(struct loop_later *later)
{
	struct tls_stream *t = CONTAINER_OF(later, struct tls_stream, work);
	if (t->closing)
		return;
	if (!t->established && !t->server) {
		pump(t);
		return;
	}
	if (t->reading && t->established) {
		pump(t);
		tls_keep_rest(t);
	}
	tls_encrypt(t);
}

static void tls_stream_read_start(struct stream *s)
{
	struct tls_stream *t = of(s);
	if (t->reading || t->closing)
		return;
	t->reading = true;
	stream_read_start(t->transport);
	if (t->established && !t->pumping)
		loop_later(s->loop, &t->work);
}

static void tls_stream_read_stop(struct stream *s)
{
	struct tls_stream *t = of(s);
	t->reading = false;
	if (t->established && !t->closing)
		stream_read_stop(t->transport);
}

static void tls_stream_write(struct stream *s, struct chunk *c, size_t n)
{
	struct tls_stream *t = of(s);
	if (t->closing || t->shutting) {
		for (size_t i = 0; i < n; i++)
			chunk_release(&c[i]);
		return;
	}
	chunk_queue_add(&t->plain, c, n);
	tls_count_queued(t);
	loop_later(s->loop, &t->work);
}

static void tls_stream_shutdown(struct stream *s)
{
	struct tls_stream *t = of(s);
	t->shutting = true;
	if (!t->closing)
		loop_later(s->loop, &t->work);
}

static const struct stream_ops tls_ops = {
	.read_start = tls_stream_read_start,
	.read_stop = tls_stream_read_stop,
	.write = tls_stream_write,
	.shutdown = tls_stream_shutdown,
	.close = tls_stream_close,
};

static void on_handshake_timeout(struct loop_timer *timer)
{
	struct tls_stream *t = CONTAINER_OF(timer, struct tls_stream, handshake_timer);
	struct err err = { 0 };
	if (t->closing)
		return;
	err_set(&err, ERR_TIMEOUT, "TLS handshake timeout");
	tls_handshake_failed(t, &err);
}

static struct stream *stream_new(struct tls_context *c, struct stream *transport, bool server,
				 tls_ready ready, void *ctx)
{
	struct tls_stream *t = NEW(struct tls_stream);
	t->base.ops = &tls_ops;
	t->base.loop = transport->loop;
	t->transport = transport;
	t->context = c;
	t->server = server;
	t->ready = ready;
	t->ready_ctx = ctx;
	mbedtls_ssl_init(&t->ssl);
	int r = mbedtls_ssl_setup(&t->ssl, &c->conf);
	if (r == 0 && !server)
		r = mbedtls_ssl_set_hostname(&t->ssl, c->server_name);
	mbedtls_ssl_set_bio(&t->ssl, t, tls_bio_send, tls_bio_recv, NULL);
	if (server) {
		t->secrets = NEW(struct tls_secrets);
		tls_secrets_listen(&t->ssl, t->secrets);
	}
	loop_later_init(&t->work, run_work);
	loop_timer_init(transport->loop, &t->handshake_timer, on_handshake_timeout);
	loop_timer_start(&t->handshake_timer, r == 0 ? HANDSHAKE_MS : 0);
	transport->ctx = t;
	transport->on_data = on_transport_data;
	transport->on_end = on_transport_end;
	transport->on_drain = on_transport_drain;
	transport->on_close = on_transport_close;
	if (r == 0) {
		stream_read_start(transport);
		if (!server)
			loop_later(transport->loop, &t->work);
	}
	return &t->base;
}

struct stream *tls_accept(struct tls_server *s, struct stream *transport, tls_ready ready,
			  void *ctx)
{
	return stream_new(tls_server_context(s), transport, true, ready, ctx);
}

struct stream *tls_connect(struct tls_client *c, struct stream *transport, tls_ready ready,
			   void *ctx)
{
	return stream_new(tls_client_context(c), transport, false, ready, ctx);
}

const struct tls_peer *tls_stream_peer(struct stream *s)
{
	return of(s)->peer;
}

bool tls_stream_peer_refused(struct stream *s)
{
	return of(s)->peer_refused;
}

const char *tls_stream_alpn(struct stream *s)
{
	const char *name = of(s)->alpn;
	return name ? name : "";
}
