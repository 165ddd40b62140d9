/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/crd_rule_texts.h"

#include "api/object/meta.h"
#include "api/validation/crd_schema_rules.h"

static struct str field(const json_t *rule, const char *name)
{
	return tree_str(json_object_get(rule, name));
}

static bool is_blank(struct str s)
{
	return str_trim(s).n == 0;
}

static bool has_lines(struct str s)
{
	return str_find(s, '\n') < s.n || str_find(s, '\r') < s.n;
}

static void check_texts(struct check *c, const json_t *rule)
{
	struct str text = field(rule, "rule"), message = field(rule, "message"),
		   expression = field(rule, "messageExpression");
	if (is_blank(text))
		check_required(c, "rule", "rule is not specified");
	else if (message.n && is_blank(message))
		check_invalid_text(c, "message", message, "must be non-empty if specified");
	else if (has_lines(str_trim(message)))
		check_invalid_text(c, "message", message, "must not contain line breaks");
	else if (has_lines(str_trim(text)) && is_blank(message))
		check_required(c, "message",
			       "message must be specified if rule contains line breaks");
	if (expression.n && is_blank(expression))
		check_required(c, "messageExpression",
			       "messageExpression must be non-empty if specified");
}

static void check_path(struct check *c, const json_t *schema, struct str path)
{
	auto_buf why = { 0 };
	if (path.n && is_blank(path))
		check_invalid_text(c, "fieldPath", path, "must be non-empty if specified");
	if (has_lines(path))
		check_invalid_text(c, "fieldPath", path, "must not contain line breaks");
	if (path.n && !crd_schema_at(schema, path, true, NULL, &why))
		check_invalid_text(c, "fieldPath", path, "must be a valid path");
}

void check_crd_rule_texts(struct check *c, const json_t *schema)
{
	static const char *const reasons[] = { "FieldValueDuplicate", "FieldValueForbidden",
					       "FieldValueInvalid", "FieldValueRequired", NULL };
	const json_t *rule;
	size_t i;
	json_array_foreach (json_object_get(schema, "x-kubernetes-validations"), i, rule) {
		const json_t *reason = json_object_get(rule, "reason");
		size_t was = check_in(c, "x-kubernetes-validations"), at = check_in_index(c, i);
		check_texts(c, rule);
		if (reason && !str_in(tree_str(reason), reasons))
			check_unsupported(c, "reason", reason, reasons);
		check_path(c, schema, field(rule, "fieldPath"));
		check_out(c, at);
		check_out(c, was);
	}
}
