/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/server/scheduler/sched_fixture.h"

#include <stdio.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/unit.h"

static const char *prefix_of(const struct api_resource *r)
{
	return r->storage_prefix;
}

static struct object *object_of(const struct api_resource *r, const char *ns, const char *name,
				const char *json)
{
	auto_buf key = { 0 };
	struct object *o;

	object_key(r, str_from(ns), str_from(name), &key);
	assert_int_equal(object_new(r, buf_view(&key), str_from(json), &o, NULL), 0);
	object_seal(o, 1);
	return o;
}

static const struct object *find(void *ctx, const struct api_resource *r, struct str ns,
				 struct str name)
{
	struct fixture *f = ctx;
	auto_free char *key = str_printf("%s/%.*s/%.*s", prefix_of(r), STR_ARG(ns), STR_ARG(name));

	return map_get(&f->objects, str_from(key));
}

static void each(void *ctx, const struct api_resource *r,
		 bool (*fn)(void *arg, const struct object *o), void *arg)
{
	struct fixture *f = ctx;
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&f->objects, &i));)
		if (((const struct object *)e->value)->resource == r && !fn(arg, e->value))
			return;
}

int fixture_setup(void **state)
{
	struct fixture *f = NEW(struct fixture);

	f->volumes.find = find;
	f->volumes.each = each;
	f->volumes.ctx = f;
	*state = f;
	return 0;
}

static void look_end(struct fixture *f)
{
	if (f->looked)
		sched_look_close(&f->look);
	f->looked = false;
	buf_free(&f->decision.message);
}

static void unref(void *o)
{
	object_unref(o);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	look_end(f);
	cluster_free(&f->cluster);
	volumes_free(&f->volumes);
	owners_free(&f->owners);
	budgets_free(&f->budgets);
	map_free(&f->objects, unref);
	pod_usage_free(&f->usage);
	object_unref(f->object);
	arena_free(&f->arena);
	free(f);
	return 0;
}

void add_node(struct fixture *f, const char *name, const char *meta, const char *spec,
	      const char *allocatable)
{
	auto_free char *json =
		str_printf("{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
			   "\"uid\":\"u\"%s},"
			   "\"spec\":{%s},\"status\":{\"allocatable\":{\"pods\":\"10\",%s}}}",
			   name, meta, spec, allocatable);
	struct object *o = object_of(API_CORE_V1_NODES, "", name, json);

	cluster_node_set(&f->cluster, o, NULL, NULL);
	assert_non_null(cluster_node(&f->cluster, str_from(name)));
	object_unref(o);
}

static char *pod_json(const char *name, const char *meta, const char *spec)
{
	return str_printf("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
			  "\"namespace\":\"d\",\"uid\":\"u-%s\"%s},\"spec\":{%s}}",
			  name, name, meta, spec);
}

void place(struct fixture *f, const char *name, const char *node, const char *meta,
	   const char *spec)
{
	auto_free char *key = str_printf("d/%s", name);
	auto_free char *with_node = str_printf("\"nodeName\":\"%s\",%s", node, spec);
	auto_free char *json = pod_json(name, meta, with_node);
	struct object *o = object_of(API_CORE_V1_PODS, "d", name, json);
	struct core_v1_pod pod = { 0 };

	assert_int_equal(object_decode(o, &f->arena, api_struct_core_v1_pod, &pod, NULL), 0);
	cluster_pod_set(&f->cluster, str_from(key), str_from(node), o, &pod, false);
	object_unref(o);
}

void add_object(struct fixture *f, const struct api_resource *r, const char *ns, const char *name,
		const char *meta, const char *members)
{
	auto_free char *key = str_printf("%s/%s/%s", prefix_of(r), ns, name);
	auto_free char *json = str_printf(
		"{\"kind\":\"%s\",\"apiVersion\":\"%s%s%s\",\"metadata\":{\"name\":\"%s\","
		"\"namespace\":\"%s\",\"uid\":\"u-%s\"%s}%s%s}",
		r->kind, r->group, *r->group ? "/" : "", r->version, name, ns, name, meta,
		*members ? "," : "", members);
	struct object *o = object_of(r, ns, name, json);

	object_unref(map_put(&f->objects, str_from(key), o));
	if (r == API_CORE_V1_PERSISTENTVOLUMES)
		volumes_set(&f->volumes, o);
	if (r == API_CORE_V1_SERVICES)
		owners_service(&f->owners, NULL, o);
	if (r == API_APPS_V1_REPLICASETS || r == API_APPS_V1_STATEFULSETS)
		owners_workload(&f->owners, NULL, o);
	if (r == API_POLICY_V1_PODDISRUPTIONBUDGETS)
		budgets_set(&f->budgets, o);
}

void read_pod(struct fixture *f, const char *meta, const char *spec)
{
	auto_free char *json = pod_json("p", meta, spec);

	look_end(f);
	object_unref(f->object);
	f->object = object_of(API_CORE_V1_PODS, "d", "p", json);
	memset(&f->pod, 0, sizeof(f->pod));
	assert_int_equal(object_decode(f->object, &f->arena, api_struct_core_v1_pod, &f->pod, NULL),
			 0);
	pod_usage_free(&f->usage);
	pod_usage_read(&f->pod, &f->usage);
}

const char *decide_pod(struct fixture *f)
{
	const struct sched_view view = { &f->cluster, &f->volumes, &f->owners };
	const struct sched_pod who = { &f->pod, f->object, &f->usage, STR("d/p") };

	look_end(f);
	sched_look_open(&f->look, &view, &who);
	f->looked = true;
	schedule_decide(&f->look, STR(""), 0, &f->decision);
	return f->decision.node ? f->decision.node->name : f->decision.message.p;
}

const char *decide_with(struct fixture *f, const char *meta, const char *spec)
{
	read_pod(f, meta, spec);
	return decide_pod(f);
}

const char *decide(struct fixture *f, const char *spec)
{
	return decide_with(f, "", spec);
}

void preempt(struct fixture *f, const char *spec, struct preemption *out)
{
	decide(f, spec);
	schedule_preempt(&f->look, &f->decision, &f->budgets, STR(""), 0, out);
}
