/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/queue.h"

static void set(struct sched_queue *q, const char *name, int priority, bool gated, int64_t now)
{
	auto_free char *key = str_printf("/registry/pods/d/%s", name),
		       *short_key = str_printf("d/%s", name);
	auto_free char *json =
		str_printf("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{"
			   "\"name\":\"%s\",\"namespace\":\"d\",\"uid\":"
			   "\"u\"},\"spec\":{\"priority\":%d%s}}",
			   name, priority, gated ? ",\"schedulingGates\":[{\"name\":\"g\"}]" : "");
	struct object *o;

	assert_int_equal(object_new(API_CORE_V1_PODS, str_from(key), str_from(json), &o, NULL), 0);
	object_seal(o, 1);
	assert_true(sched_queue_set(q, str_from(short_key), o, gated, now));
	object_unref(o);
}

static const char *pop(struct sched_queue *q, int64_t now)
{
	struct pending_pod *p = sched_queue_pop(q, now);

	return p ? p->key.p : "none";
}

#define FIT 1U /* turned away by the first plug-in: only a change of the pod itself helps */

/* Something that helps nobody in particular. */
static void wake(struct sched_queue *q, int64_t now)
{
	sched_queue_event(q, &(struct sched_event){ .what = SCHED_EVENT_NAMESPACE }, now);
}

static int setup(void **state)
{
	struct sched_queue *q = NEW(struct sched_queue);

	sched_queue_init(q);
	*state = q;
	return 0;
}

static int teardown(void **state)
{
	sched_queue_free(*state);
	free(*state);
	return 0;
}

static void priority_first_then_age(void **state)
{
	set(*state, "old", 0, false, 1);
	set(*state, "young", 0, false, 2);
	set(*state, "high", 7, false, 3);
	set(*state, "low", -1, false, 0);
	assert_string_equal(pop(*state, 5), "d/high");
	assert_string_equal(pop(*state, 5), "d/old");
	assert_string_equal(pop(*state, 5), "d/young");
	assert_string_equal(pop(*state, 5), "d/low");
	assert_string_equal(pop(*state, 5), "none");
}

static void parked_pods_wait_for_a_change_and_for_their_backoff(void **state)
{
	struct sched_queue *q = *state;

	set(q, "a", 0, false, 0);
	set(q, "busy", 0, false, 1);
	sched_queue_park(q, sched_queue_pop(q, 0), 0, 0);
	assert_string_equal(pop(q, 10), "d/busy");
	assert_string_equal(pop(q, 10000), "none");
	assert_int_equal(sched_queue_next_ms(q), SCHED_PARKED_MAX_MS);
	wake(q, 100);
	assert_int_equal(sched_queue_next_ms(q), SCHED_BACKOFF_MIN_MS);
	set(q, "other", 0, false, 1);
	assert_string_equal(pop(q, 999), "d/other"); /* whoever is active goes first */
	assert_string_equal(pop(q, 999), "d/a");     /* and backoff is cut short by idleness */
}

static void a_changed_status_does_not_wake_a_parked_pod_but_a_changed_spec_does(void **state)
{
	struct sched_queue *q = *state;

	set(q, "a", 0, false, 0);
	sched_queue_park(q, sched_queue_pop(q, 0), FIT, 0);
	set(q, "a", 0, false, 5); /* the same spec again */
	assert_string_equal(pop(q, 10000), "none");
	set(q, "a", 3, false, 6);
	assert_string_equal(pop(q, 10000), "d/a");
}

static void backoff_doubles_up_to_its_end(void **state)
{
	struct sched_queue *q = *state;
	const int64_t want[] = { 1000, 2000, 4000, 8000, 10000, 10000 };
	int64_t now = 0;

	set(q, "a", 0, false, 0);
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		sched_queue_retry(q, sched_queue_pop(q, now), now);
		assert_int_equal(sched_queue_next_ms(q), now + want[i]);
		now += want[i];
	}
}

static void a_gated_pod_only_moves_when_it_changes(void **state)
{
	struct sched_queue *q = *state;

	set(q, "a", 0, true, 0);
	wake(q, 1);
	assert_string_equal(pop(q, SCHED_PARKED_MAX_MS * 2), "none");
	assert_int_equal(sched_queue_next_ms(q), INT64_MAX);
	set(q, "a", 0, false, 2);
	assert_string_equal(pop(q, 3), "d/a");
}

