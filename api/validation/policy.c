/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas, disruption budgets, priorities. */
#include "api/object/meta.h"
#include "api/validation/internal.h"
#include "api/validation/kinds.h"
#include "api/validation/resources.h"
#include "api/values/int_or_string.h"
#include "base/mem.h"

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static const char *const scopes[] = { "BestEffort",
				      "CrossNamespacePodAffinity",
				      "NotBestEffort",
				      "NotTerminating",
				      "PriorityClass",
				      "Terminating",
				      "VolumeAttributesClass",
				      NULL };

static bool is_standard_quota(struct str name)
{
	static const char *const names[] = { "cpu",
					     "memory",
					     "ephemeral-storage",
					     "requests.cpu",
					     "requests.memory",
					     "requests.storage",
					     "requests.ephemeral-storage",
					     "limits.cpu",
					     "limits.memory",
					     "limits.ephemeral-storage",
					     "pods",
					     "resourcequotas",
					     "services",
					     "replicationcontrollers",
					     "secrets",
					     "persistentvolumeclaims",
					     "configmaps",
					     "services.nodeports",
					     "services.loadbalancers",
					     NULL };
	return str_in(name, names) || str_starts(name, STR("hugepages-")) ||
	       str_starts(name, STR("requests.hugepages-"));
}

static bool scope_fits(struct str scope, struct str name)
{
	static const char *const compute[] = {
		"cpu",          "memory",          "limits.cpu", "limits.memory",
		"requests.cpu", "requests.memory", NULL
	};
	static const char *const storage[] = { "persistentvolumeclaims", "requests.storage", NULL };
	bool pods = str_eqz(name, "pods");
	if (!str_in(scope, scopes))
		return true;
	if (str_eqz(scope, "BestEffort"))
		return pods;
	if (str_eqz(scope, "VolumeAttributesClass"))
		return str_in(name, storage);
	return pods || str_in(name, compute);
}

/* The list of scopes, or the selector, is what is printed. */
static void check_scope(struct check *c, const char *child, const json_t *shown, const char *why)
{
	if (json_is_object(shown))
		check_invalid_internal(c, child, "core/v1.ScopeSelector", shown, why);
	else
		check_invalid(c, child, shown, "%s", why);
}

/* One complaint for every limit that the scope has nothing to do with. */
static void check_scope_fits(struct check *c, const json_t *spec, struct str scope,
			     const char *child, const json_t *shown)
{
	const char *key;
	json_t *value;
	json_object_foreach (json_object_get(spec, "hard"), key, value)
		if (is_standard_quota(str_from(key)) && !scope_fits(scope, str_from(key)))
			check_scope(c, child, shown, "unsupported scope applied to resource");
}

static void check_scope_pairs(struct check *c, struct map *seen, const char *child,
			      const json_t *shown)
{
	if ((map_get(seen, STR("BestEffort")) && map_get(seen, STR("NotBestEffort"))) ||
	    (map_get(seen, STR("Terminating")) && map_get(seen, STR("NotTerminating"))))
		check_invalid(c, child, shown, "conflicting scopes");
}

static void check_quota_scopes(struct check *c, const json_t *spec)
{
	const json_t *list = json_object_get(spec, "scopes");
	struct map seen = { 0 };
	size_t i;
	json_t *scope;
	json_array_foreach (list, i, scope) {
		if (!str_in(tree_str(scope), scopes))
			check_invalid(c, "scopes", list, "unsupported scope");
		check_scope_fits(c, spec, tree_str(scope), "scopes", list);
		seen_before(&seen, tree_str(scope));
	}
	check_scope_pairs(c, &seen, "scopes", list);
	map_free(&seen, NULL);
}

