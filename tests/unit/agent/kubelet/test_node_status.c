/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "agent/kubelet/node/node_status.h"
#include "api/decode.h"

#define CONDITIONS(ready)                                     \
	"{\"status\":{\"conditions\":["                       \
	"{\"type\":\"MemoryPressure\",\"status\":\"False\"}," \
	"{\"type\":\"DiskPressure\",\"status\":\"False\"},"   \
	"{\"type\":\"Other\",\"status\":\"Unknown\"},"        \
	"{\"type\":\"PIDPressure\",\"status\":\"False\"},"    \
	"{\"type\":\"Ready\",\"status\":\"" ready "\"}]}}"

static bool is_shown(const char *node)
{
	auto_arena arena = { 0 };
	auto_err err = { 0 };
	struct core_v1_node n = { 0 };
	struct node_view v = { .conditions[NODE_READY] = { .value = true } };
	assert_int_equal(struct_read_json(str_from(node), &arena, api_struct_core_v1_node, &n,
					  &err),
			 0);
	return node_status_is_shown(&v, &n);
}

static void what_others_wrote_over_is_noticed(void **state)
{
	(void)state;
	assert_true(is_shown(CONDITIONS("True")));
	assert_false(is_shown(CONDITIONS("Unknown")));
	assert_false(is_shown(CONDITIONS("False")));
	assert_false(is_shown("{\"status\":{}}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_wrote_over_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
