/* SPDX-License-Identifier: Apache-2.0 */
/* What TLS connections share: certificates, keys, cipher choice, tickets, and the memory of client certificates that were verified.
 * Immutable after it was built and counted, so that a reload leaves old connections alone. Private to net/. Any thread. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <pthread.h>

#include "net/tls.h"
#include "net/tls_peer.h"

struct tls_context {
	_Atomic int refs;
	mbedtls_ssl_config conf;
	/* ours; the CAs that the peer's certificate has to come from */
	mbedtls_x509_crt chain, trusted;
	mbedtls_pk_context key;
	mbedtls_ssl_ticket_context tickets;
	const char **alpn;         /* NULL-terminated, owned */
	char *server_name;         /* client: SNI and name verified; NULL: not verified */
	bool asks_for_certificate; /* server */
	struct tls_peer_cache peers;
};

struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c);
/* current one, counted for the caller */
struct tls_context *tls_server_context(struct tls_server *s);
struct tls_context *tls_client_context(struct tls_client *c);
int tls_error(struct err *err, int r, const char *what); /* makes an err of a mbedtls code */

#endif
