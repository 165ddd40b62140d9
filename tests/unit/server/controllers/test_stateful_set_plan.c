/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/controllers/workloads/stateful_claims.h"
#include "server/controllers/workloads/stateful_set_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

static struct apps_v1_stateful_set *set(struct workload_fixture *f, const char *spec,
					const char *status)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"s\"},\"spec\":{%s},\"status\":{%s}}", spec,
			   status);

	return workload_read(f, api_struct_apps_v1_stateful_set, json);
}

static void pod(struct workload_fixture *f, int ordinal, const char *revision, const char *meta,
		const char *status)
{
	auto_free char *name = str_printf("s-%d", ordinal);
	auto_free char *all =
		str_printf(",\"labels\":{\"controller-revision-hash\":\"%s\"}%s", revision, meta);

	workload_pod(f, name, all, "", status);
}

/* "+0 -2": what is created and removed, old revision as "+0old". */
static const char *plan(struct workload_fixture *f, struct apps_v1_stateful_set *s,
			const char *current, const char *update, struct stateful_plan *out)
{
	struct stateful_view v = { s, &f->pods, str_from(current), str_from(update), 0 };
	auto_buf b = { 0 };

	stateful_set_plan(&v, out);
	buf_puts(&b, "");
	for (size_t i = 0; i < out->n; i++) {
		if (out->pods[i].create)
			buf_printf(&b, "+%d%s ", out->pods[i].ordinal,
				   out->pods[i].old_revision ? "old" : "");
		if (out->pods[i].remove)
			buf_printf(&b, "-%d ", out->pods[i].ordinal);
	}
	return arena_strdup(&f->arena, buf_view(&b));
}

static void pods_come_one_after_the_other(void **state)
{
	struct workload_fixture *f = *state;
	struct apps_v1_stateful_set *s = set(f, "\"replicas\":3", "");
	struct stateful_plan p;

	assert_string_equal(plan(f, s, "a", "a", &p), "+0 ");
	pod(f, 0, "a", "", POD_PENDING);
	assert_string_equal(plan(f, s, "a", "a", &p), "");
	f->pods.n = 0;
	pod(f, 0, "a", "", POD_READY);
	assert_string_equal(plan(f, s, "a", "a", &p), "+1 ");
	assert_int_equal(p.status.ready_replicas, 1);
}

static void in_parallel_all_come_at_once(void **state)
{
	struct stateful_plan p;

	assert_string_equal(
		plan(*state, set(*state, "\"replicas\":3,\"podManagementPolicy\":\"Parallel\"", ""),
		     "a", "a", &p),
		"+0 +1 +2 ");
}

static void the_highest_goes_first_and_alone(void **state)
{
	struct workload_fixture *f = *state;
	struct apps_v1_stateful_set *s = set(f, "\"replicas\":1", "");
	struct stateful_plan p;

	for (int i = 0; i < 4; i++)
		pod(f, i, "a", "", POD_READY);
	assert_string_equal(plan(f, s, "a", "a", &p), "-3 ");
	f->pods.n = 3;
	pod(f, 3, "a", POD_LEAVING, POD_READY);
	assert_string_equal(plan(f, s, "a", "a", &p), "");
}

static void scaling_down_waits_for_those_below_to_be_well(void **state)
{
	struct workload_fixture *f = *state;
	struct stateful_plan p;

	pod(f, 0, "a", "", POD_PENDING);
	pod(f, 1, "a", "", POD_READY);
	assert_string_equal(plan(f, set(f, "\"replicas\":1", ""), "a", "a", &p), "");
}

static void an_update_goes_from_the_top_one_at_a_time(void **state)
{
	struct workload_fixture *f = *state;
	struct apps_v1_stateful_set *s =
		set(f, "\"replicas\":3,\"updateStrategy\":{\"type\":\"RollingUpdate\"}",
		    "\"currentReplicas\":3");
	struct stateful_plan p;

	for (int i = 0; i < 3; i++)
		pod(f, i, "a", "", POD_READY);
	assert_string_equal(plan(f, s, "a", "b", &p), "-2 ");
	f->pods.n = 2;
	s->status.current_replicas = 2;
	assert_string_equal(plan(f, s, "a", "b", &p), "+2 "); /* of the new revision */
	pod(f, 2, "b", "", POD_PENDING);
	assert_string_equal(plan(f, s, "a", "b", &p), "");
	f->pods.n = 2;
	pod(f, 2, "b", "", POD_READY);
	assert_string_equal(plan(f, s, "a", "b", &p), "-1 ");
	assert_string_equal(p.status.current_revision.p, "a");
	assert_int_equal(p.status.updated_replicas, 1);
}

static void a_pod_lost_below_the_update_comes_back_as_it_was(void **state)
{
	struct workload_fixture *f = *state;
	struct stateful_plan p;

	pod(f, 1, "a", "", POD_READY);
	pod(f, 2, "b", "", POD_READY);
	assert_string_equal(plan(f, set(f, "\"replicas\":3", "\"currentReplicas\":2"), "a", "b",
				 &p),
			    "+0old ");
}

