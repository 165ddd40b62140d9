/* SPDX-License-Identifier: Apache-2.0 */
#include "api/validation/workload_parts.h"

#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "api/validation/internal.h"
#include "api/validation/pod_parts.h"
#include "api/values/int_or_string.h"

/* ---- selector and template ---- */

/* `broken`: what is said about a selector that can't be understood; NULL: nothing. No selector finds nothing. */
void check_selector_finds_template(struct check *c, const json_t *spec, const char *broken)
{
	struct selector *selector = NULL;
	const json_t *labels = tree_get(spec, "template", "metadata", "labels", NULL);
	if (selector_from_json(json_object_get(spec, "selector"), &selector, NULL) < 0) {
		if (broken)
			check_invalid_internal(c, "selector", "meta/v1.LabelSelector",
					       json_object_get(spec, "selector"), broken);
		return;
	}
	if (selector && !selector_match_tree(selector, labels))
		check_invalid(c, "template.metadata.labels", labels,
			      "`selector` does not match template `labels`");
	selector_free(selector);
}

bool selector_is_empty(const json_t *selector)
{
	return shape_empty(json_object_get(selector, "matchLabels")) &&
	       shape_empty(json_object_get(selector, "matchExpressions"));
}

void check_workload_selector(struct check *c, const json_t *spec, const char *kind,
			     const char *broken)
{
	const json_t *selector = json_object_get(spec, "selector");
	if (!selector)
		check_required(c, "selector", "%s", "");
	else
		check_label_selector(c, "selector", selector);
	if (selector && selector_is_empty(selector))
		check_invalid(c, "selector", selector, "empty selector is invalid for %s", kind);
	check_selector_finds_template(c, spec, broken);
}

void check_selector_kept(struct check *c, const json_t *new, const json_t *old)
{
	size_t was = check_in(c, "spec");
	check_immutable_internal(c, "selector", "meta/v1.LabelSelector",
				 json_object_get(new, "spec"), json_object_get(old, "spec"));
	check_out(c, was);
}

void check_workload_template(struct check *c, const json_t *spec, const char *kind)
{
	static const char *const always[] = { "Always", NULL };
	const json_t *template = json_object_get(spec, "template"),
		     *policy = tree_get(template, "spec", "restartPolicy", NULL);
	size_t was = check_in(c, "template");
	check_pod_template(c, template);
	if (!str_eqz(tree_str(policy), "Always"))
		check_unsupported(c, "spec.restartPolicy", policy, always);
	if (tree_get(template, "spec", "activeDeadlineSeconds", NULL))
		check_forbidden(c, "spec.activeDeadlineSeconds",
				"activeDeadlineSeconds in %s is not Supported", kind);
	check_out(c, was);
}

/* ---- percentages ---- */

int number_or_percent(const json_t *value)
{
	struct int_or_string v;
	int percent = 0;
	if (!int_or_string_from(value, &v))
		return 0;
	if (!v.is_text)
		return v.number;
	int_or_string_percent(v, &percent);
	return percent > 0 ? percent : 0; /* what is no percentage is none */
}

void check_share_of_pods(struct check *c, const json_t *parent, const char *child)
{
	const json_t *value = json_object_get(parent, child);
	check_int_or_percent(c, parent, child);
	if (json_is_string(value) && number_or_percent(value) > 100)
		check_invalid(c, child, value, "must not be greater than 100%%");
}

/* ---- status ---- */

static void check_counts(struct check *c, const json_t *status, const char *const *fields)
{
	json_int_t all = json_integer_value(json_object_get(status, "replicas"));
	json_t *zero = json_integer(0);
	for (; *fields; fields++) {
		const json_t *value = json_object_get(status, *fields);
		check_non_negative(c, status, *fields);
		value = value ? value : zero;
		if (json_is_integer(value) && json_integer_value(value) > all)
			check_invalid(c, *fields, value, "cannot be greater than status.replicas");
	}
	json_decref(zero);
}

static void check_available(struct check *c, const json_t *status, const char *words)
{
	const json_t *available = json_object_get(status, "availableReplicas");
	if (json_integer_value(available) >
	    json_integer_value(json_object_get(status, "readyReplicas")))
		check_invalid(c, "availableReplicas", available, "cannot be greater than %s",
			      words);
}

void check_collisions(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = tree_get(new, "status", "collisionCount", NULL),
		     *b = tree_get(old, "status", "collisionCount", NULL);
	json_t *zero = json_integer(0);
	if (b && json_integer_value(a) < json_integer_value(b))
		check_invalid(c, "status.collisionCount", a ? a : zero, "cannot be decremented");
	json_decref(zero);
}

void check_workload_status(struct check *c, const json_t *new, const json_t *old,
			   const char *const *counts, const char *ready)
{
	const json_t *status = json_object_get(new, "status");
	size_t was = check_in(c, "status");
	check_non_negative(c, status, "replicas");
	check_non_negative(c, status, "observedGeneration");
	check_non_negative(c, status, "collisionCount");
	check_counts(c, status, counts);
	check_available(c, status, ready);
	check_out(c, was);
	check_collisions(c, new, old);
}
