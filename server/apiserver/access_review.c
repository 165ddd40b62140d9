/* SPDX-License-Identifier: Apache-2.0 */
/* authorization.k8s.io: SubjectAccessReview, LocalSubjectAccessReview, SelfSubjectAccessReview (may X do Y) and
 * SelfSubjectRulesReview (what may I do). */
#include "api/codec.h"
#include "api/meta.h"
#include "api/validation/validation.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/decode.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/review.h"
#include "server/apiserver/subresources.h"

static void user_read(struct api_request *r, const json_t *spec, struct api_user *u)
{
	const json_t *groups = json_object_get(spec, "groups");
	struct str *to = ARENA_ARRAY(&r->arena, struct str, json_array_size(groups) + 1);
	u->name = tree_get_str(spec, "user", NULL);
	for (size_t i = 0; i < json_array_size(groups); i++)
		to[u->ngroups++] = tree_str(json_array_get(groups, i));
	u->groups = to;
}

static void attributes_read(const json_t *spec, struct authz_attributes *a)
{
	const json_t *res = json_object_get(spec, "resourceAttributes"),
		     *path = json_object_get(spec, "nonResourceAttributes");
	a->is_resource = res != NULL;
	if (res) {
		a->verb = tree_get_str(res, "verb", NULL);
		a->group = tree_get_str(res, "group", NULL);
		a->resource = tree_get_str(res, "resource", NULL);
		a->subresource = tree_get_str(res, "subresource", NULL);
		a->ns = tree_get_str(res, "namespace", NULL);
		a->name = tree_get_str(res, "name", NULL);
	} else {
		a->verb = tree_get_str(path, "verb", NULL);
		a->path = tree_get_str(path, "path", NULL);
	}
}

static int review_invalid(struct api_request *r, struct err *err, const char *field,
			  const char *why)
{
	request_about(r, "authorization.k8s.io", "", STR(""));
	err_cause(err, "FieldValueInvalid", field, "%s", why);
	return validate_finish("", "authorization.k8s.io", STR(""), err);
}

static int review_check(struct api_request *r, const json_t *tree, struct err *err)
{
	const json_t *spec = json_object_get(tree, "spec");
	bool res = json_object_get(spec, "resourceAttributes") != NULL,
	     path = json_object_get(spec, "nonResourceAttributes") != NULL;
	bool self = !strcmp(r->resource->plural, "selfsubjectaccessreviews");
	if (res == path)
		return review_invalid(
			r, err, "spec",
			"Invalid value: null: exactly one of nonResourceAttributes or "
			"resourceAttributes must be specified");
	if (!self && tree_get_str(spec, "user", NULL).n == 0 &&
	    json_array_size(json_object_get(spec, "groups")) == 0)
		return review_invalid(r, err, "spec.user",
				      "Invalid value: \"\": at least one of user or group must be "
				      "specified");
	if (r->resource->namespaced && res &&
	    !str_eq(tree_get_str(spec, "resourceAttributes", "namespace", NULL), r->ns))
		return err_set(err, ERR_BAD_REQUEST,
			       "spec.resourceAttributes.namespace must match namespace: %.*s",
			       STR_ARG(r->ns));
	return 0;
}

static void review_judge(struct api_request *r, json_t *tree)
{
	const json_t *spec = json_object_get(tree, "spec");
	struct api_user other = { 0 };
	struct authz_attributes a = { .user = &r->user };
	if (strcmp(r->resource->plural, "selfsubjectaccessreviews")) {
		user_read(r, spec, &other);
		a.user = &other;
	}
	attributes_read(spec, &a);
	bool allowed = authz_allowed(r->server->authorizer, &a);
	json_t *status = json_pack("{s:b}", "allowed", allowed);
	json_object_set_new(tree, "status", status);
}

static void access_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect x = decode_expected(r);
	int e = decode_body(r, &x, &tree, &err);
	if (e == 0)
		e = review_check(r, tree, &err);
	if (e < 0) {
		respond_err(r, &err);
	} else {
		review_own(r, &x, tree);
		review_judge(r, tree);
		respond_tree(r, 201, x.type, tree);
	}
	json_decref(tree);
}

/* The rights of nodes depend on what runs there: they have no list. */
static void rules_judge(struct api_request *r, json_t *tree)
{
	json_t *resources = json_array(), *paths = json_array();
	auto_buf why = { 0 }, missing = { 0 };
	struct str node;
	bool is_node = node_identity(&r->user, &node);
	if (user_in_group(&r->user, "system:masters")) {
		json_array_append_new(resources, json_pack("{s:[s],s:[s],s:[s]}", "verbs", "*",
							   "apiGroups", "*", "resources", "*"));
		json_array_append_new(paths, json_pack("{s:[s],s:[s]}", "verbs", "*",
						       "nonResourceURLs", "*"));
	}
	rbac_rules_json(r->server->authorizer->rbac, &r->user,
			tree_get_str(tree, "spec", "namespace", NULL), resources, paths, &missing);
	json_t *status = json_pack("{s:o,s:o,s:b}", "resourceRules", resources, "nonResourceRules",
				   paths, "incomplete", is_node);
	if (is_node)
		buf_puts(&why, "node authorizer does not support user rule resolution");
	if (missing.n)
		buf_printf(&why, "%s%s", why.n ? ", " : "", missing.p);
	if (why.n)
		json_object_set_new(status, "evaluationError", json_string(why.p));
	json_object_set_new(tree, "status", status);
}

static void rules_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect x = decode_expected(r);
	if (decode_body(r, &x, &tree, &err) < 0) {
		respond_err(r, &err);
		return;
	}
	review_own(r, &x, tree);
	rules_judge(r, tree);
	respond_tree(r, 201, x.type, tree);
	json_decref(tree);
}

static void review_start(struct api_request *r, void (*body)(struct api_request *r))
{
	auto_err err = { 0 };
	if (respond_negotiate(r, false, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, body);
}

void review_access(struct api_request *r)
{
	review_start(r, access_body);
}

void review_rules(struct api_request *r)
{
	review_start(r, rules_body);
}
