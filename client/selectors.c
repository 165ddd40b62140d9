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
