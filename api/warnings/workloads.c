/* SPDX-License-Identifier: Apache-2.0 */
/* Pods, and what makes pods: names, and the pods themselves or their templates where these changed. */
#include "api/object/meta.h"
#include "api/warnings/kinds.h"

static const char in_names[] =
	"this is used in Pod names and hostnames, which can result in surprising behavior; a DNS "
	"label is recommended";

static void warn_name(struct warnings *w, const json_t *object, const char *why)
{
	struct name_errors e = name_dns_label(meta_name(object));
	auto_buf list = { 0 };
	for (size_t i = 0; i < e.n; i++)
		buf_printf(&list, "%s%s", i ? " " : "", e.text[i]);
	if (e.n)
		warn_at(w, "metadata.name", "%s: [%s]", why, list.p);
}

static void warn_template(struct warnings *w, const json_t *template, const char *path)
{
	size_t was = check_in(&w->at, path);
	if (template)
		warn_pod_spec(w, json_object_get(template, "metadata"),
			      json_object_get(template, "spec"), true);
	check_out(&w->at, was);
}

static bool spec_changed(const json_t *new, const json_t *old)
{
	return !old || meta_generation(new) != meta_generation(old);
}

void warn_of_pod(struct warnings *w, const json_t *new, const json_t *old)
{
	if (old)
		return;
	warn_name(w, new,
		  "this is used in the Pod's hostname, which can result in surprising behavior; a "
		  "DNS label is recommended");
	warn_pod_spec(w, meta_of(new), json_object_get(new, "spec"), false);
}

void warn_of_pod_template(struct warnings *w, const json_t *new, const json_t *old)
{
	if (spec_changed(new, old))
		warn_template(w, json_object_get(new, "template"), "template");
}

void warn_of_workload(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_name(w, new, in_names);
	if (spec_changed(new, old))
		warn_template(w, tree_get(new, "spec", "template", NULL), "spec.template");
}

/* Upstream holds the old template against the new one, not the other way round. */
void warn_of_replication_controller(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_of_workload(w, new, NULL);
	else if (spec_changed(new, old))
		warn_template(w, tree_get(old, "spec", "template", NULL), "spec.template");
}

void warn_of_daemon_set(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old || !shape_equal(tree_get(new, "spec", "template", NULL),
				 tree_get(old, "spec", "template", NULL)))
		warn_template(w, tree_get(new, "spec", "template", NULL), "spec.template");
}

void warn_of_stateful_set(struct warnings *w, const json_t *new, const json_t *old)
{
	size_t was, i;
	json_t *claim;
	if (spec_changed(new, old))
		warn_template(w, tree_get(new, "spec", "template", NULL), "spec.template");
	was = check_in(&w->at, "spec.volumeClaimTemplates");
	json_array_foreach (tree_get(new, "spec", "volumeClaimTemplates", NULL), i, claim) {
		size_t at = check_in_index(&w->at, i);
		check_in(&w->at, old ? "Spec" : NULL);
		warn_claim_spec(w, json_object_get(claim, "spec"));
		check_out(&w->at, at);
	}
	check_out(&w->at, was);
	if (json_integer_value(tree_get(new, "spec", "revisionHistoryLimit", NULL)) < 0)
		warn_at(w, "spec.revisionHistoryLimit",
			"a negative value retains all historical revisions; a value >= 0 is "
			"recommended");
}

static void warn_job_spec(struct warnings *w, const json_t *spec)
{
	if (str_eqz(tree_get_str(spec, "completionMode", NULL), "Indexed") &&
	    json_integer_value(json_object_get(spec, "completions")) > 100000 &&
	    json_integer_value(json_object_get(spec, "parallelism")) > 10000)
		warn_at(w, NULL,
			"In Indexed Jobs with a number of completions higher than 10^5 and a "
			"parallelism higher than 10^4, Kubernetes might not be able to track "
			"completedIndexes when a big number of indexes fail");
	warn_template(w, json_object_get(spec, "template"), "template");
}

void warn_of_job(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_name(w, new, in_names);
	size_t was = check_in(&w->at, "spec");
	if (spec_changed(new, old))
		warn_job_spec(w, json_object_get(new, "spec"));
	check_out(&w->at, was);
}

void warn_of_cron_job(struct warnings *w, const json_t *new, const json_t *old)
{
	if (!old)
		warn_name(w, new, in_names);
	size_t was = check_in(&w->at, "spec.jobTemplate.spec");
	if (spec_changed(new, old))
		warn_job_spec(w, tree_get(new, "spec", "jobTemplate", "spec", NULL));
	check_out(&w->at, was);
	if (old && str_contains(tree_get_str(new, "spec", "schedule", NULL), STR("TZ")))
		warn(w, "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
			"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for "
			"more details");
}
