/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS connection over a transport stream.
 *
 *   write: chunks ──► plain queue ──(end of turn, or the transport drained)──► records ──► block ──► transport
 *   read:  transport's bytes are opened where they lie; what a paused reader leaves over is kept in `kept`
 *
 * The handshake is mbedtls', and so are all records of TLS 1.2 and of clients. A server's TLS 1.3 connection goes on with
 * records of our own (tls_record.h) and gives mbedtls' session back.
 *
 * The plain queue holds references, so a large answer costs ciphertext for TRANSPORT_HIGH bytes only. A chunk that fills records
 * is encrypted from where it lies; mbedtls wants smaller ones gathered. Nothing calls the owner from inside an op. */
#include <stdatomic.h>
#include <stdio.h>

#include "base/buf.h"
#include "net/chunk_queue.h"
#include "net/tls_context.h"
#include "net/tls_record.h"

#define HANDSHAKE_MS   10000
#define TRANSPORT_HIGH (512 * 1024)
#define BLOCK_BYTES    (128 * 1024)
#define RECORD_BYTES   16384
#define FLIGHT_BYTES   4096 /* what a handshake sends in one turn */

struct tls_stream {
	struct stream base;
	struct stream *transport;
	struct tls_context *context;
	mbedtls_ssl_context ssl;
	struct tls_secrets *secrets; /* a server's, during the handshake */
	struct tls_records *records; /* after it; NULL: mbedtls goes on */
	const char *alpn;
	struct chunk_queue plain;
	char *block; /* records on their way to the transport */
	size_t block_n, block_cap;
	struct str input; /* what mbedtls may read now */
	struct buf kept;  /* input left over by a paused reader */
	struct tls_peer *peer;
	struct loop_timer handshake_timer;
	struct loop_later work;
	tls_ready ready; /* NULL once called */
	void *ready_ctx;
	bool server, established, reading, pumping, closing, shutting, shut, failed;
	bool input_ended, told_end, first_bytes_seen, transport_gone, timer_gone;
	bool key_update_due, notified; /* close_notify came: what follows it is nothing */
};

static struct tls_stream *of(struct stream *s)
{
	return CONTAINER_OF(s, struct tls_stream, base);
}

static void block_send(struct tls_stream *t)
{
	if (t->block_n == 0)
		return;
	struct chunk c = chunk_take(t->block, t->block_n);
	t->block = NULL;
	t->block_n = t->block_cap = 0;
	stream_write(t->transport, &c, 1);
}

/* Room for n bytes at the end of the block. */
static char *block_room(struct tls_stream *t, size_t n)
{
	if (t->block && t->block_cap - t->block_n < n)
		block_send(t);
	if (!t->block) {
		size_t want = !t->established                 ? FLIGHT_BYTES
			      : t->plain.bytes > RECORD_BYTES ? BLOCK_BYTES
							      : 0;
		t->block_cap = n > want ? n : want;
		t->block = mem_alloc(t->block_cap);
	}
	return t->block + t->block_n;
}

static int bio_send(void *ctx, const unsigned char *p, size_t n)
{
	struct tls_stream *t = ctx;
	memcpy(block_room(t, n), p, n);
	t->block_n += n;
	return (int)n;
}

static int bio_recv(void *ctx, unsigned char *p, size_t n)
{
	struct tls_stream *t = ctx;
	if (t->input.n == 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (n > t->input.n)
		n = t->input.n;
	memcpy(p, t->input.p, n);
	t->input.p += n;
	t->input.n -= n;
	return (int)n;
}

static void count_queued(struct tls_stream *t)
{
	t->base.queued_bytes =
		t->plain.bytes + t->block_n + (t->transport_gone ? 0 : t->transport->queued_bytes);
}

static void close_now(struct tls_stream *t)
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
	close_now(t);
}

static void secrets_drop(struct tls_stream *t)
{
	if (t->secrets)
		explicit_bzero(t->secrets, sizeof(*t->secrets));
	free(TAKE(t->secrets));
}

static void free_when_gone(struct tls_stream *t)
{
	if (!t->transport_gone || !t->timer_gone)
		return;
	mbedtls_ssl_free(&t->ssl);
	secrets_drop(t);
	tls_records_free(t->records);
	chunk_queue_free(&t->plain);
	buf_free(&t->kept);
	tls_peer_unref(t->peer);
	tls_context_unref(t->context);
	free(t->block);
	free(t);
}

