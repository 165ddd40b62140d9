/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/admission_parts.h"

#include "api/object/meta.h"
#include "base/mem.h"

#define CONDITIONS_MAX 64

const char *const admission_failure_policies[] = { "Fail", "Ignore", NULL };
const char *const admission_match_policies[] = { "Equivalent", "Exact", NULL };
const char *const admission_reinvocation_policies[] = { "IfNeeded", "Never", NULL };

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

bool is_blank(struct str text)
{
	return str_trim(text).n == 0;
}

static bool has(const json_t *list, const char *word)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item)
		if (str_eqz(tree_str(item), word))
			return true;
	return false;
}

/* A list that may be "*" and then nothing else. */
static void check_wild(struct check *c, const json_t *rule, const char *name, const char *others)
{
	const json_t *list = json_object_get(rule, name);
	if (json_array_size(list) == 0)
		check_required(c, name, "%s", "");
	if (json_array_size(list) > 1 && has(list, "*"))
		check_invalid(c, name, list, "if '*' is present, must not specify other %s",
			      others);
}

struct seen_resources {
	struct map whole, subs; /* resources with all subresources, subresources of all */
	bool double_wild, wild, plain;
};

static void check_sub(struct check *c, struct seen_resources *s, const json_t *item, size_t slash)
{
	struct str text = tree_str(item), res = str_of(text.p, slash),
		   sub = str_of(text.p + slash + 1, text.n - slash - 1);
	if (map_get(&s->whole, res))
		check_invalid(c, NULL, item, "if '%.*s/*' is present, must not specify %.*s",
			      STR_ARG(res), STR_ARG(text));
	if (map_get(&s->subs, sub))
		check_invalid(c, NULL, item, "if '*/%.*s' is present, must not specify %.*s",
			      STR_ARG(sub), STR_ARG(text));
	if (str_eqz(sub, "*"))
		map_put(&s->whole, res, s);
	if (str_eqz(res, "*"))
		map_put(&s->subs, sub, s);
}

static void check_resource(struct check *c, struct seen_resources *s, const json_t *item)
{
	struct str text = tree_str(item);
	size_t slash = str_find(text, '/');
	if (text.n == 0) {
		check_required(c, NULL, "%s", "");
		return;
	}
	s->double_wild = s->double_wild || str_eqz(text, "*/*");
	s->wild = s->wild || str_eqz(text, "*");
	if (slash == text.n)
		s->plain = !str_eqz(text, "*");
	else
		check_sub(c, s, item, slash);
}

static void check_resources_list(struct check *c, const json_t *list)
{
	struct seen_resources s = { 0 };
	size_t i;
	json_t *item;
	if (json_array_size(list) == 0)
		check_required(c, NULL, "%s", "");
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(c, i);
		check_resource(c, &s, item);
		check_out(c, at);
	}
	if (json_array_size(list) > 1 && s.double_wild)
		check_invalid(c, NULL, list,
			      "if '*/*' is present, must not specify other resources");
	if (s.wild && s.plain)
		check_invalid(c, NULL, list,
			      "if '*' is present, must not specify other resources without "
			      "subresources");
	map_free(&s.whole, NULL);
	map_free(&s.subs, NULL);
}

static void check_items(struct check *c, const json_t *rule, const char *name,
			const char *const *known)
{
	size_t was = check_in(c, name), i;
	json_t *item;
	json_array_foreach (json_object_get(rule, name), i, item) {
		size_t at = check_in_index(c, i);
		if (known && !str_in(tree_str(item), known))
			check_unsupported(c, NULL, item, known);
		if (!known && tree_str(item).n == 0)
			check_required(c, NULL, "%s", "");
		check_out(c, at);
	}
	check_out(c, was);
}

void check_operations_rule(struct check *c, const json_t *rule)
{
	static const char *const operations[] = {
		"*", "CONNECT", "CREATE", "DELETE", "UPDATE", NULL
	};
	static const char *const scopes[] = { "*", "Cluster", "Namespaced", NULL };
	check_wild(c, rule, "operations", "operations");
	check_items(c, rule, "operations", operations);
	check_wild(c, rule, "apiGroups", "API groups");
	check_wild(c, rule, "apiVersions", "API versions");
	check_items(c, rule, "apiVersions", NULL);
	size_t was = check_in(c, "resources");
	check_resources_list(c, json_object_get(rule, "resources"));
	check_out(c, was);
	check_known_if_set(c, rule, "scope", scopes);
}

void check_match_conditions(struct check *c, const json_t *of)
{
	const json_t *list = json_object_get(of, "matchConditions");
	struct map seen = { 0 };
	size_t was = check_in(c, "matchConditions"), i;
	json_t *condition;
	if (json_array_size(list) > CONDITIONS_MAX)
		check_too_many(c, NULL, json_array_size(list), CONDITIONS_MAX);
	json_array_foreach (list, i, condition) {
		struct str name = field(condition, "name");
		size_t at = check_in_index(c, i);
		if (is_blank(field(condition, "expression")))
			check_required(c, "expression", "%s", "");
		check_required_name(c, "name", name, name_label_key);
		if (name.n && seen_before(&seen, name))
			check_duplicate_text(c, "name", name);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&seen, NULL);
}
