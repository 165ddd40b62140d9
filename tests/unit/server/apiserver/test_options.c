/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "server/apiserver/options.h"

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void values_are_decoded(void **state)
{
	(void)state;
	struct request_options o = { 0 };
	assert_int_equal(
		options_parse(&arena, STR("labelSelector=a+in+%28b%2Cc%29&limit=5&&x=y&dryRun=All"),
			      &o, NULL),
		0);
	assert_true(str_eqz(o.label_selector, "a in (b,c)"));
	assert_int_equal(o.limit, 5);
	assert_true(o.dry_run);
}

static void the_first_of_equal_names_counts(void **state)
{
	(void)state;
	struct request_options o = { 0 };
	assert_int_equal(options_parse(&arena, STR("fieldManager=a&fieldManager=b"), &o, NULL), 0);
	assert_true(str_eqz(o.field_manager, "a"));
}

static void wrong_values_are_refused_in_upstreams_words(void **state)
{
	(void)state;
	struct request_options o = { 0 };
	auto_err err = { 0 };
	assert_int_equal(options_parse(&arena, STR("limit=x"), &o, &err), -ERR_BAD_REQUEST);
	assert_string_equal(err.text, "strconv.ParseInt: parsing \"x\": invalid syntax");
	assert_int_equal(options_parse(&arena, STR("dryRun=Some"), &o, NULL), -ERR_INVALID);
	assert_int_equal(options_parse(&arena, STR("fieldValidation=Maybe"), &o, NULL),
			 -ERR_INVALID);
	assert_int_equal(options_parse(&arena, STR("labelSelector=%zz"), &o, NULL),
			 -ERR_BAD_REQUEST);
}

static void percent_signs_at_the_end_are_malformed(void **state)
{
	(void)state;
	struct str out;
	assert_false(percent_decode(&arena, STR("a%"), false, &out));
	assert_false(percent_decode(&arena, STR("a%4"), false, &out));
	assert_true(percent_decode(&arena, STR("a%41"), false, &out));
	assert_true(str_eqz(out, "aA"));
	assert_true(percent_decode(&arena, STR("a+b"), false, &out));
	assert_true(str_eqz(out, "a+b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_decoded),
		cmocka_unit_test(the_first_of_equal_names_counts),
		cmocka_unit_test(wrong_values_are_refused_in_upstreams_words),
		cmocka_unit_test(percent_signs_at_the_end_are_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, free_arena);
}
