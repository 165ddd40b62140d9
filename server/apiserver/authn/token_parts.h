/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of service-account tokens share. Private to authn/token*.c; any thread. */
#ifndef SERVER_APISERVER_AUTHN_TOKEN_PARTS_H
#define SERVER_APISERVER_AUTHN_TOKEN_PARTS_H

#include <jansson.h>
#include <mbedtls/pk.h>

#include "server/apiserver/authn/token.h"

#define TOKEN_KID_MAX       64
#define TOKEN_LEGACY_ISSUER "kubernetes/serviceaccount"

struct token_keys {
	mbedtls_pk_context key;
	char kid[TOKEN_KID_MAX];
	char *issuer;
};

/* token_cache.c: verified claims by the hash of their token. `find` gives a copy, the caller's; NULL: not there. */
json_t *token_cache_find(struct token_cache *c, struct str hash);
void token_cache_keep(struct token_cache *c, struct str hash, const json_t *claims);

/* The text at claims[a] or claims[a][b] (b NULL: none), borrowed; empty: there is none. */
struct str token_claim(const json_t *claims, const char *a, const char *b);
/* A core object as it is now, the caller's; NULL: there is none. */
const struct object *token_object(const struct token_check *check, const char *plural,
				  struct str ns, struct str name);
/* Name, uid and groups of an account's user. */
void token_user(struct arena *a, struct str ns, struct str account, struct str uid,
		struct api_user *u);

/* token_legacy.c: the rest of token_authenticate() for claims whose issuer is TOKEN_LEGACY_ISSUER. */
int token_legacy_check(const struct token_check *check, const json_t *claims, struct str token,
		       struct arena *a, struct api_user *out, struct token_report *report,
		       struct err *err);

#endif
