/* SPDX-License-Identifier: Apache-2.0 */
/* mbedTLS writes keys in the forms of their own algorithms; PKCS #8 (RFC 5208) is a frame around those:
 * SEQUENCE { 0, algorithm, OCTET STRING }. It knows nothing of Ed25519: those keys (RFC 8410) and requests (RFC 2986) are written here. */
#include "agent/kubelet/pod/pod_key.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_csr.h>

#include "agent/kubelet/pod/ed25519.h"
#include "base/encode.h"
#include "base/mem.h"
#include "net/mbed.h"

#define DER_MAX      4096
#define RSA_EXPONENT 65537

#define TAG_INTEGER      0x02
#define TAG_BIT_STRING   0x03
#define TAG_OCTET_STRING 0x04
#define TAG_SEQUENCE     0x30
#define TAG_ATTRIBUTES   0xa0

static const struct kind {
	const char *name;
	unsigned rsa_bits; /* 0: a curve; of Ed25519 mbedTLS has none */
	mbedtls_ecp_group_id curve;
	mbedtls_md_type_t digest;
	struct str algorithm; /* AlgorithmIdentifier, DER */
} kinds[] = {
	{ "ECDSAP256", 0, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_MD_SHA256,
	  STR_INIT("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
		   "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
	{ "ECDSAP384", 0, MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_MD_SHA384,
	  STR_INIT("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
		   "\x06\x05\x2b\x81\x04\x00\x22") },
	{ "ECDSAP521", 0, MBEDTLS_ECP_DP_SECP521R1, MBEDTLS_MD_SHA512,
	  STR_INIT("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
		   "\x06\x05\x2b\x81\x04\x00\x23") },
	{ "ED25519", 0, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_NONE,
	  STR_INIT("\x30\x05\x06\x03\x2b\x65\x70") },
	{ "RSA3072", 3072, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA256,
	  STR_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00") },
	{ "RSA4096", 4096, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA256,
	  STR_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00") },
};

static int generate(const struct kind *k, mbedtls_pk_context *key)
{
	mbedtls_pk_type_t type = k->rsa_bits ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY;
	int r = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(type));
	if (r)
		return r;
	return k->rsa_bits ? mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), mbed_random, NULL,
						 k->rsa_bits, RSA_EXPONENT)
			   : mbedtls_ecp_gen_key(k->curve, mbedtls_pk_ec(*key), mbed_random, NULL);
}

static void der(struct buf *out, unsigned char tag, struct str content)
{
	buf_putc(out, (char)tag);
	if (content.n >= 0x100)
		buf_putc(out, (char)0x82), buf_putc(out, (char)(content.n >> 8));
	else if (content.n >= 0x80)
		buf_putc(out, (char)0x81);
	buf_putc(out, (char)(content.n & 0xff));
	buf_str(out, content);
}

/* inner: the key in its algorithm's own form */
static int write_pkcs8(const struct kind *k, struct str inner, struct buf *out)
{
	unsigned char pem[2 * DER_MAX];
	size_t written = 0;
	auto_buf content = { 0 }, whole = { 0 };
	der(&content, TAG_INTEGER, str_of("", 1));
	buf_str(&content, k->algorithm);
	der(&content, TAG_OCTET_STRING, inner);
	der(&whole, TAG_SEQUENCE, buf_view(&content));
	int r = mbedtls_pem_write_buffer("-----BEGIN PRIVATE KEY-----\n",
					 "-----END PRIVATE KEY-----\n", (unsigned char *)whole.p,
					 whole.n, pem, sizeof(pem), &written);
	if (r == 0)
		buf_puts(out, (char *)pem);
	return r;
}

static int write_key(const struct kind *k, mbedtls_pk_context *key, struct buf *out)
{
	unsigned char inner[DER_MAX];
	int n = mbedtls_pk_write_key_der(key, inner, sizeof(inner)); /* at the end of the buffer */
	return n < 0 ? n : write_pkcs8(k, str_of(inner + sizeof(inner) - n, (size_t)n), out);
}

static int write_request(const struct kind *k, mbedtls_pk_context *key, struct buf *out)
{
	unsigned char text[DER_MAX];
	mbedtls_x509write_csr w;
	mbedtls_x509write_csr_init(&w);
	mbedtls_x509write_csr_set_key(&w, key);
	mbedtls_x509write_csr_set_md_alg(&w, k->digest);
	int n = mbedtls_x509write_csr_der(&w, text, sizeof(text), mbed_random, NULL);
	mbedtls_x509write_csr_free(&w);
	if (n < 0)
		return n;
	buf_add(out, text + sizeof(text) - n, (size_t)n);
	return 0;
}

/* --- Ed25519 --- */

static void der_bits(struct buf *out, const uint8_t *p, size_t n)
{
	auto_buf bits = { 0 };
	buf_putc(&bits, 0); /* none is unused */
	buf_add(&bits, p, n);
	der(out, TAG_BIT_STRING, buf_view(&bits));
}

static void write_info(const struct kind *k, const uint8_t public[ED25519_KEY_BYTES],
		       struct buf *out)
{
	auto_buf key = { 0 }, content = { 0 };
	buf_str(&key, k->algorithm);
	der_bits(&key, public, ED25519_KEY_BYTES);
	der(&content, TAG_INTEGER, str_of("", 1));
	der(&content, TAG_SEQUENCE, STR("")); /* no subject */
	der(&content, TAG_SEQUENCE, buf_view(&key));
	der(&content, TAG_ATTRIBUTES, STR(""));
	der(out, TAG_SEQUENCE, buf_view(&content));
}

static int write_ed25519(const struct kind *k, const uint8_t secret[ED25519_KEY_BYTES],
			 struct buf *key, struct buf *request)
{
	uint8_t public[ED25519_KEY_BYTES], signature[ED25519_SIGNATURE_BYTES];
	auto_buf inner = { 0 }, content = { 0 };
	int r = ed25519_public(secret, public);
	if (r)
		return r;
	write_info(k, public, &content);
	r = ed25519_sign(secret, public, buf_view(&content), signature);
	if (r)
		return r;
	buf_str(&content, k->algorithm);
	der_bits(&content, signature, sizeof(signature));
	der(request, TAG_SEQUENCE, buf_view(&content));
	der(&inner, TAG_OCTET_STRING, str_of(secret, ED25519_KEY_BYTES));
	return write_pkcs8(k, buf_view(&inner), key);
}

static int ed25519_new(const struct kind *k, struct buf *key, struct buf *request)
{
	uint8_t secret[ED25519_KEY_BYTES];
	rand_bytes(secret, sizeof(secret));
	int r = write_ed25519(k, secret, key, request);
	mbedtls_platform_zeroize(secret, sizeof(secret));
	return r;
}

/* --- all of them --- */

static int mbed_new(const struct kind *k, struct buf *key, struct buf *request)
{
	mbedtls_pk_context pk;
	mbedtls_pk_init(&pk);
	int r = generate(k, &pk);
	if (r == 0)
		r = write_key(k, &pk, key);
	if (r == 0)
		r = write_request(k, &pk, request);
	mbedtls_pk_free(&pk);
	return r;
}

int pod_key_new(struct str type, struct buf *key, struct buf *request, struct err *err)
{
	const struct kind *k = NULL;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_eqz(type, kinds[i].name))
			k = &kinds[i];
	if (!k)
		return err_set(err, ERR_INVALID, "unknown key type \"%.*s\"", STR_ARG(type));
	int r = k->digest == MBEDTLS_MD_NONE ? ed25519_new(k, key, request)
					     : mbed_new(k, key, request);
	return r ? mbed_error(err, ERR_INTERNAL, r, "while generating keypair") : 0;
}
