/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/subresources/eviction_budget.h"

#include <string.h>

#include "api/object/meta.h"
#include "base/mem.h"
#include "tests/unit/unit.h"

#define READY                                                                                \
	"{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":" \
	"\"True\"}]}}"
#define UNREADY                                                                              \
	"{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":" \
	"\"False\"}]}}"

static json_t *tree(const char *text)
{
	json_t *t = json_loads(text, 0, NULL);
	assert_non_null(t);
	return t;
}

static void pods_that_do_no_work_have_no_budget(void **state)
{
	static const struct {
		const char *pod;
		bool ignored;
	} rows[] = {
		{ READY, false },
		{ UNREADY, false },
		{ "{\"status\":{\"phase\":\"Pending\"}}", true },
		{ "{\"status\":{\"phase\":\"Succeeded\"}}", true },
		{ "{\"status\":{\"phase\":\"Failed\"}}", true },
		{ "{\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"},\"status\":{"
		  "\"phase\":\"Running\"}}",
		  true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *pod = tree(rows[i].pod);
		assert_int_equal(budget_ignores(pod), rows[i].ignored);
		json_decref(pod);
	}
}

static void unready_pods_go_when_the_budget_is_kept_without_them_or_says_so(void **state)
{
	static const struct {
		const char *budget, *pod;
		bool freed;
	} rows[] = {
		{ "{\"spec\":{\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"},\"status\":{"
		  "\"desiredHealthy\":4}}",
		  UNREADY, true },
		{ "{\"spec\":{\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"},\"status\":{}}",
		  READY, false },
		{ "{\"spec\":{},\"status\":{\"desiredHealthy\":2,\"currentHealthy\":2}}", UNREADY,
		  true },
		{ "{\"spec\":{},\"status\":{\"desiredHealthy\":2,\"currentHealthy\":2}}", READY,
		  false },
		{ "{\"spec\":{},\"status\":{\"desiredHealthy\":2,\"currentHealthy\":1}}", UNREADY,
		  false },
		{ "{\"spec\":{\"unhealthyPodEvictionPolicy\":\"IfHealthyBudget\"},\"status\":{"
		  "\"desiredHealthy\":0,"
		  "\"currentHealthy\":0}}",
		  UNREADY, false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *budget = tree(rows[i].budget), *pod = tree(rows[i].pod);
		assert_int_equal(budget_frees(budget, pod), rows[i].freed);
		json_decref(budget);
		json_decref(pod);
	}
}

static void a_budget_says_why_it_allows_no_disruption(void **state)
{
	static const struct {
		const char *status;
		enum err_reason reason;
		const char *cause;
	} rows[] = {
		{ "{}", ERR_TOO_MANY_REQUESTS,
		  "The disruption budget b is still being processed by the server." },
		{ "{\"observedGeneration\":1,\"disruptionsAllowed\":1}", ERR_TOO_MANY_REQUESTS,
		  "The disruption budget b is still being processed by the server." },
		{ "{\"observedGeneration\":2,\"disruptionsAllowed\":-1}", ERR_FORBIDDEN,
		  "The disruption budget b does not allow evicting pods currently: pdb disruptions "
		  "allowed is negative" },
		{ "{\"observedGeneration\":2,\"desiredHealthy\":3,\"currentHealthy\":2}",
		  ERR_TOO_MANY_REQUESTS,
		  "The disruption budget b needs 3 healthy pods and has 2 currently" },
		{ "{\"observedGeneration\":2,\"desiredHealthy\":1,\"currentHealthy\":2}",
		  ERR_TOO_MANY_REQUESTS,
		  "The disruption budget b does not allow evicting pods currently" },
		{ "{\"observedGeneration\":2,\"desiredHealthy\":1,\"currentHealthy\":2,"
		  "\"conditions\":[{"
		  "\"type\":\"DisruptionAllowed\",\"status\":\"False\",\"reason\":\"R\","
		  "\"message\":"
		  "\"m\"}]}",
		  ERR_TOO_MANY_REQUESTS,
		  "The disruption budget b does not allow evicting pods currently (R): m" },
		{ "{\"observedGeneration\":2,\"conditions\":[{\"type\":\"DisruptionAllowed\","
		  "\"status\":"
		  "\"False\",\"reason\":\"SyncFailed\",\"message\":\"m\"}]}",
		  ERR_TOO_MANY_REQUESTS,
		  "The disruption budget b does not allow evicting pods currently because it "
		  "failed "
		  "sync: m" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		json_t *budget = tree("{\"metadata\":{\"name\":\"b\",\"generation\":2}}");
		json_object_set_new(budget, "status", tree(rows[i].status));
		assert_int_equal(budget_take(budget, STR("p"), 0, &err), -(int)rows[i].reason);
		assert_int_equal(err.ncauses, 1);
		assert_string_equal(err.causes[0].message, rows[i].cause);
		json_decref(budget);
	}
}

static void the_last_disruption_is_told(void **state)
{
	auto_err err = { 0 };
	json_t *budget = tree("{\"metadata\":{\"name\":\"b\",\"generation\":1},\"status\":{"
			      "\"observedGeneration\":1,"
			      "\"disruptionsAllowed\":2,\"conditions\":[{\"type\":"
			      "\"DisruptionAllowed\",\"status\":"
			      "\"True\",\"reason\":\"SufficientPods\",\"lastTransitionTime\":"
			      "\"2026-01-01T00:00:00Z\"}]}}");
	(void)state;
	const json_t *condition = json_array_get(tree_get(budget, "status", "conditions", NULL), 0);
	assert_int_equal(budget_take(budget, STR("p"), 0, &err), 0);
	assert_string_equal(json_string_value(json_object_get(condition, "status")), "True");
	assert_int_equal(budget_take(budget, STR("q"), 0, &err), 0);
	assert_string_equal(json_string_value(json_object_get(condition, "status")), "False");
	assert_string_equal(json_string_value(json_object_get(condition, "lastTransitionTime")),
			    "1970-01-01T00:00:00Z");
	assert_int_equal(json_object_size(tree_get(budget, "status", "disruptedPods", NULL)), 2);
	assert_int_equal(budget_take(budget, STR("r"), 0, &err), -(int)ERR_TOO_MANY_REQUESTS);
	json_decref(budget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_that_do_no_work_have_no_budget),
		cmocka_unit_test(unready_pods_go_when_the_budget_is_kept_without_them_or_says_so),
		cmocka_unit_test(a_budget_says_why_it_allows_no_disruption),
		cmocka_unit_test(the_last_disruption_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
