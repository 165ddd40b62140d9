/* SPDX-License-Identifier: Apache-2.0 */
/* Who a token stands for. Follows upstream's pkg/serviceaccount (validation of bound objects). */
#include "api/object/meta.h"
#include "api/registry.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/authn/jwt.h"
#include "server/apiserver/authn/token_parts.h"
#include "server/apiserver/request.h"

#define DELETED_POD_GRACE_US ((int64_t)60 * 1000000)

static int claims_of(const struct token_check *check, struct str token, json_t **out,
		     struct err *err)
{
	char hash[2 * SHA256_SIZE + 1];
	sha256_hex(token.p, token.n, hash);
	*out = token_cache_find(check->cache, str_from(hash));
	if (*out)
		return 0;
	int r = jwt_verify(&check->keys->key, token, out, err);
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

static bool audience_accepted(const struct token_check *check, struct str have)
{
	if (check->naudiences == 0)
		return str_eqz(have, check->keys->issuer);
	for (size_t i = 0; i < check->naudiences; i++)
		if (str_eq(have, check->audiences[i]))
			return true;
	return false;
}

static bool audience_matches(const struct token_check *check, const json_t *claims, struct str *out)
{
	const json_t *aud = json_object_get(claims, "aud");
	for (size_t i = 0; i < json_array_size(aud); i++) {
		const json_t *v = json_array_get(aud, i);
		struct str have = json_is_string(v)
					  ? str_of(json_string_value(v), json_string_length(v))
					  : (struct str){ 0 };
		if (!audience_accepted(check, have))
			continue;
		*out = have;
		return true;
	}
	return false;
}

static int times_check(const struct token_check *check, const json_t *claims, struct err *err)
{
	int64_t exp = json_integer_value(json_object_get(claims, "exp"));
	int64_t nbf = json_integer_value(json_object_get(claims, "nbf"));
	if (check->now_s >= exp)
		return err_set(err, ERR_UNAUTHORIZED, "service account token has expired");
	if (check->now_s + 60 < nbf)
		return err_set(err, ERR_UNAUTHORIZED, "service account token is not valid yet");
	return 0;
}

static bool pod_is_over(const struct object *pod, int64_t now_s)
{
	if (!pod->deleting)
		return false;
	json_t *tree = object_tree(pod, NULL);
	struct str when = token_claim(tree, "metadata", "deletionTimestamp");
	int64_t us = 0;
	bool over = time_parse(when, &us) && us + DELETED_POD_GRACE_US < now_s * 1000000;
	json_decref(tree);
	return over;
}

/* The object must be there under the same uid. */
int token_bound_check(const struct token_check *check, const char *plural, struct str ns,
		      struct str name, struct str uid, struct err *err)
{
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), str_from(plural));
	struct buf key = { 0 };
	object_key(res, res->namespaced ? ns : STR(""), name, &key);
	struct object *o = cache_get(cache_of(check->objects, res), buf_view(&key));
	buf_free(&key);
	bool fine = o && str_eq(o->uid, uid) &&
		    !(strcmp(plural, "pods") == 0 && pod_is_over(o, check->now_s));
	object_unref(o);
	if (fine)
		return 0;
	return err_set(err, ERR_UNAUTHORIZED,
		       "service account token has been invalidated: %s \"%.*s\" is gone", plural,
		       STR_ARG(name));
}

static int objects_check(const struct token_check *check, const json_t *private, struct err *err)
{
	static const struct {
		const char *claim, *plural;
		bool required;
	} bound[] = { { "serviceaccount", "serviceaccounts", true },
		      { "pod", "pods", false },
		      { "secret", "secrets", false },
		      { "node", "nodes", false } };
	bool has_pod = json_object_get(private, "pod") != NULL;
	for (size_t i = 0; i < COUNT_OF(bound); i++) {
		if (!bound[i].required && !json_object_get(private, bound[i].claim))
			continue;
		if (has_pod &&
		    !strcmp(bound[i].claim, "node")) /* the pod's node is information only */
			continue;
		int r = token_bound_check(check, bound[i].plural,
					  token_claim(private, "namespace", NULL),
					  token_claim(private, bound[i].claim, "name"),
					  token_claim(private, bound[i].claim, "uid"), err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void extra_add(struct arena *a, struct api_user *u, const char *key, struct str value)
{
	struct user_extra *e = (struct user_extra *)&u->extra[u->nextra];
	if (value.n == 0)
		return;
	e->key = str_from(key);
	e->value = arena_str(a, value);
	u->nextra++;
}

static void user_fill(struct arena *a, const json_t *claims, struct api_user *u)
{
	const json_t *private = json_object_get(claims, "kubernetes.io");
	struct str ns = token_claim(private, "namespace", NULL),
		   account = token_claim(private, "serviceaccount", "name");
	struct str *groups = ARENA_ARRAY(a, struct str, 3);
	u->name = str_from(
		arena_printf(a, "system:serviceaccount:%.*s:%.*s", STR_ARG(ns), STR_ARG(account)));
	u->uid = arena_str(a, token_claim(private, "serviceaccount", "uid"));
	groups[0] = STR("system:serviceaccounts");
	groups[1] = str_from(arena_printf(a, "system:serviceaccounts:%.*s", STR_ARG(ns)));
	groups[2] = STR("system:authenticated");
	u->groups = groups;
	u->ngroups = 3;
	u->extra = ARENA_ARRAY(a, struct user_extra, 5);
	u->nextra = 0;
	struct str jti = token_claim(claims, "jti", NULL);
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

static int claims_check(const struct token_check *check, const json_t *claims, struct str *audience,
			struct err *err)
{
	if (!str_eqz(token_claim(claims, "iss", NULL), check->keys->issuer))
		return err_set(err, ERR_UNAUTHORIZED, "token was issued by someone else");
	if (!audience_matches(check, claims, audience))
		return err_set(err, ERR_UNAUTHORIZED, "token audiences do not match");
	int r = times_check(check, claims, err);
	return r < 0 ? r : objects_check(check, json_object_get(claims, "kubernetes.io"), err);
}

int token_authenticate(const struct token_check *check, struct str token, struct arena *a,
		       struct api_user *out, struct str *audience, struct err *err)
{
	json_t *claims = NULL;
	struct str matched = { 0 };
	int r = claims_of(check, token, &claims, err);
	if (r == 0 && str_eqz(token_claim(claims, "iss", NULL), TOKEN_LEGACY_ISSUER)) {
		r = token_legacy_authenticate(check, claims, token, a, out, audience, err);
		json_decref(claims);
		return r;
	}
	r = r < 0 ? r : claims_check(check, claims, &matched, err);
	if (r == 0) {
		user_fill(a, claims, out);
		if (audience)
			*audience = arena_str(a, matched);
	}
	json_decref(claims);
	return r;
}
