/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/codec.h"
#include "api/json/compact.h"
#include "base/mem.h"

static char *as_json(const char *yaml)
{
	json_t *tree = NULL;
	auto_err err = { 0 };
	if (api_yaml_parse(str_from(yaml), &tree, NULL, &err) < 0)
		fail_msg("%s: %s", yaml, err_text(&err));
	char *text = json_dumps(tree, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(tree);
	return text;
}

static void json_on_one_line_means_what_yaml_reads(void **state)
{
	static const struct {
		const char *text;
		bool compact;
	} cases[] = { { "{\"a\":[1,-5,true,null,\"x\\n\\\"\"],\"b\":{}}\n", true },
		      { "{\"a\":\"yes\",\"0x1\":\"~\",\"<<\":\"&x *y #z\"}", true },
		      { "{\"a\":1.0}", false },
		      { "{\"a\":99999999999999999999}", false },
		      { "{\"a\":\"\\u00e4\"}", false },
		      { "{\"a\":\"\xc3\xa4\"}", false },
		      { "{\"a\":1,\n\"b\":2}", false },
		      { "{a: 1}", false },
		      { "[1]", false } };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *commented = str_printf("%s\n# YAML", cases[i].text),
			       *want = as_json(commented), *have = as_json(cases[i].text);
		json_t *v = json_compact_parse(str_from(cases[i].text));
		assert_int_equal(v != NULL, cases[i].compact);
		assert_string_equal(have, want);
		json_decref(v);
	}
	assert_null(json_compact_parse(STR("{\"a\":1,\"a\":2}")));
}

static void plain_scalars_mean_what_yaml_1_1_says(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ "yes", "true" },
		{ "Off", "false" },
		{ "~", "null" },
		{ "\"yes\"", "\"yes\"" },
		{ "0x1f", "31" },
		{ "0777", "511" },
		{ "0b101", "5" },
		{ "1_000", "1000" },
		{ "-5", "-5" },
		{ "1.5", "1.5" },
		{ "1.2.3", "\"1.2.3\"" },
		{ "100m", "\"100m\"" },
		{ "!!binary YWI=", "\"ab\"" },
		{ "2026-01-02", "\"2026-01-02\"" },
		{ "", "null" },
		{ "1e3", "1000.0" },
		{ "'5'", "\"5\"" },
		{ "1Gi", "\"1Gi\"" },
		{ "nan", "\"nan\"" },
		{ "10.0.0.1", "\"10.0.0.1\"" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *got = as_json(cases[i][0]);
		assert_string_equal(got, cases[i][1]);
		free(got);
	}
}

static void documents_keep_their_shape(void **state)
{
	(void)state;
	char *got = as_json(
		"a: &x {b: [1, two]}\nc: *x\nd:\n  <<: *x\n  e: |\n    text\n    more\n1: true\n");
	assert_string_equal(got, "{\"1\":true,\"a\":{\"b\":[1,\"two\"]},\"c\":{\"b\":[1,\"two\"]},"
				 "\"d\":{\"b\":[1,\"two\"],"
				 "\"e\":\"text\\nmore\\n\"}}");
	free(got);
}

static void keys_that_come_twice_are_told(void **state)
{
	(void)state;
	json_t *tree = NULL;
	struct api_strings dup = { 0 };
	assert_int_equal(api_yaml_parse(STR("a: {b: 1, b: 2}\nc: [{d: 1, d: 2}]\n"), &tree, &dup,
					NULL),
			 0);
	assert_int_equal(dup.n, 2);
	assert_string_equal(dup.items[0], "a.b");
	assert_string_equal(dup.items[1], "c[0].d");
	api_strings_free(&dup);
	json_decref(tree);
}

static void aliases_can_not_blow_up(void **state)
{
	(void)state;
	static const char bomb[] =
		"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		"c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		"e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
	json_t *tree = NULL;
	auto_err err = { 0 };
	assert_int_equal(api_yaml_parse(STR(bomb), &tree, NULL, &err), -ERR_BAD_REQUEST);
	assert_non_null(strstr(err_text(&err), "excessive aliasing"));
}

static void wrong_text_names_its_line(void **state)
{
	(void)state;
	json_t *tree = NULL;
	auto_err err = { 0 };
	assert_int_equal(api_yaml_parse(STR("a: 1\nb: [1\nc: 2\n"), &tree, NULL, &err),
			 -ERR_BAD_REQUEST);
	assert_non_null(strstr(err_text(&err), "yaml: line 2: did not find expected ',' or ']'"));
	assert_int_equal(api_yaml_parse(STR("a: *nobody"), &tree, NULL, &err), -ERR_BAD_REQUEST);
	assert_non_null(strstr(err_text(&err), "unknown anchor"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_on_one_line_means_what_yaml_reads),
		cmocka_unit_test(plain_scalars_mean_what_yaml_1_1_says),
		cmocka_unit_test(documents_keep_their_shape),
		cmocka_unit_test(keys_that_come_twice_are_told),
		cmocka_unit_test(aliases_can_not_blow_up),
		cmocka_unit_test(wrong_text_names_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
