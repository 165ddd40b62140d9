/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/controllers/limits/disruption_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define NOW (1767225600LL * 1000000) /* 2026-01-01T00:00:00Z */

static struct policy_v1_pod_disruption_budget_status
plan(struct workload_fixture *f, const char *spec, const char *status, int scale, int64_t *wait_ms)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"b\"},\"spec\":{%s},\"status\":{%s}}", spec,
			   status);
	struct disruption_view v = { workload_read(f, api_struct_policy_v1_pod_disruption_budget,
						   json),
				     &f->pods, scale, NOW };
	struct policy_v1_pod_disruption_budget_status s;

	disruption_plan(&v, &s, wait_ms);
	return s;
}

static void budgets_in_numbers_and_percent(void **state)
{
	struct workload_fixture *f = *state;
	const struct {
		const char *spec;
		int scale, desired, allowed;
	} cases[] = {
		{ "\"minAvailable\":2", 3, 2, 1 },       { "\"minAvailable\":5", 3, 5, 0 },
		{ "\"minAvailable\":\"50%\"", 5, 3, 0 }, /* two of five are not there: 3 healthy, 3 wanted */
		{ "\"minAvailable\":\"50%\"", 3, 2, 1 }, { "\"maxUnavailable\":1", 3, 2, 1 },
		{ "\"maxUnavailable\":1", 5, 4, 0 },     { "\"maxUnavailable\":\"100%\"", 3, 0, 3 },
		{ "\"maxUnavailable\":10", 3, 0, 3 },    { "", 3, 0, 3 },
	};

	for (int i = 0; i < 3; i++) {
		char name[4];

		snprintf(name, sizeof(name), "p%d", i);
		workload_pod(f, name, "", "", POD_READY);
	}
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t wait;
		struct policy_v1_pod_disruption_budget_status s =
			plan(f, cases[i].spec, "", cases[i].scale, &wait);

		assert_int_equal(s.desired_healthy, cases[i].desired);
		assert_int_equal(s.disruptions_allowed, cases[i].allowed);
		assert_int_equal(s.current_healthy, 3);
		assert_true(
			str_eqz(s.conditions.items[0].status, cases[i].allowed ? "True" : "False"));
	}
}

static void pods_that_are_unwell_or_leaving_do_not_count(void **state)
{
	struct workload_fixture *f = *state;
	int64_t wait;

	workload_pod(f, "well", "", "", POD_READY);
	workload_pod(f, "unwell", "", "", POD_PENDING);
	workload_pod(f, "leaving", POD_LEAVING, "", POD_READY);
	struct policy_v1_pod_disruption_budget_status s =
		plan(f, "\"minAvailable\":1", "", 3, &wait);
	assert_int_equal(s.current_healthy, 1);
	assert_int_equal(s.disruptions_allowed, 0);
	assert_int_equal(s.expected_pods, 3);
}

static void a_granted_eviction_counts_until_it_is_seen_or_two_minutes_old(void **state)
{
	struct workload_fixture *f = *state;
	const char *granted = "\"disruptedPods\":{\"a\":\"2025-12-31T23:59:00Z\",\"b\":\"2025-12-"
			      "31T23:57:00Z\",\"gone\":\"2025-12-31T23:59:59Z\"}";
	int64_t wait;

	workload_pod(f, "a", "", "", POD_READY);
	workload_pod(f, "b", "", "", POD_READY);
	struct policy_v1_pod_disruption_budget_status s =
		plan(f, "\"minAvailable\":1", granted, 2, &wait);
	assert_int_equal(s.disrupted_pods.n, 1);
	assert_string_equal(s.disrupted_pods.items[0].key.p, "a");
	assert_int_equal(s.current_healthy, 1);
	assert_int_equal(s.disruptions_allowed, 0);
	assert_int_equal(wait, 60001);
}

static void what_cannot_be_reckoned_allows_nothing_and_says_why(void **state)
{
	struct workload_fixture *f = *state;
	const struct disruption_view v = {
		workload_read(f, api_struct_policy_v1_pod_disruption_budget,
			      "{\"spec\":{\"maxUnavailable\":1},\"status\":{\"currentHealthy\":3,"
			      "\"disruptionsAllowed\":2,\"observedGeneration\":4,\"conditions\":[{"
			      "\"type\":\"Other\",\"status\":\"True\"},{\"type\":"
			      "\"DisruptionAllowed\",\"status\":\"True\"}]}}"),
		&f->pods, 0, NOW
	};
	struct policy_v1_pod_disruption_budget_status s;

	assert_true(disruption_needs_scale(v.budget));
	disruption_failed(&v, STR("no size"), &s);
	assert_int_equal(s.disruptions_allowed, 0);
	assert_int_equal(s.current_healthy, 3);
	assert_int_equal(s.conditions.n, 2);
	assert_true(str_eqz(s.conditions.items[1].status, "False"));
	assert_true(str_eqz(s.conditions.items[1].reason, "SyncFailed"));
	assert_true(str_eqz(s.conditions.items[1].message, "no size"));
	assert_int_equal(s.conditions.items[1].last_transition_time.us, NOW);
}

static void a_disruption_that_did_not_come_is_taken_back(void **state)
{
	struct workload_fixture *f = *state;
#define TARGET(status, reason)                                                             \
	"\"phase\":\"Running\",\"conditions\":[{\"type\":\"DisruptionTarget\",\"status\":" \
	"\"" status "\",\"reason\":\"" reason                                              \
	"\",\"lastTransitionTime\":\"2025-12-31T23:59:00Z\"}]"
	const struct {
		const char *metadata, *status;
		int64_t now_us, ms;
	} cases[] = {
		{ "", TARGET("True", "EvictionByEvictionAPI"), NOW, 60000 },
		{ "", TARGET("True", "EvictionByEvictionAPI"), NOW + 60000000, 0 },
		{ "", TARGET("False", ""), NOW, DISRUPTION_STANDS },
		{ "", TARGET("True", "TerminationByKubelet"), NOW, DISRUPTION_STANDS },
		{ POD_LEAVING, TARGET("True", "PreemptionByScheduler"), NOW, DISRUPTION_STANDS },
		{ "", POD_READY, NOW, DISRUPTION_STANDS },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(disruption_stale_ms(workload_pod(f, "p", cases[i].metadata, "",
								  cases[i].status),
						     cases[i].now_us),
				 cases[i].ms);
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(budgets_in_numbers_and_percent),
		T(pods_that_are_unwell_or_leaving_do_not_count),
		T(a_granted_eviction_counts_until_it_is_seen_or_two_minutes_old),
		T(what_cannot_be_reckoned_allows_nothing_and_says_why),
		T(a_disruption_that_did_not_come_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
