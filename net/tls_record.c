/* SPDX-License-Identifier: Apache-2.0 */
/* Output is gathered where the cipher text will stand and encrypted in place, in one call per record: nettle is slower by a
 * third piece by piece, and by half into memory that is not aligned. */
#include "net/tls_record.h"

#include <mbedtls/hkdf.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <string.h>

#define TAG                16
#define KEY_UPDATE         24
#define KEY_UPDATE_BYTES   5
/* RFC 8446, 5.5: 2^24.5 full records per key. Counted in blocks of the cipher, so that small records don't change keys early. */
#define BLOCKS_OF_A_RECORD (TLS_RECORD_PLAIN / 16 + 2)
#define BLOCKS_OF_A_KEY    (UINT64_C(1) << 34)
#define IDLE_RECORDS       32 /* in a row that carry no data */

struct direction {
	union {
		struct gcm_aes128_ctx aes128;
		struct gcm_aes256_ctx aes256;
	} gcm;
	struct tls_secret secret;
	unsigned char iv[12];
	uint64_t sequence, blocks; /* under this key */
};

struct tls_records {
	bool aes256; /* and SHA-384 */
	struct direction in, out;
	unsigned idle;                  /* records since the last that carried data */
	char message[KEY_UPDATE_BYTES]; /* of the handshake, that may come in pieces */
	size_t message_n;
};

static void on_secret(void *ctx, mbedtls_ssl_key_export_type type, const unsigned char *secret,
		      size_t n, const unsigned char client_random[32],
		      const unsigned char server_random[32], mbedtls_tls_prf_types prf)
{
	struct tls_secrets *s = ctx;
	struct tls_secret *to = NULL;
	(void)client_random;
	(void)server_random;
	(void)prf;
	if (type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_CLIENT_APPLICATION_TRAFFIC_SECRET)
		to = &s->client;
	else if (type == MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET)
		to = &s->server;
	if (!to || n > sizeof(to->p))
		return;
	memcpy(to->p, secret, n);
	to->n = n;
}

void tls_secrets_listen(mbedtls_ssl_context *ssl, struct tls_secrets *out)
{
	mbedtls_ssl_set_export_keys_cb(ssl, on_secret, out);
}

/* HKDF-Expand-Label(secret, label, "", n): RFC 8446, 7.1. */
static void expand_label(const struct tls_records *r, const struct tls_secret *secret,
			 const char *label, unsigned char *out, size_t n)
{
	unsigned char info[64];
	size_t len = strlen(label);
	info[0] = 0;
	info[1] = (unsigned char)n;
	info[2] = (unsigned char)(6 + len);
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, len);
	info[9 + len] = 0;
	int e = mbedtls_hkdf_expand(mbedtls_md_info_from_type(r->aes256 ? MBEDTLS_MD_SHA384
									: MBEDTLS_MD_SHA256),
				    secret->p, secret->n, info, 10 + len, out, n);
	if (e != 0)
		abort(); /* a key of anything else must never be used */
}

static void direction_keys(const struct tls_records *r, struct direction *d)
{
	unsigned char key[32];
	expand_label(r, &d->secret, "key", key, r->aes256 ? 32 : 16);
	expand_label(r, &d->secret, "iv", d->iv, sizeof(d->iv));
	if (r->aes256)
		gcm_aes256_set_key(&d->gcm.aes256, key);
	else
		gcm_aes128_set_key(&d->gcm.aes128, key);
	explicit_bzero(key, sizeof(key));
	d->sequence = d->blocks = 0;
}

static void direction_update(const struct tls_records *r, struct direction *d)
{
	struct tls_secret next = { .n = d->secret.n };
	expand_label(r, &d->secret, "traffic upd", next.p, next.n);
	d->secret = next;
	explicit_bzero(&next, sizeof(next));
	direction_keys(r, d);
}

