/* SPDX-License-Identifier: Apache-2.0 */
/* FlowSchemas. Follows upstream's pkg/apis/flowcontrol/validation. */
#include "api/object/meta.h"
#include "api/validation/flow_fixed.h"
#include "api/validation/flow_parts.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define PRECEDENCE_MAX 10000

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static int64_t number(const json_t *object, const char *name)
{
	return tree_int(json_object_get(object, name), 0);
}

static bool has_wildcard(const json_t *list)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item)
		if (str_eqz(tree_str(item), "*"))
			return true;
	return false;
}

/* ---- who ---- */

static void check_account(struct check *c, const json_t *account)
{
	struct str name = field(account, "name"), ns = field(account, "namespace");
	if (name.n == 0)
		check_required(c, "name", "%s", "");
	else if (!str_eqz(name, "*"))
		check_name(c, "name", name, name_dns_subdomain);
	if (ns.n)
		check_name(c, "namespace", ns, name_dns_label);
	else
		check_required(c, "namespace", "must specify namespace for service account");
}

static const struct subject {
	const char *kind, *field;
} subjects[] = { { "ServiceAccount", "serviceAccount" }, { "User", "user" }, { "Group", "group" } };

static void check_own_subject(struct check *c, const json_t *subject, const struct subject *s)
{
	const json_t *own = json_object_get(subject, s->field);
	size_t was = check_in(c, s->field);
	if (!own)
		check_required(c, NULL, "%s is required when subject kind is '%s'", s->field,
			       s->kind);
	else if (s == subjects)
		check_account(c, own);
	else if (field(own, "name").n == 0)
		check_required(c, "name", "%s", "");
	check_out(c, was);
}

static void check_subject(struct check *c, const json_t *subject)
{
	static const char *const kinds[] = { "Group", "ServiceAccount", "User", NULL };
	struct str kind = field(subject, "kind");
	if (!str_in(kind, kinds)) {
		check_unsupported(c, "kind", json_object_get(subject, "kind"), kinds);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(subjects); i++)
		if (str_eqz(kind, subjects[i].kind))
			check_own_subject(c, subject, &subjects[i]);
	for (size_t i = 0; i < COUNT_OF(subjects); i++)
		if (!str_eqz(kind, subjects[i].kind) && json_object_get(subject, subjects[i].field))
			check_forbidden(c, subjects[i].field,
					"%s is forbidden when subject kind is not '%s'",
					subjects[i].field, subjects[i].kind);
}

/* ---- what ---- */

static void check_verbs(struct check *c, const json_t *rule)
{
	static const char *const verbs[] = { "create", "delete", "deletecollection",
					     "get",    "list",   "patch",
					     "proxy",  "update", "watch",
					     NULL };
	const json_t *list = json_object_get(rule, "verbs");
	bool known = true;
	size_t i;
	json_t *verb;
	json_array_foreach (list, i, verb)
		known = known && str_in(tree_str(verb), verbs);
	if (json_array_size(list) == 0)
		check_required(c, "verbs", "verbs must contain at least one value");
	else if (has_wildcard(list) && json_array_size(list) > 1)
		check_invalid(c, "verbs", list, "if '*' is present, must not specify other verbs");
	else if (!has_wildcard(list) && !known)
		check_unsupported(c, "verbs", list, verbs);
}

static void check_wild_list(struct check *c, const json_t *rule, const char *name,
			    const char *required, const char *others)
{
	const json_t *list = json_object_get(rule, name);
	if (json_array_size(list) == 0)
		check_required(c, name, "%s", required);
	else if (json_array_size(list) > 1 && has_wildcard(list))
		check_invalid(c, name, list, "if '*' is present, must not specify other %s",
			      others);
}

static void check_url(struct check *c, struct str path)
{
	struct str inner = path;
	if (path.n == 0) {
		check_invalid_text(c, NULL, path, "must not be empty");
		return;
	}
	if (str_eqz(path, "/"))
		return;
	if (*path.p != '/')
		check_invalid_text(c, NULL, path, "must start with slash");
	else if (str_contains(path, STR(" ")))
		check_invalid_text(c, NULL, path, "must not contain white-space");
	else if (str_contains(path, STR("//")))
		check_invalid_text(c, NULL, path, "must not contain double slash");
	else {
		if (str_ends(path, STR("/*")))
			inner.n--;
		if (str_find(inner, '*') < inner.n)
			check_invalid_text(c, NULL, path, "wildcard can only do suffix matching");
	}
}

