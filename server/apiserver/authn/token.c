/* SPDX-License-Identifier: Apache-2.0 */
/* Follows upstream's pkg/serviceaccount (claims, validation of bound objects). */
#include "server/apiserver/authn/token.h"

#include <pthread.h>

#include "api/object/meta.h"
#include "api/registry.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/mbed.h"
#include "server/apiserver/authn/jwt.h"
#include "server/apiserver/pki/key.h"
#include "server/apiserver/request.h"

#define CACHE_TOKENS_MAX     4096
#define LEGACY_ISSUER        "kubernetes/serviceaccount"
#define LEGACY               "kubernetes.io/serviceaccount/"
#define KID_TEXT_MAX         64
#define DELETED_POD_GRACE_US ((int64_t)60 * 1000000)

struct token_keys {
	mbedtls_pk_context key;
	char kid[KID_TEXT_MAX];
	char *issuer;
};

struct token_cache {
	pthread_mutex_t lock;
	struct map claims; /* SHA-256 of the token → json_t */
};

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
	memcpy(k->kid, kid.p, kid.n < KID_TEXT_MAX ? kid.n : KID_TEXT_MAX - 1);
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

int token_issue_legacy(struct token_keys *k, const struct token_spec *spec, struct buf *out,
		       struct err *err)
{
	json_t *claims = json_object();
	const struct {
		const char *claim;
		struct str value;
	} rows[] = { { LEGACY "namespace", spec->ns },
		     { LEGACY "secret.name", spec->secret.name },
		     { LEGACY "service-account.name", spec->account },
		     { LEGACY "service-account.uid", spec->account_uid } };
	json_object_set_new(claims, "iss", json_string(LEGACY_ISSUER));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		json_object_set_new(claims, rows[i].claim, text_json(rows[i].value));
	json_object_set_new(claims, "sub",
			    json_sprintf("system:serviceaccount:%.*s:%.*s", STR_ARG(spec->ns),
					 STR_ARG(spec->account)));
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

struct token_cache *token_cache_new(void)
{
	struct token_cache *c = NEW(struct token_cache);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void claims_free(void *claims)
{
	json_decref(claims);
}

void token_cache_free(struct token_cache *c)
{
	if (!c)
		return;
	map_free(&c->claims, claims_free);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* A deep copy, because jansson's counters are not for several threads. */
static json_t *cache_find(struct token_cache *c, struct str hash)
{
	pthread_mutex_lock(&c->lock);
	json_t *found = map_get(&c->claims, hash);
	found = found ? tree_copy(found) : NULL;
	pthread_mutex_unlock(&c->lock);
	return found;
}

static void cache_keep(struct token_cache *c, struct str hash, const json_t *claims)
{
	json_t *copy = tree_copy(claims);
	pthread_mutex_lock(&c->lock);
	if (c->claims.count >= CACHE_TOKENS_MAX) {
		map_free(&c->claims, claims_free);
		c->claims = (struct map){ 0 };
	}
	json_decref(map_put(&c->claims, hash, copy));
	pthread_mutex_unlock(&c->lock);
}

static int claims_of(const struct token_check *check, struct str token, json_t **out,
		     struct err *err)
{
	char hash[2 * SHA256_SIZE + 1];
	sha256_hex(token.p, token.n, hash);
	*out = cache_find(check->cache, str_from(hash));
	if (*out)
		return 0;
	int r = jwt_verify(&check->keys->key, token, out, err);
	if (r == 0)
		cache_keep(check->cache, str_from(hash), *out);
	return r;
}

static struct str claim(const json_t *tree, const char *a, const char *b)
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
	struct str when = claim(tree, "metadata", "deletionTimestamp");
	int64_t us = 0;
	bool over = time_parse(when, &us) && us + DELETED_POD_GRACE_US < now_s * 1000000;
	json_decref(tree);
	return over;
}

/* The object must be there under the same uid. */
static int bound_check(const struct token_check *check, const char *plural, struct str ns,
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
		int r = bound_check(check, bound[i].plural, claim(private, "namespace", NULL),
				    claim(private, bound[i].claim, "name"),
				    claim(private, bound[i].claim, "uid"), err);
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
	struct str ns = claim(private, "namespace", NULL),
		   account = claim(private, "serviceaccount", "name");
	struct str *groups = ARENA_ARRAY(a, struct str, 3);
	u->name = str_from(
		arena_printf(a, "system:serviceaccount:%.*s:%.*s", STR_ARG(ns), STR_ARG(account)));
	u->uid = arena_str(a, claim(private, "serviceaccount", "uid"));
	groups[0] = STR("system:serviceaccounts");
	groups[1] = str_from(arena_printf(a, "system:serviceaccounts:%.*s", STR_ARG(ns)));
	groups[2] = STR("system:authenticated");
	u->groups = groups;
	u->ngroups = 3;
	u->extra = ARENA_ARRAY(a, struct user_extra, 5);
	u->nextra = 0;
	struct str jti = claim(claims, "jti", NULL);
	extra_add(a, u, "authentication.kubernetes.io/credential-id",
		  str_from(arena_printf(a, "JTI=%.*s", STR_ARG(jti))));
	extra_add(a, u, "authentication.kubernetes.io/node-name", claim(private, "node", "name"));
	extra_add(a, u, "authentication.kubernetes.io/node-uid", claim(private, "node", "uid"));
	extra_add(a, u, "authentication.kubernetes.io/pod-name", claim(private, "pod", "name"));
	extra_add(a, u, "authentication.kubernetes.io/pod-uid", claim(private, "pod", "uid"));
}

/* The Secret must still hold this very token, and the account be the one that it was made for. */
static int legacy_check(const struct token_check *check, const json_t *claims, struct str token,
			struct err *err)
{
	struct str ns = claim(claims, LEGACY "namespace", NULL),
		   name = claim(claims, LEGACY "secret.name", NULL);
	int r = bound_check(check, "serviceaccounts", ns,
			    claim(claims, LEGACY "service-account.name", NULL),
			    claim(claims, LEGACY "service-account.uid", NULL), err);
	if (r < 0)
		return r;
	auto_buf key = { 0 }, have = { 0 };
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), STR("secrets"));
	object_key(res, ns, name, &key);
	const struct object *o = cache_get(cache_of(check->objects, res), buf_view(&key));
	json_t *tree = o && !o->deleting ? object_tree(o, NULL) : NULL;
	bool same = base64_decode(&have, claim(tree, "data", "token")) && have.n &&
		    str_eq(buf_view(&have), token);
	json_decref(tree);
	object_unref(o);
	return same ? 0 : err_set(err, ERR_UNAUTHORIZED, "Token has been invalidated");
}

