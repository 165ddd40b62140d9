/* SPDX-License-Identifier: Apache-2.0 */
/* Only certificates that passed are remembered, so garbage can't fill the cache; when it is full it starts anew. Their
 * validity is checked against the clock at each look-up. */
#include "net/tls_peer.h"

#include <mbedtls/oid.h>
#include <time.h>

#include "base/encode.h"
#include "base/log.h"

#define PEERS_MAX    4096
#define OID_USER_UID "\x2b\x06\x01\x04\x01\x83\xc2\x53\x02" /* 1.3.6.1.4.1.57683.2 */

void tls_peer_cache_init(struct tls_peer_cache *c)
{
	pthread_mutex_init(&c->lock, NULL);
	c->peers = (struct map){ 0 };
}

static void unref_value(void *p)
{
	tls_peer_unref(p);
}

void tls_peer_cache_free(struct tls_peer_cache *c)
{
	map_free(&c->peers, unref_value);
	pthread_mutex_destroy(&c->lock);
}

struct tls_peer *tls_peer_ref(struct tls_peer *p)
{
	__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

void tls_peer_unref(struct tls_peer *p)
{
	if (!p || __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (char **o = p->organizations; o && *o; o++)
		free(*o);
	free(p->organizations);
	free(p->common_name);
	free(p->uid);
	free(p);
}

static int64_t unix_time(const mbedtls_x509_time *t)
{
	struct tm tm = { .tm_year = t->year - 1900,
			 .tm_mon = t->mon - 1,
			 .tm_mday = t->day,
			 .tm_hour = t->hour,
			 .tm_min = t->min,
			 .tm_sec = t->sec };
	return timegm(&tm);
}

static void add_organization(struct tls_peer *p, size_t *n, char *text)
{
	p->organizations = mem_realloc(p->organizations, (*n + 2) * sizeof(char *));
	p->organizations[(*n)++] = text;
	p->organizations[*n] = NULL;
}

/* false: a name holds a NUL, which would make one name pass for another, or there is not exactly one text for a uid. */
static bool subject_read(struct tls_peer *p, const mbedtls_x509_name *name)
{
	size_t n = 0;
	p->organizations = mem_zalloc(sizeof(char *));
	for (; name; name = name->next) {
		struct str value = str_of(name->val.p, name->val.len);
		bool cn = MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0;
		bool org = MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORGANIZATION, &name->oid) == 0;
		bool uid = MBEDTLS_OID_CMP(OID_USER_UID, &name->oid) == 0;
		if (!cn && !org && !uid)
			continue;
		if (value.n > 0 && memchr(value.p, 0, value.n))
			return false;
		if (uid && (value.n == 0 || p->uid))
			return false;
		if (org) {
			add_organization(p, &n, str_dup(value));
		} else if (uid) {
			p->uid = str_dup(value);
		} else {
			free(p->common_name);
			p->common_name = str_dup(value);
		}
	}
	return p->common_name != NULL;
}

static bool chain_is_trusted(mbedtls_x509_crt *chain, mbedtls_x509_crt *trusted)
{
	uint32_t flags = 0;
	if (mbedtls_x509_crt_verify(chain, trusted, NULL, NULL, &flags, NULL, NULL) != 0) {
		char why[256] = "";
		mbedtls_x509_crt_verify_info(why, sizeof(why), "", flags);
		log_debug("client certificate refused", LOG_STR("why", str_trim(str_from(why))));
		return false;
	}
	return mbedtls_x509_crt_check_extended_key_usage(chain, MBEDTLS_OID_CLIENT_AUTH,
							 MBEDTLS_OID_SIZE(
								 MBEDTLS_OID_CLIENT_AUTH)) == 0;
}

/* The first of the trusted ones that is enough alone. */
static unsigned authority_of(mbedtls_x509_crt *chain, mbedtls_x509_crt *trusted)
{
	unsigned n = 0;
	for (const mbedtls_x509_crt *ca = trusted; ca && ca->next; ca = ca->next, n++) {
		mbedtls_x509_crt one = *ca;
		one.next = NULL;
		if (chain_is_trusted(chain, &one))
			break;
	}
	return n;
}

static struct tls_peer *peer_new(const mbedtls_x509_crt *cert, const unsigned char *digest)
{
	struct tls_peer *p = NEW(struct tls_peer);
	p->refs = 1;
	p->not_after_s = unix_time(&cert->valid_to);
	hex_encode(p->fingerprint, digest, SHA256_SIZE);
	if (!subject_read(p, &cert->subject)) {
		tls_peer_unref(p);
		return NULL;
	}
	return p;
}

static void remember(struct tls_peer_cache *c, struct str key, struct tls_peer *p)
{
	pthread_mutex_lock(&c->lock);
	if (c->peers.count >= PEERS_MAX)
		map_free(&c->peers, unref_value);
	tls_peer_unref(map_put(&c->peers, key, tls_peer_ref(p)));
	pthread_mutex_unlock(&c->lock);
}

static struct tls_peer *recall(struct tls_peer_cache *c, struct str key)
{
	pthread_mutex_lock(&c->lock);
	struct tls_peer *p = map_get(&c->peers, key);
	if (p)
		tls_peer_ref(p);
	pthread_mutex_unlock(&c->lock);
	return p;
}

struct tls_peer *tls_peer_verify(struct tls_peer_cache *c, mbedtls_x509_crt *chain,
				 mbedtls_x509_crt *trusted)
{
	unsigned char digest[SHA256_SIZE];
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, chain->raw.p, chain->raw.len);
	sha256_final(&h, digest);
	struct str key = str_of(digest, sizeof(digest));
	struct tls_peer *p = recall(c, key);
	if (p && p->not_after_s >= time(NULL))
		return p;
	tls_peer_unref(p);
	if (!chain_is_trusted(chain, trusted))
		return NULL;
	p = peer_new(chain, digest);
	if (!p)
		return NULL;
	p->authority = authority_of(chain, trusted);
	remember(c, key, p);
	return p;
}
