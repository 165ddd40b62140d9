/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/bootstrap_objects.h"

#include <stdlib.h>

#include "api/apply/managed_fields.h"
#include "api/codec.h"
#include "api/object/meta.h"
#include "api/registry.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "embed/blob.h"
#include "generated/api_tables.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/server.h"

struct maker {
	struct apiserver *s;
	struct bootstrap_objects *out;
	int64_t now_s;
	char now[TIME_TEXT_MAX];
};

struct managers { /* who upstream says wrote the object, and its status */
	const char *object, *status;
};

static bool exists(const struct maker *m, const struct api_resource *res, struct str key)
{
	const struct object *o = cache_get(server_cache(m->s, res), key);
	object_unref(o);
	return o != NULL;
}

static void op_add(struct maker *m, struct object *o)
{
	struct bootstrap_objects *out = m->out;
	out->ops = mem_array_grow(out->ops, &out->cap, out->n + 1, sizeof(*out->ops));
	out->ops[out->n++] = (struct store_op){ .type = STORE_PUT,
						.key = o->key,
						.value = o->json,
						.expect = STORE_ABSENT,
						.item = o };
}

static void times_fill(const struct maker *m, json_t *tree)
{
	size_t i;
	json_t *condition;
	json_array_foreach (tree_get(tree, "status", "conditions", NULL), i, condition)
		json_object_set_new(condition, "lastTransitionTime", json_string(m->now));
}

/* Who applies conditions owns them, not their list, and not what is empty. */
static void list_disown(json_t *entry)
{
	json_t *conditions = tree_get(entry, "fieldsV1", "f:status", "f:conditions", NULL);
	json_object_del(conditions, ".");
	json_object_del(json_object_get(conditions, "k:{\"type\":\"Ready\"}"), "f:reason");
}

/* First all but the status, by one; then that, by another. */
static void managers_note(const struct maker *m, const struct api_resource *res,
			  const struct managers *by, json_t *tree)
{
	char version[256];
	api_version_text(res, version, sizeof(version));
	json_t *status = json_incref(json_object_get(tree, "status"));
	struct managed_by object = { .manager = str_from(by->object),
				     .operation = STR("Update"),
				     .api_version = str_from(version),
				     .now_s = m->now_s },
			  later = { .manager = str_from(by->status ? by->status : ""),
				    .operation = STR("Apply"),
				    .subresource = STR("status"),
				    .api_version = str_from(version),
				    .now_s = m->now_s };
	json_object_del(tree, "status");
	managed_update(res, NULL, tree, &object, NULL);
	if (status && by->status) {
		json_t *old = tree_copy(tree);
		json_object_set(tree, "status", status);
		managed_update(res, old, tree, &later, NULL);
		list_disown(json_array_get(json_object_get(meta_of(tree), "managedFields"), 0));
		json_decref(old);
	} else if (status) {
		json_object_set(tree, "status", status);
	}
	json_decref(status);
}

/* `tree` has metadata.name; it is used up. */
static void make(struct maker *m, const struct api_resource *res, const struct managers *by,
		 json_t *tree)
{
	char uid[UUID_TEXT + 1], version[256];
	auto_buf key = { 0 };
	auto_buf json = { 0 };
	auto_err err = { 0 };
	struct object *o = NULL;
	object_key(res, STR(""), meta_name(tree), &key);
	if (!exists(m, res, buf_view(&key))) {
		uuid_new(uid);
		api_version_text(res, version, sizeof(version));
		json_object_set_new(tree, "apiVersion", json_string(version));
		json_object_set_new(tree, "kind", json_string(res->kind));
		meta_set_text(tree, "uid", str_from(uid));
		meta_set_text(tree, "creationTimestamp", str_from(m->now));
		times_fill(m, tree);
		managers_note(m, res, by, tree);
		if (api_json_write(res->type, tree, true, &json, &err) == 0 &&
		    object_new(res, buf_view(&key), buf_view(&json), &o, &err) == 0)
			op_add(m, o);
		else
			log_error("cannot make a system object", LOG_STR("key", buf_view(&key)),
				  LOG_S("error", err_text(&err)));
	}
	json_decref(tree);
}

/* ---- flow control ---- */

