/* SPDX-License-Identifier: Apache-2.0 */
/* authorization.k8s.io: SubjectAccessReview, LocalSubjectAccessReview, SelfSubjectAccessReview (may X do Y) and
 * SelfSubjectRulesReview (what may I do). */
#include "api/codec.h"
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "api/validation/check.h"
#include "api/validation/validation.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/subresources/review.h"
#include "server/apiserver/subresources/subresources.h"
#include "server/apiserver/write/decode.h"
#include "server/apiserver/write/object_meta.h"

static void user_read(struct api_request *r, const json_t *spec, struct api_user *u)
{
	const json_t *groups = json_object_get(spec, "groups");
	struct str *to = ARENA_ARRAY(&r->arena, struct str, json_array_size(groups) + 1);
	u->name = tree_get_str(spec, "user", NULL);
	for (size_t i = 0; i < json_array_size(groups); i++)
		to[u->ngroups++] = tree_str(json_array_get(groups, i));
	u->groups = to;
}

/* Requirements as the text that a query would have; false: some can't be said and were left out. */
static bool requirements_text(const json_t *list, struct buf *out)
{
	bool all = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i),
			     *values = json_object_get(one, "values");
		struct str op = tree_get_str(one, "operator", NULL);
		bool in = str_eqz(op, "In"), not_in = str_eqz(op, "NotIn");
		if (json_array_size(values) != 1 || (!in && !not_in)) {
			all = false;
			continue;
		}
		buf_printf(out, "%s%.*s%s%.*s", out->n ? "," : "",
			   STR_ARG(tree_get_str(one, "key", NULL)),
			   in ? "=" : "!=", STR_ARG(tree_str(json_array_get(values, 0))));
	}
	return all;
}

/* Each term has an operator, and no further one. */
static bool fields_are_fine(struct str selector)
{
	struct str term;
	while (selector.n && str_next(&selector, ',', &term)) {
		size_t at = str_find(term, '=');
		size_t value = at + 1 < term.n && term.p[at + 1] == '=' ? at + 2 : at + 1;
		if (term.n && (at == term.n ||
			       (value < term.n && memchr(term.p + value, '=', term.n - value))))
			return false;
	}
	return true;
}

static void ignored(struct buf *why, const char *what, bool partially)
{
	buf_printf(why, "%sspec.resourceAttributes.%s %signored due to parse error",
		   why->n ? ", " : "", what, partially ? "partially " : "");
}

static void field_selector_read(struct api_request *r, const json_t *res,
				struct authz_attributes *a, struct buf *why)
{
	const json_t *selector = json_object_get(res, "fieldSelector"),
		     *list = json_object_get(selector, "requirements");
	struct str raw = tree_get_str(selector, "rawSelector", NULL);
	auto_buf text = { 0 };
	if (json_array_size(list) == 0) {
		if (fields_are_fine(raw))
			a->field_selector = raw;
		else
			ignored(why, "fieldSelector", false);
		return;
	}
	if (!requirements_text(list, &text))
		ignored(why, "fieldSelector", text.n > 0);
	a->field_selector = arena_str(&r->arena, buf_view(&text));
}

/* No authorizer here looks at labels; that they can be read is said all the same. */
static void label_selector_read(const json_t *res, struct buf *why)
{
	const json_t *selector = json_object_get(res, "labelSelector"),
		     *list = json_object_get(selector, "requirements");
	struct selector *parsed = NULL;
	if (selector_parse_labels(tree_get_str(selector, "rawSelector", NULL), &parsed, NULL) < 0)
		ignored(why, "labelSelector", false);
	selector_free(parsed);
	size_t unknown = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct str op = tree_get_str(json_array_get(list, i), "operator", NULL);
		unknown += !str_eqz(op, "In") && !str_eqz(op, "NotIn") && !str_eqz(op, "Exists") &&
			   !str_eqz(op, "DoesNotExist");
	}
	if (unknown)
		ignored(why, "labelSelector", unknown < json_array_size(list));
}

static void attributes_read(struct api_request *r, const json_t *spec, struct authz_attributes *a,
			    struct buf *why)
{
	const json_t *res = json_object_get(spec, "resourceAttributes"),
		     *path = json_object_get(spec, "nonResourceAttributes");
	a->is_resource = res != NULL;
	a->verb = tree_get_str(res ? res : path, "verb", NULL);
	a->group = tree_get_str(res, "group", NULL);
	a->resource = tree_get_str(res, "resource", NULL);
	a->subresource = tree_get_str(res, "subresource", NULL);
	a->ns = tree_get_str(res, "namespace", NULL);
	a->name = tree_get_str(res, "name", NULL);
	a->path = tree_get_str(path, "path", NULL);
	field_selector_read(r, res, a, why);
	size_t fields = why->n;
	label_selector_read(res, why);
	if (fields && why->n > fields) { /* both */
		char *both = arena_printf(&r->arena, "[%s]", why->p);
		buf_reset(why);
		buf_puts(why, both);
	}
}

/* --- what is wrong with a question --- */

static void about_path(const json_t *path, struct buf *out)
{
	if (!path) {
		buf_puts(out, "null");
		return;
	}
	buf_puts(out, "{\"Path\":");
	buf_json_string(out, tree_get_str(path, "path", NULL));
	buf_puts(out, ",\"Verb\":");
	buf_json_string(out, tree_get_str(path, "verb", NULL));
	buf_putc(out, '}');
}

