/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas, disruption budgets, priorities, autoscalers. */
#include "api/int_or_string.h"
#include "api/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/resources.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static void check_quota_scopes(struct check *c, const json_t *spec)
{
	static const char *const scopes[] = { "BestEffort",
					      "CrossNamespacePodAffinity",
					      "NotBestEffort",
					      "NotTerminating",
					      "PriorityClass",
					      "Terminating",
					      "VolumeAttributesClass",
					      NULL };
	const json_t *list = json_object_get(spec, "scopes");
	struct map seen = { 0 };
	size_t i;
	json_t *scope;
	json_array_foreach (list, i, scope) {
		if (!str_in(tree_str(scope), scopes))
			check_invalid(c, "scopes", list, "unsupported scope");
		seen_before(&seen, tree_str(scope));
	}
	if ((map_get(&seen, STR("BestEffort")) && map_get(&seen, STR("NotBestEffort"))) ||
	    (map_get(&seen, STR("Terminating")) && map_get(&seen, STR("NotTerminating"))))
		check_invalid(c, "scopes", list, "conflicting scopes");
	map_free(&seen, NULL);
}

void validate_resource_quota(struct check *c, const json_t *quota)
{
	const json_t *spec = json_object_get(quota, "spec");
	const char *key;
	json_t *value;
	size_t was = check_in(c, "spec"), in = check_in(c, "hard");
	json_object_foreach (json_object_get(spec, "hard"), key, value) {
		size_t at = check_in_key(c, str_from(key));
		check_resource_name(c, str_from(key));
		check_resource_value(c, str_from(key), value);
		check_out(c, at);
	}
	check_out(c, in);
	check_quota_scopes(c, spec);
	check_out(c, was);
}

void validate_resource_quota_update(struct check *c, const json_t *new, const json_t *old)
{
	validate_resource_quota(c, new);
	check_immutable(c, "spec.scopes", tree_get(new, "spec", "scopes", NULL),
			tree_get(old, "spec", "scopes", NULL));
}

static void check_share(struct check *c, const json_t *spec, const char *child)
{
	const json_t *value = json_object_get(spec, child);
	struct int_or_string v;
	int percent;
	check_int_or_percent(c, spec, child);
	if (int_or_string_from(value, &v) && int_or_string_percent(v, &percent) && percent > 100)
		check_invalid(c, child, value, "must not be greater than 100%%");
}

void validate_disruption_budget(struct check *c, const json_t *budget)
{
	static const char *const policies[] = { "AlwaysAllow", "IfHealthyBudget", NULL };
	const json_t *spec = json_object_get(budget, "spec");
	size_t was = check_in(c, "spec");
	if (json_object_get(spec, "minAvailable") && json_object_get(spec, "maxUnavailable"))
		check_invalid(c, NULL, spec, "minAvailable and maxUnavailable cannot be both set");
	check_share(c, spec, "minAvailable");
	check_share(c, spec, "maxUnavailable");
	check_label_selector(c, "selector", json_object_get(spec, "selector"));
	check_one_of(c, spec, "unhealthyPodEvictionPolicy", policies, false);
	check_out(c, was);
}

#define PRIORITY_USER_MAX 1000000000

void validate_priority_class(struct check *c, const json_t *class)
{
	static const char *const policies[] = { "Never", "PreemptLowerPriority", NULL };
	const json_t *value = json_object_get(class, "value");
	struct str name = meta_name(class);
	bool system =
		str_eqz(name, "system-node-critical") || str_eqz(name, "system-cluster-critical");
	if (str_starts(name, STR("system-")) && !system)
		check_forbidden(c, "metadata.name",
				"priority class names with 'system-' prefix are reserved for "
				"system use only");
	if (!system && json_integer_value(value) > PRIORITY_USER_MAX)
		check_forbidden(c, "value",
				"maximum allowed value of a user defined priority is %d",
				PRIORITY_USER_MAX);
	check_one_of(c, class, "preemptionPolicy", policies, false);
}

void validate_priority_class_update(struct check *c, const json_t *new, const json_t *old)
{
	if (!shape_equal(json_object_get(new, "value"), json_object_get(old, "value")) &&
	    json_integer_value(json_object_get(new, "value")) !=
		    json_integer_value(json_object_get(old, "value")))
		check_forbidden(c, "value", "may not be changed in an update.");
	check_immutable(c, "preemptionPolicy", json_object_get(new, "preemptionPolicy"),
			json_object_get(old, "preemptionPolicy"));
}

static void check_target_ref(struct check *c, const json_t *ref)
{
	size_t was = check_in(c, "scaleTargetRef");
	check_required_name(c, "kind", field(ref, "kind"), name_path_segment);
	check_required_name(c, "name", field(ref, "name"), name_path_segment);
	check_out(c, was);
}

void validate_autoscaler(struct check *c, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec");
	const json_t *min = json_object_get(spec, "minReplicas"),
		     *max = json_object_get(spec, "maxReplicas");
	json_int_t most = json_integer_value(max);
	size_t was = check_in(c, "spec");
	if (min && json_integer_value(min) < 1)
		check_invalid(c, "minReplicas", min, "must be greater than or equal to 1");
	if (most == 0)
		check_required(c, "maxReplicas", "must be set and greater than 0");
	else if (most < 0)
		check_invalid(c, "maxReplicas", max, "must be greater than or equal to 1");
	if (min && most < json_integer_value(min))
		check_invalid(c, "maxReplicas", max,
			      "must be greater than or equal to `minReplicas`");
	check_target_ref(c, json_object_get(spec, "scaleTargetRef"));
	check_out(c, was);
}