struct tls_records *tls_records_new(int suite, struct tls_secrets *secrets, uint64_t read,
				    uint64_t written)
{
	bool aes256 = suite == MBEDTLS_TLS1_3_AES_256_GCM_SHA384;
	size_t n = aes256 ? 48 : 32; /* of the suite's hash */
	struct tls_records *r = NULL;
	if ((aes256 || suite == MBEDTLS_TLS1_3_AES_128_GCM_SHA256) && secrets->client.n == n &&
	    secrets->server.n == n) {
		r = NEW(struct tls_records);
		r->aes256 = aes256;
		r->in.secret = secrets->client;
		r->out.secret = secrets->server;
		direction_keys(r, &r->in);
		direction_keys(r, &r->out);
		r->in.sequence = read;
		r->out.sequence = written;
		r->out.blocks = written * BLOCKS_OF_A_RECORD;
	}
	explicit_bzero(secrets, sizeof(*secrets));
	return r;
}

void tls_records_free(struct tls_records *r)
{
	if (!r)
		return;
	explicit_bzero(r, sizeof(*r));
	free(r);
}

/* ---- AES-GCM under the record's nonce ---- */

static void begin(const struct tls_records *r, struct direction *d, const unsigned char head[5])
{
	unsigned char nonce[12];
	uint64_t n = d->sequence++;
	memcpy(nonce, d->iv, sizeof(nonce));
	for (int i = 11; i > 3; i--, n >>= 8)
		nonce[i] ^= (unsigned char)n;
	if (r->aes256) {
		gcm_aes256_set_iv(&d->gcm.aes256, sizeof(nonce), nonce);
		gcm_aes256_update(&d->gcm.aes256, 5, head);
	} else {
		gcm_aes128_set_iv(&d->gcm.aes128, sizeof(nonce), nonce);
		gcm_aes128_update(&d->gcm.aes128, 5, head);
	}
}

static void decrypt(struct tls_records *r, size_t n, unsigned char *out, const void *in)
{
	if (r->aes256)
		gcm_aes256_decrypt(&r->in.gcm.aes256, n, out, in);
	else
		gcm_aes128_decrypt(&r->in.gcm.aes128, n, out, in);
}

static void digest(const struct tls_records *r, struct direction *d, unsigned char *out)
{
	if (r->aes256)
		gcm_aes256_digest(&d->gcm.aes256, TAG, out);
	else
		gcm_aes128_digest(&d->gcm.aes128, TAG, out);
}

/* ---- sealing: the plain text stands at out + 5 ---- */

static size_t seal(struct tls_records *r, enum tls_content type, size_t plain, unsigned char *out)
{
	unsigned char *text = out + 5;
	size_t n = plain + 1 + TAG;
	text[plain] = (unsigned char)type;
	out[0] = TLS_DATA;
	out[1] = out[2] = 3;
	out[3] = (unsigned char)(n >> 8);
	out[4] = (unsigned char)n;
	begin(r, &r->out, out);
	r->out.blocks += (plain + 16) / 16 + 1;
	if (r->aes256)
		gcm_aes256_encrypt(&r->out.gcm.aes256, plain + 1, text, text);
	else
		gcm_aes128_encrypt(&r->out.gcm.aes128, plain + 1, text, text);
	digest(r, &r->out, text + plain + 1);
	return 5 + n;
}

size_t tls_records_seal(struct tls_records *r, struct chunk_queue *q, size_t n, unsigned char *out)
{
	chunk_queue_copy(q, out + 5, n);
	return seal(r, TLS_DATA, n, out);
}

static size_t seal_message(struct tls_records *r, enum tls_content type, const char *p, size_t n,
			   unsigned char *out)
{
	memcpy(out + 5, p, n);
	return seal(r, type, n, out);
}

size_t tls_records_seal_alert(struct tls_records *r, enum tls_alert a, unsigned char *out)
{
	bool warning = a == TLS_CLOSE_NOTIFY || a == TLS_USER_CANCELED;
	const char text[2] = { warning ? 1 : 2, (char)a };
	return seal_message(r, TLS_ALERT, text, sizeof(text), out);
}

