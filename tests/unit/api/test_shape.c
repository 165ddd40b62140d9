/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/codec.h"
#include "api/shape.h"
#include "base/mem.h"
#include "generated/api_tables.h"

static bool differs(const char *old, const char *new)
{
	json_t *a = json_loads(old, 0, NULL), *b = json_loads(new, 0, NULL);
	const struct api_field *spec = api_type_field(API_APPS_V1_DEPLOYMENTS->type, STR("spec"));
	assert_non_null(a);
	assert_non_null(b);
	bool r = shape_surely_differs(&spec->schema, a, b);
	json_decref(a);
	json_decref(b);
	return r;
}

static void differences_of_values_are_sure(void **state)
{
	static const char *const pairs[][2] = {
		{ "{\"replicas\":1}", "{\"replicas\":2}" },
		{ "{\"selector\":{\"matchLabels\":{\"a\":\"1\"}}}",
		  "{\"selector\":{\"matchLabels\":{\"a\":\"2\"}}}" },
		{ "{\"selector\":{\"matchLabels\":{\"a\":\"1\"}}}",
		  "{\"selector\":{\"matchLabels\":{\"a\":\"1\",\"b\":\"\"}}}" },
		{ "{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]}}}",
		  "{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"y\"}]}}}" },
		{ "{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}}",
		  "{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}"
		  "}" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		assert_true(differs(pairs[i][0], pairs[i][1]));
		assert_true(differs(pairs[i][1], pairs[i][0]));
		assert_false(differs(pairs[i][0], pairs[i][0]));
	}
}

static void what_may_be_left_out_or_said_otherwise_is_not_sure(void **state)
{
	static const char *const pairs[][2] = {
		{ "{}", "{\"replicas\":0}" },
		{ "{\"paused\":true}", "{}" },
		{ "{\"template\":{}}", "{\"template\":{\"metadata\":{}}}" },
		{ "{\"template\":{\"spec\":{\"containers\":[]}}}", "{\"template\":{\"spec\":{}}}" },
		{ "{\"template\":{\"spec\":{\"overhead\":{\"cpu\":\"1\"}}}}",
		  "{\"template\":{\"spec\":{\"overhead\":{\"cpu\":\"1000m\"}}}}" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		assert_false(differs(pairs[i][0], pairs[i][1]));
		assert_false(differs(pairs[i][1], pairs[i][0]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_of_values_are_sure),
		cmocka_unit_test(what_may_be_left_out_or_said_otherwise_is_not_sure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
