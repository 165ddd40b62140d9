/* SPDX-License-Identifier: Apache-2.0 */
/* metav1.Condition. Follows apimachinery's ValidateConditions. */
#include <ctype.h>

#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "base/mem.h"

#define REASON_MAX  1024
#define MESSAGE_MAX 32768

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* A CamelCase word; "," and ":" may be in it, "_" at its end. */
static bool is_reason(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool last = i + 1 == text.n;
		if (!isalnum((unsigned char)c) && c != '_' && (last || (c != ',' && c != ':')))
			return false;
	}
	return text.n && isalpha((unsigned char)*text.p);
}

static void check_reason(struct check *c, struct str reason)
{
	if (reason.n == 0) {
		check_required(c, "reason", "%s", "");
		return;
	}
	if (!is_reason(reason))
		check_invalid_text(
			c, "reason", reason,
			"a condition reason must start with alphabetic character, optionally "
			"followed by a string of alphanumeric characters or '_,:', and must end "
			"with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  "
			"or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for "
			"validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')");
	if (reason.n > REASON_MAX)
		check_too_long(c, "reason", REASON_MAX);
}

static void check_condition(struct check *c, const json_t *condition)
{
	static const char *const states[] = { "False", "True", "Unknown", NULL };
	const json_t *generation = json_object_get(condition, "observedGeneration");
	if (field(condition, "type").n)
		check_name(c, "type", field(condition, "type"), name_label_key);
	else
		check_required(c, "type", "is required");
	if (!str_in(field(condition, "status"), states))
		check_unsupported(c, "status", json_object_get(condition, "status"), states);
	if (generation && json_integer_value(generation) < 0)
		check_invalid(c, "observedGeneration", generation,
			      "must be greater than or equal to zero");
	if (field(condition, "lastTransitionTime").n == 0)
		check_required(c, "lastTransitionTime", "%s", "");
	check_reason(c, field(condition, "reason"));
	if (field(condition, "message").n > MESSAGE_MAX)
		check_too_long(c, "message", MESSAGE_MAX);
}

void check_status_conditions(struct check *c, const char *child, const json_t *list)
{
	struct map first = { 0 };
	size_t was = check_in(c, child), i;
	json_t *condition;
	json_array_foreach (list, i, condition) {
		struct str type = field(condition, "type");
		size_t at = check_in_index(c, i);
		if (seen_before(&first, type))
			check_duplicate_text(c, "type", type);
		check_condition(c, condition);
		check_out(c, at);
	}
	check_out(c, was);
	map_free(&first, NULL);
}
