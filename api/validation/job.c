/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: their spec, what may change of it, and what a status may say. */
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "api/validation/internal.h"
#include "api/validation/job_parts.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "base/mem.h"

#define PARALLELISM_INDEXED_MAX 100000

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static bool is_indexed(const json_t *spec)
{
	return str_eqz(field(spec, "completionMode"), "Indexed");
}

/* ---- the spec of a job, also inside of a cron job ---- */

static void check_indexed(struct check *c, const json_t *spec)
{
	const json_t *completions = json_object_get(spec, "completions"),
		     *failed = json_object_get(spec, "maxFailedIndexes");
	const json_t *parallelism = json_object_get(spec, "parallelism");
	if (!completions)
		check_required(c, "completions", "when completion mode is Indexed");
	if (json_integer_value(parallelism) > PARALLELISM_INDEXED_MAX)
		check_invalid(c, "parallelism", parallelism,
			      "must be less than or equal to %d when completion mode is Indexed",
			      PARALLELISM_INDEXED_MAX);
	if (completions && failed && json_integer_value(failed) > json_integer_value(completions))
		check_invalid(c, "maxFailedIndexes", failed,
			      "must be less than or equal to completions");
	if (json_integer_value(failed) > PARALLELISM_INDEXED_MAX)
		check_invalid(c, "maxFailedIndexes", failed, "must be less than or equal to %d",
			      PARALLELISM_INDEXED_MAX);
}

static void check_completion_mode(struct check *c, const json_t *spec)
{
	static const char *const modes[] = { "NonIndexed", "Indexed", NULL };
	static const char *const indexed_only[] = { "backoffLimitPerIndex", "maxFailedIndexes" };
	struct str mode = field(spec, "completionMode");
	if (json_object_get(spec, "completionMode") && !str_in(mode, modes))
		check_unsupported(c, "completionMode", json_object_get(spec, "completionMode"),
				  modes);
	if (is_indexed(spec))
		check_indexed(c, spec);
	for (size_t i = 0; i < COUNT_OF(indexed_only); i++)
		if (json_object_get(spec, indexed_only[i]) &&
		    (!json_object_get(spec, "completionMode") || str_eqz(mode, "NonIndexed")))
			check_invalid(c, indexed_only[i], json_object_get(spec, indexed_only[i]),
				      "requires indexed completion mode");
}

static void check_success_policy(struct check *c, const json_t *spec)
{
	const json_t *policy = json_object_get(spec, "successPolicy");
	if (policy && !is_indexed(spec))
		check_invalid_internal(c, "successPolicy", "batch/v1.SuccessPolicy", policy,
				       "requires indexed completion mode");
	else if (policy)
		check_job_success_policy(c, spec);
}

static void check_replacement(struct check *c, const json_t *spec)
{
	static const char *const both[] = { "Failed", "TerminatingOrFailed", NULL },
				 *const failed[] = { "Failed", NULL };
	const json_t *policy = json_object_get(spec, "podReplacementPolicy");
	const char *const *allowed = json_object_get(spec, "podFailurePolicy") ? failed : both;
	if (policy && !str_in(tree_str(policy), allowed))
		check_unsupported(c, "podReplacementPolicy", policy, allowed);
}

static void check_restart_policy(struct check *c, const json_t *spec)
{
	static const char *const policies[] = { "OnFailure", "Never", NULL };
	const json_t *policy = tree_get(spec, "template", "spec", "restartPolicy", NULL);
	struct str text = tree_str(policy);
	if (text.n == 0 || str_eqz(text, "Always"))
		check_required(c, "template.spec.restartPolicy",
			       "valid values: \"OnFailure\", \"Never\"");
	else if (!str_in(text, policies))
		check_unsupported(c, "template.spec.restartPolicy", policy, policies);
	else if (json_object_get(spec, "podFailurePolicy") && !str_eqz(text, "Never"))
		check_invalid(c, "template.spec.restartPolicy", policy,
			      "only \"Never\" is supported when podFailurePolicy is specified");
}

