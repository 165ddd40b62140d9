/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/node_health.h"

struct node {
	struct core_v1_node node;
	struct core_v1_node_condition conditions[4];
	struct core_v1_taint taints[4];
};

static void condition(struct node *n, const char *type, const char *status)
{
	n->conditions[n->node.status.conditions.n++] =
		(struct core_v1_node_condition){ .type = str_from(type),
						 .status = str_from(status) };
	n->node.status.conditions.items = n->conditions;
}

static void taint(struct node *n, const char *key, const char *effect)
{
	n->taints[n->node.spec.taints.n++] =
		(struct core_v1_taint){ .key = str_from(key), .effect = str_from(effect) };
	n->node.spec.taints.items = n->taints;
}

static void a_ready_node_has_no_taint_of_ours(void **state)
{
	(void)state;
	struct node n = { 0 };
	struct node_health_plan plan;
	condition(&n, "Ready", "True");
	taint(&n, "dedicated", "NoSchedule");
	node_health_plan(&n.node, 1000, &plan);
	assert_false(plan.turn_unknown);
	assert_int_equal(plan.ntaints, 0);
	assert_false(plan.change_taints);
	taint(&n, "node.kubernetes.io/not-ready", "NoSchedule");
	node_health_plan(&n.node, 1000, &plan);
	assert_true(plan.change_taints);
}

static void a_silent_node_turns_unknown_and_unreachable(void **state)
{
	(void)state;
	struct node n = { 0 };
	struct node_health_plan plan;
	condition(&n, "Ready", "True");
	node_health_plan(&n.node, NODE_GRACE_MS - 1, &plan);
	assert_false(plan.turn_unknown);
	node_health_plan(&n.node, NODE_GRACE_MS, &plan);
	assert_true(plan.turn_unknown);
	assert_int_equal(plan.ntaints, 2);
	assert_string_equal(plan.taints[1].key, "node.kubernetes.io/unreachable");
	assert_string_equal(plan.taints[1].effect, "NoExecute");
}

static void a_node_without_conditions_is_not_ready(void **state)
{
	(void)state;
	struct node n = { 0 };
	struct node_health_plan plan;
	node_health_plan(&n.node, 0, &plan);
	assert_int_equal(plan.ntaints, 2);
	assert_string_equal(plan.taints[0].key, "node.kubernetes.io/not-ready");
	assert_true(plan.change_taints);
}

static void pressure_and_cordon_keep_pods_away_but_evict_none(void **state)
{
	(void)state;
	struct node n = { 0 };
	struct node_health_plan plan;
	condition(&n, "Ready", "True");
	condition(&n, "DiskPressure", "True");
	n.node.spec.unschedulable = true;
	node_health_plan(&n.node, 0, &plan);
	assert_int_equal(plan.ntaints, 2);
	for (size_t i = 0; i < plan.ntaints; i++)
		assert_string_equal(plan.taints[i].effect, "NoSchedule");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ready_node_has_no_taint_of_ours),
		cmocka_unit_test(a_silent_node_turns_unknown_and_unreachable),
		cmocka_unit_test(a_node_without_conditions_is_not_ready),
		cmocka_unit_test(pressure_and_cordon_keep_pods_away_but_evict_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