static void check_urls(struct check *c, const json_t *rule)
{
	const json_t *list = json_object_get(rule, "nonResourceURLs");
	size_t i, was;
	json_t *url;
	check_wild_list(c, rule, "nonResourceURLs",
			"nonResourceURLs must contain at least one value", "non-resource URLs");
	if (has_wildcard(list))
		return;
	was = check_in(c, "nonResourceURLs");
	json_array_foreach (list, i, url) {
		size_t at = check_in_index(c, i);
		check_url(c, tree_str(url));
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_namespaces(struct check *c, const json_t *rule)
{
	const json_t *list = json_object_get(rule, "namespaces");
	size_t i, k, was = check_in(c, "namespaces");
	json_t *ns;
	if (json_array_size(list) == 0 && !json_is_true(json_object_get(rule, "clusterScope")))
		check_required(c, NULL,
			       "resource rules that are not cluster scoped must supply at least "
			       "one namespace");
	else if (has_wildcard(list) && json_array_size(list) > 1)
		check_invalid(c, NULL, list,
			      "if '*' is present, must not specify other namespaces");
	json_array_foreach (list, i, ns) {
		struct name_errors e = name_dns_label(tree_str(ns));
		size_t at = check_in_index(c, i);
		for (k = 0; !has_wildcard(list) && k < e.n; k++)
			check_invalid_text(c, NULL, tree_str(ns),
					   "each member of this list must be '*' or a DNS-1123 "
					   "label; %s",
					   e.text[k]);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_resource_rule(struct check *c, const json_t *rule)
{
	check_verbs(c, rule);
	check_wild_list(c, rule, "apiGroups", "resource rules must supply at least one api group",
			"api groups");
	check_wild_list(c, rule, "resources", "resource rules must supply at least one resource",
			"resources");
	check_namespaces(c, rule);
}

static void check_url_rule(struct check *c, const json_t *rule)
{
	check_verbs(c, rule);
	check_urls(c, rule);
}

static void check_list(struct check *c, const json_t *object, const char *name,
		       void (*check)(struct check *c, const json_t *item))
{
	size_t was = check_in(c, name), i;
	json_t *item;
	json_array_foreach (json_object_get(object, name), i, item) {
		size_t at = check_in_index(c, i);
		check(c, item);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_rules(struct check *c, const json_t *rules)
{
	if (json_array_size(json_object_get(rules, "subjects")) == 0)
		check_required(c, "subjects", "subjects must contain at least one value");
	check_list(c, rules, "subjects", check_subject);
	if (json_array_size(json_object_get(rules, "resourceRules")) == 0 &&
	    json_array_size(json_object_get(rules, "nonResourceRules")) == 0)
		check_required(
			c, NULL,
			"at least one of resourceRules and nonResourceRules has to be non-empty");
	check_list(c, rules, "resourceRules", check_resource_rule);
	check_list(c, rules, "nonResourceRules", check_url_rule);
}

/* ---- schemas ---- */

static void check_precedence(struct check *c, const json_t *schema)
{
	int64_t n = number(json_object_get(schema, "spec"), "matchingPrecedence");
	if (n <= 0)
		check_invalid_number(c, "matchingPrecedence", n, "must be a positive value");
	if (n > PRECEDENCE_MAX)
		check_invalid_number(c, "matchingPrecedence", n, "must not be greater than %d",
				     PRECEDENCE_MAX);
	if (n == 1 && !str_eqz(meta_name(schema), "exempt"))
		check_invalid_number(
			c, "matchingPrecedence", n,
			"only the schema named 'exempt' may have matchingPrecedence 1");
}

/* Upstream prints the whole method, as its internal struct has it. */
static void check_method(struct check *c, struct str type)
{
	static const char *const methods[] = { "ByNamespace", "ByUser", NULL };
	if (str_in(type, methods))
		return;
	json_t *shown = json_pack("{s:s#}", "Type", type.p ? type.p : "", (int)type.n);
	check_unsupported(c, "distinguisherMethod.type", shown, methods);
	json_decref(shown);
}

void validate_flow_schema(struct check *c, const json_t *schema)
{
	const json_t *spec = json_object_get(schema, "spec"),
		     *method = json_object_get(spec, "distinguisherMethod");
	struct str level = tree_get_str(spec, "priorityLevelConfiguration", "name", NULL);
	size_t was = check_in(c, "spec");
	check_precedence(c, schema);
	if (method)
		check_method(c, field(method, "type"));
	if (level.n)
		check_name(c, "priorityLevelConfiguration.name", level, name_dns_subdomain);
	else
		check_required(c, "priorityLevelConfiguration.name",
			       "must reference a priority level");
	check_list(c, spec, "rules", check_rules);
	check_out(c, was);
	check_fixed_spec(c, schema, flow_fixed("flowschemas", meta_name(schema)), NULL);
	check_flow_conditions(c, schema);
}

void validate_flow_status(struct check *c, const json_t *new, const json_t *old)
{
	(void)old;
	check_flow_conditions(c, new);
}
