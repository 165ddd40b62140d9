/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "server/controllers/manifests/manifest_file.h"

/* "Kind ns/name" of each, or the error */
static const char *parsed(const char *text)
{
	static struct buf out;
	struct manifest_set s;
	auto_err err = { 0 };

	buf_reset(&out);
	if (manifest_set_parse(str_from(text), &s, &err) < 0) {
		buf_puts(&out, err_text(&err));
		return out.p;
	}
	buf_puts(&out, "");
	for (size_t i = 0; i < s.n; i++)
		buf_printf(&out, "%s%.*s %.*s/%.*s", i ? ", " : "", STR_ARG(s.items[i].kind),
			   STR_ARG(s.items[i].ns), STR_ARG(s.items[i].name));
	manifest_set_free(&s);
	return out.p ? out.p : "";
}

static void documents_are_split_at_lines_of_three_dashes(void **state)
{
	(void)state;
	assert_string_equal(parsed("---\n# only words\n--- # again\n"
				   "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n\n---\n"
				   "apiVersion: v1\nkind: Pod\nmetadata:\n  name: b\n"
				   "  namespace: ns\n  annotations: {x: \"a --- b\"}\n---"),
			    "Pod /a, Pod ns/b");
}

static void json_values_follow_each_other(void **state)
{
	(void)state;
	assert_string_equal(
		parsed(" {\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}\n"
		       "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\"}}\n"),
		"Pod /a, Pod /b");
}

static void items_of_lists_are_documents(void **state)
{
	(void)state;
	assert_string_equal(parsed("apiVersion: v1\nkind: List\nitems:\n"
				   "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n"
				   "- {apiVersion: v1, kind: Service, metadata: {name: b}}\n"),
			    "Pod /a, Service /b");
}

static void what_others_need_comes_first(void **state)
{
	(void)state;
	assert_string_equal(
		parsed("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n"
		       "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n---\n"
		       "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\n---\n"
		       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
		       "metadata: {name: c}\n"),
		"Namespace /ns, CustomResourceDefinition /c, Pod /a, Pod /b");
}

static void an_empty_file_holds_nothing(void **state)
{
	(void)state;
	assert_string_equal(parsed(""), "");
	assert_string_equal(parsed("# words\n---\n"), "");
}

static void errors_tell_the_document(void **state)
{
	(void)state;
	assert_string_equal(
		parsed("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\nkind: X\n"),
		"document 2: apiVersion and kind must be set");
	assert_string_equal(parsed("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a}\n"),
			    "document 1: Pod: metadata.name must be set");
	assert_string_equal(parsed("- a\n"), "document 1: not an object");
	assert_non_null(strstr(parsed("a: [\n"), "document 1: yaml: line"));
	assert_non_null(strstr(parsed("{\"a\":}"), "document 1: line 1: "));
}

static void files_are_told_by_their_ends(void **state)
{
	(void)state;
	assert_true(manifest_is_file(STR("a.yaml")));
	assert_true(manifest_is_file(STR("a.yml")));
	assert_true(manifest_is_file(STR("a.json")));
	assert_false(manifest_is_file(STR("a.yaml.skip")));
	assert_false(manifest_is_file(STR(".a.yaml")));
	assert_false(manifest_is_file(STR("a.yaml~")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_split_at_lines_of_three_dashes),
		cmocka_unit_test(json_values_follow_each_other),
		cmocka_unit_test(items_of_lists_are_documents),
		cmocka_unit_test(what_others_need_comes_first),
		cmocka_unit_test(an_empty_file_holds_nothing),
		cmocka_unit_test(errors_tell_the_document),
		cmocka_unit_test(files_are_told_by_their_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
