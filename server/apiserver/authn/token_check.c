/* SPDX-License-Identifier: Apache-2.0 */
/* Who a token stands for. Follows upstream's pkg/serviceaccount (jwt.go, claims.go), errors in its words. */
#include "api/object/meta.h"
#include "api/registry.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/authn/jwt.h"
#include "server/apiserver/authn/token_parts.h"
#include "server/apiserver/request.h"

#define LEEWAY_S 60 /* of clocks, and of what has been deleted but is not gone yet */

static int claims_of(const struct token_check *check, struct str token, json_t **out,
		     struct err *err)
{
	char hash[2 * SHA256_SIZE + 1];
	sha256_hex(token.p, token.n, hash);
	*out = token_cache_find(check->cache, str_from(hash));
	if (*out)
		return 0;
	int r = jwt_verify(&check->keys->key, check->keys->kid, token, out, err);
	if (r == 0)
		token_cache_keep(check->cache, str_from(hash), *out);
	return r;
}

struct str token_claim(const json_t *tree, const char *a, const char *b)
{
	const json_t *v = json_object_get(tree, a);
	if (b)
		v = json_object_get(v, b);
	return json_is_string(v) ? str_of(json_string_value(v), json_string_length(v))
				 : (struct str){ 0 };
}

/* --- audiences --- */

struct audiences {
	const struct str *items;
	size_t n;
};

static bool audience_in(struct audiences list, struct str one)
{
	for (size_t i = 0; i < list.n; i++)
		if (str_eq(list.items[i], one))
			return true;
	return false;
}

static void audiences_print(struct buf *out, struct audiences list)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < list.n; i++) {
		buf_puts(out, i ? " " : "");
		buf_json_string(out, list.items[i]);
	}
	buf_putc(out, ']');
}

static int audiences_refuse(struct audiences have, struct audiences wanted, struct err *err)
{
	auto_buf a = { 0 }, b = { 0 };
	audiences_print(&a, have);
	audiences_print(&b, wanted);
	return err_set(err, ERR_UNAUTHORIZED,
		       "token audiences %s is invalid for the target audiences %s", a.p, b.p);
}

/* A list, one alone, or none at all: those of the API server. */
static struct audiences audiences_claimed(struct arena *a, const json_t *claims,
					  struct audiences own)
{
	const json_t *aud = json_object_get(claims, "aud");
	size_t n = json_array_size(aud);
	struct str *items = ARENA_ARRAY(a, struct str, n + 1);
	if (json_is_string(aud)) {
		items[0] = tree_str(aud);
		return (struct audiences){ items, 1 };
	}
	for (size_t i = 0; i < n; i++)
		items[i] = tree_str(json_array_get(aud, i));
	return n ? (struct audiences){ items, n } : own;
}

/* Those that are asked for and meant, in the order of the question. */
static int audiences_match(const struct token_check *check, const json_t *claims, struct arena *a,
			   struct token_report *out, struct err *err)
{
	struct str issuer = arena_str(a, str_from(check->keys->issuer));
	struct audiences own = { &issuer, 1 },
			 wanted = check->naudiences ? (struct audiences){ check->audiences,
									  check->naudiences }
						    : own,
			 have = audiences_claimed(a, claims, own);
	struct str *both = ARENA_ARRAY(a, struct str, wanted.n);
	out->audiences = both;
	for (size_t i = 0; i < wanted.n; i++)
		if (audience_in(have, wanted.items[i]))
			both[out->naudiences++] = wanted.items[i];
	return out->naudiences ? 0 : audiences_refuse(have, wanted, err);
}

/* --- times --- */

/* Seconds since 1970; 0: absent. */
static int time_claim(const json_t *claims, const char *name, int64_t *out, struct err *err)
{
	const json_t *v = json_object_get(claims, name);
	*out = json_is_real(v) ? (int64_t)json_real_value(v) : json_integer_value(v);
	if (!v || json_is_null(v) || json_is_number(v))
		return 0;
	return err_set(err, ERR_UNAUTHORIZED,
		       "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate");
}

