/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the groups: apps, batch, autoscaling, networking, rbac, resource, apiextensions. */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "api/defaults/defaults.h"
#include "base/clock.h"
#include "base/mem.h"

static bool type_is(const json_t *tree, const char *type)
{
	return strcmp(default_text(tree, "type"), type) == 0;
}

static void set_text_value(json_t *tree, const char *field,
			   const char *value) /* of an IntOrString */
{
	if (!default_has(tree, field))
		json_object_set_new(tree, field, json_string(value));
}

static void deployment_strategy(json_t *tree)
{
	if (!type_is(tree, "RollingUpdate"))
		return;
	json_t *rolling = default_object(tree, "rollingUpdate");
	set_text_value(rolling, "maxUnavailable", "25%");
	set_text_value(rolling, "maxSurge", "25%");
}

static void daemon_set_strategy(json_t *tree)
{
	if (!type_is(tree, "RollingUpdate"))
		return;
	json_t *rolling = default_object(tree, "rollingUpdate");
	default_set_int(rolling, "maxUnavailable", 1);
	default_set_int(rolling, "maxSurge", 0);
}

static void stateful_set_spec(json_t *tree)
{
	size_t i;
	json_t *claim;
	json_array_foreach (json_object_get(tree, "volumeClaimTemplates"), i, claim) {
		if (!json_is_object(claim))
			continue;
		default_set_text(claim, "apiVersion", "v1");
		default_set_text(claim, "kind", "PersistentVolumeClaim");
	}
	json_t *strategy = default_object(tree, "updateStrategy");
	if (!*default_text(strategy, "type")) {
		default_set_text(strategy, "type", "RollingUpdate");
		default_object(strategy, "rollingUpdate");
	}
	json_t *rolling = json_object_get(strategy, "rollingUpdate");
	if (type_is(strategy, "RollingUpdate") && json_is_object(rolling)) {
		default_set_int(rolling, "partition", 0);
		default_set_int(rolling, "maxUnavailable", 1);
	}
}

/* For a pointer: an empty text is one. */
static void default_set_absent(json_t *tree, const char *field, const char *value)
{
	if (!json_object_get(tree, field))
		json_object_set_new(tree, field, json_string(value));
}

static void job(json_t *tree)
{
	json_t *spec = default_object(tree, "spec");
	json_t *labels = default_path(json_object_get(spec, "template"), "metadata", "labels");
	if (!default_has(spec, "completions") && !default_has(spec, "parallelism"))
		default_set_int(spec, "completions", 1);
	default_set_int(spec, "parallelism", 1);
	default_set_int(spec, "backoffLimit",
			default_has(spec, "backoffLimitPerIndex") ? INT32_MAX : 6);
	json_t *meta = default_object(tree, "metadata");
	if (json_object_size(labels) && json_object_size(json_object_get(meta, "labels")) == 0)
		json_object_set(meta, "labels",
				labels); /* one map: what is added to it later is in both */
	default_set_absent(spec, "completionMode", "NonIndexed");
	default_set_bool(spec, "suspend", false);
	default_set_absent(spec, "podReplacementPolicy",
			   default_has(spec, "podFailurePolicy") ? "Failed"
								 : "TerminatingOrFailed");
	default_set_bool(spec, "manualSelector", false);
}

static void autoscaler_v1(json_t *tree)
{
	const json_t *notes = default_path(tree, "metadata", "annotations");
	if (!default_has(notes, "autoscaling.alpha.kubernetes.io/metrics"))
		default_set_int(default_object(tree, "spec"), "targetCPUUtilizationPercentage", 80);
}

/* Behind pointers and in lists, what is there but empty is not filled. */
static void scaling_selects(json_t *rules)
{
	if (!json_object_get(rules, "selectPolicy"))
		json_object_set_new(rules, "selectPolicy", json_string("Max"));
}

