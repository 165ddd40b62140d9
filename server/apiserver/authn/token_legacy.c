/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that Secrets of type kubernetes.io/service-account-token hold: without an end, good for as long as the Secret has them. */
#include "api/object/meta.h"
#include "api/registry.h"
#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/authn/jwt.h"
#include "server/apiserver/authn/token_parts.h"
#include "server/apiserver/request.h"

#define LEGACY "kubernetes.io/serviceaccount/"

static json_t *text_json(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
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
	json_object_set_new(claims, "iss", json_string(TOKEN_LEGACY_ISSUER));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		json_object_set_new(claims, rows[i].claim, text_json(rows[i].value));
	json_object_set_new(claims, "sub",
			    json_sprintf("system:serviceaccount:%.*s:%.*s", STR_ARG(spec->ns),
					 STR_ARG(spec->account)));
	int r = jwt_sign(&k->key, k->kid, claims, out, err);
	json_decref(claims);
	return r;
}

/* The Secret must still hold this very token, and the account be the one that it was made for. */
static int legacy_check(const struct token_check *check, const json_t *claims, struct str token,
			struct err *err)
{
	struct str ns = token_claim(claims, LEGACY "namespace", NULL),
		   name = token_claim(claims, LEGACY "secret.name", NULL);
	int r = token_bound_check(check, "serviceaccounts", ns,
				  token_claim(claims, LEGACY "service-account.name", NULL),
				  token_claim(claims, LEGACY "service-account.uid", NULL), err);
	if (r < 0)
		return r;
	auto_buf key = { 0 }, have = { 0 };
	const struct api_resource *res = api_resource_find(STR(""), STR("v1"), STR("secrets"));
	object_key(res, ns, name, &key);
	const struct object *o = cache_get(cache_of(check->objects, res), buf_view(&key));
	json_t *tree = o && !o->deleting ? object_tree(o, NULL) : NULL;
	bool same = base64_decode(&have, token_claim(tree, "data", "token")) && have.n &&
		    str_eq(buf_view(&have), token);
	json_decref(tree);
	object_unref(o);
	return same ? 0 : err_set(err, ERR_UNAUTHORIZED, "Token has been invalidated");
}

static void legacy_user(struct arena *a, const json_t *claims, struct api_user *u)
{
	struct str ns = token_claim(claims, LEGACY "namespace", NULL);
	struct str *groups = ARENA_ARRAY(a, struct str, 3);
	u->name = arena_str(a, token_claim(claims, "sub", NULL));
	u->uid = arena_str(a, token_claim(claims, LEGACY "service-account.uid", NULL));
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

int token_legacy_authenticate(const struct token_check *check, const json_t *claims,
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
