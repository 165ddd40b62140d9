/* SPDX-License-Identifier: Apache-2.0 */
/* A selector is a sorted array of requirements in one arena. Matching looks each key up in the object's sorted labels. Follows
 * apimachinery's pkg/labels and pkg/fields, in grammar and messages; parsing is in labels.c and fields.c. */
#include "api/selector/selector.h"

#include "api/object/meta.h"
#include "api/selector/parts.h"
#include "base/mem.h"

struct selector *selector_new(void)
{
	return NEW(struct selector);
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	arena_free(&s->arena);
	free(s);
}

struct requirement *selector_add(struct selector *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 4;
		struct requirement *more = ARENA_ARRAY(&s->arena, struct requirement, cap);
		if (s->n)
			memcpy(more, s->requirements, s->n * sizeof(*more));
		s->requirements = more;
		s->cap = cap;
	}
	return &s->requirements[s->n++];
}

static int by_key(const void *x, const void *y)
{
	const struct requirement *a = x, *b = y;
	int c = str_cmp(a->key, b->key);
	return c ? c : (a->order > b->order) - (a->order < b->order);
}

void selector_sort(struct selector *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->requirements[i].order = i;
	if (s->n)
		qsort(s->requirements, s->n, sizeof(*s->requirements), by_key);
}

/* ---- matching ---- */

static bool has_value(const struct requirement *r, struct str value)
{
	for (size_t i = 0; i < r->nvalues; i++)
		if (str_eq(r->values[i], value))
			return true;
	return false;
}

/* `value` is NULL when the label is absent. */
static bool matches(const struct requirement *r, const struct str *value)
{
	int64_t number;
	switch (r->op) {
	case OP_EQUALS:
	case OP_DOUBLE_EQUALS:
	case OP_IN: return value && has_value(r, *value);
	case OP_NOT_EQUALS:
	case OP_NOT_IN: return !value || !has_value(r, *value);
	case OP_EXISTS: return value != NULL;
	case OP_NOT_EXISTS: return value == NULL;
	case OP_GREATER: return value && str_to_i64(*value, &number) && number > r->number;
	case OP_LESS: return value && str_to_i64(*value, &number) && number < r->number;
	}
	return false;
}

static const struct str *find_label(const struct object_label *labels, size_t n, struct str key)
{
	for (size_t lo = 0, hi = n; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = str_cmp(key, labels[mid].key);
		if (c == 0)
			return &labels[mid].value;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool selector_match_labels(const struct selector *s, const struct object_label *labels, size_t n)
{
	if (!s)
		return true;
	for (size_t i = 0; i < s->n; i++)
		if (!matches(&s->requirements[i], find_label(labels, n, s->requirements[i].key)))
			return false;
	return !s->nothing;
}

bool selector_match_tree(const struct selector *s, const json_t *labels_map)
{
	if (!s)
		return true;
	for (size_t i = 0; i < s->n; i++) {
		const struct requirement *r = &s->requirements[i];
		const json_t *label = json_object_getn(labels_map, r->key.p, r->key.n);
		struct str value = tree_str(label);
		if (!matches(r, label ? &value : NULL))
			return false;
	}
	return !s->nothing;
}

bool selector_match_fields(const struct selector *s, const struct object *o)
{
	if (!s)
		return true;
	for (size_t i = 0; i < s->n; i++) {
		const struct requirement *r = &s->requirements[i];
		const struct str *value = r->field == FIELD_NAME        ? &o->name
					  : r->field == FIELD_NAMESPACE ? &o->ns
									: &o->fields[r->field];
		if (!matches(r, value))
			return false;
	}
	return !s->nothing;
}

bool selector_pins_name(const struct selector *s, struct str *name)
{
	for (size_t i = 0; s && i < s->n; i++) {
		const struct requirement *r = &s->requirements[i];
		if (s->of_fields && r->field == FIELD_NAME && r->op == OP_EQUALS) {
			*name = r->values[0];
			return true;
		}
	}
	return false;
}

/* ---- text ---- */

static const char *const operators[] = {
	[OP_EQUALS] = "=", [OP_DOUBLE_EQUALS] = "==", [OP_NOT_EQUALS] = "!=",
	[OP_IN] = " in ",  [OP_NOT_IN] = " notin ",   [OP_GREATER] = ">",
	[OP_LESS] = "<",   [OP_EXISTS] = "",          [OP_NOT_EXISTS] = "",
};

static void write_escaped(struct str value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		if (strchr("\\,=", value.p[i]))
			buf_putc(out, '\\');
		buf_putc(out, value.p[i]);
	}
}

static void write_requirement(const struct selector *s, const struct requirement *r,
			      struct buf *out)
{
	bool set = r->op == OP_IN || r->op == OP_NOT_IN;
	buf_puts(out, r->op == OP_NOT_EXISTS ? "!" : "");
	buf_str(out, r->key);
	buf_puts(out, operators[r->op]);
	buf_puts(out, set ? "(" : "");
	for (size_t i = 0; i < r->nvalues; i++) {
		buf_puts(out, i ? "," : "");
		if (s->of_fields)
			write_escaped(r->values[i], out);
		else
			buf_str(out, r->values[i]);
	}
	buf_puts(out, set ? ")" : "");
}

void selector_format(const struct selector *s, struct buf *out)
{
	for (size_t i = 0; s && i < s->n; i++) {
		buf_puts(out, i ? "," : "");
		write_requirement(s, &s->requirements[i], out);
	}
}
