/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/authz.h"

#include "server/apiserver/authz/rules.h"

static bool word_in(const char *words, struct str word)
{
	struct str rest = str_from(words), one;
	while (str_next(&rest, ' ', &one))
		if (one.n && (str_eqz(one, "*") || str_eq(one, word)))
			return true;
	return false;
}

static bool path_in(const char *patterns, struct str path)
{
	struct str rest = str_from(patterns), one;
	while (str_next(&rest, ' ', &one)) {
		bool below = one.n && one.p[one.n - 1] == '*';
		if (below ? str_starts(path, str_of(one.p, one.n - 1)) : one.n && str_eq(one, path))
			return true;
	}
	return false;
}

static bool subject_is(const struct authz_rule *rule, const struct api_user *u)
{
	return rule->subject == RULE_USER ? str_eqz(u->name, rule->who)
					  : user_in_group(u, rule->who);
}

static bool scope_fits(const struct authz_rule *rule, const struct authz_attributes *a)
{
	struct str node = a->user->name;
	if (rule->scope == RULE_ANY)
		return true;
	if (!str_cut_prefix(&node, STR("system:node:")))
		return false;
	if (rule->scope == RULE_NODE_LEASE && !str_eqz(a->ns, "kube-node-lease"))
		return false;
	return str_eq(a->name, node) || (a->name.n == 0 && str_eqz(a->verb, "create"));
}

static bool resource_fits(const struct authz_rule *rule, const struct authz_attributes *a)
{
	char full[256];
	size_t n = a->resource.n + 1 + a->subresource.n;
	if (!rule->resources || n > sizeof(full))
		return false;
	if (!word_in(rule->groups, a->group.n ? a->group : STR("core")))
		return false;
	if (a->subresource.n == 0)
		return word_in(rule->resources, a->resource);
	memcpy(full, a->resource.p, a->resource.n);
	full[a->resource.n] = '/';
	memcpy(full + a->resource.n + 1, a->subresource.p, a->subresource.n);
	return word_in(rule->resources, str_of(full, n));
}

static bool rule_allows(const struct authz_rule *rule, const struct authz_attributes *a)
{
	if (!subject_is(rule, a->user) || !word_in(rule->verbs, a->verb))
		return false;
	if (!a->is_resource)
		return rule->paths && path_in(rule->paths, a->path);
	return resource_fits(rule, a) && scope_fits(rule, a);
}

bool authz_allowed(const struct authz_attributes *a)
{
	for (size_t i = 0; i < authz_rules_count; i++)
		if (rule_allows(&authz_rules[i], a))
			return true;
	return false;
}

void authz_denial(const struct authz_attributes *a, struct buf *out)
{
	buf_printf(out, "User \"%.*s\" cannot %.*s ", STR_ARG(a->user->name), STR_ARG(a->verb));
	if (!a->is_resource) {
		buf_printf(out, "path \"%.*s\"", STR_ARG(a->path));
		return;
	}
	buf_printf(out, "resource \"%.*s%s%.*s\" in API group \"%.*s\"", STR_ARG(a->resource),
		   a->subresource.n ? "/" : "", STR_ARG(a->subresource), STR_ARG(a->group));
	if (a->ns.n)
		buf_printf(out, " in the namespace \"%.*s\"", STR_ARG(a->ns));
	else
		buf_puts(out, " at the cluster scope");
}

static struct authz_attributes attributes_of(struct api_request *r)
{
	struct authz_attributes a = { .user = &r->user,
				      .verb = str_from(r->verb_text),
				      .path = r->path };
	a.is_resource = r->is_resource_path;
	a.group = r->group;
	a.resource = r->plural;
	a.subresource = r->subresource;
	a.ns = r->ns;
	a.name = r->name;
	return a;
}

int request_authorize(struct api_request *r, struct err *err)
{
	struct authz_attributes a = attributes_of(r);
	if (authz_allowed(&a))
		return 0;
	auto_buf why = { 0 };
	authz_denial(&a, &why);
	if (!a.is_resource)
		return err_set(err, ERR_FORBIDDEN, "forbidden: %s", why.p);
	const char *dot = a.group.n ? "." : "";
	if (a.name.n)
		return err_set(err, ERR_FORBIDDEN, "%.*s%s%.*s \"%.*s\" is forbidden: %s",
			       STR_ARG(a.resource), dot, STR_ARG(a.group), STR_ARG(a.name), why.p);
	return err_set(err, ERR_FORBIDDEN, "%.*s%s%.*s is forbidden: %s", STR_ARG(a.resource), dot,
		       STR_ARG(a.group), why.p);
}

static json_t *words_json(const char *words, bool groups)
{
	json_t *out = json_array();
	struct str rest = str_from(words), one;
	while (words && str_next(&rest, ' ', &one))
		if (one.n)
			json_array_append_new(out, groups && str_eqz(one, "core")
							   ? json_string("")
							   : json_stringn(one.p, one.n));
	return out;
}

json_t *authz_rules_json(const struct api_user *u, bool resources)
{
	json_t *out = json_array();
	for (size_t i = 0; i < authz_rules_count; i++) {
		const struct authz_rule *rule = &authz_rules[i];
		if (!subject_is(rule, u) || resources != (rule->resources != NULL))
			continue;
		json_t *row = json_pack("{s:o}", "verbs", words_json(rule->verbs, false));
		if (resources) {
			json_object_set_new(row, "apiGroups", words_json(rule->groups, true));
			json_object_set_new(row, "resources", words_json(rule->resources, false));
		} else {
			json_object_set_new(row, "nonResourceURLs", words_json(rule->paths, false));
		}
		json_array_append_new(out, row);
	}
	return out;
}
