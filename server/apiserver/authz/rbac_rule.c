/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/rbac_rule.h"

#include "api/decode.h"
#include "base/mem.h"

/* --- copying --- */

struct block { /* where the next words and the next text go */
	struct str *words;
	char *text;
};

static void lists_measure(const struct api_str_list *l, size_t *words, size_t *bytes)
{
	*words += l->n;
	for (size_t i = 0; i < l->n; i++)
		*bytes += l->items[i].n;
}

static struct rbac_words words_copy(struct block *b, const struct api_str_list *from)
{
	struct rbac_words out = { b->words, from->n };
	for (size_t i = 0; i < from->n; i++) {
		struct str s = from->items[i];
		if (s.n)
			memcpy(b->text, s.p, s.n);
		*b->words++ = str_of(b->text, s.n);
		b->text += s.n;
	}
	return out;
}

struct rbac_rules *rbac_rules_new(const struct rbac_v1_policy_rule *from, size_t n)
{
	size_t words = 0, bytes = 0,
	       head = sizeof(struct rbac_rules) + n * sizeof(struct rbac_rule);
	for (size_t i = 0; i < n; i++) {
		lists_measure(&from[i].verbs, &words, &bytes);
		lists_measure(&from[i].api_groups, &words, &bytes);
		lists_measure(&from[i].resources, &words, &bytes);
		lists_measure(&from[i].resource_names, &words, &bytes);
		lists_measure(&from[i].non_resource_urls, &words, &bytes);
	}
	char *p = mem_alloc(head + words * sizeof(struct str) + bytes);
	struct rbac_rules *out = (struct rbac_rules *)p;
	struct block b = { (struct str *)(p + head), p + head + words * sizeof(struct str) };
	out->n = n;
	for (size_t i = 0; i < n; i++)
		out->items[i] = (struct rbac_rule){
			.verbs = words_copy(&b, &from[i].verbs),
			.groups = words_copy(&b, &from[i].api_groups),
			.resources = words_copy(&b, &from[i].resources),
			.names = words_copy(&b, &from[i].resource_names),
			.urls = words_copy(&b, &from[i].non_resource_urls),
		};
	return out;
}

struct rbac_rules *rbac_rules_read(struct str json)
{
	auto_arena a = { 0 };
	auto_buf text = { 0 };
	struct rbac_v1_role role = { 0 };
	buf_printf(&text, "{\"rules\":%.*s}", STR_ARG(json));
	struct_read_json(buf_view(&text), &a, api_struct_rbac_v1_role, &role, NULL);
	return rbac_rules_new(role.rules.items, role.rules.n);
}

/* --- matching --- */

bool rbac_words_have(struct rbac_words w, struct str word)
{
	for (size_t i = 0; i < w.n; i++)
		if (str_eq(w.items[i], word))
			return true;
	return false;
}

static bool is_star(struct str s)
{
	return s.n == 1 && s.p[0] == '*';
}

static bool have_or_star(struct rbac_words w, struct str word)
{
	for (size_t i = 0; i < w.n; i++)
		if (is_star(w.items[i]) || str_eq(w.items[i], word))
			return true;
	return false;
}

/* "pods", "pods/log", "*" followed by "/scale", "*" */
static bool resource_fits(struct str word, const struct authz_attributes *a)
{
	if (is_star(word))
		return true;
	if (a->subresource.n == 0)
		return str_eq(word, a->resource);
	if (word.n <= a->subresource.n || word.p[word.n - a->subresource.n - 1] != '/' ||
	    !str_ends(word, a->subresource))
		return false;
	struct str front = str_of(word.p, word.n - a->subresource.n - 1);
	return is_star(front) || str_eq(front, a->resource);
}

static bool resources_fit(struct rbac_words w, const struct authz_attributes *a)
{
	for (size_t i = 0; i < w.n; i++)
		if (resource_fits(w.items[i], a))
			return true;
	return false;
}

static bool url_fits(struct str pattern, struct str path)
{
	if (str_eq(pattern, path))
		return true;
	if (pattern.n == 0 || pattern.p[pattern.n - 1] != '*')
		return false;
	while (pattern.n && pattern.p[pattern.n - 1] == '*')
		pattern.n--;
	return str_starts(path, pattern);
}

static bool urls_fit(struct rbac_words w, struct str path)
{
	for (size_t i = 0; i < w.n; i++)
		if (url_fits(w.items[i], path))
			return true;
	return false;
}

bool rbac_rule_allows(const struct rbac_rule *rule, const struct authz_attributes *a)
{
	if (!have_or_star(rule->verbs, a->verb))
		return false;
	if (!a->is_resource)
		return urls_fit(rule->urls, a->path);
	return have_or_star(rule->groups, a->group) && resources_fit(rule->resources, a) &&
	       (rule->names.n == 0 || rbac_words_have(rule->names, a->name));
}

bool rbac_rules_allow(const struct rbac_rules *rules, const struct authz_attributes *a)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rbac_rule_allows(&rules->items[i], a))
			return true;
	return false;
}
