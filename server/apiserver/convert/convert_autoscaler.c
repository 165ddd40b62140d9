/* SPDX-License-Identifier: Apache-2.0 */
/* v1 knows the CPU utilization alone; other metrics, the measured values, conditions and behavior are annotations in JSON. In there a
 * metric is written as v1 once did ("targetAverageValue"), so that two tables of paths say what becomes what.
 * Follows upstream's pkg/apis/autoscaling/v1/conversion.go. */
#include "server/apiserver/convert/convert_autoscaler.h"

#include <stdlib.h>
#include <string.h>

#include "api/codec.h"
#include "api/json/write.h"
#include "api/object/meta.h"
#include "base/mem.h"

static const char metrics_note[] = "autoscaling.alpha.kubernetes.io/metrics";
static const char current_note[] = "autoscaling.alpha.kubernetes.io/current-metrics";
static const char behavior_note[] = "autoscaling.alpha.kubernetes.io/behavior";
static const char conditions_note[] = "autoscaling.alpha.kubernetes.io/conditions";

struct rename {
	const char *kind;    /* "resource" */
	const char *v1, *v2; /* member in v1; path of two members in v2, or one */
	const char *type;    /* of the target, when this value is set */
};

static const struct rename spec_names[] = {
	{ "object", "target", "describedObject", NULL },
	{ "object", "metricName", "metric.name", NULL },
	{ "object", "selector", "metric.selector", NULL },
	{ "object", "targetValue", "target.value", "Value" },
	{ "object", "averageValue", "target.averageValue", "AverageValue" },
	{ "pods", "metricName", "metric.name", NULL },
	{ "pods", "selector", "metric.selector", NULL },
	{ "pods", "targetAverageValue", "target.averageValue", "AverageValue" },
	{ "resource", "name", "name", NULL },
	{ "resource", "targetAverageUtilization", "target.averageUtilization", "Utilization" },
	{ "resource", "targetAverageValue", "target.averageValue", "AverageValue" },
	{ "containerResource", "name", "name", NULL },
	{ "containerResource", "container", "container", NULL },
	{ "containerResource", "targetAverageUtilization", "target.averageUtilization",
	  "Utilization" },
	{ "containerResource", "targetAverageValue", "target.averageValue", "AverageValue" },
	{ "external", "metricName", "metric.name", NULL },
	{ "external", "metricSelector", "metric.selector", NULL },
	{ "external", "targetValue", "target.value", "Value" },
	{ "external", "targetAverageValue", "target.averageValue", "AverageValue" },
};

static const struct rename status_names[] = {
	{ "object", "target", "describedObject", NULL },
	{ "object", "metricName", "metric.name", NULL },
	{ "object", "selector", "metric.selector", NULL },
	{ "object", "currentValue", "current.value", NULL },
	{ "object", "averageValue", "current.averageValue", NULL },
	{ "pods", "metricName", "metric.name", NULL },
	{ "pods", "selector", "metric.selector", NULL },
	{ "pods", "currentAverageValue", "current.averageValue", NULL },
	{ "resource", "name", "name", NULL },
	{ "resource", "currentAverageUtilization", "current.averageUtilization", NULL },
	{ "resource", "currentAverageValue", "current.averageValue", NULL },
	{ "containerResource", "name", "name", NULL },
	{ "containerResource", "container", "container", NULL },
	{ "containerResource", "currentAverageUtilization", "current.averageUtilization", NULL },
	{ "containerResource", "currentAverageValue", "current.averageValue", NULL },
	{ "external", "metricName", "metric.name", NULL },
	{ "external", "metricSelector", "metric.selector", NULL },
	{ "external", "currentValue", "current.value", NULL },
	{ "external", "currentAverageValue", "current.averageValue", NULL },
};

struct names {
	const struct rename *rows;
	size_t n;
};
static const struct names spec_table = { spec_names, COUNT_OF(spec_names) };
static const struct names status_table = { status_names, COUNT_OF(status_names) };

/* tree.a or tree.a.b */
static json_t *get_path(const json_t *tree, const char *path)
{
	size_t n = strcspn(path, ".");
	json_t *v = json_object_getn(tree, path, n);
	return path[n] ? json_object_get(v, path + n + 1) : v;
}

static void set_path(json_t *tree, const char *path, json_t *v)
{
	size_t n = strcspn(path, ".");
	if (!path[n]) {
		json_object_set(tree, path, v);
		return;
	}
	json_t *inner = json_object_getn(tree, path, n);
	if (!inner) {
		inner = json_object();
		json_object_setn_new(tree, path, n, inner);
	}
	json_object_set(inner, path + n + 1, v);
}

static json_t *convert_metric(const json_t *metric, const struct names *table, bool to_v2)
{
	json_t *out = json_object();
	json_object_set(out, "type", json_object_get(metric, "type"));
	for (size_t i = 0; i < table->n; i++) {
		const struct rename *row = &table->rows[i];
		const json_t *from = json_object_get(metric, row->kind);
		json_t *v = get_path(from, to_v2 ? row->v1 : row->v2);
		if (!json_is_object(from))
			continue;
		json_t *to = json_object_get(out, row->kind);
		if (!to) {
			to = json_object();
			json_object_set_new(out, row->kind, to);
		}
		if (!v)
			continue;
		set_path(to, to_v2 ? row->v2 : row->v1, v);
		if (to_v2 && row->type)
			json_object_set_new(json_object_get(to, "target"), "type",
					    json_string(row->type));
	}
	return out;
}

