/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/authz/rbac_cover.h"

#include "base/mem.h"

void rbac_cover_own(struct rbac_cover *c, const struct rbac_rules *rules)
{
	c->own = mem_array_grow(c->own, &c->cap_own, c->nown + 1, sizeof(*c->own));
	c->own[c->nown++] = rules;
}

/* --- one right against one rule --- */

static bool have_or_star(struct rbac_words own, struct rbac_words one)
{
	if (rbac_words_have(own, STR("*")))
		return true;
	for (size_t i = 0; i < one.n; i++)
		if (!rbac_words_have(own, one.items[i]))
			return false;
	return true;
}

static bool resources_cover(struct rbac_words own, struct rbac_words one)
{
	if (have_or_star(own, one))
		return true;
	for (size_t i = 0; i < one.n; i++) {
		struct str r = one.items[i];
		size_t slash = str_find(r, '/');
		if (rbac_words_have(own, r))
			continue;
		if (slash == r.n)
			return false;
		auto_buf any = { 0 };
		buf_putc(&any, '*');
		buf_add(&any, r.p + slash, r.n - slash);
		if (!rbac_words_have(own, buf_view(&any)))
			return false;
	}
	return true;
}

static bool url_covers(struct str own, struct str one)
{
	if (str_eq(own, one))
		return true;
	if (own.n == 0 || own.p[own.n - 1] != '*')
		return false;
	while (own.n && own.p[own.n - 1] == '*')
		own.n--;
	return str_starts(one, own);
}

static bool urls_cover(struct rbac_words own, struct rbac_words one)
{
	for (size_t i = 0; i < one.n; i++) {
		bool found = false;
		for (size_t k = 0; !found && k < own.n; k++)
			found = url_covers(own.items[k], one.items[i]);
		if (!found)
			return false;
	}
	return true;
}

static bool names_cover(struct rbac_words own, struct rbac_words one)
{
	if (own.n == 0)
		return true;
	for (size_t i = 0; i < one.n; i++)
		if (!rbac_words_have(own, one.items[i]))
			return false;
	return one.n > 0;
}

bool rbac_rule_covers(const struct rbac_rule *own, const struct rbac_rule *single)
{
	return have_or_star(own->verbs, single->verbs) &&
	       have_or_star(own->groups, single->groups) &&
	       resources_cover(own->resources, single->resources) &&
	       names_cover(own->names, single->names) && urls_cover(own->urls, single->urls);
}

static bool is_covered(const struct rbac_cover *c, const struct rbac_rule *single)
{
	for (size_t i = 0; i < c->nown; i++)
		for (size_t k = 0; k < c->own[i]->n; k++)
			if (rbac_rule_covers(&c->own[i]->items[k], single))
				return true;
	return false;
}

/* --- what is missing --- */

/* As Go's %q: good enough for names, which are printable. */
static void quote(struct buf *out, struct str s)
{
	buf_json_string(out, s);
}

static void part(struct buf *out, const char *name, struct rbac_words w)
{
	if (w.n == 0)
		return;
	buf_printf(out, "%s%s:[", out->n ? ", " : "", name);
	for (size_t i = 0; i < w.n; i++) {
		buf_puts(out, i ? " " : "");
		quote(out, w.items[i]);
	}
	buf_puts(out, "]");
}

/* Rights about paths are told one by one, the others by verb. */
void rbac_cover_collect(struct rbac_cover *c, const struct rbac_rule *single)
{
	auto_buf about = { 0 };
	part(&about, "APIGroups", single->groups);
	part(&about, "Resources", single->resources);
	part(&about, "NonResourceURLs", single->urls);
	part(&about, "ResourceNames", single->names);
	if (single->urls.n) /* the verb makes it another entry */
		buf_printf(&about, "\n%.*s", STR_ARG(single->verbs.items[0]));
	struct buf *verbs = map_get(&c->collected, buf_view(&about));
	if (!verbs) {
		verbs = NEW(struct buf);
		map_put(&c->collected, buf_view(&about), verbs);
	}
	if (verbs->n)
		buf_putc(verbs, ' ');
	quote(verbs, single->verbs.items[0]);
}

static struct rbac_words one_of(struct rbac_words w, size_t i)
{
	return (struct rbac_words){ &w.items[i], 1 };
}

static bool check_single(struct rbac_cover *c, const struct rbac_rule *single)
{
	if (is_covered(c, single))
		return true;
	c->missing(c, single);
	return false;
}

static bool check_names(struct rbac_cover *c, const struct rbac_rule *rule, struct rbac_rule single)
{
	bool fine = true;
	if (rule->names.n == 0)
		return check_single(c, &single);
	for (size_t i = 0; i < rule->names.n; i++) {
		single.names = one_of(rule->names, i);
		fine = check_single(c, &single) && fine;
	}
	return fine;
}

static bool check_resources(struct rbac_cover *c, const struct rbac_rule *rule)
{
	bool fine = true;
	for (size_t g = 0; g < rule->groups.n; g++)
		for (size_t r = 0; r < rule->resources.n; r++)
			for (size_t v = 0; v < rule->verbs.n; v++) {
				struct rbac_rule single = { .groups = one_of(rule->groups, g),
							    .resources = one_of(rule->resources, r),
							    .verbs = one_of(rule->verbs, v) };
				fine = check_names(c, rule, single) && fine;
			}
	return fine;
}

static bool check_urls(struct rbac_cover *c, const struct rbac_rule *rule)
{
	bool fine = true;
	for (size_t u = 0; u < rule->urls.n; u++)
		for (size_t v = 0; v < rule->verbs.n; v++) {
			struct rbac_rule single = { .urls = one_of(rule->urls, u),
						    .verbs = one_of(rule->verbs, v) };
			fine = check_single(c, &single) && fine;
		}
	return fine;
}

bool rbac_cover_check(struct rbac_cover *c, const struct rbac_rules *wanted)
{
	bool fine = true;
	for (size_t i = 0; i < wanted->n; i++) {
		fine = check_resources(c, &wanted->items[i]) && fine;
		fine = check_urls(c, &wanted->items[i]) && fine;
	}
	return fine;
}

/* --- in words --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_add(struct rbac_cover *c, struct buf *out)
{
	char **lines = mem_alloc((c->collected.count + 1) * sizeof(*lines));
	size_t n = 0, at = 0;
	for (struct map_entry *e; (e = map_next(&c->collected, &at));) {
		const struct buf *verbs = e->value;
		struct str about = str_of(e->key.p, str_find(e->key, '\n'));
		lines[n++] = str_printf("{%.*s, Verbs:[%s]}", STR_ARG(about), verbs->p);
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0)
			buf_printf(out, "\n%s", lines[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
}

void rbac_cover_describe(struct rbac_cover *c, const struct api_user *u, struct buf *out)
{
	buf_puts(out, "user ");
	quote(out, u->name);
	buf_puts(out, " (groups=[");
	for (size_t i = 0; i < u->ngroups; i++) {
		buf_puts(out, i ? " " : "");
		quote(out, u->groups[i]);
	}
	buf_puts(out, "]) is attempting to grant RBAC permissions not currently held:");
	lines_add(c, out);
}

static void verbs_free(void *p)
{
	buf_free(p);
	free(p);
}

void rbac_cover_free(struct rbac_cover *c)
{
	free(c->own);
	map_free(&c->collected, verbs_free);
}
