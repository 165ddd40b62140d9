/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/pki/key.h"

#include <mbedtls/ecp.h>

#include "base/encode.h"
#include "net/mbed.h"

#define KEY_PEM_MAX 1024
#define KEY_DER_MAX 512

int key_generate(mbedtls_pk_context *out, struct err *err)
{
	mbedtls_pk_init(out);
	int r = mbedtls_pk_setup(out, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
	if (r == 0)
		r = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*out), mbed_random,
					NULL);
	return r == 0 ? 0 : mbed_error(err, ERR_INTERNAL, r, "generate key");
}

int key_parse(struct str pem, mbedtls_pk_context *out, struct err *err)
{
	struct buf text = { 0 };
	mbedtls_pk_init(out);
	buf_str(&text, pem);
	buf_putc(&text, 0); /* mbedTLS counts the NUL of PEM text */
	int r = mbedtls_pk_parse_key(out, (unsigned char *)text.p, text.n, NULL, 0, mbed_random,
				     NULL);
	buf_free(&text);
	if (r)
		return mbed_error(err, ERR_INTERNAL, r, "parse key");
	if (mbedtls_pk_get_type(out) != MBEDTLS_PK_ECKEY)
		return err_set(err, ERR_INTERNAL, "parse key: not an elliptic curve key");
	return 0;
}

int key_write(mbedtls_pk_context *key, struct buf *pem, struct err *err)
{
	unsigned char text[KEY_PEM_MAX];
	int r = mbedtls_pk_write_key_pem(key, text, sizeof(text));
	if (r)
		return mbed_error(err, ERR_INTERNAL, r, "write key");
	buf_puts(pem, (char *)text);
	return 0;
}

int key_public_der(mbedtls_pk_context *key, struct buf *out, struct err *err)
{
	unsigned char der[KEY_DER_MAX];
	int n = mbedtls_pk_write_pubkey_der(key, der,
					    sizeof(der)); /* written at the end of the buffer */
	if (n < 0)
		return mbed_error(err, ERR_INTERNAL, n, "write public key");
	buf_add(out, der + sizeof(der) - (size_t)n, (size_t)n);
	return 0;
}
