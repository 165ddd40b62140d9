/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/json/reader.h"
#include "api/json/write.h"

static void wrong_text_is_refused_in_gos_words(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "", "unexpected end of JSON input" },
		{ "{", "unexpected end of JSON input" },
		{ "nul", "invalid character ' ' in literal null (expecting 'l')" },
		{ "-", "invalid character ' ' in numeric literal" },
		{ "[1,", "unexpected end of JSON input" },
		{ "\"abc", "unexpected end of JSON input" },
		{ "hello", "invalid character 'h' looking for beginning of value" },
		{ "{a:1}", "invalid character 'a' looking for beginning of object key string" },
		{ "{\"a\" 1}", "invalid character '1' after object key" },
		{ "{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair" },
		{ "{\"a\":1,}",
		  "invalid character '}' looking for beginning of object key string" },
		{ "[1 2]", "invalid character '2' after array element" },
		{ "[1,]", "invalid character ']' looking for beginning of value" },
		{ "{} x", "invalid character 'x' after top-level value" },
		{ "\"a\nb\"", "invalid character '\\n' in string literal" },
		{ "\"\\q\"", "invalid character 'q' in string escape code" },
		{ "\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape" },
		{ "tru0", "invalid character '0' in literal true (expecting 'e')" },
		{ "nul!", "invalid character '!' in literal null (expecting 'l')" },
		{ "-x", "invalid character 'x' in numeric literal" },
		{ "1.x", "invalid character 'x' after decimal point in numeric literal" },
		{ "1ex", "invalid character 'x' in exponent of numeric literal" },
		{ "01", "invalid character '1' after top-level value" },
		{ "'a'", "invalid character '\\'' looking for beginning of value" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *tree = NULL;
		auto_err err = { 0 };
		int r = api_json_parse(str_from(cases[i][0]), &tree, NULL, &err);
		assert_int_equal(r, -ERR_BAD_REQUEST);
		assert_string_equal(err_text(&err), cases[i][1]);
		assert_null(tree);
	}
}

static json_t *parse(const char *text)
{
	json_t *tree = NULL;
	auto_err err = { 0 };
	if (api_json_parse(str_from(text), &tree, NULL, &err) < 0)
		fail_msg("%s: %s", text, err_text(&err));
	return tree;
}

static void expect_written(const char *text, const char *want)
{
	auto_buf out = { 0 };
	json_t *tree = parse(text);
	api_json_any(&out, tree);
	assert_string_equal(out.p, want);
	json_decref(tree);
}

static void values_are_written_as_go_writes_them(void **state)
{
	(void)state;
	expect_written("{\"b\":1,\"a\":[true,null,-7]}", "{\"a\":[true,null,-7],\"b\":1}");
	expect_written("9223372036854775807", "9223372036854775807");
	expect_written("1.0", "1");
	expect_written("0.1", "0.1");
	expect_written("123456.789", "123456.789");
	expect_written("1e21", "1e+21");
	expect_written("1e20", "100000000000000000000");
	expect_written("1.5e-7", "1.5e-7");
	expect_written("0.000001", "0.000001");
	expect_written("-2.5", "-2.5");
	expect_written("1e300", "1e+300");
}

static void escapes_become_utf8(void **state)
{
	(void)state;
	json_t *tree = parse("\"\\u00e9\\ud83d\\ude00\\n\\/\\ud800x\"");
	assert_string_equal(json_string_value(tree), "\xc3\xa9\xf0\x9f\x98\x80\n/\xef\xbf\xbdx");
	json_decref(tree);
	tree = parse("\"a\xff\xc0\xaf\"");
	assert_string_equal(json_string_value(tree), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(tree);
}

static void members_that_come_twice_are_told_with_their_path(void **state)
{
	(void)state;
	json_t *tree = NULL;
	struct api_strings dup = { 0 };
	assert_int_equal(api_json_parse(STR("{\"a\":1,\"spec\":{\"c\":[{\"n\":1,\"n\":2}],\"x\":1,"
					    "\"x\":2},\"a\":3}"),
					&tree, &dup, NULL),
			 0);
	assert_int_equal(dup.n, 3);
	assert_string_equal(dup.items[0], "spec.c[0].n");
	assert_string_equal(dup.items[1], "spec.x");
	assert_string_equal(dup.items[2], "a");
	assert_int_equal(json_integer_value(json_object_get(tree, "a")), 3);
	api_strings_free(&dup);
	json_decref(tree);
}

static void nesting_has_a_limit(void **state)
{
	(void)state;
	char text[2 * API_DEPTH_MAX + 8];
	json_t *tree = NULL;
	auto_err err = { 0 };
	memset(text, '[', API_DEPTH_MAX);
	memset(text + API_DEPTH_MAX, ']', API_DEPTH_MAX);
	assert_int_equal(api_json_parse(str_of(text, 2 * API_DEPTH_MAX), &tree, NULL, &err), 0);
	json_decref(tree);
	tree = NULL;
	memset(text, '[', sizeof text);
	assert_int_equal(api_json_parse(str_of(text, sizeof text), &tree, NULL, &err),
			 -ERR_BAD_REQUEST);
	assert_string_equal(err_text(&err), "invalid character '[' exceeded max depth");
}

static void a_number_beyond_all_bounds_is_refused(void **state)
{
	(void)state;
	json_t *tree = NULL;
	auto_err err = { 0 };
	assert_int_equal(api_json_parse(STR("{\"a\":1e999}"), &tree, NULL, &err), -ERR_BAD_REQUEST);
	assert_string_equal(err_text(&err),
			    "json: cannot unmarshal number 1e999 into Go value of type float64");
	tree = parse("18446744073709551616");
	assert_true(json_is_real(tree));
	json_decref(tree);
}

static void the_reader_skips_what_nobody_wants(void **state)
{
	(void)state;
	struct reader r;
	struct reader_text key;
	struct str value = { 0 };
	reader_init(&r, STR(" { \"a\" : [ {\"x\":[]}, {} ] , \"b\":\"q\\\"\", \"c\" : -1.5e3 } "));
	assert_true(reader_object(&r));
	assert_true(reader_member(&r, &key));
	assert_true(reader_text_eq(&key, STR("a")));
	assert_true(reader_skip(&r));
	assert_true(reader_member(&r, &key));
	assert_true(reader_value(&r, &value));
	assert_true(str_eqz(value, "\"q\\\"\""));
	assert_true(reader_member(&r, &key));
	assert_true(reader_value(&r, &value));
	assert_true(str_eqz(value, "-1.5e3"));
	assert_false(reader_member(&r, &key));
	assert_true(reader_end(&r));
	assert_false(r.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_text_is_refused_in_gos_words),
		cmocka_unit_test(values_are_written_as_go_writes_them),
		cmocka_unit_test(escapes_become_utf8),
		cmocka_unit_test(members_that_come_twice_are_told_with_their_path),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(a_number_beyond_all_bounds_is_refused),
		cmocka_unit_test(the_reader_skips_what_nobody_wants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
