/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/nodes/taint_eviction_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define TAINT    "{\"key\":\"k\",\"effect\":\"NoExecute\",\"timeAdded\":\"2025-12-31T23:59:50Z\"}"
#define TOLERATE "\"tolerations\":["

static void tolerations_decide_when(void **state)
{
	struct workload_fixture *f = *state;
	const struct {
		const char *taints, *pod;
		int64_t s;
	} cases[] = {
		{ "", "", EVICT_NEVER },
		{ "{\"key\":\"k\",\"effect\":\"NoSchedule\"}", "", EVICT_NEVER },
		{ TAINT, "", 0 },
		{ TAINT, TOLERATE "{\"key\":\"other\",\"operator\":\"Exists\"}]", 0 },
		{ TAINT, TOLERATE "{\"key\":\"k\",\"operator\":\"Exists\"}]", EVICT_NEVER },
		{ TAINT, TOLERATE "{\"operator\":\"Exists\"}]", EVICT_NEVER },
		{ TAINT,
		  TOLERATE "{\"key\":\"k\",\"operator\":\"Exists\",\"tolerationSeconds\":300}]",
		  300 },
		{ TAINT,
		  TOLERATE "{\"key\":\"k\",\"operator\":\"Exists\",\"tolerationSeconds\":-5}]", 0 },
		{ TAINT,
		  TOLERATE "{\"key\":\"k\",\"operator\":\"Exists\",\"tolerationSeconds\":300},{"
			   "\"key\":\"k\",\"operator\":\"Exists\","
			   "\"tolerationSeconds\":60}]",
		  300 }, /* the first counts */
		{ TAINT ",{\"key\":\"l\",\"effect\":\"NoExecute\"}",
		  TOLERATE "{\"key\":\"k\",\"operator\":\"Exists\",\"tolerationSeconds\":300},{"
			   "\"key\":\"l\",\"operator\":\"Exists\",\"tolerationSeconds\":60}]",
		  60 }, /* of two taints the sooner */
		{ TAINT ",{\"key\":\"l\",\"effect\":\"NoExecute\"}",
		  TOLERATE "{\"key\":\"k\",\"operator\":\"Exists\",\"tolerationSeconds\":300}]",
		  0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *json =
			str_printf("{\"metadata\":{\"name\":\"n\"},\"spec\":{\"taints\":[%s]}}",
				   cases[i].taints);
		const struct core_v1_node *n = workload_read(f, api_struct_core_v1_node, json);

		assert_int_equal(taint_eviction_s(workload_pod(f, "p", "", cases[i].pod, ""), n),
				 cases[i].s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tolerations_decide_when, workload_setup,
						workload_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
