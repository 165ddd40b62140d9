/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of core/v1. */
#include <string.h>

#include "api/defaults/defaults.h"
#include "api/object/meta.h"
#include "api/values/image_name.h"
#include "base/mem.h"

static const char *pull_policy(const char *image)
{
	return str_eqz(image_name_tag(str_from(image)), "latest") ? "Always" : "IfNotPresent";
}

static void container(json_t *tree)
{
	default_set_text(tree, "imagePullPolicy", pull_policy(default_text(tree, "image")));
}

static void replication_controller(json_t *tree)
{
	json_t *labels = default_path(json_object_get(json_object_get(tree, "spec"), "template"),
				      "metadata", "labels");
	if (json_object_size(labels) == 0)
		return;
	json_t *spec = json_object_get(tree, "spec"), *meta = default_object(tree, "metadata");
	if (json_object_size(json_object_get(spec, "selector")) == 0)
		json_object_set_new(spec, "selector", tree_copy(labels));
	if (json_object_size(json_object_get(meta, "labels")) == 0)
		json_object_set_new(meta, "labels", tree_copy(labels));
}

static void volume(json_t *tree)
{
	const char *key;
	json_t *v;
	bool has_source = false;
	json_object_foreach (tree, key, v)
		has_source |= strcmp(key, "name") != 0 && !json_is_null(v);
	if (!has_source)
		json_object_set_new(tree, "emptyDir", json_object());
	json_t *image = json_object_get(tree, "image");
	if (json_is_object(image))
		default_set_text(image, "pullPolicy",
				 pull_policy(default_text(image, "reference")));
}

static void service_ports(json_t *ports)
{
	size_t i;
	json_t *port;
	json_array_foreach (ports, i, port) {
		const json_t *target = json_object_get(port, "targetPort");
		bool empty = !target || json_is_null(target) ||
			     (json_is_integer(target) && json_integer_value(target) == 0) ||
			     (json_is_string(target) && json_string_length(target) == 0);
		if (empty && json_is_object(port) && default_has(port, "port"))
			json_object_set(port, "targetPort", json_object_get(port, "port"));
	}
}

static void service_affinity(json_t *tree)
{
	if (strcmp(default_text(tree, "sessionAffinity"), "ClientIP") != 0) {
		json_object_del(tree, "sessionAffinityConfig");
		return;
	}
	json_t *config = default_object(tree, "sessionAffinityConfig");
	default_set_int(default_object(config, "clientIP"), "timeoutSeconds", 10800);
}

static void service_spec(json_t *tree)
{
	const char *type = default_text(tree, "type");
	bool balanced = strcmp(type, "LoadBalancer") == 0,
	     node_port = strcmp(type, "NodePort") == 0;
	bool cluster = strcmp(type, "ClusterIP") == 0;
	service_affinity(tree);
	service_ports(json_object_get(tree, "ports"));
	if (node_port || balanced ||
	    (cluster && json_array_size(json_object_get(tree, "externalIPs"))))
		default_set_text(tree, "externalTrafficPolicy", "Cluster");
	if (node_port || balanced || cluster)
		default_if_absent(tree, "internalTrafficPolicy", "Cluster");
	if (balanced)
		default_set_bool(tree, "allocateLoadBalancerNodePorts", true);
}

static void service(json_t *tree)
{
	size_t i;
	json_t *ingress;
	if (strcmp(default_text(json_object_get(tree, "spec"), "type"), "LoadBalancer") != 0)
		return;
	json_array_foreach (default_path(json_object_get(tree, "status"), "loadBalancer",
					 "ingress"),
			    i, ingress)
		if (*default_text(ingress, "ip"))
			default_set_text(ingress, "ipMode", "VIP");
}

static void requests_from_limits(json_t *tree)
{
	const char *name;
	json_t *limit, *resources = json_object_get(tree, "resources");
	json_t *limits = json_object_get(resources, "limits");
	if (json_object_size(limits) == 0)
		return;
	json_t *requests = default_object(resources, "requests");
	json_object_foreach (limits, name, limit)
		if (!default_has(requests, name))
			json_object_set(requests, name, limit);
}

