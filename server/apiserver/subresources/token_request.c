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
#include "server/apiserver/write/object_meta.h"

#define ADMISSION_V1      "admissionregistration.k8s.io/v1"
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
};

static bool is_webhook(const json_t *ref)
{
	struct str kind = tree_get_str(ref, "kind", NULL);
	return str_eqz(tree_get_str(ref, "apiVersion", NULL), ADMISSION_V1) &&
	       (str_eqz(kind, "ValidatingWebhookConfiguration") ||
		str_eqz(kind, "MutatingWebhookConfiguration"));
}

/* Only tokens for webhooks, which are not issued yet, say what else they are good for. */
static void attestations_check(struct token_ask *t, struct err *err)
{
	const json_t *spec = json_object_get(t->tree, "spec"),
		     *list = json_object_get(spec, "attestations");
	bool webhook = is_webhook(json_object_get(spec, "boundObjectRef"));
	if (json_object_size(list) == (webhook ? 1 : 0))
		return;
	auto_free char *shown = list ? json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	err_cause(err, "FieldValueInvalid", "spec.attestations", "Invalid value: %s: %s",
		  shown ? shown : "null",
		  webhook ? "webhook bound requests require exactly one admissionReviewAPIGroups "
			    "attestation"
			  : "attestations may only be specified with a webhook bound object "
			    "reference");
}

static int spec_check(struct token_ask *t, struct err *err)
{
	const json_t *seconds = tree_get(t->tree, "spec", "expirationSeconds", NULL);
	int64_t life = tree_int(seconds, LIFE_DEFAULT_S);
	if (life < LIFE_MIN_S || life > LIFE_MAX_S)
		err_cause(err, "FieldValueInvalid", "spec.expirationSeconds",
			  "Invalid value: %lld: %s", (long long)life,
			  life < LIFE_MIN_S
				  ? "may not specify a duration less than 10 minutes"
				  : "may not specify a duration larger than 2^32 seconds");
	attestations_check(t, err);
	if (err->ncauses) {
		request_about(t->r, "authentication.k8s.io", "TokenRequest", STR(""));
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
	struct str *audiences = ARENA_ARRAY(&t->r->arena, struct str, json_array_size(list) + 1);
	for (size_t i = 0; i < json_array_size(list); i++)
		audiences[t->spec.naudiences++] = tree_str(json_array_get(list, i));
	t->spec.audiences = audiences;
	if (t->spec.naudiences == 0)
		json_object_set_new(json_object_get(t->tree, "spec"), "audiences",
				    json_pack("[s]", own));
}

/* Clients in pods that don't read their token anew get time to learn it. */
static void life_extend(struct token_ask *t)
{
	bool ours = t->spec.naudiences == 0 ||
		    (t->spec.naudiences == 1 &&
		     str_eqz(t->spec.audiences[0], token_issuer(t->r->server->tokens)));
	if (!ours || t->spec.pod.name.n == 0 || t->spec.life_s != LIFE_OF_MOUNTED_S)
		return;
	t->spec.warn_after_s = t->spec.life_s;
	t->spec.life_s = LIFE_EXTENDED_S;
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

static const struct bindable {
	const char *kind, *plural;
	bool cluster;
	size_t to; /* of the token's spec */
} bindables[] = {
	{ "Pod", "pods", false, offsetof(struct token_spec, pod) },
	{ "Secret", "secrets", false, offsetof(struct token_spec, secret) },
	{ "Node", "nodes", true, offsetof(struct token_spec, node) },
};

static int bind_to(struct token_ask *t, const struct bindable *b, const json_t *ref,
		   struct err *err)
{
	struct str name = tree_get_str(ref, "name", NULL), uid = tree_get_str(ref, "uid", NULL);
	struct object *o =
		lookup_core(t->r->server, b->plural, b->cluster ? STR("") : t->r->ns, name);
	if (!o) {
		request_about(t->r, "", b->plural, name);
		return err_set(err, ERR_NOT_FOUND, "%s \"%.*s\" not found", b->plural,
			       STR_ARG(name));
	}
	int e = strcmp(b->kind, "Pod") ? 0 : pod_bind(t, o, err);
	if (e == 0 && uid.n && !str_eq(uid, o->uid)) {
		request_about(t->r, "", b->kind, name);
		e = err_set(err, ERR_CONFLICT,
			    "Operation cannot be fulfilled on %s \"%.*s\": the UID in the "
			    "bound object reference (%.*s) does not match the UID in "
			    "record. The object might have been deleted and then recreated",
			    b->kind, STR_ARG(name), STR_ARG(uid));
	}
	*(struct token_binding *)((char *)&t->spec + b->to) =
		(struct token_binding){ arena_str(&t->r->arena, name),
					arena_str(&t->r->arena, o->uid) };
	object_unref(o);
	return e;
}

static int bound_read(struct token_ask *t, struct err *err)
{
	const json_t *ref = tree_get(t->tree, "spec", "boundObjectRef", NULL);
	struct str kind = tree_get_str(ref, "kind", NULL),
		   version = tree_get_str(ref, "apiVersion", NULL);
	bool core = str_find(version, '/') == version.n;
	if (!ref)
		return 0;
	for (size_t i = 0; core && i < COUNT_OF(bindables); i++)
		if (str_eqz(kind, bindables[i].kind))
			return bind_to(t, &bindables[i], ref, err);
	return err_set(err, ERR_BAD_REQUEST,
		       "cannot bind token to object of type %s%.*s, Kind=%.*s%s", core ? "/" : "",
		       STR_ARG(version), STR_ARG(kind),
		       is_webhook(ref) ? " (feature gate APIServerWebhookAuthenticationToken is "
					 "disabled)"
				       : "");
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
	e = e < 0 ? e : object_meta_namespace(t->r, t->tree, err);
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
	e = spec_check(t, err);
	if (e == 0)
		e = admit_node_token(t->r, t->tree, err);
	if (e < 0)
		return e;
	audiences_read(t);
	e = bound_read(t, err);
	if (e < 0)
		return e;
	life_extend(t);
	return token_make(t, err);
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