static int times_check(const struct token_check *check, const json_t *claims, struct err *err)
{
	int64_t exp, nbf, iat;
	int r = time_claim(claims, "exp", &exp, err);
	r = r < 0 ? r : time_claim(claims, "nbf", &nbf, err);
	r = r < 0 ? r : time_claim(claims, "iat", &iat, err);
	if (r < 0)
		return r;
	if (check->now_s + LEEWAY_S < nbf)
		return err_set(err, ERR_UNAUTHORIZED, "service account token is not valid yet");
	if (exp && check->now_s - LEEWAY_S > exp)
		return err_set(err, ERR_UNAUTHORIZED, "service account token has expired");
	if (check->now_s + LEEWAY_S < iat)
		return err_set(err, ERR_UNAUTHORIZED,
			       "service account token is issued in the future");
	return 0;
}

/* --- objects --- */

static bool is_over(const struct object *o, int64_t now_s)
{
	if (!o->deleting)
		return false;
	json_t *tree = object_tree(o, NULL);
	struct str when = token_claim(meta_of(tree), "deletionTimestamp", NULL);
	int64_t us = 0;
	bool over = time_parse(when, &us) && us / 1000000 + LEEWAY_S < now_s;
	json_decref(tree);
	return over;
}

const struct object *token_object(const struct token_check *check, const char *plural,
				  struct str ns, struct str name)
{
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), str_from(plural));
	auto_buf key = { 0 };
	object_key(res, res->namespaced ? ns : STR(""), name, &key);
	return cache_get(cache_of(check->objects, res), buf_view(&key));
}

static int account_check(const struct token_check *check, const json_t *private, struct err *err)
{
	struct str ns = token_claim(private, "namespace", NULL),
		   name = token_claim(private, "serviceaccount", "name"),
		   uid = token_claim(private, "serviceaccount", "uid");
	const struct object *o = token_object(check, "serviceaccounts", ns, name);
	int r = 0;
	if (!o)
		r = err_set(err, ERR_UNAUTHORIZED, "serviceaccounts \"%.*s\" not found",
			    STR_ARG(name));
	else if (!str_eq(o->uid, uid))
		r = err_set(err, ERR_UNAUTHORIZED,
			    "service account UID (%.*s) does not match claim (%.*s)",
			    STR_ARG(o->uid), STR_ARG(uid));
	else if (is_over(o, check->now_s))
		r = err_set(err, ERR_UNAUTHORIZED, "service account %.*s/%.*s has been deleted",
			    STR_ARG(ns), STR_ARG(name));
	object_unref(o);
	return r;
}

static const struct bound {
	const char *claim, *plural, *said;
} bounds[] = { { "secret", "secrets", "secret" },
	       { "pod", "pods", "pod" },
	       { "node", "nodes", "node" } };

/* An object whose life ends the token's: it must be there under the same uid. */
static int bound_check(const struct token_check *check, const struct bound *b,
		       const json_t *private, struct err *err)
{
	struct str uid = token_claim(private, b->claim, "uid");
	const struct object *o =
		token_object(check, b->plural, token_claim(private, "namespace", NULL),
			     token_claim(private, b->claim, "name"));
	int r = 0;
	if (o && !str_eq(o->uid, uid))
		r = err_set(err, ERR_UNAUTHORIZED,
			    "%s UID (%.*s) does not match service account %s ref claim (%.*s)",
			    b->said, STR_ARG(o->uid), b->said, STR_ARG(uid));
	else if (!o || is_over(o, check->now_s))
		r = err_set(err, ERR_UNAUTHORIZED, "service account token has been invalidated");
	object_unref(o);
	return r;
}

static int objects_check(const struct token_check *check, const json_t *private, struct err *err)
{
	bool has_pod = json_is_object(json_object_get(private, "pod"));
	int r = account_check(check, private, err);
	for (size_t i = 0; r == 0 && i < COUNT_OF(bounds); i++) {
		if (!json_is_object(json_object_get(private, bounds[i].claim)))
			continue;
		if (has_pod && !strcmp(bounds[i].claim, "node"))
			continue; /* the pod's node is information only */
		r = bound_check(check, &bounds[i], private, err);
	}
	return r;
}

