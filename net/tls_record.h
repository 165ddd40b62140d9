/* SPDX-License-Identifier: Apache-2.0 */
/* Record protection of an established TLS 1.3 connection with AES-GCM (RFC 8446, 5.2 and 7.3), by nettle: output is
 * copied once, into the block that goes to the socket, and encrypted there; input goes from where it lies into the reader's
 * buffer. mbedTLS does the handshake; its session, buffers and keys (40 KB) are given back then. Private to net/. Loop thread. */
#ifndef NET_TLS_RECORD_H
#define NET_TLS_RECORD_H

#include <mbedtls/ssl.h>

#include "net/chunk_queue.h"

#define TLS_RECORD_PLAIN    16384             /* most plain text of one record */
#define TLS_RECORD_OVERHEAD (5 + 1 + 16)      /* header, content type, tag */
#define TLS_RECORD_MAX      (5 + 16384 + 256) /* header and the most that may follow */

enum tls_content { TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_DATA = 23 };
enum tls_alert {
	TLS_CLOSE_NOTIFY = 0,
	TLS_UNEXPECTED_MESSAGE = 10,
	TLS_BAD_RECORD_MAC = 20,
	TLS_RECORD_OVERFLOW = 22,
	TLS_ILLEGAL_PARAMETER = 47,
	TLS_DECODE_ERROR = 50,
	TLS_USER_CANCELED = 90,
};

struct tls_secret { /* an application traffic secret */
	unsigned char p[48];
	size_t n; /* 0: none */
};
struct tls_secrets {
	struct tls_secret client, server;
};
/* Listens for the secrets of a connection; `out` is written during its handshake. */
void tls_secrets_listen(mbedtls_ssl_context *ssl, struct tls_secrets *out);

struct tls_records;
/* A server's side of a connection whose handshake is done; the secrets are wiped. `read` and `written` records under them have
 * passed already. NULL: not TLS 1.3 with AES-GCM. */
struct tls_records *tls_records_new(int suite, struct tls_secrets *secrets, uint64_t read,
				    uint64_t written);
void tls_records_free(struct tls_records *r); /* wipes the keys */

/* The first n (at most TLS_RECORD_PLAIN) bytes of the queue as one record; returns its size, n + TLS_RECORD_OVERHEAD. */
size_t tls_records_seal(struct tls_records *r, struct chunk_queue *q, size_t n, unsigned char *out);
size_t tls_records_seal_alert(struct tls_records *r, enum tls_alert a, unsigned char *out);

/* One record from the front of `in`, which moves on; the plain text goes to `out` (TLS_RECORD_PLAIN + 256 bytes). Returns its
 * size, or -1 when the record is not complete yet, or -2 with *alert set when the connection must end. */
int tls_records_open(struct tls_records *r, struct str *in, unsigned char *out,
		     enum tls_content *type, enum tls_alert *alert);
/* A handshake record after the handshake: a client may only send KeyUpdate (4.6.3), in one piece or several. *answer: one of ours
 * is due. 0, or -2 with *alert set. */
int tls_records_handshake(struct tls_records *r, struct str part, bool *answer,
			  enum tls_alert *alert);
/* Our key has protected as much as it should (5.5): a key update goes out before the next record. */
bool tls_records_key_is_worn(const struct tls_records *r);
#define TLS_KEY_UPDATE_BYTES (5 + TLS_RECORD_OVERHEAD)
size_t tls_records_seal_key_update(struct tls_records *r, unsigned char *out);

#endif
