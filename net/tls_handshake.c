/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake, by mbedtls. A server's TLS 1.3 connection then goes on with records of our own and gives mbedtls' session back. */
#include "net/tls_conn.h"

void tls_secrets_drop(struct tls_stream *t)
{
	if (t->secrets)
		explicit_bzero(t->secrets, sizeof(*t->secrets));
	free(TAKE(t->secrets));
}

void tls_handshake_failed(struct tls_stream *t, struct err *err)
{
	tls_ready ready = TAKE(t->ready);
	if (ready)
		ready(t->ready_ctx, &t->base, err);
	err_clear(err);
	tls_abandon(t);
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
	tls_secrets_drop(t);
	if (t->records) {
		mbedtls_ssl_free(&t->ssl);
		mbedtls_ssl_init(&t->ssl);
	}
}

static void handshake_done(struct tls_stream *t)
{
	mbedtls_x509_crt *chain = (mbedtls_x509_crt *)(uintptr_t)mbedtls_ssl_get_peer_cert(&t->ssl);
	if (t->server && t->context->asks_for_certificate && chain) {
		t->peer = tls_peer_verify(&t->context->peers, chain, &t->context->trusted);
		t->peer_refused = !t->peer;
	}
	take_over(t);
	t->established = true;
	loop_timer_close(&t->handshake_timer, tls_timer_closed);
	tls_ready ready = TAKE(t->ready);
	ready(t->ready_ctx, &t->base, NULL);
	if (!t->reading && !t->closing)
		stream_read_stop(t->transport);
	if (!t->closing)
		loop_later(t->base.loop, &t->work); /* what was written meanwhile */
}

void tls_handshake_step(struct tls_stream *t)
{
	struct err err = { 0 };
	int r = mbedtls_ssl_handshake(&t->ssl);
	if (r == MBEDTLS_ERR_SSL_WANT_READ || r == MBEDTLS_ERR_SSL_WANT_WRITE) {
		tls_block_send(t);
		return;
	}
	if (r == 0) {
		tls_block_send(t);
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
	tls_handshake_failed(t, &err);
}

/* Kindness of Go's server: a client that speaks plain HTTP is told so. */
bool tls_is_plain_http(const char *p, size_t n)
{
	static const char *const starts[] = { "GET ", "HEAD", "POST", "PUT ",
					      "OPTI", "PATC", "DELE", "CONN" };
	for (size_t i = 0; n >= 4 && i < COUNT_OF(starts); i++) {
		if (memcmp(p, starts[i], 4) == 0)
			return true;
	}
	return false;
}

void tls_refuse_plain_http(struct tls_stream *t)
{
	static const char text[] =
		"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
	struct err err = { 0 };
	struct chunk c = CHUNK_STATIC(text);
	stream_write(t->transport, &c, 1);
	err_set(&err, ERR_BAD_REQUEST, "client sent an HTTP request to an HTTPS server");
	tls_handshake_failed(t, &err);
}
