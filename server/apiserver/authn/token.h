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

/* Labels of Secrets that hold tokens: days as 2026-01-31. */
#define TOKEN_LAST_USED     "kubernetes.io/legacy-token-last-used"
#define TOKEN_INVALID_SINCE "kubernetes.io/legacy-token-invalid-since"

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
enum token_age { TOKEN_AGELESS, TOKEN_FRESH, TOKEN_STALE };
struct token_report {                /* what there is to say beside who it is */
	const struct str *audiences; /* that were asked for and are meant */
	size_t naudiences;
	enum token_age age; /* of one that is valid */
	/* of a token that a Secret holds, also of one that is marked invalid: the Secret; name.n == 0: of no such token */
	struct str ns, name, uid, last_used;
	bool invalid;   /* it is marked so */
	bool automatic; /* the account names the Secret */
};
/* Who the token stands for, without system:authenticated; slices live in `a` or are the check's. */
int token_authenticate(const struct token_check *check, struct str token, struct arena *a,
		       struct api_user *out, struct token_report *report, struct err *err);
/* Whether it says, signed or not, that it was issued here. */
bool token_is_ours(const struct token_keys *keys, struct str token);

#endif
