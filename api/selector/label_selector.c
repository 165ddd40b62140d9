/* SPDX-License-Identifier: Apache-2.0 */
/* metav1.LabelSelector: a map of labels, and expressions. */
#include <stdlib.h>

#include "api/object/meta.h"
#include "api/selector/parts.h"
#include "base/mem.h"

static int add_label(struct selector *s, const char *key, const json_t *value, struct err *err)
{
	struct requirement r = { .op = OP_EQUALS };
	struct str text = tree_str(value);
	r.key = arena_str(&s->arena, str_from(key));
	requirement_set_values(s, &r, &text, 1);
	int code = requirement_check(&r, err);
	if (code == 0)
		*selector_add(s) = r;
	return code;
}

static bool operator_of(struct str text, enum selector_op *out)
{
	static const struct {
		const char *text;
		enum selector_op op;
	} words[] = { { "In", OP_IN },
		      { "NotIn", OP_NOT_IN },
		      { "Exists", OP_EXISTS },
		      { "DoesNotExist", OP_NOT_EXISTS } };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_eqz(text, words[i].text)) {
			*out = words[i].op;
			return true;
		}
	return false;
}

static int add_expression(struct selector *s, const json_t *expression, struct err *err)
{
	struct requirement r = { 0 };
	struct str op = tree_str(json_object_get(expression, "operator"));
	const json_t *list = json_object_get(expression, "values");
	size_t n = json_array_size(list);
	auto_free struct str *values = mem_alloc((n + 1) * sizeof(*values));
	if (!operator_of(op, &r.op))
		return err_set(err, ERR_BAD_REQUEST,
			       "\"%.*s\" is not a valid label selector operator", STR_ARG(op));
	bool set = r.op == OP_IN || r.op == OP_NOT_IN;
	if (set && n == 0)
		return err_set(err, ERR_BAD_REQUEST,
			       "values: Invalid value: []: for 'in', 'notin' operators, values set "
			       "can't be empty");
	if (!set && n)
		return err_set(err, ERR_BAD_REQUEST,
			       "values: Invalid value: values set must be empty for exists and "
			       "does not exist");
	for (size_t i = 0; i < n; i++)
		values[i] = tree_str(json_array_get(list, i));
	r.key = arena_str(&s->arena, tree_str(json_object_get(expression, "key")));
	requirement_set_values(s, &r, values, n);
	int code = requirement_check(&r, err);
	if (code == 0)
		*selector_add(s) = r;
	return code;
}

static int add_all(struct selector *s, const json_t *label_selector, struct err *err)
{
	const char *key;
	json_t *value;
	size_t i;
	int r = 0;
	json_object_foreach (json_object_get(label_selector, "matchLabels"), key, value)
		if (r == 0)
			r = add_label(s, key, value, err);
	json_array_foreach (json_object_get(label_selector, "matchExpressions"), i, value)
		if (r == 0)
			r = add_expression(s, value, err);
	return r;
}

int selector_from_json(const json_t *label_selector, struct selector **out, struct err *err)
{
	struct selector *s = selector_new();
	s->nothing = !label_selector || json_is_null(label_selector);
	int r = add_all(s, label_selector, err);
	if (r < 0 || (s->n == 0 && !s->nothing)) {
		selector_free(s);
		if (r == 0)
			*out = NULL;
		return r;
	}
	selector_sort(s);
	*out = s;
	return 0;
}