static void check_managed_by(struct check *c, const json_t *spec)
{
	const json_t *value = json_object_get(spec, "managedBy");
	struct str text = tree_str(value);
	size_t slash = str_find(text, '/');
	if (!value)
		return;
	if (text.n == 0)
		check_required(c, "managedBy", "%s", "");
	else if (slash == 0 || slash + 1 >= text.n)
		check_invalid(c, "managedBy", value,
			      "must be a domain-prefixed path (such as \"acme.io/foo\")");
	else
		check_name(c, "managedBy", str_of(text.p, slash), name_dns_subdomain);
	if (text.n > 63)
		check_too_long(c, "managedBy", 63);
}

void check_job_spec(struct check *c, const json_t *spec)
{
	static const char *const counts[] = { "parallelism",
					      "completions",
					      "activeDeadlineSeconds",
					      "backoffLimit",
					      "ttlSecondsAfterFinished",
					      "backoffLimitPerIndex",
					      "maxFailedIndexes" };
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		check_non_negative(c, spec, counts[i]);
	if (json_object_get(spec, "maxFailedIndexes") &&
	    !json_object_get(spec, "backoffLimitPerIndex"))
		check_required(c, "backoffLimitPerIndex", "when maxFailedIndexes is specified");
	check_managed_by(c, spec);
	check_completion_mode(c, spec);
	if (json_object_get(spec, "podFailurePolicy"))
		check_job_failure_policy(c, spec);
	check_success_policy(c, spec);
	check_replacement(c, spec);
	size_t was = check_in(c, "template");
	check_pod_template(c, json_object_get(spec, "template"));
	check_out(c, was);
	check_restart_policy(c, spec);
}

/* ---- jobs ---- */

static void check_job_selector(struct check *c, const json_t *spec)
{
	const json_t *selector = json_object_get(spec, "selector"),
		     *labels = tree_get(spec, "template", "metadata", "labels", NULL);
	struct selector *s = NULL;
	if (!selector)
		check_required(c, "selector", "%s", "");
	else
		check_label_selector(c, "selector", selector);
	if (!selector ||
	    (selector_from_json(selector, &s, NULL) == 0 && s && !selector_match_tree(s, labels)))
		check_invalid(c, "template.metadata.labels", labels,
			      "`selector` does not match template `labels`");
	selector_free(s);
}

/* A selector that the server made finds what the server labels. */
static void check_generated_selector(struct check *c, const json_t *job)
{
	static const char *const keys[][2] = { { "controller-uid", "uid" },
					       { "job-name", "name" },
					       { "batch.kubernetes.io/controller-uid", "uid" },
					       { "batch.kubernetes.io/job-name", "name" } };
	const json_t *spec = json_object_get(job, "spec"),
		     *selector = json_object_get(spec, "selector");
	struct selector *s = NULL;
	json_t *expected = json_object();
	if (!json_is_true(json_object_get(spec, "manualSelector")) && selector) {
		for (size_t i = 0; i < COUNT_OF(keys); i++)
			json_object_set(expected, keys[i][0],
					json_object_get(meta_of(job), keys[i][1]));
		if (selector_from_json(selector, &s, NULL) == 0 && s &&
		    !selector_match_tree(s, expected))
			check_invalid(c, "spec.selector", selector,
				      "`selector` not auto-generated");
	}
	selector_free(s);
	json_decref(expected);
}

static void check_pod_names(struct check *c, const json_t *job)
{
	const json_t *spec = json_object_get(job, "spec");
	json_int_t completions = json_integer_value(json_object_get(spec, "completions"));
	auto_buf host = { 0 };
	if (!is_indexed(spec) || completions <= 0)
		return;
	buf_printf(&host, "%.*s-%lld", STR_ARG(meta_name(job)), (long long)completions - 1);
	if (!name_ok(name_dns_label(buf_view(&host))))
		check_invalid_text(c, "metadata.name", meta_name(job),
				   "will not able to create pod with invalid DNS label: %s",
				   host.p);
}

void validate_job(struct check *c, const json_t *job)
{
	const json_t *spec = json_object_get(job, "spec");
	check_generated_selector(c, job);
	size_t was = check_in(c, "spec");
	check_job_spec(c, spec);
	check_job_selector(c, spec);
	check_out(c, was);
	check_pod_names(c, job);
}

