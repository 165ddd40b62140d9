/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"
#include "api/unstructured.h"
#include "api/values/go_format.h"

static json_t *tree(const char *text)
{
	json_t *out = NULL;
	auto_err err = { 0 };
	if (api_yaml_parse(str_from(text), &out, NULL, &err) < 0)
		fail_msg("%s: %s", text, err_text(&err));
	return out;
}

static const struct api_type *type(const char *name)
{
	const struct api_type *t = api_type_find(str_from(name));
	assert_non_null(t);
	return t;
}

static void values_of_the_wrong_kind_are_refused_in_the_converters_words(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{ "apps/v1.Deployment", "{spec: {replicas: 1.5}}",
		  "cannot convert float64 to int32" },
		{ "apps/v1.Deployment", "{spec: {replicas: '3'}}", "unrecognized type: int32" },
		{ "core/v1.Pod", "{spec: {containers: [{image: 5}]}}",
		  "cannot convert int64 to string" },
		{ "core/v1.Pod", "{spec: {restartPolicy: 5}}",
		  "cannot convert int64 to v1.RestartPolicy" },
		{ "core/v1.Pod", "{spec: {restartPolicy: [5]}}", "unrecognized type: string" },
		{ "core/v1.Pod", "{spec: {hostNetwork: 'yes'}}", "unrecognized type: bool" },
		{ "core/v1.Pod", "{spec: []}", "cannot restore struct from: slice" },
		{ "core/v1.Pod", "{spec: {containers: {a: b}}}", "cannot restore slice from map" },
		{ "core/v1.Pod", "{metadata: {labels: true}}", "cannot restore map from bool" },
		{ "core/v1.Secret", "{data: {a: YQ}}",
		  "error decoding from json: illegal base64 data at input byte 0" },
		{ "core/v1.Secret", "{data: {a: 1}}", "cannot restore slice from int64" },
		{ "core/v1.Pod", "{metadata: {creationTimestamp: 5}}",
		  "json: cannot unmarshal number into Go value of type string" },
		{ "core/v1.ServicePort", "{targetPort: true}",
		  "json: cannot unmarshal bool into Go value of type int32" },
		{ "core/v1.ServicePort", "{targetPort: 1.5}",
		  "json: cannot unmarshal number 1.5 into Go value of type int32" },
		{ "core/v1.ResourceQuota", "{spec: {hard: {pods: x}}}",
		  "quantities must match the regular expression "
		  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_err err = { 0 };
		json_t *t = tree(cases[i][1]);
		assert_int_equal(api_from_unstructured(type(cases[i][0]), t, &err),
				 -ERR_BAD_REQUEST);
		assert_string_equal(err_text(&err), cases[i][2]);
		json_decref(t);
	}
}

static void whole_numbers_may_have_a_point(void **state)
{
	(void)state;
	json_t *t = tree("{spec: {replicas: 2.0, strategy: {rollingUpdate: {maxSurge: 3.0}}}}"),
	       *want = tree("{spec: {replicas: 2, strategy: {rollingUpdate: {maxSurge: 3}}}}");
	auto_err err = { 0 };
	assert_int_equal(api_from_unstructured(type("apps/v1.Deployment"), t, &err), 0);
	assert_true(json_equal(t, want));
	json_decref(t);
	json_decref(want);
}

static void nulls_and_unknown_fields_stay(void **state)
{
	(void)state;
	json_t *t = tree("{spec: {replicas: null, other: 1.0}}"), *want = json_deep_copy(t);
	assert_int_equal(api_from_unstructured(type("apps/v1.Deployment"), t, NULL), 0);
	assert_true(json_equal(t, want));
	json_decref(t);
	json_decref(want);
}

static void numbers_beyond_their_type_are_not_cut_off(void **state)
{
	(void)state;
	static const char *const cases[] = { "{spec: {replicas: 2147483648}}",
					     "{spec: {replicas: -4294967295}}",
					     "{spec: {replicas: 9.3e18}}" };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *t = tree(cases[i]);
		auto_err err = { 0 };
		assert_int_equal(api_from_unstructured(type("apps/v1.Deployment"), t, &err), 0);
		assert_int_equal(api_conform(type("apps/v1.Deployment"), t, NULL, &err),
				 -ERR_BAD_REQUEST);
		json_decref(t);
	}
}

static void values_are_shown_as_go_prints_them(void **state)
{
	(void)state;
	json_t *t = tree("{b: [x, 3, false, null], a: 2.0, c: 9.223372036854775808e18, d: 1.0e6, "
			 "e: 0.0001, f: 123456.5}");
	auto_buf plain = { 0 }, syntax = { 0 };
	tree_format_go(t, &plain);
	tree_format_go_syntax(t, &syntax);
	assert_string_equal(plain.p, "map[a:2 b:[x 3 false <nil>] c:9.223372036854776e+18 d:1e+06 "
				     "e:0.0001 f:123456.5]");
	assert_string_equal(syntax.p,
			    "map[string]interface {}{\"a\":2, \"b\":[]interface {}{\"x\", 3, "
			    "false, interface {}(nil)}, \"c\":9.223372036854776e+18, "
			    "\"d\":1e+06, \"e\":0.0001, \"f\":123456.5}");
	json_decref(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_the_wrong_kind_are_refused_in_the_converters_words),
		cmocka_unit_test(whole_numbers_may_have_a_point),
		cmocka_unit_test(nulls_and_unknown_fields_stay),
		cmocka_unit_test(numbers_beyond_their_type_are_not_cut_off),
		cmocka_unit_test(values_are_shown_as_go_prints_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
