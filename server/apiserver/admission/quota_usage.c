/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/admission/quota_usage.h"

#include <stdio.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/admission/amount_map.h"
#include "server/apiserver/admission/quota_pod.h"

#define NAME_BYTES     512
#define STORAGE_SUFFIX ".storageclass.storage.k8s.io/"
#define DEVICE_SUFFIX  ".deviceclass.resource.k8s.io/devices"
#define DEVICES_MAX    32 /* of one allocation: what "All" counts as */

static void count_name(const struct api_resource *res, char out[NAME_BYTES])
{
	snprintf(out, NAME_BYTES, "count/%s%s%s", res->plural, res->group[0] ? "." : "",
		 res->group);
}

static bool ends(const char *text, const char *end)
{
	return str_ends(str_from(text), str_from(end));
}

static void put_count(json_t *usage, const char *name, int64_t n)
{
	amount_put(usage, name, quantity_from_i64(n, QUANTITY_DECIMAL_SI));
}

/* ---- services ---- */

static bool service_name(const char *name)
{
	return !strcmp(name, "services") || !strcmp(name, "services.nodeports") ||
	       !strcmp(name, "services.loadbalancers");
}

static int64_t ports_named(const json_t *ports)
{
	int64_t n = 0;
	size_t i;
	json_t *port;
	json_array_foreach ((json_t *)ports, i, port)
		n += tree_int(json_object_get(port, "nodePort"), 0) != 0;
	return n;
}

/* Node ports may not have been given out yet: what is meant counts. */
static void service_usage(const json_t *service, json_t *usage)
{
	const json_t *spec = json_object_get(service, "spec"),
		     *ports = json_object_get(spec, "ports");
	struct str type = tree_get_str(spec, "type", NULL);
	bool balancer = str_eqz(type, "LoadBalancer");
	int64_t n = str_eqz(type, "NodePort") || balancer ? (int64_t)json_array_size(ports) : 0;
	if (balancer && json_is_false(json_object_get(spec, "allocateLoadBalancerNodePorts")))
		n = ports_named(ports);
	put_count(usage, "services", 1);
	put_count(usage, "services.loadbalancers", balancer);
	put_count(usage, "services.nodeports", n);
}

/* ---- claims ---- */

static bool claim_name(const char *name)
{
	return !strcmp(name, "persistentvolumeclaims") || !strcmp(name, "requests.storage") ||
	       ends(name, STORAGE_SUFFIX "persistentvolumeclaims") ||
	       ends(name, STORAGE_SUFFIX "requests.storage");
}

static bool claim_size(const json_t *claim, struct quantity *out)
{
	struct quantity allocated;
	if (!amount_get(tree_get(claim, "spec", "resources", "requests", NULL), "storage", out))
		return false;
	if (amount_get(tree_get(claim, "status", "allocatedResources", NULL), "storage",
		       &allocated) &&
	    quantity_cmp(allocated, *out) > 0)
		*out = allocated;
	if (out->nano % 1000000000)
		*out = quantity_from_i64(quantity_i64(*out), out->format);
	return true;
}

static void claim_usage(const json_t *claim, json_t *usage)
{
	struct str class = meta_annotation(claim, "volume.beta.kubernetes.io/storage-class");
	struct quantity size;
	char name[NAME_BYTES];
	if (class.n == 0)
		class = tree_get_str(claim, "spec", "storageClassName", NULL);
	put_count(usage, "persistentvolumeclaims", 1);
	snprintf(name, sizeof(name), "%.*s%s", STR_ARG(class),
		 STORAGE_SUFFIX "persistentvolumeclaims");
	if (class.n)
		put_count(usage, name, 1);
	if (!claim_size(claim, &size))
		return;
	amount_put(usage, "requests.storage", size);
	snprintf(name, sizeof(name), "%.*s%s", STR_ARG(class), STORAGE_SUFFIX "requests.storage");
	if (class.n)
		amount_put(usage, name, size);
}

static bool class_in(struct str class, struct str operator, const json_t * values)
{
	size_t i;
	json_t *v;
	if (str_eqz(operator, "Exists"))
		return class.n > 0;
	if (str_eqz(operator, "DoesNotExist"))
		return class.n == 0;
	json_array_foreach ((json_t *)values, i, v)
		if (class.n && str_eq(tree_str(v), class))
			return str_eqz(operator, "In");
	return str_eqz(operator, "NotIn");
}

/* The class that is asked for, the one that it has, and the one on its way. */
static bool claim_in_scope(const json_t *claim, struct str operator, const json_t * values)
{
	const struct str names[] = {
		tree_get_str(claim, "spec", "volumeAttributesClassName", NULL),
		tree_get_str(claim, "status", "currentVolumeAttributesClassName", NULL),
		tree_get_str(claim, "status", "modifyVolumeStatus",
			     "targetVolumeAttributesClassName", NULL),
	};
	bool any = false;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		any = any || names[i].n;
		if (names[i].n && class_in(names[i], operator, values))
			return true;
	}
	return !any && class_in(STR(""), operator, values);
}

/* ---- device claims ---- */

static bool device_name(const char *name)
{
	return ends(name, DEVICE_SUFFIX);
}

