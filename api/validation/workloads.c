/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds that keep a number of pods of one template: their selectors must find the template's labels, and stay as they are. */
#include "api/object/meta.h"
#include "api/selector/selector.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/pod_parts.h"
#include "api/validation/volume_parts.h"
#include "api/values/int_or_string.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static const json_t *spec_of(const json_t *object)
{
	return json_object_get(object, "spec");
}

/* ---- selector and template ---- */

/* `broken`: what is said about a selector that can't be understood; NULL: nothing. No selector finds nothing. */
static void check_selector_finds_template(struct check *c, const json_t *spec, const char *broken)
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

static bool is_empty_selector(const json_t *selector)
{
	return shape_empty(json_object_get(selector, "matchLabels")) &&
	       shape_empty(json_object_get(selector, "matchExpressions"));
}

static void check_selector(struct check *c, const json_t *spec, const char *kind,
			   const char *broken)
{
	const json_t *selector = json_object_get(spec, "selector");
	if (!selector)
		check_required(c, "selector", "%s", "");
	else
		check_label_selector(c, "selector", selector);
	if (selector && is_empty_selector(selector))
		check_invalid(c, "selector", selector, "empty selector is invalid for %s", kind);
	check_selector_finds_template(c, spec, broken);
}

static void check_template(struct check *c, const json_t *spec, const char *kind)
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

static int number_or_percent(const json_t *value)
{
	struct int_or_string v;
	int percent = 0;
	if (!int_or_string_from(value, &v))
		return 0;
	return v.is_text ? (int_or_string_percent(v, &percent), percent) : v.number;
}

static void check_share(struct check *c, const json_t *parent, const char *child)
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

static void check_collisions(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *a = tree_get(new, "status", "collisionCount", NULL),
		     *b = tree_get(old, "status", "collisionCount", NULL);
	json_t *zero = json_integer(0);
	if (b && json_integer_value(a) < json_integer_value(b))
		check_invalid(c, "status.collisionCount", a ? a : zero, "cannot be decremented");
	json_decref(zero);
}

static void check_status(struct check *c, const json_t *new, const json_t *old,
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

/* ---- deployments ---- */

static void check_rolling_update(struct check *c, const json_t *rolling)
{
	const json_t *unavailable = json_object_get(rolling, "maxUnavailable");
	size_t was = check_in(c, "rollingUpdate");
	check_int_or_percent(c, rolling, "maxUnavailable");
	check_int_or_percent(c, rolling, "maxSurge");
	if (number_or_percent(unavailable) == 0 &&
	    number_or_percent(json_object_get(rolling, "maxSurge")) == 0)
		check_invalid(c, "maxUnavailable", unavailable,
			      "may not be 0 when `maxSurge` is 0");
	if (json_is_string(unavailable) && number_or_percent(unavailable) > 100)
		check_invalid(c, "maxUnavailable", unavailable, "must not be greater than 100%%");
	check_out(c, was);
}

static void check_deployment_strategy(struct check *c, const json_t *spec)
{
	static const char *const types[] = { "Recreate", "RollingUpdate", NULL };
	const json_t *strategy = json_object_get(spec, "strategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	size_t was = check_in(c, "strategy");
	if (str_eqz(field(strategy, "type"), "Recreate")) {
		if (rolling)
			check_forbidden(c, "rollingUpdate",
					"may not be specified when strategy `type` is 'Recreate'");
	} else if (!str_eqz(field(strategy, "type"), "RollingUpdate")) {
		check_unsupported_internal(c, NULL, "apps/v1.DeploymentStrategy", strategy, types);
	} else if (!rolling) {
		check_required(c, "rollingUpdate", "this should be defaulted and never be nil");
	} else {
		check_rolling_update(c, rolling);
	}
	check_out(c, was);
}

void validate_deployment(struct check *c, const json_t *object)
{
	const json_t *spec = spec_of(object),
		     *deadline = json_object_get(spec, "progressDeadlineSeconds");
	size_t was = check_in(c, "spec");
	check_non_negative(c, spec, "replicas");
	check_selector(c, spec, "deployment", "invalid label selector");
	check_template(c, spec, "ReplicaSet");
	check_deployment_strategy(c, spec);
	check_non_negative(c, spec, "minReadySeconds");
	check_non_negative(c, spec, "revisionHistoryLimit");
	check_non_negative(c, spec, "progressDeadlineSeconds");
	if (deadline && json_integer_value(deadline) <=
				json_integer_value(json_object_get(spec, "minReadySeconds")))
		check_invalid(c, "progressDeadlineSeconds", deadline,
			      "must be greater than minReadySeconds");
	check_out(c, was);
}

static void check_selector_kept(struct check *c, const json_t *new, const json_t *old)
{
	size_t was = check_in(c, "spec");
	check_immutable_internal(c, "selector", "meta/v1.LabelSelector", spec_of(new),
				 spec_of(old));
	check_out(c, was);
}

void validate_deployment_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_deployment(c, new);
	check_selector_kept(c, new, old);
}

void validate_deployment_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "updatedReplicas", "readyReplicas",
					      "availableReplicas", NULL };
	check_status(c, new, old, counts, "readyReplicas");
}

