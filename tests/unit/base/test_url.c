/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/url.h"

static void parameters_are_decoded(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct str query = STR("a=1&b=x%3Dy+z&c&=d&b=second");
	assert_true(str_eqz(query_get(&a, query, "a"), "1"));
	assert_true(str_eqz(query_get(&a, query, "b"), "x=y z"));
	assert_true(query_has(query, "c"));
	assert_int_equal(query_get(&a, query, "c").n, 0);
	assert_null(query_get(&a, query, "e").p);
	assert_false(query_has(query, "e"));
}

static void malformed_escapes_are_refused(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct str out;
	assert_false(percent_decode(&a, STR("%"), false, &out));
	assert_false(percent_decode(&a, STR("%4"), false, &out));
	assert_false(percent_decode(&a, STR("%zz"), false, &out));
	assert_true(percent_decode(&a, STR("%41+"), false, &out));
	assert_true(str_eqz(out, "A+"));
	assert_null(query_get(&a, STR("x=%zz"), "x").p);
}

static void count_pair(void *ctx, struct str key, struct str value)
{
	(void)key;
	(void)value;
	++*(int *)ctx;
}

static void each_pair_is_met_in_order(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	int n = 0;
	query_each(&a, STR("&a=1&&b=2&"), count_pair, &n);
	assert_int_equal(n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_decoded),
		cmocka_unit_test(malformed_escapes_are_refused),
		cmocka_unit_test(each_pair_is_met_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
