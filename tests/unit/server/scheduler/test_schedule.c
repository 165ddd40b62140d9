/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/scheduler/pod_status.h"
#include "tests/unit/server/scheduler/sched_fixture.h"
#include "tests/unit/unit.h"

static void each_reason_in_upstreams_words(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(decide(f, CONTAINER("")), "no nodes available to schedule pods");
	add_node(f, "one", ",\"labels\":{\"zone\":\"a\"}", "", "\"cpu\":\"2\",\"memory\":\"1Gi\"");
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"3\"")),
			    "0/1 nodes are available: 1 Insufficient cpu.");
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"3\",\"memory\":\"2Gi\"")),
			    "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.");
	assert_string_equal(decide(f, CONTAINER("\"example.com/gpu\":\"1\"")),
			    "0/1 nodes are available: 1 Insufficient example.com/gpu.");
	assert_string_equal(
		decide(f, "\"nodeSelector\":{\"zone\":\"b\"}," CONTAINER("")),
		"0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
	assert_string_equal(
		decide(f, "\"nodeName\":\"x\"," CONTAINER("")),
		"0/1 nodes are available: 1 node(s) didn't match the requested node name.");
	add_node(f, "two", "", "\"unschedulable\":true", "\"cpu\":\"2\"");
	add_node(f, "three", "",
		 "\"taints\":[{\"key\":\"k\",\"value\":\"v\",\"effect\":\"NoSchedule\"}]",
		 "\"cpu\":\"2\"");
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"3\"")),
			    "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had "
			    "untolerated taint(s), 1 node(s) were unschedulable.");
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"1500m\"")), "one");
	assert_string_equal(decide(f, "\"tolerations\":[{\"key\":\"k\",\"operator\":\"Exists\"}],"
				      "\"nodeSelector\":null," CONTAINER("")),
			    "three"); /* the emptier of the two that fit: no memory to weigh */
}

static void what_is_placed_counts(void **state)
{
	struct fixture *f = *state;

	add_node(f, "one", "", "", "\"cpu\":\"2\",\"memory\":\"1Gi\"");
	read_pod(f, "", CONTAINER("\"cpu\":\"1500m\""));
	cluster_pod_set(&f->cluster, STR("d/a"), STR("one"), f->object, &f->pod, true);
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"600m\"")),
			    "0/1 nodes are available: 1 Insufficient cpu.");
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"500m\"")), "one");
	cluster_pod_set(&f->cluster, STR("d/a"), STR("one"), f->object, &f->pod,
			false); /* the same pod again is no second one */
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"1500m\"")), "one");
	assert_true(cluster_pod_del(&f->cluster, STR("d/a")));
	assert_false(cluster_pod_del(&f->cluster, STR("d/a")));
	assert_int_equal(f->cluster.list[0]->npods, 0);
	assert_int_equal(f->cluster.list[0]->requested.milli_cpu, 0);
}

static void pods_seen_before_their_node_count_when_it_comes(void **state)
{
	struct fixture *f = *state;

	read_pod(f, "", CONTAINER("\"cpu\":\"2\""));
	cluster_pod_set(&f->cluster, STR("d/a"), STR("one"), f->object, &f->pod, false);
	add_node(f, "one", "", "", "\"cpu\":\"2\"");
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"1m\"")),
			    "0/1 nodes are available: 1 Insufficient cpu.");
}

static void a_node_takes_so_many_pods(void **state)
{
	struct fixture *f = *state;

	add_node(f, "one", "", "", "\"cpu\":\"64\"");
	read_pod(f, "", CONTAINER(""));
	for (int i = 0; i < 10; i++) {
		char key[8];

		snprintf(key, sizeof(key), "d/%d", i);
		cluster_pod_set(&f->cluster, str_from(key), STR("one"), f->object, &f->pod, false);
	}
	assert_string_equal(decide(f, CONTAINER("")), "0/1 nodes are available: 1 Too many pods.");
}