static void host_ports(json_t *tree)
{
	size_t i;
	json_t *port;
	json_array_foreach (json_object_get(tree, "ports"), i, port)
		if (json_is_object(port) &&
		    json_integer_value(json_object_get(port, "hostPort")) == 0)
			json_object_set(port, "hostPort", json_object_get(port, "containerPort"));
}

static void pod(json_t *tree)
{
	static const char *const lists[] = { "containers", "initContainers" };
	json_t *spec = default_object(tree, "spec"), *item;
	size_t i;
	if (!json_is_object(spec))
		return;
	bool host_network = json_is_true(json_object_get(spec, "hostNetwork"));
	for (size_t k = 0; k < COUNT_OF(lists); k++) {
		json_array_foreach (json_object_get(spec, lists[k]), i, item) {
			requests_from_limits(item);
			if (host_network)
				host_ports(item);
		}
	}
	default_set_bool(spec, "enableServiceLinks", true);
	json_t *grace = json_object_get(spec, "terminationGracePeriodSeconds");
	if (json_is_integer(grace) && json_integer_value(grace) < 0)
		json_object_set_new(spec, "terminationGracePeriodSeconds", json_integer(1));
}

static void pod_spec(json_t *tree)
{
	default_set_text(tree, "serviceAccountName", default_text(tree, "serviceAccount"));
	if (*default_text(tree, "serviceAccountName"))
		json_object_set(tree, "serviceAccount",
				json_object_get(tree, "serviceAccountName"));
	else
		json_object_del(tree, "serviceAccountName");
}

static void pod_status(json_t *tree)
{
	json_t *ips = json_object_get(tree, "podIPs"), *first = json_array_get(ips, 0);
	const char *ip = default_text(tree, "podIP");
	if (!*ip && first)
		json_object_set_new(tree, "podIP", json_string(default_text(first, "ip")));
	else if (*ip && (!first || strcmp(default_text(first, "ip"), ip) != 0))
		json_object_set_new(tree, "podIPs", json_pack("[{s:s}]", "ip", ip));
}

static void namespace(json_t *tree)
{
	const char *name = default_text(json_object_get(tree, "metadata"), "name");
	if (*name)
		json_object_set_new(default_object(json_object_get(tree, "metadata"), "labels"),
				    "kubernetes.io/metadata.name", json_string(name));
}

static void node_status(json_t *tree)
{
	json_t *capacity = json_object_get(tree, "capacity");
	if (capacity && !default_has(tree, "allocatable"))
		json_object_set_new(tree, "allocatable", tree_copy(capacity));
}

static void fill(json_t *to, const json_t *from)
{
	const char *name;
	json_t *v;
	json_object_foreach ((json_t *)from, name, v)
		if (!default_has(to, name))
			json_object_set(to, name, v);
}

static void limit_range_item(json_t *tree)
{
	if (strcmp(default_text(tree, "type"), "Container") != 0)
		return;
	json_t *limit = default_object(tree, "default"),
	       *request = default_object(tree, "defaultRequest");
	fill(limit, json_object_get(tree, "max"));
	fill(request, limit);
	fill(request, json_object_get(tree, "min"));
}

const struct default_rule default_rules_core[] = {
	{ "core/v1.Container", container },
	{ "core/v1.EphemeralContainer", container },
	{ "core/v1.LimitRangeItem", limit_range_item },
	{ "core/v1.Namespace", namespace },
	{ "core/v1.NodeStatus", node_status },
	{ "core/v1.Pod", pod },
	{ "core/v1.PodSpec", pod_spec },
	{ "core/v1.PodStatus", pod_status },
	{ "core/v1.ReplicationController", replication_controller },
	{ "core/v1.Service", service },
	{ "core/v1.ServiceSpec", service_spec },
	{ "core/v1.Volume", volume },
};
const size_t default_rules_core_count = COUNT_OF(default_rules_core);
