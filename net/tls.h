/* SPDX-License-Identifier: Apache-2.0 */
/* TLS 1.2 and 1.3 (mbedTLS 3.6, bulk AES-GCM by nettle) over net/stream. A context is immutable once shared and used by
 * all loops; tls_server_reload() swaps the certificate for new connections. Session tickets are on. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "net/stream.h"

struct tls_server;
struct tls_client;

/* What the peer proved. Chain verified against the client CAs and the clock. Immutable, reference-counted. */
struct tls_peer {
	int refs;
	char *common_name;
	char **organizations; /* NULL-terminated */
	char *uid;            /* of the user (Kubernetes' own attribute); NULL: the name has none */
	char fingerprint[65]; /* SHA-256 of the certificate, hex */
	int64_t not_after_s;  /* seconds since 1970: the certificate proves nothing any more */
	unsigned authority;   /* which of the trusted certificates vouches for it, from 0 */
};

struct tls_server_config {
	struct str cert_pem, key_pem; /* chain, P-256 key */
	/* empty: client certificates are not asked for; otherwise optional */
	struct str client_ca_pem;
	const char *const *alpn; /* NULL-terminated, e.g. "h2", "http/1.1" */
};
int tls_server_new(const struct tls_server_config *c, struct tls_server **out, struct err *err);
/* any thread */
int tls_server_reload(struct tls_server *s, const struct tls_server_config *c, struct err *err);
void tls_server_free(struct tls_server *s);

struct tls_client_config {
	struct str ca_pem;            /* empty with insecure set: the server is not verified */
	struct str cert_pem, key_pem; /* may be empty */
	const char *server_name;      /* SNI and the name verified; may be an IP address */
	bool insecure;
	const char *const *alpn;
};
int tls_client_new(const struct tls_client_config *c, struct tls_client **out, struct err *err);
void tls_client_free(struct tls_client *c);

/* Wraps a connected transport, which the TLS stream owns from now on. ready(ctx, s, err) is called once: err == NULL when the
 * handshake is done; otherwise the stream closes itself. A handshake that takes over 10 s fails. Whoever closes the stream before
 * that gets no ready. What is written in one turn of the loop goes out as one record where it fits. */
typedef void (*tls_ready)(void *ctx, struct stream *s, const struct err *err);
struct stream *tls_accept(struct tls_server *s, struct stream *transport, tls_ready ready,
			  void *ctx);
struct stream *tls_connect(struct tls_client *c, struct stream *transport, tls_ready ready,
			   void *ctx);
/* NULL when no certificate was shown; borrowed */
const struct tls_peer *tls_stream_peer(struct stream *s);
/* A client certificate was shown, but it proves nothing. */
bool tls_stream_peer_refused(struct stream *s);
const char *tls_stream_alpn(struct stream *s); /* "" when none */

#endif