static void host_ports_are_taken_once(void **state)
{
	struct fixture *f = *state;
	const char *port = "\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":80,"
			   "\"hostPort\":8080,\"hostIP\":\"%s\","
			   "\"protocol\":\"%s\"}]}]";
	char spec[200];
	const struct {
		const char *ip, *protocol;
		bool fits;
	} cases[] = { { "127.0.0.1", "TCP", false },
		      { "0.0.0.0", "TCP", false },
		      { "127.0.0.2", "TCP", true },
		      { "127.0.0.1", "UDP", true } };

	add_node(f, "one", "", "", "\"cpu\":\"64\"");
	snprintf(spec, sizeof(spec), port, "127.0.0.1", "TCP");
	read_pod(f, "", spec);
	cluster_pod_set(&f->cluster, STR("d/a"), STR("one"), f->object, &f->pod, false);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(spec, sizeof(spec), port, cases[i].ip, cases[i].protocol);
		assert_string_equal(decide(f, spec),
				    cases[i].fits
					    ? "one"
					    : "0/1 nodes are available: 1 node(s) didn't have free "
					      "ports for the requested pod ports.");
	}
}

static void requests_follow_upstreams_rules(void **state)
{
	struct fixture *f = *state;
	const struct {
		const char *spec;
		int64_t milli_cpu;
	} cases[] = {
		{ CONTAINER("\"cpu\":\"100m\""), 100 },
		{ "\"containers\":[{\"name\":\"a\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}},{"
		  "\"name\":\"b\",\"resources\":{"
		  "\"requests\":{\"cpu\":\"0.5\"}}}]",
		  1500 },
		/* one init container after the other, before the containers */
		{ "\"initContainers\":[{\"name\":\"i\",\"resources\":{\"requests\":{\"cpu\":\"3\"}}"
		  "},{\"name\":\"j\",\"resources\":{"
		  "\"requests\":{\"cpu\":\"2\"}}}]," CONTAINER("\"cpu\":\"1\""),
		  3000 },
		/* a sidecar runs beside the init containers that follow, and beside the containers */
		{ "\"initContainers\":[{\"name\":\"s\",\"restartPolicy\":\"Always\",\"resources\":{"
		  "\"requests\":{\"cpu\":\"1\"}}},{"
		  "\"name\":\"j\",\"resources\":{\"requests\":{\"cpu\":\"2\"}}}]," CONTAINER(
			  "\"cpu\":\"1\""),
		  3000 },
		{ "\"initContainers\":[{\"name\":\"s\",\"restartPolicy\":\"Always\",\"resources\":{"
		  "\"requests\":{\"cpu\":\"1\"}}}]," CONTAINER("\"cpu\":\"1\""),
		  2000 },
		{ "\"overhead\":{\"cpu\":\"250m\"}," CONTAINER("\"cpu\":\"1\""), 1250 },
		{ "\"resources\":{\"requests\":{\"cpu\":\"4\"}}," CONTAINER("\"cpu\":\"1\""),
		  4000 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		read_pod(f, "", cases[i].spec);
		assert_int_equal(f->usage.request.milli_cpu, cases[i].milli_cpu);
	}
	read_pod(f, "",
		 "\"resources\":{\"requests\":{\"hugepages-2Mi\":\"8Mi\"}}," CONTAINER(
			 "\"cpu\":\"1\",\"hugepages-2Mi\":\"2Mi\""));
	assert_int_equal(amounts_other(&f->usage.request, "hugepages-2Mi"), 8 << 20);
	assert_int_equal(f->usage.request.milli_cpu, 1000);
	read_pod(f, "", CONTAINER(""));
	assert_int_equal(f->usage.nonzero_milli_cpu, 100);
	assert_int_equal(f->usage.nonzero_memory, 200 << 20);
}

static void scores_choose(void **state)
{
	struct fixture *f = *state;

	add_node(f, "busy", ",\"labels\":{\"zone\":\"a\"}", "", "\"cpu\":\"4\",\"memory\":\"8Gi\"");
	add_node(f, "empty", ",\"labels\":{\"zone\":\"b\"}", "",
		 "\"cpu\":\"4\",\"memory\":\"8Gi\"");
	read_pod(f, "", CONTAINER("\"cpu\":\"2\",\"memory\":\"4Gi\""));
	cluster_pod_set(&f->cluster, STR("d/a"), STR("busy"), f->object, &f->pod, false);
	assert_string_equal(decide(f, CONTAINER("\"cpu\":\"1\",\"memory\":\"1Gi\"")), "empty");
	assert_string_equal(
		decide(f, "\"affinity\":{\"nodeAffinity\":{"
			  "\"preferredDuringSchedulingIgnoredDuringExecution\":[{\"weight\":10,"
			  "\"preference\":{\"matchExpressions\":[{\"key\":\"zone\",\"operator\":"
			  "\"In\",\"values\":[\"a\"]}]}}]}}," CONTAINER(
				  "\"cpu\":\"1\",\"memory\":\"1Gi\"")),
		"busy");
	assert_string_equal(decide(f, "\"affinity\":{\"nodeAffinity\":{"
				      "\"requiredDuringSchedulingIgnoredDuringExecution\":{"
				      "\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":"
				      "\"zone\",\"operator\":\"NotIn\",\"values\":["
				      "\"b\"]}]}]}}}," CONTAINER("")),
			    "busy");
}

static void pods_attract_and_repel_each_other(void **state)
{
	struct fixture *f = *state;

	add_node(f, "a", ZONE("1"), "", "\"cpu\":\"4\"");
	add_node(f, "b", ZONE("2"), "", "\"cpu\":\"4\"");
	place(f, "db", "a", APP("db"), CONTAINER(""));
	assert_string_equal(decide(f, "\"affinity\":{\"podAffinity\":{" REQUIRED(
					      TERM("db")) "}}," CONTAINER("")),
			    "a");
	assert_string_equal(decide(f, "\"affinity\":{\"podAntiAffinity\":{" REQUIRED(
					      TERM("db")) "}}," CONTAINER("")),
			    "b");
	assert_string_equal(decide(f, "\"affinity\":{\"podAffinity\":{" REQUIRED(
					      TERM("none")) "}}," CONTAINER("")),
			    "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.");
	assert_string_equal(
		decide(f, "\"affinity\":{\"podAffinity\":{"
			  "\"preferredDuringSchedulingIgnoredDuringExecution\":[{\"weight\":"
			  "100,\"podAffinityTerm\":" TERM("db") "}]}}," CONTAINER("")),
		"a");
}

static void placed_pods_keep_others_away(void **state)
{
	struct fixture *f = *state;

	add_node(f, "a", ZONE("1"), "", "\"cpu\":\"4\"");
	place(f, "loner", "a", APP("x"),
	      "\"affinity\":{\"podAntiAffinity\":{"
	      "\"requiredDuringSchedulingIgnoredDuringExecution\":[{\"labelSelector\":{},"
	      "\"topologyKey\":\"zone\"}]}}," CONTAINER(""));
	assert_string_equal(decide(f, CONTAINER("")), "0/1 nodes are available: 1 node(s) didn't "
						      "satisfy existing pods anti-affinity rules.");
	assert_true(cluster_pod_del(&f->cluster, STR("d/loner")));
	assert_int_equal(f->cluster.tallies.carried.count, 0);
	assert_string_equal(decide(f, CONTAINER("")), "a");
}

static void pods_spread_over_domains(void **state)
{
	struct fixture *f = *state;
	const char *spread = "\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":"
			     "\"zone\",\"whenUnsatisfiable\":"
			     "\"DoNotSchedule\",\"labelSelector\":{\"matchLabels\":{\"app\":\"w\"}}"
			     "}]," CONTAINER("");

	add_node(f, "a", ZONE("1"), "", "\"cpu\":\"64\"");
	add_node(f, "b", ZONE("2"), "", "\"cpu\":\"1\"");
	add_node(f, "c", "", "", "\"cpu\":\"64\"");
	place(f, "w1", "a", APP("w"), CONTAINER(""));
	place(f, "w2", "a", APP("w"), CONTAINER(""));
	assert_string_equal(decide(f, spread), "b"); /* a is too full of them, c has no zone */
	place(f, "big", "b", "", CONTAINER("\"cpu\":\"1\""));
	read_pod(f, "", spread);
	f->usage.request.milli_cpu = 500;
	decide_pod(f);
	assert_string_equal(
		f->decision.message.p,
		"0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod "
		"topology spread constraints, 1 node(s) didn't match pod topology spread "
		"constraints (missing required label).");
}

static void the_least_important_make_room(void **state)
{
	struct fixture *f = *state;
	struct preemption p;

	add_node(f, "a", "", "", "\"cpu\":\"2\"");
	add_node(f, "b", "", "", "\"cpu\":\"2\"");
	place(f, "a1", "a", "", PRIORITY(5) CONTAINER("\"cpu\":\"1\""));
	place(f, "a2", "a", "", PRIORITY(1) CONTAINER("\"cpu\":\"1\""));
	place(f, "b1", "b", "", PRIORITY(7) CONTAINER("\"cpu\":\"2\""));
	preempt(f, PRIORITY(10) CONTAINER("\"cpu\":\"1\""), &p);
	assert_string_equal(p.node->node->metadata.name.p, "a");
	assert_int_equal(p.nvictims, 1);
	assert_true(str_eqz(p.victims[0]->object->name, "a2"));
	preemption_free(&p);
	preempt(f, PRIORITY(10) CONTAINER("\"cpu\":\"2\""), &p);
	assert_int_equal(p.nvictims, 2); /* 5 and 1 matter less than 7 */
	preemption_free(&p);
	assert_int_equal(cluster_node(&f->cluster, STR("a"))->requested.milli_cpu,
			 2000); /* all as before */
	assert_int_equal(cluster_node(&f->cluster, STR("a"))->npods, 2);
}

static void nobody_yields_to_an_equal(void **state)
{
	struct fixture *f = *state;
	struct preemption p;

	add_node(f, "a", "", "", "\"cpu\":\"1\"");
	add_node(f, "b", "", "\"unschedulable\":true", "\"cpu\":\"1\"");
	place(f, "x", "a", "", PRIORITY(5) CONTAINER("\"cpu\":\"1\""));
	place(f, "y", "b", "", PRIORITY(1) CONTAINER("\"cpu\":\"1\""));
	preempt(f, PRIORITY(5) CONTAINER("\"cpu\":\"1\""), &p);
	assert_null(p.node);
	assert_string_equal(p.message.p, "preemption: 0/2 nodes are available: 1 No preemption "
					 "victims found for incoming pod, 1 "
					 "Preemption is not helpful for scheduling.");
	preemption_free(&p);
	preempt(f, "\"preemptionPolicy\":\"Never\"," PRIORITY(9) CONTAINER("\"cpu\":\"1\""), &p);
	assert_null(p.node);
	preemption_free(&p);
}

static void room_that_was_made_is_kept_for_whom_it_was_made(void **state)
{
	struct fixture *f = *state;

	add_node(f, "a", "", "", "\"cpu\":\"1\"");
	read_pod(f, "", PRIORITY(5) CONTAINER("\"cpu\":\"1\""));
	cluster_nominate(&f->cluster, STR("d/nominated"), STR("a"), f->object, &f->pod);
	assert_string_equal(decide(f, PRIORITY(1) CONTAINER("\"cpu\":\"1\"")),
			    "0/1 nodes are available: 1 Insufficient cpu.");
	assert_string_equal(decide(f, PRIORITY(9) CONTAINER("\"cpu\":\"1\"")), "a");
	cluster_nominate_not(&f->cluster, STR("d/nominated"));
	assert_string_equal(decide(f, PRIORITY(1) CONTAINER("\"cpu\":\"1\"")), "a");
}

static void enough_nodes_as_upstream(void **state)
{
	(void)state;
	assert_int_equal(schedule_enough(3), 3);
	assert_int_equal(schedule_enough(99), 99);
	assert_int_equal(schedule_enough(150), 100);
	assert_int_equal(schedule_enough(1000), 420);
	assert_int_equal(schedule_enough(10000), 500);
}

static void the_condition_is_written_once(void **state)
{
	struct fixture *f = *state;
	auto_buf patch = { 0 }, again = { 0 };

	read_pod(f, "", CONTAINER(""));
	assert_true(unscheduled_patch(&f->pod, "Unschedulable", STR("why"), &STR(""), 0, &patch));
	assert_non_null(strstr(patch.p, "\"lastTransitionTime\":\"1970-01-01T00:00:00Z\","
					"\"reason\":\"Unschedulable\",\"message\":\"why\""));
	struct core_v1_pod_condition had = { .type = STR("PodScheduled"),
					     .status = STR("False"),
					     .reason = STR("Unschedulable"),
					     .message = STR("why") };
	f->pod.status.conditions.items = &had;
	f->pod.status.conditions.n = 1;
	assert_false(unscheduled_patch(&f->pod, "Unschedulable", STR("why"), &STR(""), 0, &again));
	assert_true(unscheduled_patch(&f->pod, "Unschedulable", STR("else"), NULL, 0, &again));
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_reason_in_upstreams_words),
		T(what_is_placed_counts),
		T(pods_seen_before_their_node_count_when_it_comes),
		T(a_node_takes_so_many_pods),
		T(host_ports_are_taken_once),
		T(requests_follow_upstreams_rules),
		T(scores_choose),
		T(pods_attract_and_repel_each_other),
		T(placed_pods_keep_others_away),
		T(pods_spread_over_domains),
		T(the_least_important_make_room),
		T(nobody_yields_to_an_equal),
		T(room_that_was_made_is_kept_for_whom_it_was_made),
		T(enough_nodes_as_upstream),
		T(the_condition_is_written_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
