/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/clock.h"

static void assert_parses(const char *text, int64_t want_us)
{
	int64_t us = -1;
	assert_true(time_parse(str_from(text), &us));
	assert_int_equal(us, want_us);
}

static void rfc3339_parses_with_fraction_and_offset(void **state)
{
	(void)state;
	assert_parses("1970-01-01T00:00:00Z", 0);
	assert_parses("2024-02-29T12:34:56Z", 1709210096000000);
	assert_parses("2024-02-29T12:34:56.789Z", 1709210096789000);
	assert_parses("2024-02-29T14:34:56+02:00", 1709210096000000);
	assert_parses("2024-02-29T12:34:56.123456789Z", 1709210096123456);
	assert_parses("1969-12-31T23:59:59Z", -1000000);
}

static void impossible_dates_are_refused(void **state)
{
	(void)state;
	const char *bad[] = { "",
			      "2023-02-29T00:00:00Z",
			      "2023-13-01T00:00:00Z",
			      "2023-01-01T24:00:00Z",
			      "2023-01-01",
			      "2023-01-01T00:00:00",
			      "2023-01-01T00:00:00.Z",
			      "2023-01-01T00:00:00Zx" };
	int64_t us = 42;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (time_parse(str_from(bad[i]), &us))
			fail_msg("%s was accepted", bad[i]);
		assert_int_equal(us, 42);
	}
}

static void text_and_back_is_the_same(void **state)
{
	(void)state;
	char text[TIME_TEXT_MAX];
	for (int64_t us = -3000000000000; us < 4000000000000000; us += 77777777777777) {
		int64_t back;
		time_format_micro(us, text);
		assert_true(time_parse(str_from(text), &back));
		assert_int_equal(back, us);
	}
	time_format(1709210096, text);
	assert_string_equal(text, "2024-02-29T12:34:56Z");
	time_format_http(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	time_format_nano(1709210096, 7, text);
	assert_string_equal(text, "2024-02-29T12:34:56.000000007Z");
}

static void times_beyond_all_years_have_a_text(void **state)
{
	static const int64_t beyond[] = { INT64_MAX, INT64_MIN, INT64_C(9000000000000000000) };
	char text[TIME_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		time_format(beyond[i], text);
		assert_string_equal(text, "9999-12-31T23:59:59Z");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_parses_with_fraction_and_offset),
		cmocka_unit_test(impossible_dates_are_refused),
		cmocka_unit_test(text_and_back_is_the_same),
		cmocka_unit_test(times_beyond_all_years_have_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
