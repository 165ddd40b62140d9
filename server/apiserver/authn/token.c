/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, and the tokens that are signed with them. Follows upstream's pkg/serviceaccount (claims). */
#include "server/apiserver/authn/token.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "net/mbed.h"
#include "server/apiserver/authn/jwt.h"
#include "server/apiserver/authn/token_parts.h"
#include "server/apiserver/pki/key.h"

int token_keys_new(struct str key_pem, const char *issuer, struct token_keys **out, struct err *err)
{
	struct token_keys *k = NEW(struct token_keys);
	auto_buf der = { 0 }, kid = { 0 };
	unsigned char digest[SHA256_SIZE];
	int r = key_parse(key_pem, &k->key, err);
	r = r < 0 ? r : key_public_der(&k->key, &der, err);
	if (r < 0) {
		token_keys_free(k);
		return err_wrap(err, r, "service account key");
	}
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, der.p, der.n);
	sha256_final(&h, digest);
	base64url_encode(&kid, digest, sizeof(digest));
	memcpy(k->kid, kid.p, kid.n < TOKEN_KID_MAX ? kid.n : TOKEN_KID_MAX - 1);
	k->issuer = str_dup(str_from(issuer));
	*out = k;
	return 0;
}

void token_keys_free(struct token_keys *k)
{
	if (!k)
		return;
	mbedtls_pk_free(&k->key);
	free(k->issuer);
	free(k);
}

const char *token_issuer(const struct token_keys *k)
{
	return k->issuer;
}

static json_t *text_json(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

static void binding_set(json_t *to, const char *what, const struct token_binding *b)
{
	if (b->name.n)
		json_object_set_new(to, what,
				    json_pack("{s:o,s:o}", "name", text_json(b->name), "uid",
					      text_json(b->uid)));
}

static json_t *claims_make(const struct token_keys *k, const struct token_spec *spec)
{
	char jti[UUID_TEXT + 1];
	uuid_new(jti);
	json_t *aud = json_array(), *private = json_object(), *claims = json_object();
	for (size_t i = 0; i < spec->naudiences; i++)
		json_array_append_new(aud, text_json(spec->audiences[i]));
	if (spec->naudiences == 0)
		json_array_append_new(aud, json_string(k->issuer));
	json_object_set_new(claims, "aud", aud);
	json_object_set_new(claims, "exp", json_integer(spec->now_s + spec->life_s));
	json_object_set_new(claims, "iat", json_integer(spec->now_s));
	json_object_set_new(claims, "iss", json_string(k->issuer));
	json_object_set_new(claims, "jti", json_string(jti));
	json_object_set_new(private, "namespace", text_json(spec->ns));
	binding_set(private, "node", &spec->node);
	binding_set(private, "pod", &spec->pod);
	binding_set(private, "secret", &spec->secret);
	binding_set(private, "serviceaccount",
		    &(struct token_binding){ spec->account, spec->account_uid });
	if (spec->warn_after_s)
		json_object_set_new(private, "warnafter",
				    json_integer(spec->now_s + spec->warn_after_s));
	json_object_set_new(claims, "kubernetes.io", private);
	json_object_set_new(claims, "nbf", json_integer(spec->now_s));
	json_object_set_new(claims, "sub",
			    json_sprintf("system:serviceaccount:%.*s:%.*s", STR_ARG(spec->ns),
					 STR_ARG(spec->account)));
	return claims;
}

int token_issue(struct token_keys *k, const struct token_spec *spec, struct buf *out,
		struct err *err)
{
	json_t *claims = claims_make(k, spec);
	int r = jwt_sign(&k->key, k->kid, claims, out, err);
	json_decref(claims);
	return r;
}

int token_jwks(struct token_keys *k, struct buf *out, struct err *err)
{
	unsigned char point[65];
	size_t n;
	mbedtls_ecp_keypair *ec = mbedtls_pk_ec(k->key);
	int r = mbedtls_ecp_write_public_key(ec, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point,
					     sizeof(point));
	if (r)
		return mbed_error(err, ERR_INTERNAL, r, "export public key");
	buf_printf(out,
		   "{\"keys\":[{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"%s\",\"crv\":\"P-256\","
		   "\"alg\":\"ES256\",\"x\":\"",
		   k->kid);
	base64url_encode(out, point + 1, 32);
	buf_puts(out, "\",\"y\":\"");
	base64url_encode(out, point + 33, 32);
	buf_puts(out, "\"}]}");
	return 0;
}
