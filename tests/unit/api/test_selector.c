/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/selector/selector.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

static bool label_match(const char *text, const char *labels)
{
	struct selector *s = NULL;
	json_t *map = tree(labels);
	assert_int_equal(selector_parse_labels(str_from(text), &s, NULL), 0);
	bool match = selector_match_tree(s, map);
	selector_free(s);
	json_decref(map);
	return match;
}

static void requirements_match_as_upstream(void **state)
{
	static const struct {
		const char *selector, *labels;
		bool match;
	} rows[] = {
		{ "", "{}", true },
		{ "app=web", "{'app':'web'}", true },
		{ "app=web", "{'app':'db'}", false },
		{ "app==web,tier!=x", "{'app':'web'}", true },
		{ "app!=web", "{}", true },
		{ "app in (web,db)", "{'app':'db'}", true },
		{ "app notin (web,db)", "{}", true },
		{ "app notin (web,db)", "{'app':'web'}", false },
		{ "app", "{'app':''}", true },
		{ "!app", "{'app':''}", false },
		{ "n>3", "{'n':'4'}", true },
		{ "n<3", "{'n':'4'}", false },
		{ "n>3", "{'n':'x'}", false },
		{ "in in (in)", "{'in':'in'}", true },
		{ "x in (foo,,baz)", "{'x':''}", true },
		{ "a=", "{'a':''}", true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (label_match(rows[i].selector, rows[i].labels) != rows[i].match)
			fail_msg("%s on %s", rows[i].selector, rows[i].labels);
}

static void sorted_labels_of_an_object_match_too(void **state)
{
	const struct object_label labels[] = { { STR_INIT("a"), STR_INIT("1") },
					       { STR_INIT("b"), STR_INIT("2") } };
	struct selector *s = NULL;
	(void)state;
	assert_int_equal(selector_parse_labels(STR("b=2,a in (1,3),!c"), &s, NULL), 0);
	assert_true(selector_match_labels(s, labels, 2));
	assert_false(selector_match_labels(s, labels, 1));
	selector_free(s);
}

static void broken_selectors_say_why(void **state)
{
	static const char *const rows[][2] = {
		{ "a=b=c", "found '=', expected: ',' or 'end of string'" },
		{ "a in b", "unable to parse requirement: found 'b' expected: '('" },
		{ "a,", "found '', expected: identifier after ','" },
		{ "=", "found '=', expected: !, identifier, or 'end of string'" },
		{ "a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, "
			 "gt, lt" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		struct selector *s = NULL;
		assert_int_equal(selector_parse_labels(str_from(rows[i][0]), &s, &err),
				 -ERR_BAD_REQUEST);
		assert_string_equal(err_text(&err), rows[i][1]);
		assert_null(s);
	}
}

static void text_is_canonical(void **state)
{
	auto_buf out = { 0 };
	struct selector *s = NULL;
	(void)state;
	assert_int_equal(selector_parse_labels(STR(" z , y notin (b, a), x=1,!w"), &s, NULL), 0);
	selector_format(s, &out);
	assert_string_equal(out.p, "!w,x=1,y notin (a,b),z");
	selector_free(s);
}

static void absent_label_selector_selects_nothing_and_empty_one_everything(void **state)
{
	struct selector *s = NULL;
	json_t *empty = tree("{}"), *both = tree("{'matchLabels':{'a':'1'},'matchExpressions':[{'"
						 "key':'b','operator':'Exists'}]}");
	json_t *labels = tree("{'a':'1','b':''}");
	(void)state;
	assert_int_equal(selector_from_json(NULL, &s, NULL), 0);
	assert_false(selector_match_tree(s, labels));
	selector_free(s);
	assert_int_equal(selector_from_json(empty, &s, NULL), 0);
	assert_null(s);
	assert_int_equal(selector_from_json(both, &s, NULL), 0);
	assert_true(selector_match_tree(s, labels));
	assert_false(selector_match_tree(s, empty));
	selector_free(s);
	json_decref(empty);
	json_decref(both);
	json_decref(labels);
}

static void field_selectors_know_the_resources_labels(void **state)
{
	const struct api_resource *pods = resource("", "v1", "pods");
	struct selector *s = NULL;
	struct str name;
	(void)state;
	assert_int_equal(selector_parse_fields(pods, STR("metadata.name=web,spec.nodeName!=a\\,b"),
					       &s, NULL),
			 0);
	assert_true(selector_pins_name(s, &name));
	assert_true(str_eq(name, STR("web")));
	auto_buf out = { 0 };
	selector_format(s, &out);
	assert_string_equal(out.p, "metadata.name=web,spec.nodeName!=a\\,b");
	selector_free(s);
	auto_err err = { 0 };
	assert_int_equal(selector_parse_fields(pods, STR("spec.foo=1"), &s, &err),
			 -ERR_BAD_REQUEST);
	assert_string_equal(err_text(&err), "field label not supported: spec.foo");
	assert_int_equal(selector_parse_fields(pods, STR("a=b=c"), &s, &err), -ERR_BAD_REQUEST);
}

static void fields_match_against_an_object_at_rest(void **state)
{
	const struct api_resource *pods = resource("", "v1", "pods");
	struct object *o = NULL;
	struct selector *s = NULL;
	(void)state;
	struct str json = STR("{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
			      "\"web\",\"namespace\":\"ns\",\"uid\":\"u\"},"
			      "\"spec\":{\"nodeName\":\"n1\"},\"status\":{\"phase\":\"Running\"}}");
	assert_int_equal(object_new(pods, STR("/registry/pods/ns/web"), json, &o, NULL), 0);
	assert_int_equal(selector_parse_fields(
				 pods,
				 STR("spec.nodeName=n1,status.phase!=Failed,metadata.namespace=ns"),
				 &s, NULL),
			 0);
	assert_true(selector_match_fields(s, o));
	selector_free(s);
	assert_int_equal(selector_parse_fields(pods, STR("spec.nodeName="), &s, NULL), 0);
	assert_false(selector_match_fields(s, o));
	selector_free(s);
	object_unref(o);
}

static void labels_of_another_version_select_by_the_stored_fields(void **state)
{
	(void)state;
	const struct api_resource *stored = resource("", "v1", "events"),
				  *asked = resource("events.k8s.io", "v1", "events");
	struct object *o = NULL;
	struct selector *s = NULL;
	struct str json = STR("{\"metadata\":{\"name\":\"e\"},\"involvedObject\":{\"kind\":\"Pod\"}"
			      ",\"reason\":\"Killing\"}");
	assert_int_equal(object_new(stored, STR("/registry/events/ns/e"), json, &o, NULL), 0);
	assert_int_equal(selector_parse_fields(asked, STR("regarding.kind=Pod,reason=Killing"), &s,
					       NULL),
			 0);
	assert_true(selector_match_fields(s, o));
	selector_free(s);
	assert_int_equal(selector_parse_fields(asked, STR("regarding.kind=Node"), &s, NULL), 0);
	assert_false(selector_match_fields(s, o));
	selector_free(s);
	object_unref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requirements_match_as_upstream),
		cmocka_unit_test(sorted_labels_of_an_object_match_too),
		cmocka_unit_test(broken_selectors_say_why),
		cmocka_unit_test(text_is_canonical),
		cmocka_unit_test(absent_label_selector_selects_nothing_and_empty_one_everything),
		cmocka_unit_test(field_selectors_know_the_resources_labels),
		cmocka_unit_test(fields_match_against_an_object_at_rest),
		cmocka_unit_test(labels_of_another_version_select_by_the_stored_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
