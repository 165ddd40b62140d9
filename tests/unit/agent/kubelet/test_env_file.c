/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/env_file.h"

static const char *value(struct arena *a, const char *text)
{
	struct str out;
	auto_err err = { 0 };
	if (env_file_value(str_from(text), STR("K"), a, &out, &err) < 0)
		return arena_strdup(a, str_from(err_text(&err)));
	return out.p ? arena_strdup(a, out) : "none";
}

static void values_are_what_stands_between_the_quotes(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "K='v'", "v" },
		{ "# K='no'\n\n \tK='v' # yes\n", "v" },
		{ "J='x'\nK='$HOME \\n'\n", "$HOME \\n" },
		{ "K='one\ntwo'\n", "one\ntwo" },
		{ "K= 'v'\n", "none" },
		{ "K=''\n", "none" },
		{ "J='v'\n", "none" },
		{ "", "none" },
		{ "K='first'\nnonsense", "first" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(value(&a, rows[i].text), rows[i].want);
}

static void what_a_shell_might_take_is_refused(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "\nK", "at line 2: missing '='" },
		{ "='v'", "at line 1: empty variable name" },
		{ "K ='v'", "at line 1: whitespace before '=' is not allowed" },
		{ "K=v", "at line 1: value must be enclosed in single quotes" },
		{ "K=", "at line 1: value must be enclosed in single quotes" },
		{ "K='v'x", "at line 1: unexpected content after closing quote" },
		{ "J='v'\nK='v\n\n", "starting at line 2: unclosed single quote" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(value(&a, rows[i].text),
				    arena_printf(&a, "invalid environment variable format %s",
						 rows[i].want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_what_stands_between_the_quotes),
		cmocka_unit_test(what_a_shell_might_take_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
