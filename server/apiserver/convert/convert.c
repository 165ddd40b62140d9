/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/convert/convert.h"

#include <stdio.h>

#include "api/crd/crd.h"
#include "base/mem.h"
#include "server/apiserver/convert/convert_autoscaler.h"

struct rename {
	const char *group_a, *group_b, *plural; /* a: the stored one */
	const char *a, *b;
};
static const struct rename renames[] = {
	{ "", "events.k8s.io", "events", "involvedObject", "regarding" },
	{ "", "events.k8s.io", "events", "message", "note" },
	{ "", "events.k8s.io", "events", "source", "deprecatedSource" },
	{ "", "events.k8s.io", "events", "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "", "events.k8s.io", "events", "lastTimestamp", "deprecatedLastTimestamp" },
	{ "", "events.k8s.io", "events", "count", "deprecatedCount" },
	{ "", "events.k8s.io", "events", "reportingComponent", "reportingController" },
};

bool convert_needed(const struct api_resource *from, const struct api_resource *to)
{
	return from != to && to != NULL &&
	       (strcmp(from->version, to->version) || strcmp(from->group, to->group));
}

void api_version_text(const struct api_resource *r, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", r->group, r->group[0] ? "/" : "", r->version);
}

/* autoscaling/v1 knows one metric, CPU utilisation, in fields of their own. */
static const json_t *cpu_metric(const json_t *metrics)
{
	for (size_t i = 0; i < json_array_size(metrics); i++) {
		const json_t *resource = json_object_get(json_array_get(metrics, i), "resource");
		const char *name = json_string_value(json_object_get(resource, "name"));
		if (name && !strcmp(name, "cpu"))
			return resource;
	}
	return NULL;
}

static void utilization_out(json_t *part, const char *list, const char *value, const char *field)
{
	const json_t *resource = cpu_metric(json_object_get(part, list));
	json_t *number = json_object_get(json_object_get(resource, value), "averageUtilization");
	if (number)
		json_object_set(part, field, number);
	json_object_del(part, list);
}

static void utilization_in(json_t *part, const char *list, const char *value, const char *field,
			   bool target)
{
	json_t *number = json_object_get(part, field);
	if (!number)
		return;
	json_t *of = json_pack("{s:O}", "averageUtilization", number);
	if (target)
		json_object_set_new(of, "type", json_string("Utilization"));
	json_object_set_new(part, list,
			    json_pack("[{s:s,s:{s:s,s:o}}]", "type", "Resource", "resource", "name",
				      "cpu", value, of));
	json_object_del(part, field);
}

static void autoscaler_convert(const struct api_resource *to, json_t *tree)
{
	json_t *spec = json_object_get(tree, "spec"), *status = json_object_get(tree, "status");
	if (!strcmp(to->version, "v1")) {
		utilization_out(spec, "metrics", "target", "targetCPUUtilizationPercentage");
		utilization_out(status, "currentMetrics", "current",
				"currentCPUUtilizationPercentage");
		json_object_del(spec, "behavior");
		json_object_del(status, "conditions");
	} else {
		utilization_in(spec, "metrics", "target", "targetCPUUtilizationPercentage", true);
		utilization_in(status, "currentMetrics", "current",
			       "currentCPUUtilizationPercentage", false);
	}
}

static void field_move(json_t *tree, const char *from, const char *to)
{
	json_t *value = json_object_get(tree, from);
	if (!value)
		return;
	json_object_set(tree, to, value);
	json_object_del(tree, from);
}

void convert_tree(const struct api_resource *from, const struct api_resource *to, json_t *tree)
{
	char version[256];
	if (to->crd) {
		crd_convert(to, tree);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(renames); i++) {
		const struct rename *n = &renames[i];
		if (strcmp(n->plural, from->plural))
			continue;
		if (!strcmp(n->group_a, from->group) && !strcmp(n->group_b, to->group))
			field_move(tree, n->a, n->b);
		else if (!strcmp(n->group_b, from->group) && !strcmp(n->group_a, to->group))
			field_move(tree, n->b, n->a);
	}
	if (!strcmp(from->plural, "horizontalpodautoscalers") &&
	    !strcmp(from->group, "autoscaling"))
		(!strcmp(to->version, "v1") ? autoscaler_to_v1 : autoscaler_to_v2)(tree);
	if (!strcmp(from->plural, "horizontalpodautoscalers") && strcmp(from->version, to->version))
		autoscaler_convert(to, tree);
	api_version_text(to, version, sizeof(version));
	json_object_set_new(tree, "apiVersion", json_string(version));
	json_object_set_new(tree, "kind", json_string(to->kind));
}
