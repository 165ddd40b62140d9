/* SPDX-License-Identifier: Apache-2.0 */
/* A signature is r and s, 32 bytes each, big-endian; mbedTLS' own form is DER, so the numbers are handled here. */
#include "server/apiserver/authn/jwt.h"

#include <mbedtls/ecdsa.h>

#include "base/encode.h"
#include "net/mbed.h"
#include "server/apiserver/pki/key.h"

#define SCALAR_BYTES    32
#define WRONG_SIGNATURE "go-jose/go-jose: error in cryptographic primitive"

static void digest_of(struct str text, unsigned char out[SHA256_SIZE])
{
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, text.p, text.n);
	sha256_final(&h, out);
}

static int sign_raw(mbedtls_pk_context *key, struct str text, unsigned char out[2 * SCALAR_BYTES])
{
	unsigned char digest[SHA256_SIZE];
	mbedtls_ecp_keypair *ec = mbedtls_pk_ec(*key);
	mbedtls_ecp_group group;
	mbedtls_mpi r, s, d;
	mbedtls_ecp_group_init(&group);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	mbedtls_mpi_init(&d);
	digest_of(text, digest);
	int e = mbedtls_ecp_export(ec, &group, &d,
				   NULL); /* a group of our own: signing changes its tables */
	if (e == 0)
		e = mbedtls_ecdsa_sign(&group, &r, &s, &d, digest, sizeof(digest), mbed_random,
				       NULL);
	if (e == 0)
		e = mbedtls_mpi_write_binary(&r, out, SCALAR_BYTES);
	if (e == 0)
		e = mbedtls_mpi_write_binary(&s, out + SCALAR_BYTES, SCALAR_BYTES);
	mbedtls_mpi_free(&d);
	mbedtls_mpi_free(&s);
	mbedtls_mpi_free(&r);
	mbedtls_ecp_group_free(&group);
	return e;
}

static int verify_raw(mbedtls_pk_context *key, struct str text,
		      const unsigned char sig[2 * SCALAR_BYTES])
{
	unsigned char digest[SHA256_SIZE];
	mbedtls_ecp_keypair *ec = mbedtls_pk_ec(*key);
	mbedtls_ecp_group group;
	mbedtls_ecp_point q;
	mbedtls_mpi r, s;
	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&q);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	digest_of(text, digest);
	int e = mbedtls_ecp_export(ec, &group, NULL, &q);
	if (e == 0)
		e = mbedtls_mpi_read_binary(&r, sig, SCALAR_BYTES);
	if (e == 0)
		e = mbedtls_mpi_read_binary(&s, sig + SCALAR_BYTES, SCALAR_BYTES);
	if (e == 0)
		e = mbedtls_ecdsa_verify(&group, digest, sizeof(digest), &q, &r, &s);
	mbedtls_mpi_free(&s);
	mbedtls_mpi_free(&r);
	mbedtls_ecp_point_free(&q);
	mbedtls_ecp_group_free(&group);
	return e;
}

int jwt_sign(mbedtls_pk_context *key, const char *kid, const json_t *claims, struct buf *out,
	     struct err *err)
{
	auto_buf header = { 0 };
	unsigned char sig[2 * SCALAR_BYTES];
	buf_printf(&header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
	char *body = json_dumps(claims, JSON_COMPACT);
	size_t start = out->n;
	base64url_encode(out, header.p, header.n);
	buf_putc(out, '.');
	base64url_encode(out, body, strlen(body));
	free(body);
	int e = sign_raw(key, str_of(out->p + start, out->n - start), sig);
	if (e)
		return mbed_error(err, ERR_INTERNAL, e, "sign token");
	buf_putc(out, '.');
	base64url_encode(out, sig, sizeof(sig));
	return 0;
}

static bool part_json(struct str part, json_t **out)
{
	auto_buf text = { 0 };
	json_error_t why;
	if (!base64url_decode(&text, part))
		return false;
	*out = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &why);
	return json_is_object(*out);
}

struct parts {
	struct str header, claims, signature, signed_text;
};

static bool parts_of(struct str token, struct parts *out)
{
	size_t dot1 = str_find(token, '.'), dot2 = str_rfind(token, '.');
	if (token.n > JWT_MAX_BYTES || dot1 == token.n || dot2 <= dot1)
		return false;
	*out = (struct parts){ str_of(token.p, dot1), str_of(token.p + dot1 + 1, dot2 - dot1 - 1),
			       str_of(token.p + dot2 + 1, token.n - dot2 - 1),
			       str_of(token.p, dot2) };
	return true;
}

bool jwt_claims_issuer(struct str token, const char *issuer)
{
	struct parts p;
	json_t *claims = NULL;
	bool fine = parts_of(token, &p) && part_json(p.claims, &claims);
	const char *iss = json_string_value(json_object_get(claims, "iss"));
	fine = fine && iss && !strcmp(iss, issuer);
	json_decref(claims);
	return fine;
}

static int header_check(struct str part, const char *kid, struct err *err)
{
	json_t *header = NULL;
	if (!part_json(part, &header)) {
		json_decref(header);
		return err_set(err, ERR_UNAUTHORIZED, "the header of a token is not JSON");
	}
	const char *alg = json_string_value(json_object_get(header, "alg")),
		   *named = json_string_value(json_object_get(header, "kid"));
	int r = 0;
	if (named && named[0] && strcmp(named, kid))
		r = err_set(err, ERR_UNAUTHORIZED, "invalid signature, no keys found");
	else if (!alg || strcmp(alg, "ES256"))
		r = err_set(err, ERR_UNAUTHORIZED, WRONG_SIGNATURE);
	else if (json_object_get(header, "crit"))
		r = err_set(err, ERR_UNAUTHORIZED, "go-jose/go-jose: unsupported crit header");
	json_decref(header);
	return r;
}

int jwt_verify(mbedtls_pk_context *key, const char *kid, struct str token, json_t **claims,
	       struct err *err)
{
	auto_buf sig = { 0 };
	struct parts p;
	if (!parts_of(token, &p))
		return err_set(err, ERR_UNAUTHORIZED, "not a signed token");
	int r = header_check(p.header, kid, err);
	if (r < 0)
		return r;
	if (!base64url_decode(&sig, p.signature) || sig.n != 2 * SCALAR_BYTES ||
	    verify_raw(key, p.signed_text, (unsigned char *)sig.p))
		return err_set(err, ERR_UNAUTHORIZED, WRONG_SIGNATURE);
	json_t *tree = NULL;
	if (!part_json(p.claims, &tree)) {
		json_decref(tree);
		return err_set(err, ERR_UNAUTHORIZED, "the claims of a token are not JSON");
	}
	*claims = tree;
	return 0;
}