static void autoscaler_behavior(json_t *tree)
{
	json_t *up = default_object(tree, "scaleUp"), *down = default_object(tree, "scaleDown");
	default_set_int(up, "stabilizationWindowSeconds", 0);
	scaling_selects(up);
	scaling_selects(down);
	if (!json_object_get(up, "policies"))
		json_object_set_new(up, "policies",
				    json_pack("[{s:s,s:i,s:i},{s:s,s:i,s:i}]", "type", "Pods",
					      "value", 4, "periodSeconds", 15, "type", "Percent",
					      "value", 100, "periodSeconds", 15));
	if (!json_object_get(down, "policies"))
		json_object_set_new(down, "policies",
				    json_pack("[{s:s,s:i,s:i}]", "type", "Percent", "value", 100,
					      "periodSeconds", 15));
}

static void network_policy_spec(json_t *tree)
{
	if (json_array_size(json_object_get(tree, "policyTypes")))
		return;
	bool egress = json_array_size(json_object_get(tree, "egress"));
	json_object_set_new(tree, "policyTypes",
			    egress ? json_pack("[s,s]", "Ingress", "Egress")
				   : json_pack("[s]", "Ingress"));
}

static void ingress_class_spec(json_t *tree)
{
	json_t *parameters = json_object_get(tree, "parameters");
	if (json_is_object(parameters))
		default_if_absent(parameters, "scope", "Cluster");
}

static void rbac_subject(json_t *tree)
{
	const char *kind = default_text(tree, "kind");
	if (strcmp(kind, "User") == 0 || strcmp(kind, "Group") == 0)
		default_set_text(tree, "apiGroup", "rbac.authorization.k8s.io");
}

static void device_request(json_t *tree)
{
	if (strcmp(default_text(tree, "allocationMode"), "ExactCount") == 0 &&
	    json_integer_value(json_object_get(tree, "count")) == 0)
		json_object_set_new(tree, "count", json_integer(1));
}

static void device_taint(json_t *tree)
{
	char now[TIME_TEXT_MAX];
	time_format(time(NULL), now);
	default_set_text(tree, "timeAdded", now);
}

static void custom_resource_names(json_t *tree)
{
	json_t *names = json_object_get(tree, "names");
	const char *kind = default_text(names, "kind");
	char text[256];
	size_t n = strlen(kind);
	if (!json_is_object(names) || n == 0 || n + 5 > sizeof text)
		return;
	for (size_t i = 0; i <= n; i++)
		text[i] = (char)tolower((unsigned char)kind[i]);
	default_set_text(names, "singular", text);
	memcpy(text, kind, n);
	memcpy(text + n, "List", 5);
	default_set_text(names, "listKind", text);
}

static void custom_resource(json_t *tree)
{
	size_t i;
	json_t *version;
	json_t *status = json_object_get(tree, "status");
	if (json_array_size(json_object_get(status, "storedVersions")))
		return;
	json_array_foreach (default_path(tree, "spec", "versions"), i, version) {
		if (!json_is_true(json_object_get(version, "storage")))
			continue;
		json_object_set_new(default_object(tree, "status"), "storedVersions",
				    json_pack("[s]", default_text(version, "name")));
		return;
	}
}

const struct default_rule default_rules_groups[] = {
	{ "apiextensions/v1.CustomResourceDefinition", custom_resource },
	{ "apiextensions/v1.CustomResourceDefinitionSpec", custom_resource_names },
	{ "apps/v1.DaemonSetUpdateStrategy", daemon_set_strategy },
	{ "apps/v1.DeploymentStrategy", deployment_strategy },
	{ "apps/v1.StatefulSetSpec", stateful_set_spec },
	{ "autoscaling/v1.HorizontalPodAutoscaler", autoscaler_v1 },
	{ "autoscaling/v2.HorizontalPodAutoscalerBehavior", autoscaler_behavior },
	{ "batch/v1.Job", job },
	{ "networking/v1.IngressClassSpec", ingress_class_spec },
	{ "networking/v1.NetworkPolicySpec", network_policy_spec },
	{ "rbac/v1.Subject", rbac_subject },
	{ "resource/v1.DeviceSubRequest", device_request },
	{ "resource/v1.DeviceTaint", device_taint },
	{ "resource/v1.ExactDeviceRequest", device_request },
};
const size_t default_rules_groups_count = COUNT_OF(default_rules_groups);
