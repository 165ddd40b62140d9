/* SPDX-License-Identifier: Apache-2.0 */
/* Private to tls_stream.c and its parts: one TLS connection over a transport stream. Loop thread. */
#ifndef NET_TLS_CONN_H
#define NET_TLS_CONN_H

#include "base/buf.h"
#include "net/chunk_queue.h"
#include "net/tls_context.h"
#include "net/tls_record.h"

#define TLS_BUFFER_BYTES 16384 /* of what mbedtls reads or writes at once */

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
	bool peer_refused; /* it showed a certificate that proves nothing */
	struct loop_timer handshake_timer;
	struct loop_later work;
	tls_ready ready; /* NULL once called */
	void *ready_ctx;
	bool server, established, reading, pumping, closing, shutting, shut, failed;
	bool input_ended, told_end, first_bytes_seen, transport_gone, timer_gone;
	bool key_update_due, notified; /* close_notify came: what follows it is nothing */
};

/* tls_stream.c */
void tls_close_now(struct tls_stream *t);
/* Sends what mbedtls produced (an alert, perhaps), then closes. */
void tls_abandon(struct tls_stream *t);
void tls_timer_closed(struct loop_timer *timer);

/* tls_handshake.c */
void tls_handshake_step(struct tls_stream *t);
void tls_handshake_failed(struct tls_stream *t, struct err *err); /* tells the owner; clears err */
bool tls_is_plain_http(const char *p, size_t n);
void tls_refuse_plain_http(struct tls_stream *t);
void tls_secrets_drop(struct tls_stream *t);

/* tls_input.c */
int tls_bio_recv(void *ctx, unsigned char *p, size_t n);
/* Decrypts and delivers while somebody reads. False: the connection is over. */
bool tls_read(struct tls_stream *t);
void tls_tell_end(struct tls_stream *t);
void tls_keep_rest(struct tls_stream *t); /* of the input that nobody has taken */

/* tls_output.c */
int tls_bio_send(void *ctx, const unsigned char *p, size_t n);
void tls_block_send(struct tls_stream *t);
void tls_count_queued(struct tls_stream *t);
void tls_send_alert(struct tls_stream *t, enum tls_alert a);
void tls_encrypt(struct tls_stream
			 *t); /* all that the transport has room for; then on_drain, if it is due */

#endif
