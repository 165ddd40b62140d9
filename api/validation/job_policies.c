/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/job_parts.h"
#include "base/mem.h"

#define RULES_MAX             20
#define EXIT_CODES_MAX        255
#define INDEXES_TEXT_MAX      (64 * 1024)
#define ACTIONS_TEXT          "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"
#define OPERATORS_TEXT        "valid values: [\"In\" \"NotIn\"]"
#define CONDITION_STATUS_TEXT "valid values: [\"False\" \"True\" \"Unknown\"]"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

/* As check_one_of, but says at an empty one what there is. */
static void check_choice(struct check *c, const json_t *parent, const char *child,
			 const char *const *supported, const char *when_empty)
{
	if (field(parent, child).n == 0)
		check_required(c, child, "%s", when_empty);
	else
		check_one_of(c, parent, child, supported, true);
}

/* ---- podFailurePolicy ---- */

static bool has_container(const json_t *spec, struct str name)
{
	static const char *const lists[] = { "containers", "initContainers" };
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		size_t i;
		json_t *container;
		json_array_foreach (tree_get(spec, "template", "spec", lists[k], NULL), i,
				    container)
			if (str_eq(field(container, "name"), name))
				return true;
	}
	return false;
}

static void check_exit_values(struct check *c, const json_t *codes)
{
	const json_t *values = json_object_get(codes, "values");
	bool in = str_eqz(field(codes, "operator"), "In"), ordered = true;
	struct map seen = { 0 };
	size_t was = check_in(c, "values"), i;
	json_t *value;
	if (json_array_size(values) == 0)
		check_invalid(c, NULL, values, "at least one value is required");
	else if (json_array_size(values) > EXIT_CODES_MAX)
		check_too_many(c, NULL, json_array_size(values), EXIT_CODES_MAX);
	json_array_foreach (values, i, value) {
		json_int_t code = json_integer_value(value);
		auto_buf text = { 0 };
		size_t at = check_in_index(c, i);
		buf_i64(&text, code);
		if (code == 0 && in)
			check_invalid(c, NULL, value, "must not be 0 for the In operator");
		if (seen_before(&seen, buf_view(&text)))
			check_duplicate(c, NULL, value);
		if (i && json_integer_value(json_array_get(values, i - 1)) > code)
			ordered = false;
		check_out(c, at);
	}
	if (!ordered)
		check_invalid(c, NULL, values, "must be ordered");
	check_out(c, was);
	map_free(&seen, NULL);
}

static void check_exit_codes(struct check *c, const json_t *codes, const json_t *spec)
{
	static const char *const operators[] = { "In", "NotIn", NULL };
	const json_t *container = json_object_get(codes, "containerName");
	size_t was = check_in(c, "onExitCodes");
	check_choice(c, codes, "operator", operators, OPERATORS_TEXT);
	if (container && !has_container(spec, tree_str(container)))
		check_invalid(c, "containerName", container,
			      "must be one of the container or initContainer names in the pod "
			      "template");
	check_exit_values(c, codes);
	check_out(c, was);
}

static void check_conditions(struct check *c, const json_t *conditions)
{
	static const char *const states[] = { "False", "True", "Unknown", NULL };
	size_t was = check_in(c, "onPodConditions"), i;
	json_t *pattern;
	if (json_array_size(conditions) > RULES_MAX)
		check_too_many(c, NULL, json_array_size(conditions), RULES_MAX);
	json_array_foreach (conditions, i, pattern) {
		size_t at = check_in_index(c, i);
		check_name(c, "type", field(pattern, "type"), name_label_key);
		check_choice(c, pattern, "status", states, CONDITION_STATUS_TEXT);
		check_out(c, at);
	}
	check_out(c, was);
}

static void check_failure_rule(struct check *c, const json_t *rule, const json_t *spec)
{
	static const char *const actions[] = { "Count", "FailIndex", "FailJob", "Ignore", NULL };
	const json_t *codes = json_object_get(rule, "onExitCodes"),
		     *conditions = json_object_get(rule, "onPodConditions");
	check_choice(c, rule, "action", actions, ACTIONS_TEXT);
	if (str_eqz(field(rule, "action"), "FailIndex") &&
	    !json_object_get(spec, "backoffLimitPerIndex"))
		check_invalid(c, "action", json_object_get(rule, "action"),
			      "requires the backoffLimitPerIndex to be set");
	if (codes)
		check_exit_codes(c, codes, spec);
	check_conditions(c, conditions);
	if (codes && json_array_size(conditions))
		err_cause(c->err, "FieldValueInvalid", c->path.p,
			  "Invalid value: specifying both OnExitCodes and OnPodConditions is not "
			  "supported");
	if (!codes && !json_array_size(conditions))
		err_cause(c->err, "FieldValueInvalid", c->path.p,
			  "Invalid value: specifying one of OnExitCodes and OnPodConditions is "
			  "required");
}

