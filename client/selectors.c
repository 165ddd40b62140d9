/* SPDX-License-Identifier: Apache-2.0 */
#include "client/selectors.h"

bool object_labels_equal(const struct object *a, const struct object *b)
{
	if (a->nlabels != b->nlabels)
		return false;
	for (size_t i = 0; i < a->nlabels; i++)
		if (!str_eq(a->labels[i].key, b->labels[i].key) ||
		    !str_eq(a->labels[i].value, b->labels[i].value))
			return false;
	return true;
}

const struct str *object_label(const struct object *o, struct str key)
{
	for (size_t i = 0; i < o->nlabels; i++)
		if (str_eq(o->labels[i].key, key))
			return &o->labels[i].value;
	return NULL;
}

const struct str *str_map_get(const struct api_str_map *m, struct str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->items[i].key, key))
			return &m->items[i].value;
	return NULL;
}

bool label_map_matches(const struct api_str_map *wanted, const struct object *o)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const struct str *v = object_label(o, wanted->items[i].key);

		if (!v || !str_eq(*v, wanted->items[i].value))
			return false;
	}
	return true;
}

static bool requirement_holds(const struct meta_v1_label_selector_requirement *r,
			      const struct str *v)
{
	bool in = false;

	for (size_t i = 0; v && i < r->values.n; i++)
		in |= str_eq(r->values.items[i], *v);
	if (str_eqz(r->operator, "In"))
		return in;
	if (str_eqz(r->operator, "NotIn"))
		return !in;
	return str_eqz(r->operator, "Exists") ? v != NULL : v == NULL;
}

bool label_selector_is_empty(const struct meta_v1_label_selector *s)
{
	return !s || (!s->match_labels.n && !s->match_expressions.n);
}

bool label_selector_matches(const struct meta_v1_label_selector *s, const struct object *o)
{
	if (!s || !label_map_matches(&s->match_labels, o))
		return false;
	for (size_t i = 0; i < s->match_expressions.n; i++) {
		const struct meta_v1_label_selector_requirement *r = &s->match_expressions.items[i];

		if (!requirement_holds(r, object_label(o, r->key)))
			return false;
	}
	return true;
}

void label_selector_text(const struct meta_v1_label_selector *s, struct buf *out)
{
	if (!s) {
		buf_puts(out, "nil");
		return;
	}
	buf_puts(out, "&LabelSelector{MatchLabels:map[string]string{");
	for (size_t i = 0; i < s->match_labels.n; i++)
		buf_printf(out, "%.*s: %.*s,", STR_ARG(s->match_labels.items[i].key),
			   STR_ARG(s->match_labels.items[i].value));
	buf_puts(out, "},MatchExpressions:[]LabelSelectorRequirement{");
	for (size_t i = 0; i < s->match_expressions.n; i++) {
		const struct meta_v1_label_selector_requirement *r = &s->match_expressions.items[i];

		buf_printf(out, "LabelSelectorRequirement{Key:%.*s,Operator:%.*s,Values:[",
			   STR_ARG(r->key), STR_ARG(r->operator));
		for (size_t k = 0; k < r->values.n; k++)
			buf_printf(out, "%s%.*s", k ? " " : "", STR_ARG(r->values.items[k]));
		buf_puts(out, "],},");
	}
	buf_puts(out, "},}");
}