static void a_parked_pod_is_tried_again_after_five_minutes_anyhow(void **state)
{
	struct sched_queue *q = *state;

	set(q, "a", 0, false, 0);
	sched_queue_park(q, sched_queue_pop(q, 0), FIT, 0);
	assert_string_equal(pop(q, SCHED_PARKED_MAX_MS), "d/a");
}

static uint32_t plugin(const char *name)
{
	for (size_t i = 0; i < sched_plugin_count; i++)
		if (!strcmp(sched_plugins[i]->name, name))
			return 1U << i;
	fail_msg("no plug-in %s", name);
	return 0;
}

/* What wakes a pod that this plug-in turned away? */
static void only_what_may_help_wakes_a_pod(void **state)
{
	struct core_v1_node node = { 0 }, cordoned = { .spec.unschedulable = true };
	const struct {
		const char *plugin;
		struct sched_event event;
		bool wakes;
	} cases[] = {
		{ "NodeResourcesFit", { .what = SCHED_EVENT_POD_DELETE }, true },
		{ "NodeResourcesFit", { .what = SCHED_EVENT_POD_ADD }, false },
		{ "NodeResourcesFit", { .what = SCHED_EVENT_VOLUME }, false },
		{ "NodeUnschedulable",
		  { .what = SCHED_EVENT_NODE_TAINTS, .node = &node, .node_before = &cordoned },
		  true },
		{ "NodeUnschedulable",
		  { .what = SCHED_EVENT_NODE_TAINTS, .node = &cordoned, .node_before = &node },
		  false },
		{ "InterPodAffinity", { .what = SCHED_EVENT_POD_ADD }, true },
		{ "InterPodAffinity", { .what = SCHED_EVENT_NAMESPACE }, true },
		{ "NodeAffinity", { .what = SCHED_EVENT_POD_DELETE }, false },
		{ "VolumeBinding", { .what = SCHED_EVENT_VOLUME }, true },
		{ "VolumeBinding", { .what = SCHED_EVENT_POD_DELETE }, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sched_queue *q = *state;
		struct pending_pod *p;

		set(q, "a", 0, false, 0);
		p = sched_queue_pop(q, 0);
		p->attempts = 0;
		sched_queue_park(q, p, plugin(cases[i].plugin), 0);
		sched_queue_event(q, &cases[i].event, 1);
		assert_string_equal(pop(q, 2), cases[i].wakes ? "d/a" : "none");
		sched_queue_del(q, STR("d/a"));
	}
}

static void who_waits_for_evictions_is_not_woken_before_they_are_done(void **state)
{
	struct sched_queue *q = *state;
	struct pending_pod *p;

	set(q, "a", 0, false, 0);
	p = sched_queue_pop(q, 0);
	sched_queue_park(q, p, plugin("NodeResourcesFit"), 0);
	p->held = true;
	sched_queue_event(q, &(struct sched_event){ .what = SCHED_EVENT_POD_DELETE }, 1);
	assert_string_equal(pop(q, 2), "none");
	sched_queue_release(q, p, true, 3);
	assert_string_equal(pop(q, 4), "d/a");
}

static void deleting_takes_it_from_wherever_it_is(void **state)
{
	struct sched_queue *q = *state;

	for (int i = 0; i < 5; i++) {
		char name[4];

		snprintf(name, sizeof(name), "p%d", i);
		set(q, name, i, false, i);
	}
	sched_queue_park(q, sched_queue_pop(q, 9), FIT, 9); /* p4 */
	sched_queue_retry(q, sched_queue_pop(q, 9), 9);     /* p3 */
	sched_queue_pop(q, 9);                              /* p2 in flight */
	sched_queue_del(q, STR("d/p4"));
	sched_queue_del(q, STR("d/p3"));
	sched_queue_del(q, STR("d/p2"));
	sched_queue_del(q, STR("d/p0"));
	wake(q, 10);
	assert_string_equal(pop(q, 100000), "d/p1");
	assert_string_equal(pop(q, 100000), "none");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(priority_first_then_age),
		T(parked_pods_wait_for_a_change_and_for_their_backoff),
		T(a_changed_status_does_not_wake_a_parked_pod_but_a_changed_spec_does),
		T(backoff_doubles_up_to_its_end),
		T(a_gated_pod_only_moves_when_it_changes),
		T(a_parked_pod_is_tried_again_after_five_minutes_anyhow),
		T(only_what_may_help_wakes_a_pod),
		T(who_waits_for_evictions_is_not_woken_before_they_are_done),
		T(deleting_takes_it_from_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
