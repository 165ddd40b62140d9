/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/mem.h"
#include "server/controllers/workloads/daemon_set_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define HASH(x) ",\"labels\":{\"controller-revision-hash\":\"" x "\"}"
#define ON(x)   "\"nodeName\":\"" x "\""

struct nodes {
	struct daemon_node items[4];
	size_t n;
};

static void node(struct workload_fixture *f, struct nodes *all, const char *name, const char *meta,
		 const char *spec)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"%s\"%s},\"spec\":{%s}}", name, meta, spec);

	all->items[all->n++].node = workload_read(f, api_struct_core_v1_node, json);
}

static struct daemon_plan plan(struct workload_fixture *f, struct nodes *nodes, const char *spec)
{
	auto_free char *json = str_printf("{\"metadata\":{\"name\":\"d\"},\"spec\":{%s}}", spec);
	struct daemon_view v = { workload_read(f, api_struct_apps_v1_daemon_set, json),
				 nodes->items,
				 nodes->n,
				 &f->pods,
				 STR("new"),
				 0,
				 NULL,
				 NULL };
	struct daemon_plan p;

	daemon_set_plan(&v, &p);
	return p;
}

static const char SURGE[] = "\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{"
			    "\"maxSurge\":1,\"maxUnavailable\":0}}";

static void each_node_that_suits_gets_one(void **state)
{
	struct workload_fixture *f = *state;
	struct nodes n = { 0 };

	node(f, &n, "a", ",\"labels\":{\"z\":\"1\"}", "");
	node(f, &n, "b", "", "");
	node(f, &n, "c", ",\"labels\":{\"z\":\"1\"}",
	     "\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]");
	node(f, &n, "d", ",\"labels\":{\"z\":\"1\"}",
	     "\"unschedulable\":true,\"taints\":[{\"key\":\"node.kubernetes.io/"
	     "unschedulable\",\"effect\":\"NoSchedule\"}]");
	struct daemon_plan p =
		plan(f, &n, "\"template\":{\"spec\":{\"nodeSelector\":{\"z\":\"1\"}}}");
	assert_true(n.items[0].create);
	assert_false(n.items[1].create);
	assert_false(n.items[2].create);
	assert_true(n.items[3].create); /* daemons run on cordoned nodes, too */
	assert_int_equal(p.status.desired_number_scheduled, 2);
}

static void second_pods_failed_ones_and_those_on_wrong_nodes_go(void **state)
{
	struct workload_fixture *f = *state;
	struct nodes n = { 0 };

	node(f, &n, "a", "", "");
	node(f, &n, "b", ",\"labels\":{\"z\":\"1\"}", "");
	node(f, &n, "c", "", "");
	workload_pod(f, "young", HASH("new") ",\"creationTimestamp\":\"2026-01-02T00:00:00Z\"",
		     ON("a"), POD_READY);
	workload_pod(f, "old", HASH("new") ",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"",
		     ON("a"), POD_READY);
	workload_pod(f, "wrong", HASH("new"), ON("b"), POD_READY);
	workload_pod(f, "failed", HASH("new"), ON("c"), "\"phase\":\"Failed\"");
	struct daemon_plan p =
		plan(f, &n,
		     "\"template\":{\"spec\":{\"affinity\":{\"nodeAffinity\":{"
		     "\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{"
		     "\"matchExpressions\":[{\"key\":\"z\",\"operator\":\"DoesNotExist\"}]}]}}}}}");
	assert_int_equal(p.nremove, 3);
	assert_string_equal(p.remove[0]->pod.metadata.name.p, "young");
	assert_string_equal(p.remove[1]->pod.metadata.name.p, "wrong");
	assert_string_equal(p.remove[2]->pod.metadata.name.p, "failed");
	assert_false(n.items[2].create); /* only when the failed one has gone */
}

