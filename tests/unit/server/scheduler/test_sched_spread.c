/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/server/scheduler/sched_fixture.h"
#include "tests/unit/unit.h"

#define SPREAD(more)                                                              \
	"\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"zone\"," \
	"\"labelSelector\":{"                                                     \
	"\"matchLabels\":{\"app\":\"w\"}}," more "}],"
#define HARD    "\"whenUnsatisfiable\":\"DoNotSchedule\""
#define SOFT    "\"whenUnsatisfiable\":\"ScheduleAnyway\""
#define NOMATCH "node(s) didn't match pod topology spread constraints"

/* Zones 1, 2, 3 with one node each: a, b, c; c is tainted. Pods of the application: as many as `a`, `b`, `c` say. */
static void zones(struct fixture *f, int a, int b, int c)
{
	const int counts[] = { a, b, c };

	add_node(f, "a", ZONE("1"), "", "\"cpu\":\"64\"");
	add_node(f, "b", ZONE("2"), "", "\"cpu\":\"64\"");
	add_node(f, "c", ZONE("3"), "\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]",
		 "\"cpu\":\"64\"");
	for (int i = 0; i < 3; i++)
		for (int n = 0; n < counts[i]; n++) {
			char name[16], node[2] = { (char)('a' + i), 0 };

			snprintf(name, sizeof(name), "w-%d-%d", i, n);
			place(f, name, node, APP("w"), CONTAINER(""));
		}
}

static void constraints_as_a_table(void **state)
{
	const struct {
		int a, b, c;
		const char *spec, *want;
	} cases[] = {
		{ 1, 0, 0, SPREAD(HARD) CONTAINER(""), "b" },
		{ 0, 1, 0, SPREAD(HARD) CONTAINER(""), "a" },
		/* c counts although the pod can't go there: nothing may be ahead of it by more than one */
		{ 1, 1, 0, SPREAD(HARD) CONTAINER(""),
		  NODES(3) "1 node(s) had untolerated taint(s), 2 " NOMATCH "." },
		{ 1, 1, 0, SPREAD(HARD ",\"nodeTaintsPolicy\":\"Honor\"") CONTAINER(""), "a" },
		{ 1, 1, 1, SPREAD(HARD ",\"minDomains\":4") CONTAINER(""),
		  NODES(3) "1 node(s) had untolerated taint(s), 2 " NOMATCH "." },
		{ 2, 1, 0, SPREAD(SOFT) CONTAINER(""), "b" },
		/* by default nodes that the pod's own selector leaves out don't count */
		{ 1, 0, 0, "\"nodeSelector\":{\"zone\":\"1\"}," SPREAD(HARD) CONTAINER(""), "a" },
		{ 1, 0, 0,
		  "\"nodeSelector\":{\"zone\":\"1\"}," SPREAD(
			  HARD ",\"nodeAffinityPolicy\":\"Ignore\"") CONTAINER(""),
		  NODES(3) "1 node(s) didn't match Pod's node affinity/selector, 1 " NOMATCH
			   ", 1 node(s) had untolerated taint(s)." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		void *one;
		struct fixture *f;

		fixture_setup(&one);
		f = one;
		zones(f, cases[i].a, cases[i].b, cases[i].c);
		assert_string_equal(decide_with(f, APP("w"), cases[i].spec), cases[i].want);
		fixture_teardown(&one);
	}
}

static void an_empty_selector_counts_nobody(void **state)
{
	struct fixture *f = *state;

	zones(f, 3, 0, 0);
	assert_int_equal(strlen(decide_with(f, APP("w"),
					    "\"topologySpreadConstraints\":[{\"maxSkew\":1,"
					    "\"topologyKey\":\"zone\",\"labelSelector\":{}," HARD
					    "}]," CONTAINER(""))),
			 1);
}

static void counts_follow_every_change(void **state)
{
	struct fixture *f = *state;
	const char *spec = SPREAD(HARD ",\"nodeTaintsPolicy\":\"Honor\"") CONTAINER("");

	zones(f, 1, 0, 0);
	assert_string_equal(decide_with(f, APP("w"), spec), "b");
	place(f, "x", "b", APP("w"), CONTAINER(""));
	place(f, "y", "b", APP("w"), CONTAINER(""));
	assert_string_equal(decide_with(f, APP("w"), spec), "a");
	cluster_pod_del(&f->cluster, STR("d/x"));
	cluster_pod_del(&f->cluster, STR("d/y"));
	assert_string_equal(decide_with(f, APP("w"), spec), "b");
	add_node(f, "b", ZONE("1"), "", "\"cpu\":\"64\""); /* it moves: one zone is left */
	assert_int_equal(strlen(decide_with(f, APP("w"), spec)), 1);
	cluster_node_del(&f->cluster, STR("a"));
	assert_string_equal(decide_with(f, APP("w"), spec), "b");
}

static void pods_of_one_owner_are_spread_by_default(void **state)
{
	struct fixture *f = *state;
	const char *owner = ",\"labels\":{\"app\":\"w\"},\"ownerReferences\":[{\"apiVersion\":"
			    "\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"rs\",\"uid\":\"r\","
			    "\"controller\":true}]";

	add_object(f, API_APPS_V1_REPLICASETS, "d", "rs", "",
		   "\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"w\"}}}");
	add_node(f, "a", ",\"labels\":{\"kubernetes.io/hostname\":\"a\"}", "", "\"cpu\":\"64\"");
	add_node(f, "b", ",\"labels\":{\"kubernetes.io/hostname\":\"b\"}", "", "\"cpu\":\"64\"");
	place(f, "w1", "a", APP("w"), CONTAINER(""));
	place(f, "o1", "b", APP("o"), CONTAINER(""));
	place(f, "o2", "b", APP("o"), CONTAINER(""));
	assert_string_equal(decide_with(f, owner, CONTAINER("")), "b");
	assert_string_equal(decide_with(f, APP("w"), CONTAINER("")),
			    "a"); /* nobody's: the emptier */
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(constraints_as_a_table),
		T(an_empty_selector_counts_nobody),
		T(counts_follow_every_change),
		T(pods_of_one_owner_are_spread_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