static void legacy_user(struct arena *a, const json_t *claims, struct api_user *u)
{
	struct str ns = claim(claims, LEGACY "namespace", NULL);
	struct str *groups = ARENA_ARRAY(a, struct str, 3);
	u->name = arena_str(a, claim(claims, "sub", NULL));
	u->uid = arena_str(a, claim(claims, LEGACY "service-account.uid", NULL));
	groups[0] = STR("system:serviceaccounts");
	groups[1] = str_from(arena_printf(a, "system:serviceaccounts:%.*s", STR_ARG(ns)));
	groups[2] = STR("system:authenticated");
	u->groups = groups;
	u->ngroups = 3;
}

/* It is for the API server, who else is meant doesn't know it. */
static bool legacy_meant(const struct token_check *check, struct str *audience)
{
	*audience = str_from(check->keys->issuer);
	for (size_t i = 0; i < check->naudiences; i++)
		if (str_eq(check->audiences[i], *audience))
			return true;
	return check->naudiences == 0;
}

static int legacy_authenticate(const struct token_check *check, const json_t *claims,
			       struct str token, struct arena *a, struct api_user *out,
			       struct str *audience, struct err *err)
{
	struct str meant;
	if (!legacy_meant(check, &meant))
		return err_set(err, ERR_UNAUTHORIZED, "token audiences do not match");
	int r = legacy_check(check, claims, token, err);
	if (r < 0)
		return r;
	legacy_user(a, claims, out);
	if (audience)
		*audience = meant;
	return 0;
}

static int claims_check(const struct token_check *check, const json_t *claims, struct str *audience,
			struct err *err)
{
	if (!str_eqz(claim(claims, "iss", NULL), check->keys->issuer))
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
	if (r == 0 && str_eqz(claim(claims, "iss", NULL), LEGACY_ISSUER)) {
		r = legacy_authenticate(check, claims, token, a, out, audience, err);
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
