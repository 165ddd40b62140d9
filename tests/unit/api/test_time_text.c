/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/values/time_text.h"
#include "base/mem.h"

static void what_is_wrong_is_told_as_go_does(void **state)
{
	(void)state;
#define SECONDS "\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \""
#define MICROS  "\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \""
	static const struct {
		const char *text;
		bool micro;
		const char *why; /* NULL: nothing is */
	} cases[] = {
		{ "2026-01-02T03:04:05Z", false, NULL },
		{ "2026-01-02T03:04:05.5+02:00", false, NULL },
		{ "2026-01-02T03:04:05.123456Z", true, NULL },
		{ "yesterday", false,
		  "parsing time \"yesterday" SECONDS "yesterday\" as \"2006\"" },
		{ "2026-01-02", false, "parsing time \"2026-01-02" SECONDS "\" as \"T\"" },
		{ "2026-01-02T03:04:05", false,
		  "parsing time \"2026-01-02T03:04:05" SECONDS "\" as \"Z07:00\"" },
		{ "2026-13-02T03:04:05Z", false,
		  "parsing time \"2026-13-02T03:04:05Z\": month out of range" },
		{ "2026-02-30T03:04:05Z", false,
		  "parsing time \"2026-02-30T03:04:05Z\": day out of range" },
		{ "2026-01-02T03:04:05Zx", false,
		  "parsing time \"2026-01-02T03:04:05Zx\": extra text: \"x\"" },
		{ "2026-01-02T03:04:05Z", true,
		  "parsing time \"2026-01-02T03:04:05Z" MICROS "Z\" as \".000000\"" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_buf why = { 0 };
		bool ok = time_text_check(str_from(cases[i].text), cases[i].micro, &why);
		assert_int_equal(ok, cases[i].why == NULL);
		if (!ok)
			assert_string_equal(why.p, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_wrong_is_told_as_go_does) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
