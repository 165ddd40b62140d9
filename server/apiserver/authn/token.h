/* SPDX-License-Identifier: Apache-2.0 */
/* Service-account tokens: JWTs bound to an account and mostly to a pod, signed with the cluster's service key. Verified claims are
 * kept by the hash of the token, since a signature costs a millisecond; whether the account and the pod still exist is
 * looked up each time. Any thread. */
#ifndef SERVER_APISERVER_AUTHN_TOKEN_H
#define SERVER_APISERVER_AUTHN_TOKEN_H

#include "base/arena.h"
#include "base/err.h"
#include "storage/cache/cache.h"

struct api_user;
struct token_keys; /* immutable */
struct token_cache;

struct token_binding { /* an object whose life ends the token's; name.n == 0: none */
	struct str name, uid;
};
struct token_spec {
	struct str ns, account, account_uid;
	struct token_binding pod, secret, node;
	const struct str *audiences; /* empty: the API server's own */
	size_t naudiences;
	int64_t now_s, life_s;
	int64_t warn_after_s; /* of projected tokens that live longer than asked; 0: none */
};

int token_keys_new(struct str key_pem, const char *issuer, struct token_keys **out,
		   struct err *err);
void token_keys_free(struct token_keys *k);
const char *token_issuer(const struct token_keys *k);
int token_issue(struct token_keys *k, const struct token_spec *spec, struct buf *out,
		struct err *err);
/* Without an end: for Secrets of type kubernetes.io/service-account-token. */
int token_issue_legacy(struct token_keys *k, const struct token_spec *spec, struct buf *out,
		       struct err *err);
int token_jwks(struct token_keys *k, struct buf *out, struct err *err); /* {"keys":[…]} */

struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *c);

struct token_check {
	struct token_keys *keys;
	struct token_cache *cache;
	struct cache_set *objects;
	int64_t now_s;
	const struct str *audiences; /* accepted; empty: the API server's own */
	size_t naudiences;
};
/* Who the token stands for; slices live in `a`. `audience` (may be NULL): the one that matched. */
int token_authenticate(const struct token_check *check, struct str token, struct arena *a,
		       struct api_user *out, struct str *audience, struct err *err);

#endif
