/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/mem.h"
#include "server/controllers/autoscaling/scaling_rules.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define SECOND 1000000LL
#define NOW    (1000000 * SECOND)

static const void *behavior(struct workload_fixture *f, const char *json)
{
	return *json ? workload_read(f,
				     api_struct_autoscaling_v2_horizontal_pod_autoscaler_behavior,
				     json)
		     : NULL;
}

static struct scaling_rules rules(struct workload_fixture *f, const char *json, int current)
{
	return (struct scaling_rules){ .behavior = behavior(f, json),
				       .min = 1,
				       .max = 100,
				       .current = current,
				       .patience_us = 300 * SECOND,
				       .now_us = NOW };
}

#define UP(x)                                                                                   \
	"{\"scaleUp\":{" x "},\"scaleDown\":{\"selectPolicy\":\"Max\",\"policies\":[{\"type\":" \
	"\"Percent\",\"value\":100,\"periodSeconds\":15}]}}"
#define DOWN(x)                                                                                   \
	"{\"scaleUp\":{\"selectPolicy\":\"Max\",\"stabilizationWindowSeconds\":0,\"policies\":[{" \
	"\"type\":\"Percent\",\"value\":100,\"periodSeconds\":15}]},\"scaleDown\":{"              \
	"\"stabilizationWindowSeconds\":0," x "}}"
#define PODS(n, s)    "{\"type\":\"Pods\",\"value\":" #n ",\"periodSeconds\":" #s "}"
#define PERCENT(n, s) "{\"type\":\"Percent\",\"value\":" #n ",\"periodSeconds\":" #s "}"

static void limits_of_size_and_of_speed(void **state)
{
	static const struct {
		const char *behavior;
		int current, asked, replicas;
		const char *limited, *reason;
	} cases[] = {
		{ "", 3, 5, 5, "False", "DesiredWithinRange" },
		{ "", 1, 9, 4, "True", "ScaleUpLimit" },    /* four at least */
		{ "", 10, 50, 20, "True", "ScaleUpLimit" }, /* twice as many at most */
		{ "", 60, 110, 100, "True", "TooManyReplicas" },
		{ "", 3, 0, 1, "True", "TooFewReplicas" },
		{ "{}", 1, 9, 5, "True",
		  "ScaleUpLimit" }, /* defaults: the larger of four and all */
		{ "{}", 10, 50, 20, "True", "ScaleUpLimit" },
		{ UP("\"selectPolicy\":\"Max\",\"policies\":[" PODS(2, 60) "," PERCENT(50, 60) "]"),
		  10, 50, 15, "True", "ScaleUpLimit" },
		{ UP("\"selectPolicy\":\"Min\",\"policies\":[" PODS(2, 60) "," PERCENT(50, 60) "]"),
		  10, 50, 12, "True", "ScaleUpLimit" },
		{ UP("\"selectPolicy\":\"Disabled\""), 10, 50, 10, "True", "ScaleUpLimit" },
		{ UP("\"selectPolicy\":\"Max\",\"policies\":[" PERCENT(5, 60) "]"), 1, 9, 2, "True",
		  "ScaleUpLimit" }, /* rounded up */
		{ UP("\"selectPolicy\":\"Max\",\"policies\":[" PODS(500, 60) "]"), 60, 110, 100,
		  "True", "TooManyReplicas" },
		{ DOWN("\"selectPolicy\":\"Max\",\"policies\":[" PODS(2, 60) "," PERCENT(50,
											 60) "]"),
		  10, 1, 5, "True", "ScaleDownLimit" },
		{ DOWN("\"selectPolicy\":\"Min\",\"policies\":[" PODS(2, 60) "," PERCENT(50,
											 60) "]"),
		  10, 1, 8, "True", "ScaleDownLimit" },
		{ DOWN("\"selectPolicy\":\"Disabled\""), 10, 1, 10, "True", "ScaleDownLimit" },
		{ DOWN("\"selectPolicy\":\"Max\",\"policies\":[" PERCENT(100, 60) "]"), 10, 0, 1,
		  "True", "TooFewReplicas" },
		{ DOWN("\"selectPolicy\":\"Max\",\"policies\":[" PERCENT(30, 60) "]"), 10, 10, 10,
		  "False", "DesiredWithinRange" },
	};
	struct workload_fixture *f = *state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scaling_memory m = { 0 };
		struct scaling_rules r = rules(f, cases[i].behavior, cases[i].current);
		struct scaling_verdict v = scaling_decide(&m, &r, cases[i].asked);
		assert_int_equal(v.replicas, cases[i].replicas);
		assert_string_equal(v.limited, cases[i].limited);
		assert_string_equal(v.limited_reason, cases[i].reason);
		assert_string_equal(v.able_reason, "ReadyForNewScale");
		scaling_memory_free(&m);
	}
}