/* ---- replica sets and replication controllers ---- */

void validate_replica_set(struct check *c, const json_t *object)
{
	const json_t *spec = spec_of(object);
	size_t was = check_in(c, "spec");
	check_non_negative(c, spec, "replicas");
	check_non_negative(c, spec, "minReadySeconds");
	check_selector(c, spec, "deployment", "invalid label selector");
	check_template(c, spec, "ReplicaSet");
	check_out(c, was);
}

void validate_replica_set_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_replica_set(c, new);
	check_selector_kept(c, new, old);
}

void validate_replica_set_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "fullyLabeledReplicas", "readyReplicas",
					      "availableReplicas", NULL };
	check_status(c, new, old, counts, "readyReplicas");
}

static bool labels_match(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)selector, key, value)
		if (!json_equal(value, json_object_get(labels, key)))
			return false;
	return true;
}

void validate_replication_controller(struct check *c, const json_t *object)
{
	const json_t *spec = spec_of(object), *selector = json_object_get(spec, "selector");
	const json_t *labels = tree_get(spec, "template", "metadata", "labels", NULL);
	size_t was = check_in(c, "spec");
	check_non_negative(c, spec, "minReadySeconds");
	if (shape_empty(selector))
		check_required(c, "selector", "%s", "");
	check_non_negative(c, spec, "replicas");
	if (!json_object_get(spec, "template"))
		check_required(c, "template", "%s", "");
	else if (!labels_match(selector, labels))
		check_invalid(c, "template.metadata.labels", labels,
			      "`selector` does not match template `labels`");
	if (json_object_get(spec, "template"))
		check_template(c, spec, "ReplicationController");
	check_out(c, was);
}

/* ---- stateful sets ---- */