static void a_partition_holds_the_update_back(void **state)
{
	struct workload_fixture *f = *state;
	struct apps_v1_stateful_set *s =
		set(f, "\"replicas\":3,\"updateStrategy\":{\"rollingUpdate\":{\"partition\":2}}",
		    "\"currentReplicas\":2");
	struct stateful_plan p;

	pod(f, 0, "a", "", POD_READY);
	pod(f, 1, "a", "", POD_READY);
	pod(f, 2, "b", "", POD_READY);
	assert_string_equal(plan(f, s, "a", "b", &p), "");
	assert_string_equal(p.status.current_revision.p, "a");
}

static void the_end_of_an_update_makes_it_current(void **state)
{
	struct workload_fixture *f = *state;
	struct stateful_plan p;

	pod(f, 0, "b", "", POD_READY);
	assert_string_equal(plan(f, set(f, "\"replicas\":1", ""), "a", "b", &p), "");
	assert_string_equal(p.status.current_revision.p, "b");
	assert_int_equal(p.status.current_replicas, 1);
}

static void a_failed_pod_is_replaced(void **state)
{
	struct workload_fixture *f = *state;
	struct stateful_plan p;

	pod(f, 0, "a", "", "\"phase\":\"Failed\"");
	assert_string_equal(plan(f, set(f, "\"replicas\":2", ""), "a", "a", &p), "-0 ");
}

static void ordinals_are_read_from_names(void **state)
{
	(void)state;
	assert_int_equal(stateful_ordinal(STR("s"), STR("s-0")), 0);
	assert_int_equal(stateful_ordinal(STR("s"), STR("s-12")), 12);
	assert_int_equal(stateful_ordinal(STR("s"), STR("s-012")), -1);
	assert_int_equal(stateful_ordinal(STR("s"), STR("s-x")), -1);
	assert_int_equal(stateful_ordinal(STR("s"), STR("s--1")), -1);
	assert_int_equal(stateful_ordinal(STR("s"), STR("t-1")), -1);
}

static void as_many_as_may_be_unavailable_are_updated_at_once(void **state)
{
	struct workload_fixture *f = *state;
	const char *rolling =
		"\"replicas\":4,\"podManagementPolicy\":\"%s\",\"updateStrategy\":{\"type\":"
		"\"RollingUpdate\",\"rollingUpdate\":{\"partition\":0,\"maxUnavailable\":2}}";
	auto_free char *ordered = str_printf(rolling, "OrderedReady"),
		       *parallel = str_printf(rolling, "Parallel");
	struct stateful_plan p;

	for (int i = 0; i < 4; i++)
		pod(f, i, "a", "", POD_READY);
	assert_string_equal(plan(f, set(f, ordered, ""), "a", "b", &p), "-2 -3 ");
	f->pods.n = 0;
	for (int i = 0; i < 4;
	     i++) /* two that don't serve go, whatever the limit: they cost nothing */
		pod(f, i, "a", "", i < 2 ? POD_PENDING : POD_READY);
	assert_string_equal(plan(f, set(f, parallel, ""), "a", "b", &p), "-0 -1 ");
}

static void a_claim_is_owned_as_the_policy_says(void **state)
{
	const struct {
		const char *deleted, *scaled;
		enum claim_owner wanted, unwanted;
	} cases[] = {
		{ "Retain", "Retain", CLAIM_OWNER_NONE, CLAIM_OWNER_NONE },
		{ "Delete", "Retain", CLAIM_OWNER_SET, CLAIM_OWNER_SET },
		{ "Retain", "Delete", CLAIM_OWNER_NONE, CLAIM_OWNER_POD },
		{ "Delete", "Delete", CLAIM_OWNER_SET, CLAIM_OWNER_POD },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *spec = str_printf("\"persistentVolumeClaimRetentionPolicy\":{"
						  "\"whenDeleted\":\"%s\",\"whenScaled\":\"%s\"}",
						  cases[i].deleted, cases[i].scaled);
		struct apps_v1_stateful_set *s = set(*state, spec, "");

		assert_int_equal(stateful_claim_owner(s, true), cases[i].wanted);
		assert_int_equal(stateful_claim_owner(s, false), cases[i].unwanted);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(as_many_as_may_be_unavailable_are_updated_at_once),
		T(a_claim_is_owned_as_the_policy_says),
		T(pods_come_one_after_the_other),
		T(in_parallel_all_come_at_once),
		T(the_highest_goes_first_and_alone),
		T(scaling_down_waits_for_those_below_to_be_well),
		T(an_update_goes_from_the_top_one_at_a_time),
		T(a_pod_lost_below_the_update_comes_back_as_it_was),
		T(a_partition_holds_the_update_back),
		T(the_end_of_an_update_makes_it_current),
		T(a_failed_pod_is_replaced),
		T(ordinals_are_read_from_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
