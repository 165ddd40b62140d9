/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_values.h"

#include "api/object/meta.h"
#include "api/values/pattern.h"
#include "base/mem.h"

static const char *const lists[] = { "anyOf", "allOf", "oneOf" };

static void check_pattern(struct check *c, const json_t *s)
{
	struct str pattern = tree_str(json_object_get(s, "pattern"));
	struct pattern *p;
	auto_err err = { 0 };
	if (!pattern.n)
		return;
	if (pattern_new(pattern, &p, &err) < 0)
		check_invalid_text(c, "pattern", pattern,
				   "must be a valid regular expression, but isn't: %s",
				   err_text(&err));
	else
		pattern_free(p);
}

/* `anyOf: [{type: integer}, {type: string}]`, what an int-or-string may say of itself. */
static bool is_int_or_string(const json_t *any)
{
	static const char *const words[] = { "integer", "string" };
	bool same = json_array_size(any) == COUNT_OF(words);
	for (size_t i = 0; same && i < COUNT_OF(words); i++) {
		const json_t *one = json_array_get(any, i);
		same = json_object_size(one) == 1 &&
		       str_eqz(tree_str(json_object_get(one, "type")), words[i]);
	}
	return same;
}

/* ---- what is forbidden inside ---- */

static void check_forbidden_words(struct check *c, const json_t *s)
{
	static const struct {
		const char *word, *instead;
	} rows[] = {
		{ "type", "empty" },
		{ "additionalProperties", "undefined" },
		{ "default", "undefined" },
		{ "title", "empty" },
		{ "description", "empty" },
		{ "nullable", "false" },
		{ "x-kubernetes-preserve-unknown-fields", "false" },
		{ "x-kubernetes-embedded-resource", "false" },
		{ "x-kubernetes-int-or-string", "false" },
		{ "x-kubernetes-list-map-keys", "empty" },
		{ "x-kubernetes-list-type", "undefined" },
		{ "x-kubernetes-map-type", "undefined" },
		{ "x-kubernetes-validations", "empty" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const json_t *v = json_object_get(s, rows[i].word);
		bool pointer = *rows[i].instead == 'u';
		if (v && !json_is_false(v) && (pointer || !shape_empty(v)))
			check_forbidden(c, rows[i].word, "must be %s to be structural",
					rows[i].instead);
	}
}

static void check_values(struct check *c, const json_t *s, bool skip_any, bool skip_first_all);

static void check_nested(struct check *c, const json_t *s, bool skip_any)
{
	const json_t *value;
	const char *name;
	if (!json_is_object(s))
		return;
	check_values(c, s, skip_any, false);
	check_forbidden_words(c, s);
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(s, "properties"), name, value) {
		size_t was = check_in(c, "properties"), at = check_in_key(c, str_from(name));
		check_nested(c, value, false);
		if (strcmp(name, "metadata") == 0)
			check_forbidden(c, NULL, "must not be specified in a nested context");
		check_out(c, at);
		check_out(c, was);
	}
	size_t was = check_in(c, "items");
	check_nested(c, json_object_get(s, "items"), false);
	check_out(c, was);
}

static void check_values(struct check *c, const json_t *s, bool skip_any, bool skip_first_all)
{
	const json_t *item;
	size_t i;
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		if (k == 0 && skip_any)
			continue;
		json_array_foreach (json_object_get(s, lists[k]), i, item) {
			size_t was = check_in(c, lists[k]), at = check_in_index(c, i);
			check_nested(c, item, k == 1 && i == 0 && skip_first_all);
			check_out(c, at);
			check_out(c, was);
		}
	}
	size_t was = check_in(c, "not");
	check_nested(c, json_object_get(s, "not"), false);
	check_out(c, was);
	check_pattern(c, s);
}

void check_crd_values(struct check *c, const json_t *s)
{
	const json_t *first = json_array_get(json_object_get(s, "allOf"), 0);
	check_values(c, s, is_int_or_string(json_object_get(s, "anyOf")),
		     is_int_or_string(json_object_get(first, "anyOf")));
}

/* ---- completeness ---- */

struct places {
	struct check *c; /* stands at the shape */
	struct buf path; /* where it is spoken of */
};

static void spoken(struct places *p, size_t was)
{
	p->path.n = was;
	if (p->path.p)
		p->path.p[was] = 0;
}

static void check_complete(struct places *p, const json_t *values, const json_t *shape);

static void check_below(struct places *p, const json_t *values, const json_t *shape)
{
	const json_t *value, *fields = json_object_get(shape, "properties");
	const char *name;
	size_t spoke = p->path.n;
	if (!json_is_object(values))
		return;
	if (!shape) {
		check_required(p->c, NULL, "because it is defined in %s", p->path.p);
		return;
	}
	check_complete(p, values, shape);
	json_object_foreach ((json_t *)(uintptr_t)json_object_get(values, "properties"), name,
			     value) {
		size_t was = check_in(p->c, "properties"), at = check_in_key(p->c, str_from(name));
		buf_printf(&p->path, ".properties[%s]", name);
		check_below(p, value, json_object_get(fields, name));
		spoken(p, spoke);
		check_out(p->c, at);
		check_out(p->c, was);
	}
	size_t was = check_in(p->c, "items");
	buf_puts(&p->path, ".items");
	check_below(p, json_object_get(values, "items"), json_object_get(shape, "items"));
	spoken(p, spoke);
	check_out(p->c, was);
}

static void check_complete(struct places *p, const json_t *values, const json_t *shape)
{
	const json_t *item;
	size_t i, was = p->path.n;
	for (size_t k = 0; k < COUNT_OF(lists); k++)
		json_array_foreach (json_object_get(values, lists[k]), i, item) {
			buf_printf(&p->path, ".%s[%zu]", lists[k], i);
			check_below(p, item, shape);
			spoken(p, was);
		}
	buf_puts(&p->path, ".not");
	check_below(p, json_object_get(values, "not"), shape);
	spoken(p, was);
}

void check_crd_values_complete(struct check *c, const json_t *schema)
{
	struct places p = { .c = c };
	buf_add(&p.path, c->path.p ? c->path.p : "", c->path.n);
	check_complete(&p, schema, schema);
	buf_free(&p.path);
}