static void on_timer_closed(struct loop_timer *timer)
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
		loop_timer_close(&t->handshake_timer, on_timer_closed);
	free_when_gone(t);
}

/* Sends what mbedtls produced (an alert, perhaps), then closes. */
static void abandon(struct tls_stream *t)
{
	t->failed = true;
	block_send(t);
	close_now(t);
}

static void handshake_failed(struct tls_stream *t, struct err *err)
{
	tls_ready ready = TAKE(t->ready);
	if (ready)
		ready(t->ready_ctx, &t->base, err);
	err_clear(err);
	abandon(t);
}

static uint64_t counter(const unsigned char *p)
{
	uint64_t n = 0;
	for (int i = 0; i < 8; i++)
		n = n << 8 | p[i];
	return n;
}

/* Nothing is between mbedtls and the transport, and records of any size may be sent. */
static bool is_plain_sailing(const mbedtls_ssl_context *ssl)
{
	return !mbedtls_ssl_check_pending(ssl) && ssl->MBEDTLS_PRIVATE(out_left) == 0 &&
	       mbedtls_ssl_get_max_out_record_payload(ssl) >= TLS_RECORD_PLAIN - 1;
}

/* Goes on with records of our own, if they can. What mbedtls has written since the keys changed are tickets. */
static void take_over(struct tls_stream *t)
{
	const mbedtls_ssl_context *ssl = &t->ssl;
	t->alpn = mbedtls_ssl_get_alpn_protocol(ssl); /* the context's text */
	if (t->secrets && is_plain_sailing(ssl))
		t->records = tls_records_new(mbedtls_ssl_get_ciphersuite_id_from_ssl(ssl),
					     t->secrets, counter(ssl->MBEDTLS_PRIVATE(in_ctr)),
					     counter(ssl->MBEDTLS_PRIVATE(cur_out_ctr)));
	secrets_drop(t);
	if (t->records) {
		mbedtls_ssl_free(&t->ssl);
		mbedtls_ssl_init(&t->ssl);
	}
}

static void handshake_done(struct tls_stream *t)
{
	mbedtls_x509_crt *chain = (mbedtls_x509_crt *)(uintptr_t)mbedtls_ssl_get_peer_cert(&t->ssl);
	if (t->server && t->context->asks_for_certificate && chain)
		t->peer = tls_peer_verify(&t->context->peers, chain, &t->context->trusted);
	take_over(t);
	t->established = true;
	loop_timer_close(&t->handshake_timer, on_timer_closed);
	tls_ready ready = TAKE(t->ready);
	ready(t->ready_ctx, &t->base, NULL);
	if (!t->reading && !t->closing)
		stream_read_stop(t->transport);
	if (!t->closing)
		loop_later(t->base.loop, &t->work); /* what was written meanwhile */
}

static void handshake_step(struct tls_stream *t)
{
	struct err err = { 0 };
	int r = mbedtls_ssl_handshake(&t->ssl);
	if (r == MBEDTLS_ERR_SSL_WANT_READ || r == MBEDTLS_ERR_SSL_WANT_WRITE) {
		block_send(t);
		return;
	}
	if (r == 0) {
		block_send(t);
		handshake_done(t);
		return;
	}
	uint32_t flags = mbedtls_ssl_get_verify_result(&t->ssl);
	if (!t->server && r == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && flags != 0) {
		char why[256] = "";
		mbedtls_x509_crt_verify_info(why, sizeof(why), "", flags);
		struct str text = str_trim(str_from(why));
		err_set(&err, ERR_UNAVAILABLE, "tls: failed to verify certificate: %.*s",
			STR_ARG(text));
	} else {
		tls_error(&err, r, "TLS handshake");
		err.reason = ERR_UNAVAILABLE;
	}
	handshake_failed(t, &err);
}

static void send_alert(struct tls_stream *t, enum tls_alert a)
{
	if (t->shut) /* close_notify was the last */
		return;
	unsigned char *to = (unsigned char *)block_room(t, 2 + TLS_RECORD_OVERHEAD);
	t->block_n += tls_records_seal_alert(t->records, a, to);
}