static void an_update_takes_one_node_at_a_time(void **state)
{
	struct workload_fixture *f = *state;
	struct nodes n = { 0 };

	node(f, &n, "a", "", "");
	node(f, &n, "b", "", "");
	workload_pod(f, "pa", HASH("old"), ON("a"), POD_READY);
	workload_pod(f, "pb", HASH("old"), ON("b"), POD_READY);
	struct daemon_plan p = plan(f, &n, "");
	assert_int_equal(p.nremove, 1);
	assert_int_equal(p.status.number_available, 2);
	assert_int_equal(p.status.updated_number_scheduled, 0);
	p = plan(f, &n, "\"updateStrategy\":{\"type\":\"OnDelete\"}");
	assert_int_equal(p.nremove, 0);
	p = plan(f, &n,
		 "\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{"
		 "\"maxUnavailable\":\"100%\"}}");
	assert_int_equal(p.nremove, 2);
}

static void old_pods_that_do_not_serve_go_at_once(void **state)
{
	struct workload_fixture *f = *state;
	struct nodes n = { 0 };

	node(f, &n, "a", "", "");
	node(f, &n, "b", "", "");
	workload_pod(f, "pa", HASH("old"), ON("a"), POD_PENDING);
	workload_pod(f, "pb", HASH("old"), ON("b"), POD_READY);
	struct daemon_plan p = plan(f, &n, "");
	assert_int_equal(p.nremove, 1);
	assert_string_equal(p.remove[0]->pod.metadata.name.p, "pa");
}

static void a_pod_is_made_for_its_node(void **state)
{
	struct workload_fixture *f = *state;
	struct core_v1_pod pod = { 0 };
	const struct core_v1_pod_spec template = { .host_network = true };

	daemon_pod_spec(&template, STR("a"), &f->arena, &pod.spec);
	assert_true(str_eqz(daemon_pod_node(&pod), "a"));
	assert_int_equal(pod.spec.tolerations.n, 7);
}

static void with_a_surge_the_new_pod_comes_before_the_old_one_goes(void **state)
{
	struct workload_fixture *f = *state;
	struct nodes n = { 0 };

	node(f, &n, "a", "", "");
	node(f, &n, "b", "", "");
	workload_pod(f, "pa", HASH("old"), ON("a"), POD_READY);
	workload_pod(f, "pb", HASH("old"), ON("b"), POD_READY);
	struct daemon_plan p = plan(f, &n, SURGE);
	assert_int_equal(p.nremove, 0);
	assert_int_equal(n.items[0].create + n.items[1].create, 1);
	workload_pod(f, "na", HASH("new"), ON("a"), POD_PENDING);
	p = plan(f, &n, SURGE);
	assert_int_equal(p.nremove + n.items[0].create + n.items[1].create, 0); /* it waits */
	f->pods.n = 2;
	workload_pod(f, "na", HASH("new"), ON("a"), POD_READY);
	p = plan(f, &n, SURGE);
	assert_int_equal(p.nremove, 1);
	assert_string_equal(p.remove[0]->pod.metadata.name.p, "pa");
}

static void an_old_pod_that_does_not_serve_needs_no_surge(void **state)
{
	struct workload_fixture *f = *state;
	struct nodes n = { 0 };

	node(f, &n, "a", "", "");
	node(f, &n, "b", "", "");
	workload_pod(f, "pa", HASH("old"), ON("a"), POD_PENDING);
	workload_pod(f, "pb", HASH("old"), ON("b"), POD_PENDING);
	plan(f, &n, SURGE);
	assert_true(n.items[0].create && n.items[1].create);
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_node_that_suits_gets_one),
		T(second_pods_failed_ones_and_those_on_wrong_nodes_go),
		T(an_update_takes_one_node_at_a_time),
		T(old_pods_that_do_not_serve_go_at_once),
		T(with_a_surge_the_new_pod_comes_before_the_old_one_goes),
		T(an_old_pod_that_does_not_serve_needs_no_surge),
		T(a_pod_is_made_for_its_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
