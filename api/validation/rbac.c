/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define GROUP "rbac.authorization.k8s.io"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static size_t count(const json_t *rule, const char *list)
{
	return json_array_size(json_object_get(rule, list));
}

static void check_rule(struct check *c, const json_t *rule, bool namespaced)
{
	const json_t *urls = json_object_get(rule, "nonResourceURLs");
	if (count(rule, "verbs") == 0)
		CHECK_DECLARED(c, check_required(c, "verbs", "%s", ""));
	if (json_array_size(urls)) {
		if (namespaced)
			check_invalid(c, "nonResourceURLs", urls,
				      "namespaced rules cannot apply to non-resource URLs");
		if (count(rule, "apiGroups") || count(rule, "resources") ||
		    count(rule, "resourceNames"))
			check_invalid(c, "nonResourceURLs", urls,
				      "rules cannot apply to both regular resources and "
				      "non-resource URLs");
		return;
	}
	if (count(rule, "apiGroups") == 0)
		check_required(c, "apiGroups", "resource rules must supply at least one api group");
	if (count(rule, "resources") == 0)
		check_required(c, "resources", "resource rules must supply at least one resource");
}

static void check_rules(struct check *c, const json_t *role, bool namespaced)
{
	size_t was = check_in(c, "rules"), i;
	json_t *rule;
	json_array_foreach (json_object_get(role, "rules"), i, rule) {
		size_t at = check_in_index(c, i);
		check_rule(c, rule, namespaced);
		check_out(c, at);
	}
	check_out(c, was);
}

void validate_role(struct check *c, const json_t *role)
{
	check_rules(c, role, true);
}

void validate_cluster_role(struct check *c, const json_t *role)
{
	const json_t *aggregation = json_object_get(role, "aggregationRule");
	const json_t *selectors = json_object_get(aggregation, "clusterRoleSelectors");
	size_t was, i;
	json_t *selector;
	check_rules(c, role, false);
	if (aggregation && json_array_size(selectors) == 0)
		check_required(
			c, "aggregationRule.clusterRoleSelectors",
			"at least one clusterRoleSelector required if aggregationRule is non-nil");
	was = check_in(c, "aggregationRule.clusterRoleSelectors");
	json_array_foreach (selectors, i, selector) {
		size_t at = check_in_index(c, i);
		struct selector *parsed = NULL;
		check_label_selector(c, NULL, selector);
		if (selector_from_json(selector, &parsed, NULL) < 0)
			check_invalid(c, NULL, NULL, "invalid label selector.");
		selector_free(parsed);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_subject(struct check *c, const json_t *subject, bool namespaced)
{
	static const char *const kinds[] = { "ServiceAccount", "User", "Group", NULL };
	static const char *const rbac[] = { GROUP, NULL }, *const none[] = { "", NULL };
	struct str kind = field(subject, "kind"), name = field(subject, "name"),
		   group = field(subject, "apiGroup");
	const json_t *shown = json_object_get(subject, "apiGroup");
	if (name.n == 0)
		CHECK_DECLARED(c, check_required(c, "name", "%s", ""));
	if (str_eqz(kind, "ServiceAccount")) {
		if (name.n)
			check_name(c, "name", name, name_dns_subdomain);
		if (group.n)
			check_unsupported(c, "apiGroup", shown, none);
		if (!namespaced && field(subject, "namespace").n == 0)
			check_required(c, "namespace", "%s", "");
	} else if (!str_in(kind, kinds)) {
		check_unsupported(c, "kind", json_object_get(subject, "kind"), kinds);
	} else if (!str_eqz(group, GROUP)) {
		check_unsupported(c, "apiGroup", shown, rbac);
	}
}

static void check_binding(struct check *c, const json_t *binding, const char *const *kinds,
			  bool namespaced, bool creation)
{
	static const char *const rbac[] = { GROUP, NULL };
	const json_t *ref = json_object_get(binding, "roleRef");
	size_t i;
	json_t *subject;
	if (!str_eqz(field(ref, "apiGroup"), GROUP))
		check_unsupported(c, "roleRef.apiGroup", json_object_get(ref, "apiGroup"), rbac);
	if (!str_in(field(ref, "kind"), kinds))
		check_unsupported(c, "roleRef.kind", json_object_get(ref, "kind"), kinds);
	if (field(ref, "name").n || !creation)
		check_required_name(c, "roleRef.name", field(ref, "name"), name_path_segment);
	size_t was = check_in(c, "subjects");
	json_array_foreach (json_object_get(binding, "subjects"), i, subject) {
		size_t at = check_in_index(c, i);
		check_subject(c, subject, namespaced);
		check_out(c, at);
	}
	check_out(c, was);
	if (field(ref, "name").n == 0 && creation)
		CHECK_DECLARED(c, check_required(c, "roleRef.name", "%s", ""));
}

static const char *const any_role[] = { "Role", "ClusterRole", NULL };
static const char *const cluster_role[] = { "ClusterRole", NULL };

void validate_role_binding(struct check *c, const json_t *binding)
{
	check_binding(c, binding, any_role, true, true);
}

void validate_cluster_role_binding(struct check *c, const json_t *binding)
{
	check_binding(c, binding, cluster_role, false, true);
}

static void check_ref_kept(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, "roleRef"), *b = json_object_get(old, "roleRef");
	if (shape_equal(a, b))
		return;
	json_t *shown = json_object(); /* with the names of upstream's own struct */
	static const char *const names[][2] = { { "APIGroup", "apiGroup" },
						{ "Kind", "kind" },
						{ "Name", "name" } };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct str value = field(a, names[i][1]);
		json_object_set_new(shown, names[i][0], json_stringn(value.p, value.n));
	}
	check_invalid(c, "roleRef", shown, "field is immutable");
	json_decref(shown);
}

void validate_role_binding_update(struct check *c, const json_t *new, const json_t *old)
{
	check_binding(c, new, any_role, true, false);
	check_ref_kept(c, new, old);
}

void validate_cluster_role_binding_update(struct check *c, const json_t *new, const json_t *old)
{
	check_binding(c, new, cluster_role, false, false);
	check_ref_kept(c, new, old);
}
