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

static int no(struct err *err, const char *why)
{
	return err_set(err, ERR_UNAUTHORIZED, "%s", why);
}

struct legacy {
	struct str ns, secret, account, uid;
};

static int legacy_read(const json_t *claims, struct legacy *out, struct err *err)
{
	const struct {
		const char *claim, *missing;
		struct str *to;
	} rows[] = {
		{ LEGACY "namespace", "namespace claim is missing", &out->ns },
		{ LEGACY "secret.name", "secretName claim is missing", &out->secret },
		{ LEGACY "service-account.name", "serviceAccountName claim is missing",
		  &out->account },
		{ LEGACY "service-account.uid", "serviceAccountUID claim is missing", &out->uid },
	};
	struct str sub = token_claim(claims, "sub", NULL), ns;
	if (sub.n == 0)
		return no(err, "sub claim is missing");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		*rows[i].to = token_claim(claims, rows[i].claim, NULL);
		if (rows[i].to->n == 0)
			return no(err, rows[i].missing);
	}
	if (!str_cut_prefix(&sub, STR("system:serviceaccount:")) || !str_next(&sub, ':', &ns) ||
	    !str_eq(ns, out->ns) || !str_eq(sub, out->account))
		return no(err, "sub claim is invalid");
	return 0;
}

/* The Secret must still hold this very token. */
static int secret_check(const struct token_check *check, const struct legacy *l, struct str token,
			struct arena *a, struct token_report *report, struct err *err)
{
	auto_buf have = { 0 };
	const struct object *o = token_object(check, "secrets", l->ns, l->secret);
	if (!o || o->deleting) {
		object_unref(o);
		return no(err, "Token has been invalidated");
	}
	json_t *tree = object_tree(o, NULL);
	bool same =
		base64_decode(&have, token_claim(json_object_get(tree, "data"), "token", NULL)) &&
		have.n && str_eq(buf_view(&have), token);
	if (same) {
		report->ns = arena_str(a, l->ns);
		report->name = arena_str(a, l->secret);
		report->uid = arena_str(a, o->uid);
		report->last_used = arena_str(a, meta_label(tree, TOKEN_LAST_USED));
		report->invalid = meta_label(tree, TOKEN_INVALID_SINCE).n > 0;
	}
	json_decref(tree);
	object_unref(o);
	return same ? 0 : no(err, "Token does not match server's copy");
}

static bool names_secret(const json_t *account, struct str secret)
{
	const json_t *list = json_object_get(account, "secrets"), *one;
	size_t i;
	json_array_foreach ((json_t *)(uintptr_t)list, i, one)
		if (str_eq(token_claim(one, "name", NULL), secret))
			return true;
	return false;
}

/* The account must be the one that it was made for. */
static int account_check(const struct token_check *check, const struct legacy *l,
			 struct token_report *report, struct err *err)
{
	const struct object *o = token_object(check, "serviceaccounts", l->ns, l->account);
	int r = 0;
	if (!o)
		r = err_set(err, ERR_UNAUTHORIZED, "serviceaccounts \"%.*s\" not found",
			    STR_ARG(l->account));
	else if (o->deleting)
		r = err_set(err, ERR_UNAUTHORIZED, "ServiceAccount %.*s/%.*s has been deleted",
			    STR_ARG(l->ns), STR_ARG(l->account));
	else if (!str_eq(o->uid, l->uid))
		r = err_set(err, ERR_UNAUTHORIZED,
			    "ServiceAccount UID (%.*s) does not match claim (%.*s)",
			    STR_ARG(o->uid), STR_ARG(l->uid));
	if (r == 0) {
		json_t *tree = object_tree(o, NULL);
		report->automatic = names_secret(tree, l->secret);
		json_decref(tree);
	} else {
		report->name = STR("");
	}
	object_unref(o);
	return r;
}

int token_legacy_check(const struct token_check *check, const json_t *claims, struct str token,
		       struct arena *a, struct api_user *out, struct token_report *report,
		       struct err *err)
{
	struct legacy l = { 0 };
	int r = legacy_read(claims, &l, err);
	r = r < 0 ? r : secret_check(check, &l, token, a, report, err);
	r = r < 0 ? r : account_check(check, &l, report, err);
	if (r < 0)
		return r;
	if (report->invalid)
		return err_set(err, ERR_UNAUTHORIZED,
			       "the token in secret %.*s/%.*s for service account %.*s/%.*s has "
			       "been marked invalid. Use tokens from the TokenRequest API or "
			       "manually created secret-based tokens, or remove the '%s' label "
			       "from the secret to temporarily allow use of this token",
			       STR_ARG(l.ns), STR_ARG(l.secret), STR_ARG(l.ns), STR_ARG(l.account),
			       TOKEN_INVALID_SINCE);
	token_user(a, l.ns, l.account, l.uid, out);
	return 0;
}
