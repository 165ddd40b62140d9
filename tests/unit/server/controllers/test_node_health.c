/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/nodes/node_health.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define READY(status) "{\"type\":\"Ready\",\"status\":\"" status "\"}"
#define OLD(key, effect)                                               \
	"{\"key\":\"node.kubernetes.io/" key "\",\"effect\":\"" effect \
	"\",\"timeAdded\":\"2026-01-01T00:00:00Z\"}"
#define NEW_TAINT(key, effect) \
	"{\"key\":\"node.kubernetes.io/" key "\",\"effect\":\"" effect "\",\"timeAdded\":\"NOW\"}"

static const struct core_v1_node *node(struct workload_fixture *f, const char *conditions,
				       const char *taints, const char *more)
{
	auto_free char *json = str_printf(
		"{\"metadata\":{\"name\":\"n\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\","
		"\"labels\":{\"kubernetes.io/os\":\"linux\",\"topology.kubernetes.io/"
		"zone\":\"a\"}},"
		"\"spec\":{\"taints\":[%s]%s},\"status\":{\"conditions\":[%s]}}",
		taints, more, conditions);
	return workload_read(f, api_struct_core_v1_node, json);
}

static void conditions_become_taints(void **state)
{
	struct workload_fixture *f = *state;
	const struct {
		const char *conditions, *taints, *more;
		enum node_eviction eviction;
		bool change;
		const char *want; /* once its turn has come */
	} cases[] = {
		{ READY("True"), "", "", EVICTION_AS_IT_IS, false, "[]" },
		{ READY("True"), "{\"key\":\"dedicated\",\"effect\":\"NoSchedule\"}", "",
		  EVICTION_AS_IT_IS, false, "[{\"key\":\"dedicated\",\"effect\":\"NoSchedule\"}]" },
		/* never a word: it has no taint, and is not judged */
		{ "", OLD("not-ready", "NoSchedule"), "", EVICTION_AS_IT_IS, true, "[]" },
		{ READY("False"), "", "", EVICTION_WAIT, true,
		  "[" NEW_TAINT("not-ready", "NoSchedule") "," NEW_TAINT("not-ready",
									 "NoExecute") "]" },
		/* those that stay keep their time */
		{ READY("Unknown"), OLD("unreachable", "NoExecute"), "", EVICTION_AS_IT_IS, true,
		  "[" OLD("unreachable", "NoExecute") "," NEW_TAINT("unreachable",
								    "NoSchedule") "]" },
		{ READY("Unknown"),
		  OLD("not-ready", "NoExecute") "," OLD("not-ready", "NoSchedule"), "",
		  EVICTION_SWAP, true,
		  "[" NEW_TAINT("unreachable", "NoSchedule") "," NEW_TAINT("unreachable",
									   "NoExecute") "]" },
		{ READY("True"), OLD("not-ready", "NoExecute") "," OLD("not-ready", "NoSchedule"),
		  "", EVICTION_END, true, "[]" },
		{ READY("True") ",{\"type\":\"DiskPressure\",\"status\":\"True\"}", "",
		  ",\"unschedulable\":true", EVICTION_AS_IT_IS, true,
		  "[" NEW_TAINT("disk-pressure", "NoSchedule") "," NEW_TAINT("unschedulable",
									     "NoSchedule") "]" },
		/* whoever takes a node out of service, it isn't we */
		{ READY("True"), OLD("out-of-service", "NoExecute"), "", EVICTION_AS_IT_IS, false,
		  "[" OLD("out-of-service", "NoExecute") "]" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct node_health_plan plan;
		auto_buf text = { 0 };
		const struct core_v1_node *n =
			node(f, cases[i].conditions, cases[i].taints, cases[i].more);
		node_health_plan(n, &node_health_defaults, 0, &plan);
		node_health_taints(n, &plan, true, "NOW", &text);
		buf_putc(&text, 0);
		assert_int_equal(plan.eviction, cases[i].eviction);
		assert_int_equal(plan.change_no_schedule, cases[i].change);
		assert_string_equal(text.p, cases[i].want);
	}
}

static void a_taint_that_evicts_waits_for_its_turn(void **state)
{
	struct node_health_plan plan;
	auto_buf text = { 0 };
	const struct core_v1_node *n = node(*state, READY("Unknown"), "", "");
	node_health_plan(n, &node_health_defaults, 0, &plan);
	node_health_taints(n, &plan, false, "NOW", &text);
	buf_putc(&text, 0);
	assert_string_equal(text.p, "[" NEW_TAINT("unreachable", "NoSchedule") "]");
	assert_false(node_health_evicts(n));
}

static void silence_turns_a_node_unknown(void **state)
{
	struct workload_fixture *f = *state;
	const struct {
		const char *conditions;
		int64_t silent_ms;
		bool unknown, was_ready;
	} cases[] = {
		{ READY("True"), 49999, false, true },
		{ READY("True"), 50000, true, true },
		{ READY("False"), 50000, true, false },
		{ READY("Unknown"), 90000, false, false },
		{ "", 59999, false, false },
		{ "", 60000, true, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct node_health_plan plan;
		node_health_plan(node(f, cases[i].conditions, "", ""), &node_health_defaults,
				 cases[i].silent_ms, &plan);
		assert_int_equal(plan.turn_unknown, cases[i].unknown);
		assert_int_equal(plan.was_ready, cases[i].was_ready);
	}
}

static void what_a_kubelet_reports_turns_unknown_and_what_it_never_did_too(void **state)
{
	auto_buf text = { 0 };
	node_health_unknown(node(*state,
				 READY("True") ",{\"type\":\"NetworkUnavailable\",\"status\":"
					       "\"False\"},{\"type\":\"DiskPressure\",\"status\":"
					       "\"Unknown\"},{\"type\":\"PIDPressure\",\"status\":"
					       "\"False\"}",
				 "", ""),
			    "NOW", &text);
	buf_putc(&text, 0);
	assert_string_equal(
		text.p,
		"[{\"type\":\"Ready\",\"status\":\"Unknown\",\"reason\":\"NodeStatusUnknown\","
		"\"message\":\"Kubelet stopped posting node status.\",\"lastTransitionTime\":"
		"\"NOW\"},{\"type\":\"MemoryPressure\",\"status\":\"Unknown\",\"reason\":"
		"\"NodeStatusNeverUpdated\",\"message\":\"Kubelet never posted node status.\","
		"\"lastTransitionTime\":\"NOW\",\"lastHeartbeatTime\":\"2026-01-01T00:00:00Z\"},"
		"{\"type\":\"PIDPressure\",\"status\":\"Unknown\",\"reason\":\"NodeStatusUnknown\","
		"\"message\":\"Kubelet stopped posting node status.\",\"lastTransitionTime\":"
		"\"NOW\"}]");
}

static void old_labels_repeat_the_new(void **state)
{
	auto_buf text = { 0 }, zone = { 0 };
	const struct core_v1_node *n = node(*state, "", "", "");
	assert_true(node_health_labels(n, &text));
	buf_putc(&text, 0);
	assert_string_equal(text.p, "{\"beta.kubernetes.io/os\":\"linux\"}");
	node_zone_key(n, &zone);
	assert_true(str_eqz(buf_view(&zone), ":a"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)
	const struct CMUnitTest tests[] = {
		CASE(conditions_become_taints),
		CASE(a_taint_that_evicts_waits_for_its_turn),
		CASE(silence_turns_a_node_unknown),
		CASE(what_a_kubelet_reports_turns_unknown_and_what_it_never_did_too),
		CASE(old_labels_repeat_the_new),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
