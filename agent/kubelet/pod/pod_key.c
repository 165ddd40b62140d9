/* SPDX-License-Identifier: Apache-2.0 */
/* mbedTLS writes keys in the forms of their own algorithms; PKCS #8 (RFC 5208) is a frame around those:
 * SEQUENCE { 0, algorithm, OCTET STRING }. */
#include "agent/kubelet/pod/pod_key.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_csr.h>

#include "base/encode.h"
#include "base/mem.h"
#include "net/mbed.h"

#define DER_MAX      4096
#define RSA_EXPONENT 65537

#define TAG_INTEGER      0x02
#define TAG_OCTET_STRING 0x04
#define TAG_SEQUENCE     0x30

static const struct kind {
	const char *name;
	unsigned rsa_bits; /* 0: a curve */
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

static int write_key(const struct kind *k, mbedtls_pk_context *key, struct buf *out)
{
	unsigned char inner[DER_MAX], pem[2 * DER_MAX];
	size_t written = 0;
	auto_buf content = { 0 }, whole = { 0 };
	int n = mbedtls_pk_write_key_der(key, inner, sizeof(inner)); /* at the end of the buffer */
	if (n < 0)
		return n;
	der(&content, TAG_INTEGER, str_of("", 1));
	buf_str(&content, k->algorithm);
	der(&content, TAG_OCTET_STRING, str_of(inner + sizeof(inner) - n, (size_t)n));
	der(&whole, TAG_SEQUENCE, buf_view(&content));
	int r = mbedtls_pem_write_buffer("-----BEGIN PRIVATE KEY-----\n",
					 "-----END PRIVATE KEY-----\n", (unsigned char *)whole.p,
					 whole.n, pem, sizeof(pem), &written);
	if (r == 0)
		buf_puts(out, (char *)pem);
	return r;
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

int pod_key_new(struct str type, struct buf *key, struct buf *request, struct err *err)
{
	const struct kind *k = NULL;
	mbedtls_pk_context pk;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_eqz(type, kinds[i].name))
			k = &kinds[i];
	if (!k)
		return err_set(err, ERR_INVALID, "unknown key type \"%.*s\"", STR_ARG(type));
	mbedtls_pk_init(&pk);
	int r = generate(k, &pk);
	if (r == 0)
		r = write_key(k, &pk, key);
	if (r == 0)
		r = write_request(k, &pk, request);
	mbedtls_pk_free(&pk);
	return r ? mbed_error(err, ERR_INTERNAL, r, "while generating keypair") : 0;
}