static void check_scope_operator(struct check *c, const json_t *expression)
{
	static const char *const listed[] = { "In", "NotIn", NULL }, *const bare[] = {
		"Exists", "DoesNotExist", NULL
	};
	const json_t *operator= json_object_get(expression, "operator"),
		     *values = json_object_get(expression, "values");
	struct str scope = field(expression, "scopeName");
	if (str_in(scope, scopes) && !str_eqz(scope, "PriorityClass") &&
	    !str_eqz(scope, "VolumeAttributesClass") && !str_eqz(tree_str(operator), "Exists"))
		check_invalid_text(
			c, "operator", tree_str(operator),
			"must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
			"ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
			"ResourceQuotaScopeNotBestEffort or "
			"ResourceQuotaScopeCrossNamespacePodAffinity");
	if (str_in(tree_str(operator), listed)) {
		if (json_array_size(values) == 0)
			check_required(c, "values",
				       "must be at least one value when `operator` is 'In' or "
				       "'NotIn' for scope selector");
	} else if (str_in(tree_str(operator), bare)) {
		if (json_array_size(values))
			check_invalid(c, "values", values,
				      "must be no value when `operator` is 'Exist' or "
				      "'DoesNotExist' for scope selector");
	} else {
		check_invalid_text(c, "operator", tree_str(operator),
				   "not a valid selector operator");
	}
}

static void check_scope_selector(struct check *c, const json_t *spec)
{
	const json_t *selector = json_object_get(spec, "scopeSelector");
	struct map seen = { 0 };
	size_t was = check_in(c, "scopeSelector.matchExpressions"), i;
	json_t *expression;
	json_array_foreach (json_object_get(selector, "matchExpressions"), i, expression) {
		struct str scope = field(expression, "scopeName");
		if (!str_in(scope, scopes))
			check_invalid_text(c, "scopeName", scope, "unsupported scope");
		check_scope_fits(c, spec, scope, NULL, selector);
		check_scope_operator(c, expression);
		seen_before(&seen, scope);
	}
	check_scope_pairs(c, &seen, NULL, json_object_get(spec, "scopes"));
	check_out(c, was);
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
		if (!strchr(key, '/') && !is_standard_quota(str_from(key)))
			check_invalid_text(c, NULL, str_from(key),
					   "must be a standard resource for quota");
		check_resource_value(c, str_from(key), value);
		check_out(c, at);
	}
	check_out(c, in);
	check_quota_scopes(c, spec);
	check_scope_selector(c, spec);
	check_out(c, was);
}

static bool all_among(const json_t *list, const json_t *others)
{
	struct map names = { 0 };
	bool all = true;
	size_t i;
	json_t *item;
	json_array_foreach (others, i, item)
		seen_before(&names, tree_str(item));
	json_array_foreach (list, i, item)
		all = all && map_get(&names, tree_str(item));
	map_free(&names, NULL);
	return all;
}

void validate_resource_quota_update(struct check *c, const json_t *new, const json_t *old)
{
	const json_t *now = tree_get(new, "spec", "scopes", NULL),
		     *was = tree_get(old, "spec", "scopes", NULL);
	validate_resource_quota(c, new);
	if (!all_among(now, was) || !all_among(was, now))
		check_immutable(c, "spec.scopes", now, was);
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
		check_invalid_internal(c, NULL, "policy/v1.PodDisruptionBudgetSpec", spec,
				       "minAvailable and maxUnavailable cannot be both set");
	check_share(c, spec, "minAvailable");
	check_share(c, spec, "maxUnavailable");
	check_label_selector(c, "selector", json_object_get(spec, "selector"));
	check_known_if_set(c, spec, "unhealthyPodEvictionPolicy", policies);
	check_out(c, was);
}

#define PRIORITY_USER_MAX 1000000000

void validate_priority_class(struct check *c, const json_t *class)
{
	static const char *const policies[] = { "PreemptLowerPriority", "Never", NULL };
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
	if (json_object_get(class, "preemptionPolicy"))
		check_one_of(c, class, "preemptionPolicy", policies, true);
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