static void going_down_waits_until_nobody_has_asked_for_more_lately(void **state)
{
	struct workload_fixture *f = *state;
	struct scaling_memory m = { 0 };
	struct scaling_rules r = rules(f, "", 10);
	struct scaling_verdict v;

	scaling_begin(&m, 10, r.now_us);
	v = scaling_decide(&m, &r, 4);
	assert_int_equal(v.replicas, 10);
	assert_string_equal(v.able_reason, "ScaleDownStabilized");
	r.now_us += 200 * SECOND;
	assert_int_equal(scaling_decide(&m, &r, 6).replicas, 10);
	r.now_us += 150 * SECOND; /* the ten are too old now, the six are not */
	assert_int_equal(scaling_decide(&m, &r, 4).replicas, 6);
	r.now_us += 200 * SECOND;
	v = scaling_decide(&m, &r, 4);
	assert_int_equal(v.replicas, 4);
	assert_string_equal(v.able_reason, "ReadyForNewScale");
	scaling_memory_free(&m);
}

static void windows_hold_back_both_ways(void **state)
{
	struct workload_fixture *f = *state;
	struct scaling_memory m = { 0 };
	struct scaling_rules r =
		rules(f,
		      "{\"scaleUp\":{\"stabilizationWindowSeconds\":60,\"selectPolicy\":\"Max\","
		      "\"policies\":[" PODS(
			      100, 15) "]},\"scaleDown\":{\"stabilizationWindowSeconds\":120,"
				       "\"selectPolicy\":\"Max\",\"policies\":[" PERCENT(100,
											 15) "]}}",
		      5);
	struct scaling_verdict v;

	scaling_begin(&m, 5, r.now_us);
	r.now_us += SECOND;
	v = scaling_decide(&m, &r, 9);
	assert_int_equal(v.replicas, 5);
	assert_string_equal(v.able_reason, "ScaleUpStabilized");
	r.now_us += 61 * SECOND;
	assert_int_equal(scaling_decide(&m, &r, 8).replicas, 8); /* the lowest of the last minute */
	r.current = 8;
	r.now_us += SECOND;
	v = scaling_decide(&m, &r, 2);
	assert_int_equal(v.replicas, 8);
	assert_string_equal(v.able_reason, "ScaleDownStabilized");
	r.now_us += 121 * SECOND;
	assert_int_equal(scaling_decide(&m, &r, 3).replicas, 3);
	scaling_memory_free(&m);
}

static void changes_of_a_period_count_against_its_policies(void **state)
{
	struct workload_fixture *f = *state;
	struct scaling_memory m = { 0 };
	struct scaling_rules r =
		rules(f, UP("\"selectPolicy\":\"Max\",\"policies\":[" PODS(3, 60) "]"), 5);

	assert_int_equal(scaling_decide(&m, &r, 20).replicas, 8);
	scaling_changed(&m, &r, 8);
	r.current = 8;
	r.now_us += 10 * SECOND;
	assert_int_equal(scaling_decide(&m, &r, 20).replicas,
			 8); /* the three of this minute are used up */
	r.now_us += 51 * SECOND;
	assert_int_equal(scaling_decide(&m, &r, 20).replicas, 11);
	scaling_memory_free(&m);
}

static void what_is_remembered_does_not_grow(void **state)
{
	struct workload_fixture *f = *state;
	struct scaling_memory m = { 0 };
	struct scaling_rules r =
		rules(f, UP("\"selectPolicy\":\"Max\",\"policies\":[" PODS(3, 60) "]"), 5);

	for (int i = 0; i < 10000; i++) {
		r.now_us += 15 * SECOND;
		scaling_decide(&m, &r, 5 + i % 2);
		scaling_changed(&m, &r, i % 2 ? 4 : 6);
	}
	assert_in_range(m.asked.n, 1, 30);
	assert_in_range(m.up.n, 1, 10);
	assert_in_range(m.down.n, 1, 10);
	scaling_memory_free(&m);
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(limits_of_size_and_of_speed),
		T(going_down_waits_until_nobody_has_asked_for_more_lately),
		T(windows_hold_back_both_ways),
		T(changes_of_a_period_count_against_its_policies),
		T(what_is_remembered_does_not_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