/* --- the user --- */

static void extra_add(struct arena *a, struct api_user *u, const char *key, struct str value)
{
	struct user_extra *e = (struct user_extra *)&u->extra[u->nextra];
	if (value.n == 0)
		return;
	e->key = str_from(key);
	e->value = arena_str(a, value);
	u->nextra++;
}

void token_user(struct arena *a, struct str ns, struct str account, struct str uid,
		struct api_user *u)
{
	struct str *groups = ARENA_ARRAY(a, struct str, 2);
	u->name = str_from(
		arena_printf(a, "system:serviceaccount:%.*s:%.*s", STR_ARG(ns), STR_ARG(account)));
	u->uid = arena_str(a, uid);
	groups[0] = STR("system:serviceaccounts");
	groups[1] = str_from(arena_printf(a, "system:serviceaccounts:%.*s", STR_ARG(ns)));
	u->groups = groups;
	u->ngroups = 2;
}

static void user_fill(struct arena *a, const json_t *claims, struct api_user *u)
{
	const json_t *private = json_object_get(claims, "kubernetes.io");
	struct str jti = token_claim(claims, "jti", NULL);
	token_user(a, token_claim(private, "namespace", NULL),
		   token_claim(private, "serviceaccount", "name"),
		   token_claim(private, "serviceaccount", "uid"), u);
	u->extra = ARENA_ARRAY(a, struct user_extra, 5);
	u->nextra = 0;
	if (jti.n)
		extra_add(a, u, "authentication.kubernetes.io/credential-id",
			  str_from(arena_printf(a, "JTI=%.*s", STR_ARG(jti))));
	extra_add(a, u, "authentication.kubernetes.io/node-name",
		  token_claim(private, "node", "name"));
	extra_add(a, u, "authentication.kubernetes.io/node-uid",
		  token_claim(private, "node", "uid"));
	extra_add(a, u, "authentication.kubernetes.io/pod-name",
		  token_claim(private, "pod", "name"));
	extra_add(a, u, "authentication.kubernetes.io/pod-uid", token_claim(private, "pod", "uid"));
}

/* Of tokens that live longer than was asked for, until their holders read them anew. */
static enum token_age age_of(const struct token_check *check, const json_t *private)
{
	int64_t after = json_integer_value(json_object_get(private, "warnafter"));
	if (after == 0)
		return TOKEN_AGELESS;
	return check->now_s > after ? TOKEN_STALE : TOKEN_FRESH;
}

static int claims_check(const struct token_check *check, const json_t *claims, struct arena *a,
			struct token_report *report, struct err *err)
{
	struct str issuer = token_claim(claims, "iss", NULL);
	const json_t *private = json_object_get(claims, "kubernetes.io");
	if (!str_eqz(issuer, check->keys->issuer))
		return err_set(err, ERR_UNAUTHORIZED, "token issuer \"%.*s\" is invalid",
			       STR_ARG(issuer));
	int r = audiences_match(check, claims, a, report, err);
	r = r < 0 ? r : times_check(check, claims, err);
	r = r < 0 ? r : objects_check(check, private, err);
	if (r == 0)
		report->age = age_of(check, private);
	return r;
}

int token_authenticate(const struct token_check *check, struct str token, struct arena *a,
		       struct api_user *out, struct token_report *report, struct err *err)
{
	json_t *claims = NULL;
	*report = (struct token_report){ 0 };
	int r = claims_of(check, token, &claims, err);
	if (r == 0 && str_eqz(token_claim(claims, "iss", NULL), TOKEN_LEGACY_ISSUER)) {
		r = audiences_match(check, claims, a, report, err);
		r = r < 0 ? r : token_legacy_check(check, claims, token, a, out, report, err);
	} else if (r == 0) {
		r = claims_check(check, claims, a, report, err);
		if (r == 0)
			user_fill(a, claims, out);
	}
	json_decref(claims);
	return r;
}

bool token_is_ours(const struct token_keys *keys, struct str token)
{
	return jwt_claims_issuer(token, keys->issuer) ||
	       jwt_claims_issuer(token, TOKEN_LEGACY_ISSUER);
}
