/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of single fields that come back everywhere: names, choices, numbers, what stays as it is, ports. */
#include "api/object/meta.h"
#include "api/validation/check.h"

void check_name_text(struct check *c, const char *child, struct str value, const char *text)
{
	const char *counted = c->declared ? strstr(text, " characters") : NULL;
	if (counted && !counted[sizeof(" characters") - 1])
		check_invalid_text(c, child, value, "%.*s bytes", (int)(counted - text), text);
	else
		check_invalid_text(c, child, value, "%s", text);
}

void check_name(struct check *c, const char *child, struct str value, name_check rule)
{
	struct name_errors e = rule(value);
	for (size_t i = 0; i < e.n; i++)
		check_name_text(c, child, value, e.text[i]);
}

void check_required_name(struct check *c, const char *child, struct str value, name_check rule)
{
	if (value.n == 0)
		check_required(c, child, "%s", "");
	else
		check_name(c, child, value, rule);
}

void check_one_of(struct check *c, const json_t *parent, const char *child,
		  const char *const *supported, bool required)
{
	const json_t *value = json_object_get(parent, child);
	struct str text = tree_str(value);
	if (text.n == 0 && !required)
		return;
	if (text.n == 0)
		check_required(c, child, "%s", "");
	else if (!str_in(text, supported))
		check_unsupported(c, child, value, supported);
}

void check_known(struct check *c, const json_t *parent, const char *child,
		 const char *const *supported)
{
	const json_t *value = json_object_get(parent, child);
	if (!str_in(tree_str(value), supported))
		check_unsupported(c, child, value, supported);
}

void check_one_pointed(struct check *c, const json_t *parent, const char *child,
		       const char *const *supported)
{
	if (json_object_get(parent, child))
		check_known(c, parent, child, supported);
	else
		check_required(c, child, "%s", "");
}

void check_known_if_set(struct check *c, const json_t *parent, const char *child,
			const char *const *supported)
{
	if (json_object_get(parent, child))
		check_known(c, parent, child, supported);
}

void check_non_negative(struct check *c, const json_t *parent, const char *child)
{
	const json_t *value = json_object_get(parent, child);
	if (json_is_integer(value) && json_integer_value(value) < 0)
		check_invalid(c, child, value, "must be greater than or equal to 0");
}

void check_positive(struct check *c, const json_t *parent, const char *child)
{
	const json_t *value = json_object_get(parent, child);
	if (json_is_integer(value) && json_integer_value(value) <= 0)
		check_invalid(c, child, value, "must be greater than zero");
}

void check_range(struct check *c, const json_t *parent, const char *child, int64_t lo, int64_t hi)
{
	const json_t *value = json_object_get(parent, child);
	json_int_t v = json_integer_value(value);
	if (json_is_integer(value) && (v < lo || v > hi))
		check_invalid(c, child, value, "must be between %lld and %lld, inclusive",
			      (long long)lo, (long long)hi);
}

void check_immutable(struct check *c, const char *child, const json_t *new, const json_t *old)
{
	if ((shape_empty(new) && shape_empty(old)) || shape_equal(new, old))
		return;
	check_invalid(c, child, new, "field is immutable");
}

void check_immutable_text(struct check *c, const char *child, const json_t *new, const json_t *old)
{
	if (!str_eq(tree_str(new), tree_str(old)))
		check_invalid_text(c, child, tree_str(new), "field is immutable");
}

void check_fixed(struct check *c, const char *child, const json_t *new, const json_t *old)
{
	const json_t *a = json_object_get(new, child), *b = json_object_get(old, child);
	if (!(shape_empty(a) && shape_empty(b)) && !shape_equal(a, b))
		check_invalid(c, child, NULL, "field is immutable");
}

void check_port(struct check *c, const char *child, const json_t *port)
{
	json_int_t v = json_integer_value(port);
	if (v >= 1 && v <= 65535)
		return;
	if (port)
		check_invalid(c, child, port, "must be between 1 and 65535, inclusive");
	else
		check_invalid_number(c, child, 0, "must be between 1 and 65535, inclusive");
}

void check_port_or_name(struct check *c, const char *child, const json_t *port)
{
	if (json_is_string(port))
		check_name(c, child, tree_str(port), name_port);
	else
		check_port(c, child, port);
}

void check_int_or_percent(struct check *c, const json_t *parent, const char *child)
{
	const json_t *value = json_object_get(parent, child);
	if (json_is_string(value))
		check_name(c, child, tree_str(value), name_percent);
	else
		check_non_negative(c, parent, child);
}

void check_each(struct check *c, const json_t *list, const char *child,
		void (*check)(struct check *c, const json_t *item))
{
	size_t was = check_in(c, child), i;
	json_t *item;
	json_array_foreach (list, i, item) {
		size_t at = check_in_index(c, i);
		check(c, item);
		check_out(c, at);
	}
	check_out(c, was);
}
