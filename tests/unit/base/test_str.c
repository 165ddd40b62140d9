/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "base/str.h"

static void numbers_parse_whole_and_within_range(void **state)
{
	(void)state;
	int64_t v = 7;
	assert_true(str_to_i64(STR("-9223372036854775808"), &v));
	assert_true(v == INT64_MIN);
	assert_false(str_to_i64(STR("9223372036854775808"), &v));
	assert_false(str_to_i64(STR("12x"), &v));
	assert_false(str_to_i64(STR(""), &v));
	assert_false(str_to_i64(STR("-"), &v));
	assert_true(v == INT64_MIN); /* untouched on failure */
}

static void next_yields_every_part_also_empty_ones(void **state)
{
	(void)state;
	struct str rest = STR("a,,b,"), part;
	const char *want[] = { "a", "", "b", "" };
	size_t n = 0;
	while (str_next(&rest, ',', &part)) {
		assert_true(n < 4);
		assert_true(str_eqz(part, want[n++]));
	}
	assert_int_equal(n, 4);
}

static void order_is_bytewise_with_the_shorter_first(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR(""), STR("")), 0);
}

static void distance_counts_edits(void **state)
{
	(void)state;
	assert_int_equal(str_distance(STR("data-dir"), STR("data-dri")), 2);
	assert_int_equal(str_distance(STR(""), STR("abc")), 3);
	assert_int_equal(str_distance(STR("same"), STR("same")), 0);
}

static void trim_and_affixes(void **state)
{
	(void)state;
	struct str s = STR("prefix-rest");
	assert_true(str_eqz(str_trim(STR(" \t x y\r\n")), "x y"));
	assert_true(str_cut_prefix(&s, STR("prefix-")));
	assert_true(str_eqz(s, "rest"));
	assert_false(str_cut_prefix(&s, STR("restless")));
	assert_true(str_ends(s, STR("st")));
	assert_int_equal(str_rfind(STR("a/b/c"), '/'), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_parse_whole_and_within_range),
		cmocka_unit_test(next_yields_every_part_also_empty_ones),
		cmocka_unit_test(order_is_bytewise_with_the_shorter_first),
		cmocka_unit_test(distance_counts_edits),
		cmocka_unit_test(trim_and_affixes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