static void ended_by_peer(struct tls_stream *t)
{
	t->input_ended = t->notified = true;
	t->input.n = 0;
}

/* An alert or a handshake message. False: the connection is over. */
static bool take_message(struct tls_stream *t, enum tls_content type, struct str text,
			 enum tls_alert *alert)
{
	bool answer = false;
	if (type == TLS_ALERT && text.n == 2) {
		if (text.p[1] == TLS_CLOSE_NOTIFY)
			ended_by_peer(t);
		return text.p[1] == TLS_CLOSE_NOTIFY || text.p[1] == TLS_USER_CANCELED;
	}
	*alert = TLS_UNEXPECTED_MESSAGE;
	if (type != TLS_HANDSHAKE || tls_records_handshake(t->records, text, &answer, alert) < 0) {
		send_alert(t, *alert);
		return false;
	}
	if (answer) { /* once for many, when the peer reads */
		t->key_update_due = true;
		loop_later(t->base.loop, &t->work);
	}
	return true;
}

static bool open_records(struct tls_stream *t)
{
	unsigned char data[TLS_RECORD_PLAIN + 256];
	while (t->reading && !t->closing && !t->notified) {
		enum tls_content type;
		enum tls_alert alert;
		int n = tls_records_open(t->records, &t->input, data, &type, &alert);
		if (n == -1) {
			if (t->input_ended) /* the rest of it never comes */
				t->input.n = 0;
			return true;
		}
		if (n < 0) {
			send_alert(t, alert);
			return false;
		}
		if (type == TLS_DATA) {
			if (n > 0)
				t->base.on_data(&t->base, (char *)data, (size_t)n);
		} else if (!take_message(t, type, str_of((char *)data, (size_t)n), &alert)) {
			return false;
		}
	}
	return true;
}

/* Decrypts and delivers while somebody reads. False: the connection is over. */
static bool read_records(struct tls_stream *t)
{
	unsigned char data[RECORD_BYTES];
	if (t->records)
		return open_records(t);
	while (t->reading && !t->closing && !t->notified) {
		int n = mbedtls_ssl_read(&t->ssl, data, sizeof(data));
		if (n > 0) {
			t->base.on_data(&t->base, (char *)data, (size_t)n);
			continue;
		}
		if (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
			continue;
		if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE)
			return true;
		if (n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
			ended_by_peer(t);
			return true;
		}
		return false;
	}
	return true;
}

static void tell_end(struct tls_stream *t)
{
	if (!t->input_ended || t->told_end || !t->reading || t->closing || t->input.n > 0)
		return;
	t->told_end = true;
	if (t->base.on_end)
		t->base.on_end(&t->base);
}

static void pump(struct tls_stream *t)
{
	if (t->pumping || t->closing)
		return;
	t->pumping = true;
	if (!t->established)
		handshake_step(t);
	if (t->established && t->reading && !t->closing && !read_records(t))
		abandon(t);
	block_send(t); /* key updates, alerts */
	tell_end(t);
	t->pumping = false;
}

/* Bytes at the front of `kept` have been handed to mbedtls already as far as `input` moved on. */
static void keep_rest(struct tls_stream *t)
{
	if (t->input.n > 0 && t->input.p != t->kept.p) {
		struct buf rest = { 0 };
		buf_add(&rest, t->input.p, t->input.n);
		buf_free(&t->kept);
		t->kept = rest;
	} else if (t->input.n == 0) {
		buf_free(&t->kept);
	}
	t->input = str_of(t->kept.p, t->kept.n);
}

/* Kindness of Go's server: a client that speaks plain HTTP is told so. */
static bool is_plain_http(const char *p, size_t n)
{
	static const char *const starts[] = { "GET ", "HEAD", "POST", "PUT ",
					      "OPTI", "PATC", "DELE", "CONN" };
	for (size_t i = 0; n >= 4 && i < COUNT_OF(starts); i++) {
		if (memcmp(p, starts[i], 4) == 0)
			return true;
	}
	return false;
}

static void refuse_plain_http(struct tls_stream *t)
{
	static const char text[] =
		"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
	struct err err = { 0 };
	struct chunk c = CHUNK_STATIC(text);
	stream_write(t->transport, &c, 1);
	err_set(&err, ERR_BAD_REQUEST, "client sent an HTTP request to an HTTPS server");
	handshake_failed(t, &err);
}

