/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/err.h"

static void set_returns_the_negative_reason_and_formats(void **state)
{
	(void)state;
	auto_err err = { 0 };
	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "pods \"%s\" not found", "web"),
			 -ERR_NOT_FOUND);
	assert_string_equal(err_text(&err), "pods \"web\" not found");
	assert_int_equal(err_code(&err), 404);
}

static void null_err_still_returns_the_code(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_CONFLICT, "x"), -ERR_CONFLICT);
	assert_int_equal(err_wrap(NULL, -ERR_CONFLICT, "x"), -ERR_CONFLICT);
}

static void wrap_prefixes_and_keeps_the_reason(void **state)
{
	(void)state;
	auto_err err = { 0 };
	int r = err_set(&err, ERR_GONE, "inner");
	assert_int_equal(err_wrap(&err, r, "read %d", 7), -ERR_GONE);
	assert_string_equal(err_text(&err), "read 7: inner");
	assert_int_equal(err.reason, ERR_GONE);
}

static void own_text_may_be_an_argument(void **state)
{
	(void)state;
	auto_err err = { 0 };
	err_set(&err, ERR_INTERNAL, "a");
	err_set(&err, ERR_INTERNAL, "%s and b", err_text(&err));
	assert_string_equal(err_text(&err), "a and b");
}

static void causes_are_copied(void **state)
{
	(void)state;
	auto_err err = { 0 }, copy = { 0 };
	err_set(&err, ERR_INVALID, "bad");
	err_cause(&err, "FieldValueRequired", "spec.x", "Required value");
	err_cause(&err, "FieldValueInvalid", NULL, "n=%d", 3);
	err_copy(&copy, &err);
	err_clear(&err);
	assert_int_equal(copy.ncauses, 2);
	assert_string_equal(copy.causes[0].field, "spec.x");
	assert_null(copy.causes[1].field);
	assert_string_equal(copy.causes[1].message, "n=3");
}

static void causes_without_end_end(void **state)
{
	(void)state;
	auto_err err = { 0 };
	for (int i = 0; i < 300000; i++)
		err_cause(&err, "FieldValueInvalid", "spec.x", "text");
	assert_in_range(err.ncauses, ERR_CAUSES_BYTES / 10, ERR_CAUSES_BYTES / 10 + 1);
	err_clear(&err);
	err_cause(&err, "FieldValueInvalid", "spec.x", "text");
	assert_int_equal(err.ncauses, 1);
}

static void reasons_map_to_text_and_back(void **state)
{
	(void)state;
	assert_string_equal(err_reason_text(ERR_TOO_LARGE), "RequestEntityTooLarge");
	assert_int_equal(err_reason_from_text("Conflict", 8), ERR_CONFLICT);
	assert_int_equal(err_reason_from_text("Nope", 4), ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_returns_the_negative_reason_and_formats),
		cmocka_unit_test(null_err_still_returns_the_code),
		cmocka_unit_test(wrap_prefixes_and_keeps_the_reason),
		cmocka_unit_test(own_text_may_be_an_argument),
		cmocka_unit_test(causes_are_copied),
		cmocka_unit_test(causes_without_end_end),
		cmocka_unit_test(reasons_map_to_text_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
