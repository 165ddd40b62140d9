/* SPDX-License-Identifier: Apache-2.0 */
/* Labels, selectors of labels, annotations. */
#include "api/object/meta.h"
#include "api/validation/check.h"

void check_labels(struct check *c, const char *child, const json_t *map)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)map, key, value) {
		check_name(c, child, str_from(key), name_label_key);
		check_name(c, child, tree_str(value), name_label_value);
	}
}

/* False: it has none that is known. */
static bool check_values(struct check *c, struct str op, const json_t *values)
{
	bool set = str_eqz(op, "In") || str_eqz(op, "NotIn");
	if (!set && !str_eqz(op, "Exists") && !str_eqz(op, "DoesNotExist"))
		return false;
	if (set && json_array_size(values) == 0)
		check_required(c, "values", "must be specified when `operator` is 'In' or 'NotIn'");
	else if (!set && json_array_size(values))
		check_forbidden(
			c, "values",
			"may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	return true;
}

static void check_expression(struct check *c, const json_t *expression, bool any_operator)
{
	struct str op = tree_str(json_object_get(expression, "operator"));
	const json_t *values = json_object_get(expression, "values");
	if (!check_values(c, op, values) && !any_operator)
		check_invalid_text(c, "operator", op, "not a valid selector operator");
	check_name(c, "key", tree_str(json_object_get(expression, "key")), name_label_key);
	size_t was = check_in(c, "values"), i;
	json_t *value;
	json_array_foreach (values, i, value) {
		size_t at = check_in_index(c, i);
		check_name(c, NULL, tree_str(value), name_label_value);
		check_out(c, at);
	}
	check_out(c, was);
}

void check_label_selector(struct check *c, const char *child, const json_t *selector)
{
	size_t was = check_in(c, child), i;
	json_t *expression;
	check_labels(c, "matchLabels", json_object_get(selector, "matchLabels"));
	size_t list = check_in(c, "matchExpressions");
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, expression) {
		size_t at = check_in_index(c, i);
		check_expression(c, expression, false);
		check_out(c, at);
	}
	check_out(c, list);
	check_out(c, was);
}

void check_selector_requirements(struct check *c, const char *child, const json_t *list,
				 bool labels)
{
	size_t was = check_in(c, child), i;
	json_t *one;
	json_array_foreach (list, i, one) {
		size_t at = check_in_index(c, i);
		if (labels) {
			check_expression(c, one, true);
		} else {
			if (tree_str(json_object_get(one, "key")).n == 0)
				check_required(c, "key", "must be specified");
			check_values(c, tree_str(json_object_get(one, "operator")),
				     json_object_get(one, "values"));
		}
		check_out(c, at);
	}
	check_out(c, was);
}

#define ANNOTATIONS_MAX_BYTES (256 * 1024)

void check_annotations(struct check *c, const char *child, const json_t *map)
{
	const char *key;
	json_t *value;
	size_t total = 0;
	json_object_foreach ((json_t *)map, key, value) {
		check_name(c, child, str_from(key), name_annotation_key);
		total += strlen(key) + json_string_length(value);
	}
	if (total > ANNOTATIONS_MAX_BYTES)
		check_too_long(c, child, ANNOTATIONS_MAX_BYTES);
}