static void check_stateful_strategy(struct check *c, const json_t *spec)
{
	const json_t *strategy = json_object_get(spec, "updateStrategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	const json_t *unavailable = json_object_get(rolling, "maxUnavailable");
	struct str type = field(strategy, "type");
	if (type.n == 0) {
		check_required(c, "updateStrategy", "%s", "");
	} else if (str_eqz(type, "OnDelete")) {
		if (rolling)
			check_invalid(c, "updateStrategy.rollingUpdate", rolling,
				      "only allowed for updateStrategy 'RollingUpdate'");
	} else if (!str_eqz(type, "RollingUpdate")) {
		check_invalid_internal(c, "updateStrategy", "apps/v1.StatefulSetUpdateStrategy",
				       strategy, "must be 'RollingUpdate' or 'OnDelete'");
	} else {
		size_t was = check_in(c, "updateStrategy.rollingUpdate");
		check_non_negative(c, rolling, "partition");
		check_share(c, rolling, "maxUnavailable");
		if (unavailable && number_or_percent(unavailable) == 0)
			check_invalid(c, "maxUnavailable", unavailable, "cannot be 0");
		check_out(c, was);
	}
}

static void check_retention(struct check *c, const json_t *spec)
{
	static const char *const policies[] = { "Retain", "Delete", NULL };
	const json_t *retention = json_object_get(spec, "persistentVolumeClaimRetentionPolicy");
	size_t was = check_in(c, "persistentVolumeClaimRetentionPolicy");
	if (retention) {
		check_one_of(c, retention, "whenDeleted", policies, true);
		check_one_of(c, retention, "whenScaled", policies, true);
	}
	check_out(c, was);
}

static void check_claim_templates(struct check *c, const json_t *spec)
{
	size_t was = check_in(c, "volumeClaimTemplates"), i;
	json_t *claim;
	json_array_foreach (json_object_get(spec, "volumeClaimTemplates"), i, claim) {
		size_t at = check_in_index(c, i);
		check_in(c, "spec");
		check_volume_claim_spec(c, json_object_get(claim, "spec"));
		check_out(c, at);
	}
	check_out(c, was);
}

/* The template as its pods will have it: with a volume per claim template, without names of its own. */
static json_t *template_with_claims(const json_t *spec)
{
	json_t *copy = tree_copy(json_object_get(spec, "template")), *claim;
	json_t *pod = json_object_get(copy, "spec"), *volumes = json_array(), *volume;
	struct map names = { 0 };
	size_t i;
	json_array_foreach (json_object_get(spec, "volumeClaimTemplates"), i, claim) {
		json_t *name = tree_get(claim, "metadata", "name", NULL);
		if (seen_before(&names, tree_str(name)))
			continue;
		json_array_append_new(volumes,
				      json_pack("{s:O, s:{s:O}}", "name", name ? name : json_null(),
						"persistentVolumeClaim", "claimName",
						name ? name : json_null()));
	}
	json_array_foreach (json_object_get(pod, "volumes"), i, volume)
		if (!map_get(&names, field(volume, "name")))
			json_array_append(volumes, volume);
	json_object_set_new(pod, "volumes", volumes);
	json_object_del(pod, "hostname");
	json_object_del(pod, "subdomain");
	map_free(&names, NULL);
	return copy;
}

static void check_stateful_set(struct check *c, const json_t *object, bool creation)
{
	static const char *const management[] = { "OrderedReady", "Parallel", NULL };
	const json_t *spec = spec_of(object),
		     *policy = json_object_get(spec, "podManagementPolicy");
	size_t was = check_in(c, "spec"), ordinals;
	if (tree_str(policy).n == 0)
		check_required(c, "podManagementPolicy", "%s", "");
	else if (!str_in(tree_str(policy), management))
		check_invalid(c, "podManagementPolicy", policy,
			      "must be 'OrderedReady' or 'Parallel'");
	check_stateful_strategy(c, spec);
	check_retention(c, spec);
	if (creation)
		check_claim_templates(c, spec);
	check_non_negative(c, spec, "replicas");
	check_non_negative(c, spec, "minReadySeconds");
	ordinals = check_in(c, "ordinals");
	check_non_negative(c, json_object_get(spec, "ordinals"), "start");
	check_out(c, ordinals);
	if (creation && field(spec, "serviceName").n)
		check_name(c, "serviceName", field(spec, "serviceName"), name_dns_label);
	check_selector(c, spec, "statefulset", "");
	json_t *shown = json_pack("{s:o}", "template", template_with_claims(spec));
	check_template(c, shown, "StatefulSet");
	json_decref(shown);
	check_out(c, was);
}

void validate_stateful_set(struct check *c, const json_t *object)
{
	check_stateful_set(c, object, true);
}

/* What can't change isn't looked into. */
void validate_stateful_set_update(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const fixed[] = { "serviceName", "podManagementPolicy" };
	const json_t *claims = json_object_get(spec_of(new), "volumeClaimTemplates");
	check_stateful_set(c, new, false);
	size_t was = check_in(c, "spec");
	check_immutable_internal(c, "selector", "meta/v1.LabelSelector", spec_of(new),
				 spec_of(old));
	if (!shape_equal(claims, json_object_get(spec_of(old), "volumeClaimTemplates")))
		check_invalid_internal_items(c, "volumeClaimTemplates",
					     "core/v1.PersistentVolumeClaim", claims,
					     "field is immutable");
	for (size_t i = 0; i < COUNT_OF(fixed); i++)
		check_immutable_text(c, fixed[i], json_object_get(spec_of(new), fixed[i]),
				     json_object_get(spec_of(old), fixed[i]));
	check_out(c, was);
}

void validate_stateful_set_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "readyReplicas", "currentReplicas", "updatedReplicas",
					      "availableReplicas", NULL };
	check_status(c, new, old, counts, "status.readyReplicas");
}