static int64_t devices_of(const json_t *request)
{
	struct str mode = tree_get_str(request, "allocationMode", NULL);
	if (str_eqz(mode, "All"))
		return DEVICES_MAX;
	return str_eqz(mode, "ExactCount") ? tree_int(json_object_get(request, "count"), 0) : 0;
}

static void put_devices(json_t *to, const json_t *request, bool most)
{
	char name[NAME_BYTES];
	struct quantity have = { 0 },
			n = quantity_from_i64(devices_of(request), QUANTITY_DECIMAL_SI);
	snprintf(name, sizeof(name), "%.*s%s",
		 STR_ARG(tree_get_str(request, "deviceClassName", NULL)), DEVICE_SUFFIX);
	bool there = amount_get(to, name, &have);
	if (!most)
		n = there ? quantity_add(have, n) : n;
	if (!there || !most || quantity_cmp(n, have) > 0)
		amount_put(to, name, n);
}

/* Of alternatives the worst one counts, class by class. */
static void device_usage(const json_t *claim, json_t *usage)
{
	size_t i, k;
	json_t *request, *choice;
	json_array_foreach (tree_get(claim, "spec", "devices", "requests", NULL), i, request) {
		const json_t *choices = json_object_get(request, "firstAvailable"),
			     *exactly = json_object_get(request, "exactly");
		json_t *worst = json_object();
		json_array_foreach ((json_t *)choices, k, choice)
			put_devices(worst, choice, true);
		amount_map_add(usage, worst);
		if (json_array_size(choices) == 0 && exactly)
			put_devices(usage, exactly, false);
		json_decref(worst);
	}
}

/* ---- the table ---- */

static const struct row {
	const char *group, *plural;
	const char *alias; /* the old name of the count */
	bool on_update;
	bool (*name)(const char *name);
	void (*usage)(const json_t *object, json_t *usage);
} rows[] = {
	{ "", "services", NULL, true, service_name, service_usage },
	{ "", "persistentvolumeclaims", NULL, true, claim_name, claim_usage },
	{ "resource.k8s.io", "resourceclaims", NULL, true, device_name, device_usage },
	{ "", "configmaps", "configmaps", false, NULL, NULL },
	{ "", "secrets", "secrets", false, NULL, NULL },
	{ "", "resourcequotas", "resourcequotas", false, NULL, NULL },
	{ "", "replicationcontrollers", "replicationcontrollers", false, NULL, NULL },
};

static bool is(const struct api_resource *res, const char *group, const char *plural)
{
	return !strcmp(res->plural, plural) && !strcmp(res->group, group);
}

static bool is_pod(const struct api_resource *res)
{
	return is(res, "", "pods");
}

static const struct row *row_of(const struct api_resource *res)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (is(res, rows[i].group, rows[i].plural))
			return &rows[i];
	return NULL;
}

/* What is not kept is not counted, and events never were. */
static bool is_ignored(const struct api_resource *res)
{
	return !strcmp(res->plural, "events") || !strcmp(res->group, "authentication.k8s.io") ||
	       !strcmp(res->group, "authorization.k8s.io") || is(res, "", "bindings") ||
	       is(res, "", "componentstatuses");
}

bool quota_handles(const struct api_resource *res, const char *subresource, const json_t *new,
		   const json_t *old)
{
	const struct row *row = row_of(res);
	if (!res->namespaced || is_ignored(res))
		return false;
	if (is_pod(res) && !strcmp(subresource, "resize"))
		return true;
	if (is(res, "", "persistentvolumeclaims") && !strcmp(subresource, "status"))
		return true;
	if (subresource[0])
		return false;
	if (!old)
		return true;
	if (is_pod(res))
		return quota_pod_terminating(new) != quota_pod_terminating(old);
	return row && row->on_update;
}

bool quota_matches_name(const struct api_resource *res, const char *name)
{
	char count[NAME_BYTES];
	const struct row *row = row_of(res);
	count_name(res, count);
	if (!strcmp(name, count))
		return true;
	if (is_pod(res))
		return quota_pod_name(name);
	if (row && row->alias && !strcmp(name, row->alias))
		return true;
	return row && row->name && row->name(name);
}

bool quota_in_scope(const struct api_resource *res, const json_t *object, struct str scope,
		    struct str operator, const json_t * values)
{
	if (is_pod(res)) {
		if (str_eqz(scope, "PriorityClass"))
			return class_in(
				tree_get_str(object, "spec", "priorityClassName", NULL), operator,
				values);
		return quota_pod_in_scope(object, scope);
	}
	return is(res, "", "persistentvolumeclaims") && str_eqz(scope, "VolumeAttributesClass") &&
	       claim_in_scope(object, operator, values);
}

json_t *quota_usage_new(const struct api_resource *res, const json_t *object, int64_t now_s)
{
	json_t *usage = json_object();
	char count[NAME_BYTES];
	const struct row *row = row_of(res);
	count_name(res, count);
	put_count(usage, count, 1);
	if (is_pod(res))
		quota_pod_usage(object, now_s, usage);
	else if (row && row->alias)
		put_count(usage, row->alias, 1);
	else if (row && row->usage)
		row->usage(object, usage);
	return usage;
}

bool quota_constraints_hold(const struct api_resource *res, const json_t *hard,
			    const json_t *object, struct buf *out)
{
	return !is_pod(res) || quota_pod_constraints_hold(hard, object, out);
}
