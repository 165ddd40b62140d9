/* SPDX-License-Identifier: Apache-2.0 */
#include "secure.h"

#include <arpa/inet.h>
#include <mbedtls/ssl.h>
#include <psa/crypto.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/mem.h"
#include "target.h"

struct trust {
	mbedtls_ssl_config conf;
	mbedtls_x509_crt own;
	mbedtls_pk_context key;
};

static int random_fill(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

struct trust *trust_new(void)
{
	struct trust *t = NEW(struct trust);
	static const int suites[] = { MBEDTLS_TLS1_3_AES_128_GCM_SHA256, 0 };
	psa_crypto_init();
	mbedtls_ssl_config_init(&t->conf);
	mbedtls_x509_crt_init(&t->own);
	mbedtls_pk_init(&t->key);
	mbedtls_ssl_config_defaults(&t->conf, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
				    MBEDTLS_SSL_PRESET_DEFAULT);
	mbedtls_ssl_conf_rng(&t->conf, random_fill, NULL);
	mbedtls_ssl_conf_ciphersuites(&t->conf, suites);
	mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_NONE);
	mbedtls_x509_crt_parse(&t->own, (unsigned char *)target.cert.p, target.cert.n + 1);
	if (mbedtls_pk_parse_key(&t->key, (unsigned char *)target.key.p, target.key.n + 1, NULL, 0,
				 random_fill, NULL) ||
	    mbedtls_ssl_conf_own_cert(&t->conf, &t->own, &t->key))
		die("watch", "the kubeconfig's key can't be used");
	return t;
}

void trust_free(struct trust *t)
{
	mbedtls_ssl_config_free(&t->conf);
	mbedtls_x509_crt_free(&t->own);
	mbedtls_pk_free(&t->key);
	free(t);
}

static int to_server(void *ctx, const unsigned char *p, size_t n)
{
	return (int)send(*(int *)ctx, p, n, MSG_NOSIGNAL);
}

static int from_server(void *ctx, unsigned char *p, size_t n)
{
	return (int)recv(*(int *)ctx, p, n, 0);
}

static int dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	const char *colon = strrchr(target.server, ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_port = htons((uint16_t)atoi(colon + 1));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("watch", "no connection to 127.0.0.1 at the server's port");
	return fd;
}

void secure_say(struct secure *c, const char *text)
{
	unsigned char wire[2048];
	struct chunk_queue q = { 0 };
	struct chunk piece = { .p = text, .n = strlen(text) };
	chunk_queue_add(&q, &piece, 1);
	size_t n = tls_records_seal(c->records, &q, piece.n, wire);
	chunk_queue_free(&q);
	if (send(c->fd, wire, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("watch", "the server takes no request");
}

void secure_connect(struct secure *c, struct trust *t)
{
	mbedtls_ssl_context ssl;
	struct tls_secrets s = { 0 };
	c->fd = dial();
	mbedtls_ssl_init(&ssl);
	mbedtls_ssl_setup(&ssl, &t->conf);
	mbedtls_ssl_set_hostname(&ssl, NULL);
	mbedtls_ssl_set_bio(&ssl, &c->fd, to_server, from_server, NULL);
	tls_secrets_listen(&ssl, &s);
	if (mbedtls_ssl_handshake(&ssl) != 0)
		die("watch", "the handshake failed");
	struct tls_secrets ours = { .client = s.server, .server = s.client }; /* the other side */
	c->records = tls_records_new(mbedtls_ssl_get_ciphersuite_id_from_ssl(&ssl), &ours, 0, 0);
	mbedtls_ssl_free(&ssl);
	if (!c->records)
		die("watch", "the server chose another suite than AES-128-GCM of TLS 1.3");
}

void secure_close(struct secure *c)
{
	close(c->fd);
	tls_records_free(c->records);
}