static void make_flow(struct maker *m)
{
	static const struct managers by = { "api-priority-and-fairness-config-producer-v1",
					    "api-priority-and-fairness-config-consumer-v1" };
	const struct blob *b = blob_find("objects/flow.txt");
	struct str rest = b ? str_of((const char *)b->data, b->n) : STR(""), line;
	while (str_next(&rest, '\n', &line)) {
		struct str version, plural;
		json_t *tree = NULL;
		if (line.n == 0 || *line.p == '#')
			continue;
		str_next(&line, ' ', &version);
		str_next(&line, ' ', &plural);
		if (api_json_parse(line, &tree, NULL, NULL) < 0)
			continue;
		meta_set_int(tree, "generation", 1);
		const struct api_resource *res =
			api_resource_find(STR("flowcontrol.apiserver.k8s.io"), STR("v1"), plural);
		make(m, res, &by, tree);
	}
}

/* ---- the API's own services ---- */

/* Upstream's numbers, where they are not those that order our discovery, or the version's is not 15. */
static void priorities(const struct api_group_version *gv, int *group, int *version)
{
	static const struct {
		const char *group, *version;
		int group_priority, version_priority;
	} others[] = { { "", "v1", 18000, 1 },
		       { "admissionregistration.k8s.io", "v1", 16700, 15 },
		       { "autoscaling", "v2", 17500, 30 },
		       { "flowcontrol.apiserver.k8s.io", "v1", 16100, 21 },
		       { "metrics.k8s.io", "v1beta1", 100, 100 },
		       { "resource.k8s.io", "v1", 16200, 21 } };
	*group = gv->priority;
	*version = 15;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (!strcmp(gv->group, others[i].group) &&
		    !strcmp(gv->version, others[i].version)) {
			*group = others[i].group_priority;
			*version = others[i].version_priority;
		}
}

static json_t *api_service_new(const struct api_group_version *gv)
{
	auto_buf name = { 0 };
	int group, version;
	priorities(gv, &group, &version);
	buf_printf(&name, "%s.%s", gv->version, gv->group);
	json_t *spec = json_pack("{s:s,s:i,s:i}", "version", gv->version, "groupPriorityMinimum",
				 group, "versionPriority", version);
	if (gv->group[0])
		json_object_set_new(spec, "group", json_string(gv->group));
	return json_pack("{s:{s:s,s:{s:s}},s:o,s:{s:[{s:s,s:s,s:s,s:s}]}}", "metadata", "name",
			 name.p, "labels", "kube-aggregator.kubernetes.io/automanaged", "onstart",
			 "spec", spec, "status", "conditions", "type", "Available", "status",
			 "True", "reason", "Local", "message",
			 "Local APIServices are always available");
}

static bool is_served(const struct api_group_version *gv)
{
	return gv->priority > 0 && strcmp(gv->group, "apiregistration.k8s.io");
}

static void make_api_services(struct maker *m)
{
	static const struct managers by = { "kube-apiserver", NULL };
	const struct api_resource *res =
		api_resource_find(STR("apiregistration.k8s.io"), STR("v1"), STR("apiservices"));
	for (size_t i = 0; i < api_group_versions_count; i++)
		if (is_served(&api_group_versions[i]))
			make(m, res, &by, api_service_new(&api_group_versions[i]));
}

/* ---- the range of service addresses ---- */

static void make_service_range(struct maker *m)
{
	static const struct managers by = { "kube-apiserver",
					    "kubernetes-service-cidr-controller" };
	const struct api_resource *res =
		api_resource_find(STR("networking.k8s.io"), STR("v1"), STR("servicecidrs"));
	struct str rest = str_from(m->s->service_cidr), one;
	json_t *cidrs = json_array();
	while (str_next(&rest, ',', &one)) {
		one = str_trim(one);
		json_array_append_new(cidrs, json_stringn(one.p, one.n));
	}
	make(m, res, &by,
	     json_pack("{s:{s:s},s:{s:o},s:{s:[{s:s,s:s,s:s,s:s}]}}", "metadata", "name",
		       "kubernetes", "spec", "cidrs", cidrs, "status", "conditions", "type",
		       "Ready", "status", "True", "reason", "", "message",
		       "Kubernetes default Service CIDR is ready"));
}

void bootstrap_objects_make(struct apiserver *s, struct bootstrap_objects *out)
{
	struct maker m = { .s = s, .out = out, .now_s = clock_wall_s(s->clock) };
	time_format(m.now_s, m.now);
	make_service_range(&m);
	make_flow(&m);
	make_api_services(&m);
}

void bootstrap_objects_free(struct bootstrap_objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		object_unref(o->ops[i].item);
	free(o->ops);
}
