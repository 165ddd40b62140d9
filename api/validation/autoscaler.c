/* SPDX-License-Identifier: Apache-2.0 */
#include "api/object/meta.h"
#include "api/validation/kinds.h"
#include "api/validation/resources.h"
#include "api/values/quantity.h"
#include "base/mem.h"

#define WINDOW_MAX 3600
#define PERIOD_MAX 1800

static struct str field(const json_t *object, const char *name)
{
	return tree_str(json_object_get(object, name));
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void check_reference(struct check *c, const char *child, const json_t *ref, bool needs_group)
{
	struct str version = field(ref, "apiVersion");
	size_t was = check_in(c, child), slash = str_find(version, '/');
	struct str rest =
		slash < version.n ? str_of(version.p + slash + 1, version.n - slash - 1) : STR("");
	check_required_name(c, "kind", field(ref, "kind"), name_path_segment);
	check_required_name(c, "name", field(ref, "name"), name_path_segment);
	if (str_find(rest, '/') < rest.n)
		check_invalid_text(c, "apiVersion", version, "unexpected GroupVersion string: %.*s",
				   STR_ARG(version));
	else if (needs_group && (slash == 0 || slash == version.n))
		check_invalid_text(c, "apiVersion", version, "apiVersion must specify API group");
	check_out(c, was);
}

/* ---- metrics ---- */

static void check_positive_amount(struct check *c, const json_t *target, const char *child)
{
	const json_t *value = json_object_get(target, child);
	struct quantity q;
	if (value && quantity_parse(tree_str(value), &q, NULL) == 0 && q.nano <= 0)
		check_invalid(c, child, value, "must be positive");
}

static void check_target(struct check *c, const json_t *target)
{
	static const char *const types[] = { "Utilization", "Value", "AverageValue", NULL };
	const json_t *utilization = json_object_get(target, "averageUtilization");
	struct str type = field(target, "type");
	if (type.n == 0)
		check_required(c, "type", "must specify a metric target type");
	if (!str_in(type, types))
		check_invalid_text(c, "type", type,
				   "must be either Utilization, Value, or AverageValue");
	check_positive_amount(c, target, "value");
	check_positive_amount(c, target, "averageValue");
	if (utilization && json_integer_value(utilization) < 1)
		check_invalid(c, "averageUtilization", utilization, "must be greater than 0");
}

static void check_metric_name(struct check *c, const json_t *source)
{
	struct str name = field(json_object_get(source, "metric"), "name");
	if (name.n == 0)
		check_required(c, "metric.name", "must specify a metric name");
	else
		check_name(c, "metric.name", name, name_path_segment);
}

static void check_target_of(struct check *c, const json_t *source)
{
	size_t was = check_in(c, "target");
	check_target(c, json_object_get(source, "target"));
	check_out(c, was);
}

static void check_object_source(struct check *c, const json_t *source)
{
	const json_t *target = json_object_get(source, "target");
	check_reference(c, "describedObject", json_object_get(source, "describedObject"), false);
	check_metric_name(c, source);
	check_target_of(c, source);
	if (!json_object_get(target, "value") && !json_object_get(target, "averageValue"))
		check_required(c, "target.averageValue",
			       "must set either a target value or averageValue");
}

static void check_external_source(struct check *c, const json_t *source)
{
	const json_t *target = json_object_get(source, "target");
	const json_t *value = json_object_get(target, "value"),
		     *average = json_object_get(target, "averageValue");
	check_metric_name(c, source);
	check_target_of(c, source);
	if (!value && !average)
		check_required(c, "target.averageValue",
			       "must set either a target value for metric or a per-pod target");
	if (value && average)
		check_forbidden(c, "target.value",
				"may not set both a target value for metric and a per-pod target");
}

static void check_pods_source(struct check *c, const json_t *source)
{
	check_metric_name(c, source);
	check_target_of(c, source);
	if (!json_object_get(json_object_get(source, "target"), "averageValue"))
		check_required(c, "target.averageValue",
			       "must specify a positive target averageValue");
}

static void check_raw_or_utilization(struct check *c, const json_t *source)
{
	const json_t *target = json_object_get(source, "target");
	const json_t *utilization = json_object_get(target, "averageUtilization"),
		     *average = json_object_get(target, "averageValue");
	check_target_of(c, source);
	if (!utilization && !average)
		check_required(c, "target.averageUtilization",
			       "must set either a target raw value or a target utilization");
	if (utilization && average)
		check_forbidden(c, "target.averageValue",
				"may not set both a target raw value and a target utilization");
}

static void check_resource_source(struct check *c, const json_t *source)
{
	if (field(source, "name").n == 0)
		check_required(c, "name", "must specify a resource name");
	check_raw_or_utilization(c, source);
}

static void check_container_source(struct check *c, const json_t *source)
{
	size_t was = check_in(c, "name");
	if (field(source, "name").n == 0)
		check_required(c, NULL, "must specify a resource name");
	else
		check_container_resource_name(c, field(source, "name"));
	check_out(c, was);
	if (field(source, "container").n == 0)
		check_required(c, "container", "must specify a container");
	else
		check_name(c, "container", field(source, "container"), name_dns_label);
	check_raw_or_utilization(c, source);
}

static const struct source {
	const char *type, *field;
	void (*check)(struct check *c, const json_t *source);
} sources[] = {
	{ "Object", "object", check_object_source },
	{ "External", "external", check_external_source },
	{ "Pods", "pods", check_pods_source },
	{ "Resource", "resource", check_resource_source },
	{ "ContainerResource", "containerResource", check_container_source },
};

static void check_metric_type(struct check *c, const json_t *metric, bool known)
{
	static const char *const types[] = { "ContainerResource", "External", "Object", "Pods",
					     "Resource",          NULL };
	const json_t *type = json_object_get(metric, "type");
	json_t *none = json_string("");
	if (!known)
		check_unsupported(c, "type", type ? type : none, types);
	json_decref(none);
}

static void check_metric(struct check *c, const json_t *metric)
{
	struct str type = field(metric, "type");
	const struct source *wanted = NULL;
	size_t present = 0;
	if (type.n == 0)
		check_required(c, "type", "must specify a metric source type");
	for (size_t i = 0; i < COUNT_OF(sources); i++)
		if (str_eqz(type, sources[i].type))
			wanted = &sources[i];
	check_metric_type(c, metric, wanted != NULL);
	for (size_t i = 0; i < COUNT_OF(sources); i++) {
		const json_t *source = json_object_get(metric, sources[i].field);
		size_t was = check_in(c, sources[i].field);
		if (source && present++ == 0)
			sources[i].check(c, source);
		check_out(c, was);
	}
	if (wanted && !json_object_get(metric, wanted->field))
		check_required(c, wanted->field,
			       "must populate information for the given metric source");
	check_metric_type(c, metric, wanted != NULL); /* upstream says it twice */
	for (size_t i = 0; present != 1 && i < COUNT_OF(sources); i++)
		if (&sources[i] != wanted && json_object_get(metric, sources[i].field))
			check_forbidden(c, sources[i].field,
					"must populate the given metric source only");
}

static void check_metrics(struct check *c, const json_t *spec)
{
	const json_t *min = json_object_get(spec, "minReplicas");
	bool from_outside = false;
	size_t was = check_in(c, "metrics"), i;
	json_t *metric;
	json_array_foreach (json_object_get(spec, "metrics"), i, metric) {
		size_t at = check_in_index(c, i);
		check_metric(c, metric);
		check_out(c, at);
		from_outside = from_outside || str_eqz(field(metric, "type"), "Object") ||
			       str_eqz(field(metric, "type"), "External");
	}
	if (min && json_integer_value(min) == 0 && !from_outside)
		check_forbidden(c, NULL,
				"must specify at least one Object or External metric to support "
				"scaling to zero replicas");
	check_out(c, was);
}

/* ---- behaviour ---- */

static void check_policy(struct check *c, const json_t *policy)
{
	static const char *const types[] = { "Percent", "Pods", NULL };
	json_int_t period = number(policy, "periodSeconds");
	json_t *none = json_string("");
	const json_t *type = json_object_get(policy, "type");
	if (!str_in(tree_str(type), types))
		check_unsupported(c, "type", type ? type : none, types);
	if (number(policy, "value") <= 0)
		check_invalid_number(c, "value", number(policy, "value"),
				     "must be greater than zero");
	if (period <= 0)
		check_invalid_number(c, "periodSeconds", period, "must be greater than zero");
	if (period > PERIOD_MAX)
		check_invalid_number(c, "periodSeconds", period,
				     "must be less than or equal to 1800");
	json_decref(none);
}

static void check_scaling(struct check *c, const char *child, const json_t *rules)
{
	static const char *const selects[] = { "Disabled", "Max", "Min", NULL };
	const json_t *window = json_object_get(rules, "stabilizationWindowSeconds"),
		     *policies = json_object_get(rules, "policies");
	struct quantity q;
	size_t was = check_in(c, child), i;
	json_t *policy;
	if (json_integer_value(window) < 0)
		check_invalid(c, "stabilizationWindowSeconds", window,
			      "must be greater than or equal to zero");
	if (json_integer_value(window) > WINDOW_MAX)
		check_invalid(c, "stabilizationWindowSeconds", window,
			      "must be less than or equal to %d", WINDOW_MAX);
	if (json_object_get(rules, "selectPolicy") &&
	    !str_in(field(rules, "selectPolicy"), selects))
		check_unsupported(c, "selectPolicy", json_object_get(rules, "selectPolicy"),
				  selects);
	if (json_array_size(policies) == 0)
		check_required(c, "policies", "must specify at least one Policy");
	size_t in = check_in(c, "policies");
	json_array_foreach (policies, i, policy) {
		size_t at = check_in_index(c, i);
		check_policy(c, policy);
		check_out(c, at);
	}
	check_out(c, in);
	if (quantity_parse(field(rules, "tolerance"), &q, NULL) == 0 && q.nano < 0)
		check_invalid(c, "tolerance", json_object_get(rules, "tolerance"),
			      "must be greater than or equal to 0");
	check_out(c, was);
}

static void check_behavior(struct check *c, const json_t *behavior)
{
	size_t was = check_in(c, "behavior");
	if (json_object_get(behavior, "scaleUp"))
		check_scaling(c, "scaleUp", json_object_get(behavior, "scaleUp"));
	if (json_object_get(behavior, "scaleDown"))
		check_scaling(c, "scaleDown", json_object_get(behavior, "scaleDown"));
	check_out(c, was);
}

void validate_autoscaler(struct check *c, const json_t *object)
{
	const json_t *spec = json_object_get(object, "spec");
	const json_t *cpu = json_object_get(spec, "targetCPUUtilizationPercentage");
	const json_t *min = json_object_get(spec, "minReplicas");
	json_int_t most = number(spec, "maxReplicas");
	size_t was = check_in(c, "spec");
	if (min && json_integer_value(min) < 0)
		CHECK_DECLARED(c, check_invalid(c, "minReplicas", min,
						"must be greater than or equal to 0"));
	if (most == 0)
		CHECK_DECLARED(c, check_required(c, "maxReplicas", "%s", ""));
	else if (most < 0)
		CHECK_DECLARED(c, check_invalid_number(c, "maxReplicas", most,
						       "must be greater than or equal to 1"));
	if (min && most < json_integer_value(min))
		check_invalid_number(c, "maxReplicas", most,
				     "must be greater than or equal to `minReplicas`");
	check_reference(c, "scaleTargetRef", json_object_get(spec, "scaleTargetRef"), true);
	check_metrics(c, spec);
	if (cpu && json_integer_value(cpu) < 1) /* of v1: the first metric of what it stands for */
		check_invalid(c, "metrics[0].resource.target.averageUtilization", cpu,
			      "must be greater than 0");
	check_behavior(c, json_object_get(spec, "behavior"));
	check_out(c, was);
}