static void selector_check(const json_t *res, const char *name, struct err *err)
{
	const json_t *s = json_object_get(res, name);
	struct str raw = tree_get_str(s, "rawSelector", NULL);
	bool listed = json_array_size(json_object_get(s, "requirements")) > 0;
	auto_free char *at = str_printf("spec.resourceAttributes.%s", name),
		       *raw_at = str_printf("%s.rawSelector", at),
		       *list_at = str_printf("%s.requirements", at);
	if (s && raw.n && listed)
		err_cause(err, "FieldValueInvalid", raw_at,
			  "Invalid value: \"%.*s\": may not specified at the same time as "
			  "requirements",
			  STR_ARG(raw));
	if (s && !raw.n && !listed)
		err_cause(err, "FieldValueRequired", list_at,
			  "Required value: when %s is specified, requirements or rawSelector is "
			  "required",
			  at);
	struct check c = { .err = err };
	size_t was = check_in(&c, at);
	check_selector_requirements(&c, "requirements", json_object_get(s, "requirements"),
				    strcmp(name, "labelSelector") == 0);
	check_out(&c, was);
	buf_free(&c.path);
}

static void metadata_check(const struct api_request *r, const json_t *tree, struct err *err)
{
	json_t *meta = json_copy(meta_of(tree));
	json_object_del(meta, "managedFields");
	if (r->resource->namespaced)
		json_object_del(meta, "namespace");
	if (json_object_size(meta)) {
		auto_free char *text = json_dumps(meta_of(tree), JSON_COMPACT);
		err_cause(err, "FieldValueInvalid", "metadata", "Invalid value: %s: %s", text,
			  r->resource->namespaced ? "must be empty except for namespace"
						  : "must be empty");
	}
	json_decref(meta);
}

static void local_check(const struct api_request *r, const json_t *res, const json_t *path,
			const char *shown, struct err *err)
{
	struct str ns = tree_get_str(res, "namespace", NULL);
	if (res && !str_eq(ns, r->ns))
		err_cause(err, "FieldValueInvalid", "spec.resourceAttributes.namespace",
			  "Invalid value: \"%.*s\": must match metadata.namespace", STR_ARG(ns));
	if (path)
		err_cause(err, "FieldValueInvalid", "spec.nonResourceAttributes",
			  "Invalid value: %s: disallowed on this kind of request", shown);
}

static int review_check(struct api_request *r, const json_t *tree, struct err *err)
{
	const json_t *spec = json_object_get(tree, "spec"),
		     *res = json_object_get(spec, "resourceAttributes"),
		     *path = json_object_get(spec, "nonResourceAttributes");
	auto_buf shown = { 0 };
	about_path(path, &shown);
	if ((res != NULL) == (path != NULL))
		err_cause(err, "FieldValueInvalid", "spec",
			  "Invalid value: %s: exactly one of nonResourceAttributes or "
			  "resourceAttributes must be specified",
			  shown.p);
	if (strcmp(r->resource->plural, "selfsubjectaccessreviews") &&
	    tree_get_str(spec, "user", NULL).n == 0 &&
	    json_array_size(json_object_get(spec, "groups")) == 0)
		err_cause(err, "FieldValueInvalid", "spec.user",
			  "Invalid value: \"\": at least one of user or group must be specified");
	selector_check(res, "fieldSelector", err);
	selector_check(res, "labelSelector", err);
	metadata_check(r, tree, err);
	if (r->resource->namespaced)
		local_check(r, res, path, shown.p, err);
	if (err->ncauses == 0)
		return 0;
	request_about(r, "authorization.k8s.io", "", STR(""));
	return validate_finish("", "authorization.k8s.io", STR(""), err);
}

static void review_judge(struct api_request *r, json_t *tree)
{
	const json_t *spec = json_object_get(tree, "spec");
	struct api_user other = { 0 };
	struct authz_attributes a = { .user = &r->user };
	auto_buf reason = { 0 }, why = { 0 };
	if (strcmp(r->resource->plural, "selfsubjectaccessreviews")) {
		user_read(r, spec, &other);
		a.user = &other;
	}
	attributes_read(r, spec, &a, &why);
	bool allowed = authz_review(r->server->authorizer, &a, &reason);
	json_t *status = json_pack("{s:b}", "allowed", allowed);
	if (reason.n)
		json_object_set_new(status, "reason", json_stringn(reason.p, reason.n));
	if (why.n)
		json_object_set_new(status, "evaluationError", json_stringn(why.p, why.n));
	json_object_set_new(tree, "status", status);
}

static void access_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	struct decode_expect x = decode_expected(r);
	int e = decode_body(r, &x, &tree, &err);
	if (e == 0)
		e = object_meta_namespace(r, tree, &err);
	if (e == 0) {
		review_own(r, &x, tree);
		e = review_check(r, tree, &err);
	}
	if (e < 0) {
		respond_err(r, &err);
	} else {
		review_judge(r, tree);
		respond_tree(r, 201, x.type, tree);
	}
	json_decref(tree);
}

/* The rights of nodes depend on what runs there: they have no list. Those of system:masters are listed because they are bound to them, too. */
static void rules_judge(struct api_request *r, json_t *tree)
{
	json_t *resources = json_array(), *paths = json_array();
	auto_buf why = { 0 }, missing = { 0 };
	struct str node;
	bool is_node = node_identity(&r->user, &node);
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
	int e = decode_body(r, &x, &tree, &err);
	if (e == 0 && tree_get_str(tree, "spec", "namespace", NULL).n == 0)
		e = err_set(&err, ERR_BAD_REQUEST, "no namespace on request");
	if (e < 0) {
		respond_err(r, &err);
	} else {
		rules_judge(r, tree);
		json_object_set_new(tree, "metadata", json_object()); /* a new object */
		json_object_set_new(tree, "spec", json_object());
		respond_tree(r, 201, x.type, tree);
	}
	json_decref(tree);
}

void review_access(struct api_request *r)
{
	review_start(r, access_body);
}

void review_rules(struct api_request *r)
{
	review_start(r, rules_body);
}
