/* SPDX-License-Identifier: Apache-2.0 */
/* Each plug-in gives each node what upstream's gives it. recorded_scores.jsonl holds clusters and upstream's scores
 * (tests/differential/scheduler/scores.py writes it). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/server/scheduler/sched_fixture.h"
#include "tests/unit/unit.h"

#define RECORDED TEST_SOURCE_DIR "/tests/unit/server/scheduler/recorded_scores.jsonl"

static struct object *object_of(const struct api_resource *r, const json_t *tree)
{
	struct str ns = tree_get_str(tree, "metadata", "namespace", NULL);
	auto_free char *text = json_dumps(tree, JSON_COMPACT);
	auto_buf key = { 0 };
	struct object *o;

	object_key(r, ns, tree_get_str(tree, "metadata", "name", NULL), &key);
	assert_int_equal(object_new(r, buf_view(&key), str_from(text), &o, NULL), 0);
	object_seal(o, 1);
	return o;
}

static void key_of(const struct object *o, struct buf *out)
{
	buf_printf(out, "%.*s/%.*s", STR_ARG(o->ns), STR_ARG(o->name));
}

static void add_placed(struct fixture *f, const json_t *tree)
{
	struct object *o = object_of(API_CORE_V1_PODS, tree);
	struct core_v1_pod pod = { 0 };
	auto_buf key = { 0 };

	key_of(o, &key);
	assert_int_equal(object_decode(o, &f->arena, api_struct_core_v1_pod, &pod, NULL), 0);
	cluster_pod_set(&f->cluster, buf_view(&key), pod.spec.node_name, o, &pod, false);
	object_unref(o);
}

static void set_up(struct fixture *f, const json_t *record)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(record, "nodes"), i, item) {
		struct object *o = object_of(API_CORE_V1_NODES, item);

		cluster_node_set(&f->cluster, o, NULL, NULL);
		object_unref(o);
	}
	json_array_foreach (json_object_get(record, "services"), i, item) {
		struct object *o = object_of(API_CORE_V1_SERVICES, item);

		owners_service(&f->owners, NULL, o);
		object_unref(o);
	}
	json_array_foreach (json_object_get(record, "placed"), i, item)
		add_placed(f, item);
}

/* A plug-in that has nothing to say gives all nodes the same. */
static bool all_alike(const json_t *scores, const char *plugin)
{
	const char *node;
	const json_t *of_node, *first = NULL;

	json_object_foreach ((json_t *)scores, node, of_node) {
		const json_t *now = json_object_get(of_node, plugin);

		if (first && json_integer_value(first) != json_integer_value(now))
			return false;
		first = now;
	}
	return true;
}

static void compare(struct sched_look *look, const json_t *record, size_t plugin)
{
	const json_t *scores = json_object_get(record, "scores"), *of_node;
	const char *name = sched_plugins[plugin]->name, *node;
	struct node_info *nodes[64];
	int64_t ours[64];
	size_t n = 0;
	bool any;

	json_object_foreach ((json_t *)scores, node, of_node) {
		nodes[n] = cluster_node(look->cycle.cluster, str_from(node));
		assert_non_null(nodes[n]);
		n++;
	}
	any = sched_look_score(look, plugin, nodes, n, ours);
	for (size_t i = 0; i < n; i++) {
		const json_t *theirs =
			json_object_get(json_object_get(scores, nodes[i]->name), name);

		if (any && theirs && json_integer_value(theirs) != ours[i])
			fail_msg("%s: %s gives %s %lld, upstream %lld",
				 json_string_value(json_object_get(record, "name")), name,
				 nodes[i]->name, (long long)ours[i],
				 (long long)json_integer_value(theirs));
		if (any && !theirs && ours[i] != ours[0])
			fail_msg("%s: %s tells nodes apart, upstream doesn't",
				 json_string_value(json_object_get(record, "name")), name);
	}
	if (!any && !all_alike(scores, name))
		fail_msg("%s: %s has nothing to say, upstream has",
			 json_string_value(json_object_get(record, "name")), name);
}

/* Those that upstream scored are those that fit. */
static void fit(struct sched_look *look, const json_t *record)
{
	const json_t *scores = json_object_get(record, "scores");
	struct cluster *c = look->cycle.cluster;
	struct verdict v;

	for (size_t i = 0; i < c->nlist; i++) {
		bool fits = sched_look_fits(look, c->list[i], &v);

		if (fits != (json_object_get(scores, c->list[i]->name) != NULL))
			fail_msg("%s: node %s %s",
				 json_string_value(json_object_get(record, "name")),
				 c->list[i]->name, fits ? "fits" : v.why[0]);
	}
}

static void check(const json_t *record)
{
	void *state = NULL;
	struct fixture *f;
	struct sched_look look;
	auto_buf key = { 0 };

	fixture_setup(&state);
	f = state;
	set_up(f, record);
	f->object = object_of(API_CORE_V1_PODS, json_object_get(record, "pod"));
	assert_int_equal(object_decode(f->object, &f->arena, api_struct_core_v1_pod, &f->pod, NULL),
			 0);
	pod_usage_read(&f->pod, &f->usage);
	key_of(f->object, &key);
	const struct sched_view view = { &f->cluster, NULL, &f->owners };
	const struct sched_pod who = { &f->pod, f->object, &f->usage, buf_view(&key) };

	sched_look_open(&look, &view, &who);
	fit(&look, record);
	for (size_t i = 0; i < sched_plugin_count; i++)
		compare(&look, record, i);
	sched_look_close(&look);
	fixture_teardown(&state);
}

static void plugins_score_as_upstreams_do(void **state)
{
	FILE *file = fopen(RECORDED, "r");
	auto_free char *line = NULL;
	size_t cap = 0, n = 0;

	(void)state;
	assert_non_null(file);
	for (; getline(&line, &cap, file) > 0; n++) {
		json_t *record = json_loads(line, 0, NULL);

		assert_non_null(record);
		check(record);
		json_decref(record);
	}
	fclose(file);
	assert_true(n > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(plugins_score_as_upstreams_do) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
