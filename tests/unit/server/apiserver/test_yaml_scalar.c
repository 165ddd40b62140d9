/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/write/yaml_scalar.h"

#include "base/mem.h"
#include "server/apiserver/write/yaml.h"
#include "tests/unit/unit.h"

static void strings_get_the_style_that_keeps_them_strings(void **state)
{
	static const char *const rows[][2] = {
		{ "plain", "plain" },
		{ "", "\"\"" },
		{ "true", "\"true\"" },
		{ "yes", "\"yes\"" },
		{ "0755", "\"0755\"" },
		{ "1e3", "\"1e3\"" },
		{ "12:30:45", "\"12:30:45\"" },
		{ "2001-12-14", "\"2001-12-14\"" },
		{ "a: b", "'a: b'" },
		{ "#a", "'#a'" },
		{ " lead", "' lead'" },
		{ "it's: x", "'it''s: x'" },
		{ "it's", "it's" },
		{ "-a", "-a" },
		{ "tab\tx", "\"tab\\tx\"" },
		{ "two\nlines", "|-\n    two\n    lines" },
		{ "two\nlines\n", "|\n    two\n    lines" },
		{ " two\nlines\n\n", "|2+\n     two\n    lines\n" },
		{ "trail \nx", "\"trail \\nx\"" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_buf out = { 0 };
		yaml_scalar_write(str_from(rows[i][0]), 4, false, &out);
		assert_string_equal(out.p, rows[i][1]);
	}
}

static void long_lines_fold_at_a_space(void **state)
{
	(void)state;
	auto_buf text = { 0 }, out = { 0 };
	for (int i = 0; i < 20; i++)
		buf_puts(&text, "word ");
	buf_puts(&text, "end");
	yaml_scalar_write(buf_view(&text), 2, false, &out);
	char *second = strchr(out.p, '\n');
	assert_non_null(second);
	assert_int_equal(second - out.p, 84);
	assert_string_equal(second, "\n  word word word end");
}

static void keys_are_sorted_by_their_numbers(void **state)
{
	(void)state;
	auto_buf out = { 0 };
	json_t *tree =
		json_pack("{s:i,s:i,s:i,s:[i],s:{}}", "k10", 1, "k9", 2, "true", 3, ".a", 4, "b");
	yaml_write(tree, &out);
	assert_string_equal(out.p, ".a:\n- 4\nb: {}\nk9: 2\nk10: 1\n\"true\": 3\n");
	json_decref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_get_the_style_that_keeps_them_strings),
		cmocka_unit_test(long_lines_fold_at_a_space),
		cmocka_unit_test(keys_are_sorted_by_their_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