/* ---- daemon sets ---- */

static void check_daemon_rolling(struct check *c, const json_t *rolling)
{
	const json_t *surge = json_object_get(rolling, "maxSurge");
	bool unavailable = number_or_percent(json_object_get(rolling, "maxUnavailable")) != 0;
	size_t was = check_in(c, "rollingUpdate");
	check_share(c, rolling, "maxUnavailable");
	check_share(c, rolling, "maxSurge");
	if (unavailable && number_or_percent(surge) != 0)
		check_invalid(c, "maxSurge", surge,
			      "may not be set when maxUnavailable is non-zero");
	else if (!unavailable && number_or_percent(surge) == 0)
		check_required(c, "maxUnavailable", "cannot be 0 when maxSurge is 0");
	check_out(c, was);
}

static void check_daemon_strategy(struct check *c, const json_t *spec)
{
	static const char *const types[] = { "RollingUpdate", "OnDelete", NULL };
	const json_t *strategy = json_object_get(spec, "updateStrategy"),
		     *rolling = json_object_get(strategy, "rollingUpdate");
	size_t was = check_in(c, "updateStrategy");
	if (!str_in(field(strategy, "type"), types))
		check_unsupported_internal(c, NULL, "apps/v1.DaemonSetUpdateStrategy", strategy,
					   types);
	else if (str_eqz(field(strategy, "type"), "RollingUpdate") && !rolling)
		check_required(c, "rollingUpdate", "%s", "");
	else if (str_eqz(field(strategy, "type"), "RollingUpdate"))
		check_daemon_rolling(c, rolling);
	check_out(c, was);
}

void validate_daemon_set(struct check *c, const json_t *object)
{
	const json_t *spec = spec_of(object), *selector = json_object_get(spec, "selector");
	size_t was = check_in(c, "spec");
	check_label_selector(c, "selector", selector);
	check_selector_finds_template(c, spec, NULL);
	if (selector && is_empty_selector(selector))
		check_invalid(c, "selector", selector, "empty selector is invalid for daemonset");
	check_template(c, spec, "DaemonSet");
	check_non_negative(c, spec, "minReadySeconds");
	check_daemon_strategy(c, spec);
	check_non_negative(c, spec, "revisionHistoryLimit");
	check_out(c, was);
}

void validate_daemon_set_update(struct check *c, const json_t *new, const json_t *old)
{
	check_selector_kept(c, new, old);
	validate_daemon_set(c, new);
}

void validate_daemon_set_status(struct check *c, const json_t *new, const json_t *old)
{
	static const char *const counts[] = { "currentNumberScheduled", "numberMisscheduled",
					      "desiredNumberScheduled", "numberReady",
					      "observedGeneration",     "updatedNumberScheduled",
					      "numberAvailable",        "numberUnavailable",
					      "collisionCount" };
	size_t was = check_in(c, "status");
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		check_non_negative(c, json_object_get(new, "status"), counts[i]);
	check_out(c, was);
	check_collisions(c, new, old);
}

/* ---- controller revisions ---- */

void validate_controller_revision(struct check *c, const json_t *object)
{
	const json_t *data = json_object_get(object, "data");
	check_non_negative(c, object, "revision");
	if (!data || json_is_null(data))
		check_required(c, "data", "data is mandatory");
	else if (!json_is_object(data))
		check_required(c, "data", "data must be a valid JSON object");
}

void validate_controller_revision_update(struct check *c, const json_t *new, const json_t *old)
{
	check_non_negative(c, new, "revision");
	check_immutable(c, "data", json_object_get(new, "data"), json_object_get(old, "data"));
}
