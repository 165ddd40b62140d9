/* SPDX-License-Identifier: Apache-2.0 */
/* Client certificates are asked for without a CA at hand, so that mbedtls checks only the proof of the key; the chain is verified
 * after the handshake, through the cache in tls_peer.c.
 *
 * A TLS 1.3 ticket of mbedtls does not carry the client's certificate, so a resumed session would be anonymous: sessions
 * with a certificate get a ticket that opens nothing, and their next connection does a full handshake. */
#include "net/tls_context.h"

#include <mbedtls/error.h>
#include <mbedtls/pem.h>
#include <psa/crypto.h>
#include <stdatomic.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "base/encode.h"
#include "net/mbed.h"

#define TICKET_LIFETIME_S 86400

struct tls_server {
	pthread_mutex_t lock;
	struct tls_context *current;
};

struct tls_client {
	struct tls_context *context;
};

/* AES-128 first: it is the fastest and every client has it. */
static const int ciphers[] = {
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	0,
};

/* mbedTLS takes the first TLS 1.3 suite of the client's list, and some clients put ChaCha20 first: where the CPU has AES, a
 * server does not offer it for TLS 1.3, whose clients all have AES-128-GCM (RFC 8446, 9.1). */
static const int *server_ciphers(void)
{
	static const int without_chacha[] = {
		MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
		MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		0,
	};
#if defined(__x86_64__)
	bool aes = __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
	bool aes = (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
	bool aes = false;
#endif
	return aes ? without_chacha : ciphers;
}

int tls_error(struct err *err, int r, const char *what)
{
	char text[160];
	mbedtls_strerror(r, text, sizeof(text));
	return err_set(err, ERR_INTERNAL, "%s: %s (-0x%04x)", what, text, (unsigned)-r);
}

static void crypto_init(void)
{
	psa_crypto_init();
}

static struct tls_context *context_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, crypto_init);
	struct tls_context *c = NEW(struct tls_context);
	atomic_init(&c->refs, 1);
	mbedtls_ssl_config_init(&c->conf);
	mbedtls_x509_crt_init(&c->chain);
	mbedtls_x509_crt_init(&c->trusted);
	mbedtls_pk_init(&c->key);
	mbedtls_ssl_ticket_init(&c->tickets);
	tls_peer_cache_init(&c->peers);
	return c;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void tls_context_unref(struct tls_context *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) > 1)
		return;
	tls_peer_cache_free(&c->peers);
	mbedtls_ssl_config_free(&c->conf);
	mbedtls_ssl_ticket_free(&c->tickets);
	mbedtls_pk_free(&c->key);
	mbedtls_x509_crt_free(&c->trusted);
	mbedtls_x509_crt_free(&c->chain);
	for (const char **a = c->alpn; a && *a; a++)
		free((void *)(uintptr_t)*a);
	free(c->alpn);
	free(c->server_name);
	free(c);
}

/* mbedtls wants PEM with its NUL counted. */
static int certificates_parse(mbedtls_x509_crt *out, struct str pem, const char *what,
			      struct err *err)
{
	auto_free char *text = str_dup(pem);
	int r = mbedtls_x509_crt_parse(out, (unsigned char *)text, pem.n + 1);
	if (r < 0)
		return tls_error(err, r, what);
	if (r > 0)
		return err_set(err, ERR_INTERNAL, "%s: %d certificates can't be read", what, r);
	return 0;
}

static int key_parse(mbedtls_pk_context *out, struct str pem, struct err *err)
{
	char *text = str_dup(pem);
	int r = mbedtls_pk_parse_key(out, (unsigned char *)text, pem.n + 1, NULL, 0, mbed_random,
				     NULL);
	explicit_bzero(text, pem.n);
	free(text);
	return r < 0 ? tls_error(err, r, "parse private key") : 0;
}

static int identity_parse(struct tls_context *c, struct str cert, struct str key, struct err *err)
{
	int r = certificates_parse(&c->chain, cert, "parse certificate", err);
	if (r == 0)
		r = key_parse(&c->key, key, err);
	if (r < 0)
		return r;
	if (mbedtls_pk_check_pair(&c->chain.pk, &c->key, mbed_random, NULL) != 0)
		return err_set(err, ERR_INTERNAL,
			       "the private key does not belong to the certificate");
	r = mbedtls_ssl_conf_own_cert(&c->conf, &c->chain, &c->key);
	return r < 0 ? tls_error(err, r, "use certificate") : 0;
}

static int common_setup(struct tls_context *c, int endpoint, const char *const *alpn,
			struct err *err)
{
	int r = mbedtls_ssl_config_defaults(&c->conf, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM,
					    MBEDTLS_SSL_PRESET_DEFAULT);
	if (r < 0)
		return tls_error(err, r, "configure TLS");
	mbedtls_ssl_conf_rng(&c->conf, mbed_random, NULL);
	bool server = endpoint == MBEDTLS_SSL_IS_SERVER;
	mbedtls_ssl_conf_ciphersuites(&c->conf, server ? server_ciphers() : ciphers);
	mbedtls_ssl_conf_min_tls_version(&c->conf, MBEDTLS_SSL_VERSION_TLS1_2);
	size_t n = 0;
	while (alpn && alpn[n])
		n++;
	if (n == 0)
		return 0;
	c->alpn = mem_zalloc((n + 1) * sizeof(*c->alpn));
	for (size_t i = 0; i < n; i++)
		c->alpn[i] = str_dup(str_from(alpn[i]));
	r = mbedtls_ssl_conf_alpn_protocols(&c->conf, c->alpn);
	return r < 0 ? tls_error(err, r, "configure ALPN") : 0;
}

