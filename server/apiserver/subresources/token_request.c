/* SPDX-License-Identifier: Apache-2.0 */
/* serviceaccounts/token: issues a token bound to an account and, when asked, to a pod, a secret or a node. Follows upstream's
 * registry/core/serviceaccount/storage/token.go. */
#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "server/apiserver/admission/node_restriction.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/review.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/write/decode.h"

#define LIFE_MIN_S        600
#define LIFE_MAX_S        ((int64_t)1 << 32)
#define LIFE_DEFAULT_S    3600
#define LIFE_OF_MOUNTED_S 3607 /* what a pod's projected volume asks for */
#define LIFE_EXTENDED_S   ((int64_t)365 * 86400)

struct token_ask {
	struct api_request *r;
	json_t *tree;
	struct object *account;
	struct token_spec spec;
	struct str audiences[16];
};

static int life_read(struct token_ask *t, struct err *err)
{
	const json_t *seconds = tree_get(t->tree, "spec", "expirationSeconds", NULL);
	int64_t life = tree_int(seconds, LIFE_DEFAULT_S);
	if (life < LIFE_MIN_S || life > LIFE_MAX_S) {
		request_about(t->r, "authentication.k8s.io", "TokenRequest", STR(""));
		err_cause(err, "FieldValueInvalid", "spec.expirationSeconds",
			  "Invalid value: %lld: %s", (long long)life,
			  life < LIFE_MIN_S
				  ? "may not specify a duration less than 10 minutes"
				  : "may not specify a duration larger than 2^32 seconds");
		return validate_finish("TokenRequest", "authentication.k8s.io", STR(""), err);
	}
	t->spec.life_s = life;
	json_object_set_new(json_object_get(t->tree, "spec"), "expirationSeconds",
			    json_integer(life));
	return 0;
}

static void audiences_read(struct token_ask *t)
{
	const char *own = token_issuer(t->r->server->tokens);
	json_t *list = tree_get(t->tree, "spec", "audiences", NULL);
	for (size_t i = 0; i < json_array_size(list) && i < COUNT_OF(t->audiences); i++)
		t->audiences[t->spec.naudiences++] = tree_str(json_array_get(list, i));
	t->spec.audiences = t->audiences;
	bool ours = t->spec.naudiences == 0 ||
		    (t->spec.naudiences == 1 && str_eqz(t->audiences[0], own));
	if (t->spec.naudiences == 0)
		json_object_set_new(json_object_get(t->tree, "spec"), "audiences",
				    json_pack("[s]", own));
	if (ours &&
	    t->spec.life_s ==
		    LIFE_OF_MOUNTED_S) { /* clients that don't reload tokens get time to learn it */
		t->spec.warn_after_s = t->spec.life_s;
		t->spec.life_s = LIFE_EXTENDED_S;
	}
}

static int pod_bind(struct token_ask *t, const struct object *pod, struct err *err)
{
	json_t *tree = object_tree(pod, err);
	struct str account = tree_get_str(tree, "spec", "serviceAccountName", NULL),
		   node = tree_get_str(tree, "spec", "nodeName", NULL);
	int e = tree ? 0 : -(int)ERR_INTERNAL;
	if (e == 0 && !str_eq(account, t->r->name))
		e = err_set(err, ERR_BAD_REQUEST,
			    "cannot bind token for serviceaccount \"%.*s\" to pod running with "
			    "different serviceaccount name.",
			    STR_ARG(t->r->name));
	struct object *n = e == 0 ? lookup_core(t->r->server, "nodes", STR(""), node) : NULL;
	if (e == 0 && node.n)
		t->spec.node =
			(struct token_binding){ arena_str(&t->r->arena, node),
						n ? arena_str(&t->r->arena, n->uid) : STR("") };
	object_unref(n);
	json_decref(tree);
	return e;
}

static int bound_read(struct token_ask *t, struct err *err)
{
	const json_t *ref = tree_get(t->tree, "spec", "boundObjectRef", NULL);
	struct str kind = tree_get_str(ref, "kind", NULL), name = tree_get_str(ref, "name", NULL),
		   uid = tree_get_str(ref, "uid", NULL);
	const struct {
		const char *kind, *plural;
		struct token_binding *to;
	} kinds[] = { { "Pod", "pods", &t->spec.pod },
		      { "Secret", "secrets", &t->spec.secret },
		      { "Node", "nodes", &t->spec.node } };
	if (!ref)
		return 0;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!str_eqz(kind, kinds[i].kind))
			continue;
		struct object *o = lookup_core(t->r->server, kinds[i].plural,
					       i == 2 ? STR("") : t->r->ns, name);
		if (!o) {
			request_about(t->r, "", kinds[i].plural, name);
			return err_set(err, ERR_NOT_FOUND, "%s \"%.*s\" not found", kinds[i].plural,
				       STR_ARG(name));
		}
		int e = i == 0 ? pod_bind(t, o, err) : 0;
		if (e == 0 && uid.n && !str_eq(uid, o->uid))
			e = err_set(err, ERR_CONFLICT,
				    "Operation cannot be fulfilled on %s \"%.*s\": the UID in the "
				    "bound object reference (%.*s) does not match the UID in "
				    "record. The object might have been deleted and then recreated",
				    kinds[i].plural, STR_ARG(name), STR_ARG(uid));
		*kinds[i].to = (struct token_binding){ arena_str(&t->r->arena, name),
						       arena_str(&t->r->arena, o->uid) };
		object_unref(o);
		return e;
	}
	struct str version = tree_get_str(ref, "apiVersion", NULL);
	return err_set(err, ERR_BAD_REQUEST,
		       "cannot bind token to object of type %s%.*s, Kind=%.*s",
		       str_find(version, '/') == version.n ? "/" : "", STR_ARG(version),
		       STR_ARG(kind));
}

