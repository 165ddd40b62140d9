/* SPDX-License-Identifier: Apache-2.0 */
/* What is read: the transport's bytes are opened where they lie, by tls_record.h or by mbedtls, while somebody reads. */
#include "net/tls_conn.h"

int tls_bio_recv(void *ctx, unsigned char *p, size_t n)
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
		tls_send_alert(t, *alert);
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
			tls_send_alert(t, alert);
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
bool tls_read(struct tls_stream *t)
{
	unsigned char data[TLS_BUFFER_BYTES];
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

void tls_tell_end(struct tls_stream *t)
{
	if (!t->input_ended || t->told_end || !t->reading || t->closing || t->input.n > 0)
		return;
	t->told_end = true;
	if (t->base.on_end)
		t->base.on_end(&t->base);
}

/* Bytes at the front of `kept` have been handed to mbedtls already as far as `input` moved on. */
void tls_keep_rest(struct tls_stream *t)
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