static int ticket_write(void *ctx, const mbedtls_ssl_session *session, unsigned char *start,
			const unsigned char *end, size_t *len, uint32_t *lifetime)
{
	if (!session->MBEDTLS_PRIVATE(peer_cert))
		return mbedtls_ssl_ticket_write(ctx, session, start, end, len, lifetime);
	if (end - start < 16)
		return MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL;
	rand_bytes(start, 16);
	*len = 16;
	*lifetime = 1;
	return 0;
}

static int tickets_setup(struct tls_context *c, struct err *err)
{
	int r = mbedtls_ssl_ticket_setup(&c->tickets, mbed_random, NULL, MBEDTLS_CIPHER_AES_256_GCM,
					 TICKET_LIFETIME_S);
	if (r < 0)
		return tls_error(err, r, "configure session tickets");
	mbedtls_ssl_conf_session_tickets_cb(&c->conf, ticket_write, mbedtls_ssl_ticket_parse,
					    &c->tickets);
	return 0;
}

static int server_setup(struct tls_context *c, const struct tls_server_config *config,
			struct err *err)
{
	int r = common_setup(c, MBEDTLS_SSL_IS_SERVER, config->alpn, err);
	if (r == 0)
		r = identity_parse(c, config->cert_pem, config->key_pem, err);
	if (r == 0)
		r = tickets_setup(c, err);
	if (r == 0 && config->client_ca_pem.n > 0)
		r = certificates_parse(&c->trusted, config->client_ca_pem, "parse client CA", err);
	if (r < 0)
		return r;
	c->asks_for_certificate = config->client_ca_pem.n > 0;
	mbedtls_ssl_conf_authmode(&c->conf, c->asks_for_certificate ? MBEDTLS_SSL_VERIFY_OPTIONAL
								    : MBEDTLS_SSL_VERIFY_NONE);
	if (c->asks_for_certificate)
		mbedtls_ssl_conf_dn_hints(&c->conf, &c->trusted);
	return 0;
}

static int server_context_new(const struct tls_server_config *config, struct tls_context **out,
			      struct err *err)
{
	struct tls_context *c = context_new();
	int r = server_setup(c, config, err);
	if (r < 0) {
		tls_context_unref(c);
		return r;
	}
	*out = c;
	return 0;
}

int tls_server_new(const struct tls_server_config *config, struct tls_server **out, struct err *err)
{
	struct tls_context *c;
	int r = server_context_new(config, &c, err);
	if (r < 0)
		return r;
	struct tls_server *s = NEW(struct tls_server);
	pthread_mutex_init(&s->lock, NULL);
	s->current = c;
	*out = s;
	return 0;
}

int tls_server_reload(struct tls_server *s, const struct tls_server_config *config, struct err *err)
{
	struct tls_context *fresh, *old;
	int r = server_context_new(config, &fresh, err);
	if (r < 0)
		return r;
	pthread_mutex_lock(&s->lock);
	old = s->current;
	s->current = fresh;
	pthread_mutex_unlock(&s->lock);
	tls_context_unref(old);
	return 0;
}

struct tls_context *tls_server_context(struct tls_server *s)
{
	pthread_mutex_lock(&s->lock);
	struct tls_context *c = tls_context_ref(s->current);
	pthread_mutex_unlock(&s->lock);
	return c;
}

void tls_server_free(struct tls_server *s)
{
	if (!s)
		return;
	tls_context_unref(s->current);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int client_setup(struct tls_context *c, const struct tls_client_config *config,
			struct err *err)
{
	int r = common_setup(c, MBEDTLS_SSL_IS_CLIENT, config->alpn, err);
	if (r == 0 && config->cert_pem.n > 0)
		r = identity_parse(c, config->cert_pem, config->key_pem, err);
	if (r == 0 && config->ca_pem.n > 0)
		r = certificates_parse(&c->trusted, config->ca_pem, "parse CA", err);
	if (r < 0)
		return r;
	mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
	if (config->ca_pem.n > 0)
		mbedtls_ssl_conf_ca_chain(&c->conf, &c->trusted, NULL);
	else if (!config->insecure)
		return err_set(err, ERR_INTERNAL, "TLS client without a CA");
	mbedtls_ssl_conf_authmode(&c->conf, config->insecure ? MBEDTLS_SSL_VERIFY_NONE
							     : MBEDTLS_SSL_VERIFY_REQUIRED);
	if (config->server_name)
		c->server_name = str_dup(str_from(config->server_name));
	return 0;
}

int tls_client_new(const struct tls_client_config *config, struct tls_client **out, struct err *err)
{
	struct tls_context *c = context_new();
	int r = client_setup(c, config, err);
	if (r < 0) {
		tls_context_unref(c);
		return r;
	}
	struct tls_client *k = NEW(struct tls_client);
	k->context = c;
	*out = k;
	return 0;
}

struct tls_context *tls_client_context(struct tls_client *k)
{
	return tls_context_ref(k->context);
}

void tls_client_free(struct tls_client *k)
{
	if (!k)
		return;
	tls_context_unref(k->context);
	free(k);
}