static json_t *convert_metrics(const json_t *list, const struct names *table, bool to_v2)
{
	size_t i;
	json_t *metric, *out = json_array();
	json_array_foreach ((json_t *)list, i, metric)
		json_array_append_new(out, convert_metric(metric, table, to_v2));
	return out;
}

static json_t *member(json_t *tree, const char *name)
{
	json_t *v = json_object_get(tree, name);
	if (!json_is_object(v)) {
		v = json_object();
		json_object_set_new(tree, name, v);
	}
	return v;
}

/* The value of an annotation as JSON of the wanted type, or NULL; the annotation is dropped. */
static json_t *take_note(json_t *tree, const char *key, json_type type)
{
	json_t *v = NULL, *notes = meta_annotations(tree);
	struct str text = meta_annotation(tree, key);
	if (text.n && api_json_parse(text, &v, NULL, NULL) == 0 && json_typeof(v) != type) {
		json_decref(v);
		v = NULL;
	}
	json_object_del(notes, key);
	if (notes && json_object_size(notes) == 0)
		json_object_del(meta_of(tree), "annotations");
	return v;
}

static void put_note(json_t *tree, const char *key, json_t *take)
{
	auto_free char *text = json_dumps(take, JSON_COMPACT); /* members in their order */
	meta_set_annotation(tree, key, str_from(text ? text : ""));
	json_decref(take);
}

static json_t *cpu_metric(json_t *utilization)
{
	return json_pack("{s:s,s:{s:s,s:{s:s,s:O}}}", "type", "Resource", "resource", "name", "cpu",
			 "target", "type", "Utilization", "averageUtilization", utilization);
}

static json_t *cpu_utilization(const json_t *metric,
			       const char *part) /* part: "target" or "current" */
{
	const json_t *resource = json_object_get(metric, "resource");
	const char *name = json_string_value(json_object_get(resource, "name"));
	if (!name || strcmp(name, "cpu") != 0)
		return NULL;
	json_t *v = json_object_get(json_object_get(resource, part), "averageUtilization");
	return json_is_integer(v) ? v : NULL;
}

static void spec_to_v2(json_t *tree)
{
	json_t *spec = member(tree, "spec"),
	       *cpu = json_object_get(spec, "targetCPUUtilizationPercentage");
	json_t *others = take_note(tree, metrics_note, JSON_ARRAY),
	       *behavior = take_note(tree, behavior_note, JSON_OBJECT);
	json_t *metrics = others ? convert_metrics(others, &spec_table, true) : json_array();
	if (json_is_integer(cpu))
		json_array_append_new(metrics, cpu_metric(cpu));
	json_object_del(spec, "targetCPUUtilizationPercentage");
	if (json_array_size(metrics))
		json_object_set(spec, "metrics", metrics);
	if (behavior)
		json_object_set(spec, "behavior", behavior);
	json_decref(metrics);
	json_decref(others);
	json_decref(behavior);
}

void autoscaler_to_v2(json_t *tree)
{
	spec_to_v2(tree);
	json_t *current = take_note(tree, current_note, JSON_ARRAY),
	       *conditions = take_note(tree, conditions_note, JSON_ARRAY);
	json_t *status = json_object_get(tree, "status");
	json_t *cpu = json_object_get(status, "currentCPUUtilizationPercentage");
	if (json_is_integer(cpu) && !current)
		json_object_set_new(status, "currentMetrics",
				    json_pack("[{s:s,s:{s:s,s:{s:O}}}]", "type", "Resource",
					      "resource", "name", "cpu", "current",
					      "averageUtilization", cpu));
	json_object_del(status, "currentCPUUtilizationPercentage");
	if (current)
		json_object_set_new(member(tree, "status"), "currentMetrics",
				    convert_metrics(current, &status_table, true));
	if (conditions)
		json_object_set(member(tree, "status"), "conditions", conditions);
	json_decref(current);
	json_decref(conditions);
}

static void spec_to_v1(json_t *tree)
{
	size_t i;
	json_t *spec = member(tree, "spec"), *metric, *others = json_array();
	json_array_foreach (json_object_get(spec, "metrics"), i, metric) {
		json_t *cpu = cpu_utilization(metric, "target");
		if (cpu)
			json_object_set(spec, "targetCPUUtilizationPercentage", cpu);
		else
			json_array_append(others, metric);
	}
	if (json_array_size(others))
		put_note(tree, metrics_note, convert_metrics(others, &spec_table, false));
	if (json_object_get(spec, "behavior"))
		put_note(tree, behavior_note, json_incref(json_object_get(spec, "behavior")));
	json_object_del(spec, "metrics");
	json_object_del(spec, "behavior");
	json_decref(others);
}

void autoscaler_to_v1(json_t *tree)
{
	size_t i;
	json_t *status = json_object_get(tree, "status"), *metric;
	json_t *current = json_object_get(status, "currentMetrics"),
	       *conditions = json_object_get(status, "conditions");
	spec_to_v1(tree);
	json_array_foreach (current, i, metric)
		if (cpu_utilization(metric, "current"))
			json_object_set(status, "currentCPUUtilizationPercentage",
					cpu_utilization(metric, "current"));
	if (json_array_size(current))
		put_note(tree, current_note, convert_metrics(current, &status_table, false));
	if (json_array_size(conditions))
		put_note(tree, conditions_note, json_incref(conditions));
	json_object_del(status, "currentMetrics");
	json_object_del(status, "conditions");
}
