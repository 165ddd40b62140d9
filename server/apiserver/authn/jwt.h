/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens with ES256 (RFC 7515, RFC 7518 section 3.4): nothing else is signed or accepted. Any thread. */
#ifndef SERVER_APISERVER_AUTHN_JWT_H
#define SERVER_APISERVER_AUTHN_JWT_H

#include <jansson.h>
#include <mbedtls/pk.h>

#include "base/buf.h"
#include "base/err.h"

#define JWT_MAX_BYTES 16384

int jwt_sign(mbedtls_pk_context *key, const char *kid, const json_t *claims, struct buf *out,
	     struct err *err);
/* Whether it has the form of a token that names this issuer, signed or not. */
bool jwt_claims_issuer(struct str token, const char *issuer);
/* Checks form, algorithm, the id of the key (a token need not name one) and the signature; the caller checks the claims. Errors are in the
 * words of upstream's library. */
int jwt_verify(mbedtls_pk_context *key, const char *kid, struct str token, json_t **claims,
	       struct err *err);

#endif