/* A suspended job that never ran may still move: its pods' scheduling directives may change. */
static void put_back_scheduling(json_t *template, const json_t *old)
{
	static const char *const of_spec[] = { "nodeSelector", "tolerations", "schedulingGates",
					       "affinity" };
	for (size_t i = 0; i < COUNT_OF(of_spec); i++) {
		json_t *value = tree_get(old, "spec", of_spec[i], NULL);
		if (value)
			json_object_set(json_object_get(template, "spec"), of_spec[i], value);
		else
			json_object_del(json_object_get(template, "spec"), of_spec[i]);
	}
}

static void complain_template(struct check *c, const json_t *template, bool movable)
{
	if (movable)
		check_invalid_internal(c, "spec.template.spec", "core/v1.PodSpec",
				       json_object_get(template, "spec"), "field is immutable");
	else
		check_invalid(c, "spec.template", template, "field is immutable");
}

static void check_template_kept(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = tree_get(new, "spec", "template", NULL),
		     *b = tree_get(old, "spec", "template", NULL);
	bool movable = json_is_true(tree_get(old, "spec", "suspend", NULL)) &&
		       !tree_get(old, "status", "startTime", NULL);
	json_t *copy = tree_copy(a);
	shape_fill_empty(copy, b);
	if (movable)
		put_back_scheduling(copy, b);
	if (movable ? !shape_equal(json_object_get(copy, "spec"), json_object_get(b, "spec"))
		    : !shape_equal(copy, b))
		complain_template(c, a, movable);
	json_decref(copy);
}

void validate_job_update(struct check *c, const json_t *new, const json_t *old)
{
	static const struct {
		const char *field, *type;
	} fixed[] = {
		{ "completionMode", NULL },
		{ "podFailurePolicy", "batch/v1.PodFailurePolicy" },
		{ "backoffLimitPerIndex", NULL },
		{ "managedBy", NULL },
		{ "successPolicy", "batch/v1.SuccessPolicy" },
	};
	const json_t *a = json_object_get(new, "spec"), *b = json_object_get(old, "spec");
	const json_t *completions = json_object_get(a, "completions");
	size_t was = check_in(c, "spec");
	check_job_spec(c, a);
	check_job_selector(c, a);
	if (!is_indexed(a))
		check_immutable(c, "completions", completions, json_object_get(b, "completions"));
	else if (completions && !shape_equal(completions, json_object_get(b, "completions")) &&
		 !shape_equal(completions, json_object_get(a, "parallelism")))
		check_invalid(c, "completions", completions,
			      "can only be modified in tandem with spec.parallelism");
	check_immutable_internal(c, "selector", "meta/v1.LabelSelector", a, b);
	check_out(c, was);
	check_template_kept(c, new, old);
	check_in(c, "spec");
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		check_immutable_internal(c, fixed[i].field, fixed[i].type, a, b);
	check_out(c, was);
	check_pod_names(c, new);
}

static bool has_condition(const json_t *job, const char *type)
{
	size_t i;
	json_t *condition;
	json_array_foreach (tree_get(job, "status", "conditions", NULL), i, condition)
		if (str_eqz(field(condition, "type"), type) &&
		    str_eqz(field(condition, "status"), "True"))
			return true;
	return false;
}

void validate_job_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "active", "succeeded", "failed", "ready",
					      "terminating" };
	static const char *const growing[] = { "succeeded", "failed" };
	static const char *const terminal[] = { "Failed", "Complete", "FailureTarget" };
	const json_t *status = json_object_get(new, "status");
	size_t was = check_in(c, "status");
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		check_non_negative(c, status, counts[i]);
	for (size_t i = 0; i < COUNT_OF(growing); i++) {
		const json_t *value = json_object_get(status, growing[i]);
		if (json_integer_value(value) <
		    json_integer_value(tree_get(old, "status", growing[i], NULL)))
			check_invalid(c, growing[i], value, "cannot decrease the %s counter",
				      growing[i]);
	}
	for (size_t i = 0; i < COUNT_OF(terminal); i++)
		if (has_condition(old, terminal[i]) && !has_condition(new, terminal[i]))
			err_cause(c->err, "FieldValueInvalid", "status.conditions",
				  "Invalid value: cannot disable the terminal %s=True condition",
				  terminal[i]);
	if (has_condition(new, "Complete") && has_condition(new, "Failed"))
		err_cause(c->err, "FieldValueInvalid", "status.conditions",
			  "Invalid value: cannot set Complete=True and Failed=true conditions");
	check_out(c, was);
}