static int token_make(struct token_ask *t, struct err *err)
{
	struct api_request *r = t->r;
	char until[TIME_TEXT_MAX];
	auto_buf token = { 0 };
	t->spec.ns = r->ns;
	t->spec.account = r->name;
	t->spec.account_uid = t->account->uid;
	t->spec.now_s = clock_wall_s(r->server->clock);
	int e = token_issue(r->server->tokens, &t->spec, &token, err);
	if (e < 0)
		return e;
	int64_t told = t->spec.warn_after_s ? t->spec.warn_after_s : t->spec.life_s;
	time_format(t->spec.now_s + told, until);
	json_object_set_new(t->tree, "status",
			    json_pack("{s:s,s:s}", "token", token.p, "expirationTimestamp", until));
	char created[TIME_TEXT_MAX];
	time_format(t->spec.now_s, created);
	meta_set_text(t->tree, "name", r->name);
	meta_set_text(t->tree, "namespace", r->ns);
	meta_set_text(t->tree, "creationTimestamp", str_from(created));
	meta_set_text(t->tree, "uid", t->account->uid);
	return 0;
}

/* Who says which account he means, means no other of that name. */
static int uid_check(struct token_ask *t, struct err *err)
{
	struct str uid = meta_uid(t->tree);
	if (uid.n == 0 || str_eq(uid, t->account->uid))
		return 0;
	request_about(t->r, "authentication.k8s.io", "TokenRequest", t->r->name);
	return err_set(
		err, ERR_CONFLICT,
		"Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "
		"\"%.*s\": the UID in the token request (%.*s) does not match the UID of the "
		"service account (%.*s)",
		STR_ARG(t->r->name), STR_ARG(uid), STR_ARG(t->account->uid));
}

static int token_steps(struct token_ask *t, const struct decode_expect *x, struct err *err)
{
	int e = decode_body(t->r, x, &t->tree, err);
	if (e < 0)
		return e;
	struct str name = meta_name(t->tree);
	if (name.n && !str_eq(name, t->r->name)) {
		request_about(t->r, "authentication.k8s.io", "TokenRequest", t->r->name);
		err_cause(err, "FieldValueInvalid", "metadata.name",
			  "Invalid value: \"%.*s\": must match the service account name if "
			  "specified",
			  STR_ARG(name));
		return validate_finish("TokenRequest", "authentication.k8s.io", t->r->name, err);
	}
	if (!json_object_get(t->tree, "spec"))
		json_object_set_new(t->tree, "spec", json_object());
	json_t *spec = json_object_get(t->tree, "spec");
	if (!json_is_integer(json_object_get(spec, "expirationSeconds")))
		json_object_set_new(spec, "expirationSeconds", json_integer(LIFE_DEFAULT_S));
	review_own(t->r, x, t->tree);
	t->account = lookup_target(t->r, err);
	if (!t->account)
		return -(int)ERR_NOT_FOUND;
	e = uid_check(t, err);
	if (e < 0)
		return e;
	e = admit_node_token(t->r, t->tree, err);
	if (e == 0)
		e = life_read(t, err);
	if (e < 0)
		return e;
	audiences_read(t);
	e = bound_read(t, err);
	return e < 0 ? e : token_make(t, err);
}

static void token_body(struct api_request *r)
{
	auto_err err = { 0 };
	struct token_ask t = { .r = r };
	struct decode_expect x = { api_type_find(STR("authentication/v1.TokenRequest")),
				   "authentication.k8s.io", "v1", "TokenRequest" };
	if (r->sub && r->sub->type)
		x.type = r->sub->type;
	if (token_steps(&t, &x, &err) < 0)
		respond_err(r, &err);
	else
		respond_tree(r, 201, x.type, t.tree);
	json_decref(t.tree);
	object_unref(t.account);
}

void sub_token_request(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, token_body);
}