bool tls_records_key_is_worn(const struct tls_records *r)
{
	return r->out.blocks >= BLOCKS_OF_A_KEY;
}

size_t tls_records_seal_key_update(struct tls_records *r, unsigned char *out)
{
	static const char text[KEY_UPDATE_BYTES] = { KEY_UPDATE, 0, 0, 1, 0 };
	size_t n = seal_message(r, TLS_HANDSHAKE, text, sizeof(text), out);
	direction_update(r, &r->out);
	return n;
}

/* ---- opening ---- */

static int refuse(enum tls_alert *alert, enum tls_alert why)
{
	*alert = why;
	return -2;
}

/* The content type is the last byte that is not padding. */
static int inner(const unsigned char *p, size_t n, enum tls_content *type, enum tls_alert *alert)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	if (n == 0)
		return refuse(alert, TLS_UNEXPECTED_MESSAGE);
	if (n - 1 > TLS_RECORD_PLAIN)
		return refuse(alert, TLS_RECORD_OVERFLOW);
	*type = (enum tls_content)p[n - 1];
	return (int)(n - 1);
}

/* A peer may not keep us busy for nothing, nor put other records into the middle of a message (5.1). */
static int judge(struct tls_records *r, enum tls_content type, int n, enum tls_alert *alert)
{
	r->idle = type == TLS_DATA && n > 0 ? 0 : r->idle + 1;
	if (r->idle > IDLE_RECORDS || (type != TLS_HANDSHAKE && r->message_n > 0))
		return refuse(alert, TLS_UNEXPECTED_MESSAGE);
	return n;
}

int tls_records_open(struct tls_records *r, struct str *in, unsigned char *out,
		     enum tls_content *type, enum tls_alert *alert)
{
	const unsigned char *p = (const unsigned char *)in->p;
	unsigned char tag[TAG];
	if (in->n < 5)
		return -1;
	size_t n = (size_t)p[3] << 8 | p[4];
	if (p[0] != TLS_DATA)
		return refuse(alert, TLS_UNEXPECTED_MESSAGE);
	if (n > TLS_RECORD_MAX - 5)
		return refuse(alert, TLS_RECORD_OVERFLOW);
	if (n < TAG)
		return refuse(alert, TLS_BAD_RECORD_MAC);
	if (in->n < 5 + n)
		return -1;
	begin(r, &r->in, p);
	decrypt(r, n - TAG, out, p + 5);
	digest(r, &r->in, tag);
	in->p += 5 + n;
	in->n -= 5 + n;
	if (!memeql_sec(tag, p + 5 + n - TAG, TAG))
		return refuse(alert, TLS_BAD_RECORD_MAC);
	int size = inner(out, n - TAG, type, alert);
	return size < 0 ? size : judge(r, *type, size, alert);
}

static int key_update(struct tls_records *r, bool *answer, enum tls_alert *alert)
{
	const char *p = r->message;
	if (p[1] != 0 || p[2] != 0 || p[3] != 1)
		return refuse(alert, TLS_DECODE_ERROR);
	if (p[4] != 0 && p[4] != 1)
		return refuse(alert, TLS_ILLEGAL_PARAMETER);
	*answer = p[4] == 1;
	r->message_n = 0;
	direction_update(r, &r->in);
	return 0;
}

int tls_records_handshake(struct tls_records *r, struct str part, bool *answer,
			  enum tls_alert *alert)
{
	*answer = false;
	if (part.n == 0 || (r->message_n == 0 && part.p[0] != KEY_UPDATE))
		return refuse(alert, TLS_UNEXPECTED_MESSAGE);
	if (part.n > KEY_UPDATE_BYTES - r->message_n) /* what follows would be under the next key */
		return refuse(alert, TLS_UNEXPECTED_MESSAGE);
	memcpy(r->message + r->message_n, part.p, part.n);
	r->message_n += part.n;
	return r->message_n < KEY_UPDATE_BYTES ? 0 : key_update(r, answer, alert);
}
