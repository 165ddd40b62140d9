/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/values/image_name.h"
#include "base/mem.h"

#define HEX64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void tags_are_found_in_names_only(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "nginx", "latest" },
		{ "nginx:1.2", "1.2" },
		{ "localhost:5000/a/b", "latest" },
		{ "registry.example.com:5000/a_b/c--d:v1", "v1" },
		{ "nginx@sha256:" HEX64, "" },
		{ "nginx:1@sha256:" HEX64, "1" },
		{ "Upper/case", "latest" },
		{ "Upper_Case!", "" },
		{ "a/Upper", "" },
		{ "/abs", "" },
		{ "a//b", "" },
		{ "-x-", "" },
		{ "a b", "" },
		{ "", "" },
		{ HEX64, "" },
		{ "a:", "" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str tag = image_name_tag(str_from(cases[i][0]));
		if (!str_eqz(tag, cases[i][1]))
			fail_msg("%s: wanted '%s', have '%.*s'", cases[i][0], cases[i][1],
				 STR_ARG(tag));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tags_are_found_in_names_only) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