void check_job_failure_policy(struct check *c, const json_t *spec)
{
	const json_t *rules = tree_get(spec, "podFailurePolicy", "rules", NULL);
	size_t was = check_in(c, "podFailurePolicy.rules"), i;
	json_t *rule;
	if (json_array_size(rules) > RULES_MAX)
		check_too_many(c, NULL, json_array_size(rules), RULES_MAX);
	json_array_foreach (rules, i, rule) {
		size_t at = check_in_index(c, i);
		check_failure_rule(c, rule, spec);
		check_out(c, at);
	}
	check_out(c, was);
}

/* ---- successPolicy ---- */

/* A number of an interval; complains when it is none, or not below `end`. */
static bool index_of(struct str text, int64_t end, int64_t *out, struct buf *why)
{
	if (!str_to_i64(text, out))
		buf_printf(why, "cannot convert string to integer for index: \"%.*s\"",
			   STR_ARG(text));
	else if (*out >= end)
		buf_printf(why, "too large index: \"%.*s\"", STR_ARG(text));
	return why->n == 0;
}

static bool interval(struct str text, int64_t end, int64_t *x, int64_t *y, struct buf *why)
{
	size_t dash = str_find(text, '-');
	struct str first = str_of(text.p, dash),
		   rest = dash < text.n ? str_of(text.p + dash + 1, text.n - dash - 1) : STR("");
	if (str_find(rest, '-') < rest.n) {
		buf_printf(why,
			   "the fragment \"%.*s\" violates the requirement that an index interval "
			   "can have at most two parts separated by '-'",
			   STR_ARG(text));
		return false;
	}
	if (!index_of(first, end, x, why))
		return false;
	*y = *x;
	if (dash < text.n && !index_of(rest, end, y, why))
		return false;
	if (dash < text.n && *x >= *y)
		buf_printf(why, "non-increasing order, previous: %lld, current: %lld",
			   (long long)*x, (long long)*y);
	return why->n == 0;
}

/* "0-2,5" of `end` indexes: how many; 0 and `why` when it can't be read. */
static int64_t count_indexes(struct str text, int64_t end, struct buf *why)
{
	int64_t total = 0, last = -1, x, y;
	bool first = true;
	struct str part, rest = text;
	if (text.n == 0)
		return 0;
	do {
		size_t n = str_find(rest, ',');
		part = str_of(rest.p, n);
		if (!interval(part, end, &x, &y, why))
			return 0;
		if (!first && last >= x) {
			buf_printf(why, "non-increasing order, previous: %lld, current: %lld",
				   (long long)last, (long long)x);
			return 0;
		}
		total += y - x + 1;
		last = y;
		first = false;
		if (n == rest.n)
			return total;
		rest = str_of(rest.p + n + 1, rest.n - n - 1);
	} while (true);
}

static void check_count(struct check *c, const json_t *rule, int64_t completions, int64_t total)
{
	const json_t *count = json_object_get(rule, "succeededCount");
	if (!count)
		return;
	check_non_negative(c, rule, "succeededCount");
	if (json_integer_value(count) > completions)
		check_invalid(c, "succeededCount", count,
			      "must be less than or equal to %lld (the number of specified "
			      "completions)",
			      (long long)completions);
	if (json_object_get(rule, "succeededIndexes") && json_integer_value(count) > total)
		check_invalid(c, "succeededCount", count,
			      "must be less than or equal to %lld (the number of indexes in the "
			      "specified succeededIndexes field)",
			      (long long)total);
}

static void check_success_rule(struct check *c, const json_t *rule, int64_t completions)
{
	const json_t *indexes = json_object_get(rule, "succeededIndexes");
	auto_buf why = { 0 };
	if (!indexes && !json_object_get(rule, "succeededCount"))
		check_required(c, NULL,
			       "at least one of succeededCount or succeededIndexes must be "
			       "specified");
	if (tree_str(indexes).n > INDEXES_TEXT_MAX)
		check_too_long(c, "succeededIndexes", INDEXES_TEXT_MAX);
	int64_t total = count_indexes(tree_str(indexes), completions, &why);
	if (why.n)
		check_invalid(c, "succeededIndexes", indexes, "error parsing succeededIndexes: %s",
			      why.p);
	check_count(c, rule, completions, total);
}

void check_job_success_policy(struct check *c, const json_t *spec)
{
	const json_t *rules = tree_get(spec, "successPolicy", "rules", NULL);
	size_t was = check_in(c, "successPolicy.rules"), i;
	json_t *rule;
	if (json_array_size(rules) == 0)
		check_required(c, NULL,
			       "at least one rules must be specified when the successPolicy is "
			       "specified");
	if (json_array_size(rules) > RULES_MAX)
		check_too_many(c, NULL, json_array_size(rules), RULES_MAX);
	json_array_foreach (rules, i, rule) {
		size_t at = check_in_index(c, i);
		check_success_rule(c, rule,
				   json_integer_value(json_object_get(spec, "completions")));
		check_out(c, at);
	}
	check_out(c, was);
}