static void on_transport_data(struct stream *transport, const char *p, size_t n)
{
	struct tls_stream *t = transport->ctx;
	if (t->closing || t->notified)
		return;
	if (t->server && !t->first_bytes_seen && is_plain_http(p, n)) {
		refuse_plain_http(t);
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
	keep_rest(t);
}

static void on_transport_end(struct stream *transport)
{
	struct tls_stream *t = transport->ctx;
	if (!t->established) {
		close_now(t);
		return;
	}
	t->input_ended = true;
	pump(t);
	keep_rest(t);
}

/* Takes the next record's worth of plain text: in place if the first chunk fills it or is all there is. */
static struct str next_piece(struct tls_stream *t, size_t max, bool *copied)
{
	struct str first = chunk_queue_first(&t->plain);
	*copied = false;
	if (first.n >= max)
		return str_of(first.p, max);
	if (first.n == t->plain.bytes)
		return first;
	size_t n = t->plain.bytes < max ? t->plain.bytes : max;
	chunk_queue_copy(&t->plain, t->base.loop->read_buffer, n);
	*copied = true;
	return str_of(t->base.loop->read_buffer, n);
}

static void seal_one(struct tls_stream *t)
{
	size_t n = t->plain.bytes < TLS_RECORD_PLAIN ? t->plain.bytes : TLS_RECORD_PLAIN;
	unsigned char *to = (unsigned char *)block_room(t, n + TLS_RECORD_OVERHEAD);
	t->block_n += tls_records_seal(t->records, &t->plain, n, to);
}

static bool has_room(const struct tls_stream *t)
{
	return t->transport->queued_bytes + t->block_n < TRANSPORT_HIGH;
}

/* Before any data, when one is due (RFC 8446, 4.6.3); a peer that does not read what we send gets no more of them. */
static void update_key(struct tls_stream *t)
{
	if (t->shut || !has_room(t) ||
	    !(t->key_update_due || (t->plain.bytes > 0 && tls_records_key_is_worn(t->records))))
		return;
	t->key_update_due = false;
	unsigned char *to = (unsigned char *)block_room(t, TLS_KEY_UPDATE_BYTES);
	t->block_n += tls_records_seal_key_update(t->records, to);
}

static void say_goodbye(struct tls_stream *t)
{
	if (t->records)
		send_alert(t, TLS_CLOSE_NOTIFY);
	else
		mbedtls_ssl_close_notify(&t->ssl);
	block_send(t);
}

static bool encrypt_one(struct tls_stream *t)
{
	bool copied;
	if (t->records) {
		seal_one(t);
		return true;
	}
	int max = mbedtls_ssl_get_max_out_record_payload(&t->ssl);
	struct str piece = next_piece(t, max > 0 ? (size_t)max : RECORD_BYTES, &copied);
	int n = mbedtls_ssl_write(&t->ssl, (const unsigned char *)piece.p, piece.n);
	if (n < 0 || (size_t)n != piece.n)
		return false;
	if (!copied)
		chunk_queue_consume(&t->plain, piece.n);
	return true;
}

static void encrypt(struct tls_stream *t)
{
	chunk_queue_consume(&t->plain, 0);
	if (t->records)
		update_key(t);
	while (t->plain.bytes > 0 && !t->failed && has_room(t)) {
		if (!encrypt_one(t))
			abandon(t);
	}
	block_send(t);
	if (t->plain.bytes == 0 && t->shutting && !t->shut && !t->closing) {
		say_goodbye(t);
		t->shut = true;
		stream_shutdown(t->transport);
	}
	count_queued(t);
}

static void encrypt_and_tell(struct tls_stream *t)
{
	bool had = t->base.queued_bytes > 0;
	if (!t->established || t->closing)
		return;
	encrypt(t);
	if (had && t->base.queued_bytes == 0 && !t->closing && t->base.on_drain)
		t->base.on_drain(&t->base);
}

static void on_transport_drain(struct stream *transport)
{
	encrypt_and_tell(transport->ctx);
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
		keep_rest(t);
	}
	encrypt_and_tell(t);
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
	count_queued(t);
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
	handshake_failed(t, &err);
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
	mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
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

const char *tls_stream_alpn(struct stream *s)
{
	const char *name = of(s)->alpn;
	return name ? name : "";
}
