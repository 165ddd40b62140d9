/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/codec.h"
#include "api/object/object.h"
#include "generated/api_tables.h"

static const char pod_json[] = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
			       "\"web\",\"namespace\":\"default\",\"uid\":\"u-1\","
			       "\"labels\":{\"b\":\"2\",\"a\":\"x\\u0041\"}},\"spec\":{"
			       "\"nodeName\":\"n1\",\"hostNetwork\":true,\"containers\":[]},"
			       "\"status\":{\"phase\":\"Running\",\"podIPs\":[{\"ip\":\"10.0.0.7\"}"
			       ",{\"ip\":\"fd00::7\"}]}}";

static struct object *make(const struct api_resource *r, const char *key, const char *json)
{
	struct object *o = NULL;
	auto_err err = { 0 };
	if (object_new(r, str_from(key), str_from(json), &o, &err) < 0)
		fail_msg("%s", err_text(&err));
	return o;
}

static struct object *make_pod(void)
{
	return make(API_CORE_V1_PODS, "/registry/pods/default/web", pod_json);
}

static struct str field(const struct object *o, const char *label)
{
	for (size_t i = 0; i < o->resource->nselectable; i++)
		if (strcmp(o->resource->selectable[i].label, label) == 0)
			return o->fields[i];
	fail_msg("%s is not selectable", label);
	return STR("");
}

#define assert_str(s, text)                            \
	do {                                           \
		struct str s_ = (s);                   \
		assert_int_equal(s_.n, strlen(text));  \
		assert_memory_equal(s_.p, text, s_.n); \
	} while (0)

static void seal_puts_the_revision_after_the_uid_and_nothing_else_changes(void **state)
{
	(void)state;
	struct object *o = make_pod();
	object_seal(o, 4711);
	auto_buf want = { 0 };
	const char *uid = strstr(pod_json, "\"u-1\"") + 5;
	buf_printf(&want, "%.*s,\"resourceVersion\":\"4711\"%s", (int)(uid - pod_json), pod_json,
		   uid);
	assert_str(o->json, want.p);
	assert_int_equal(o->revision, 4711);
	object_unref(o);
}

static void metadata_is_found_before_and_after_the_seal(void **state)
{
	static const char spaced[] = "{\"metadata\" : {\"name\":\"web\"} ,\"kind\":\"Pod\"}";
	(void)state;
	struct object *o = make_pod();
	assert_true(str_starts(object_metadata(o), STR("{\"name\":\"web\",")));
	assert_true(str_ends(object_metadata(o), STR("\"x\\u0041\"}}")));
	object_seal(o, 4711);
	assert_true(str_starts(object_metadata(o), STR("{\"name\":\"web\",")));
	assert_true(str_ends(object_metadata(o), STR("\"x\\u0041\"}}")));
	object_unref(o);
	o = make(API_CORE_V1_PODS, "/registry/pods/default/web", spaced);
	assert_str(object_metadata(o), "{\"name\":\"web\"}");
	object_seal(o, 7);
	assert_str(object_metadata(o), "{\"resourceVersion\":\"7\",\"name\":\"web\"}");
	object_unref(o);
}

static void slices_are_the_same_before_and_after_the_seal(void **state)
{
	(void)state;
	struct object *o = make_pod();
	for (int sealed = 0; sealed < 2; sealed++) {
		assert_str(o->key, "/registry/pods/default/web");
		assert_str(o->ns, "default");
		assert_str(o->name, "web");
		assert_str(o->uid, "u-1");
		assert_int_equal(o->nlabels, 2);
		assert_str(o->labels[0].key, "a");
		assert_str(o->labels[0].value, "xA");
		assert_str(o->labels[1].value, "2");
		assert_str(field(o, "spec.nodeName"), "n1");
		assert_str(field(o, "spec.host"), "n1");
		assert_str(field(o, "status.phase"), "Running");
		assert_str(field(o, "status.podIP"), "10.0.0.7");
		assert_str(field(o, "spec.hostNetwork"), "true");
		assert_str(field(o, "spec.schedulerName"), "");
		object_seal(o, INT64_MAX);
	}
	object_unref(o);
}

static void seal_of_an_object_without_uid_is_still_json(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"metadata\":{}}", "{\"metadata\":{\"name\":\"x\"}}",
		"{\"metadata\":{\"uid\":\"u\"}}",
		"{\"metadata\": {\"name\":\"x\",\"uid\":\"u\"}, \"data\":{}}"
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct object *o =
			make(API_CORE_V1_CONFIGMAPS, "/registry/configmaps/a/x", texts[i]);
		object_seal(o, 9);
		json_t *tree = object_tree(o, NULL);
		assert_non_null(tree);
		assert_string_equal(json_string_value(
					    json_object_get(json_object_get(tree, "metadata"),
							    "resourceVersion")),
				    "9");
		json_decref(tree);
		struct object *later = object_with_revision(o, 123456);
		tree = object_tree(later, NULL);
		assert_non_null(tree);
		assert_string_equal(json_string_value(
					    json_object_get(json_object_get(tree, "metadata"),
							    "resourceVersion")),
				    "123456");
		json_decref(tree);
		object_unref(later);
		object_unref(o);
	}
}

static void another_revision_leaves_the_first_object_alone(void **state)
{
	(void)state;
	struct object *o = make_pod();
	object_seal(o, 5);
	struct object *deleted = object_with_revision(o, 6);
	assert_int_equal(o->revision, 5);
	assert_int_equal(deleted->revision, 6);
	assert_int_equal(o->json.n, deleted->json.n);
	assert_non_null(strstr(o->json.p, "\"resourceVersion\":\"5\""));
	assert_non_null(strstr(deleted->json.p, "\"resourceVersion\":\"6\""));
	object_unref(o);
	assert_str(deleted->uid, "u-1");
	object_unref(deleted);
}

static void deletion_is_seen(void **state)
{
	(void)state;
	struct object *o = make(
		API_CORE_V1_NAMESPACES, "/registry/namespaces/x",
		"{\"metadata\":{\"name\":\"x\",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"}}");
	assert_true(o->deleting);
	assert_str(o->name, "x");
	assert_int_equal(o->ns.n, 0);
	object_unref(o);
	o = make_pod();
	assert_false(o->deleting);
	object_unref(o);
}

static void the_first_path_that_is_not_empty_gives_a_selectable_value(void **state)
{
	(void)state;
	struct object *o = make(API_CORE_V1_EVENTS, "/registry/events/a/x",
				"{\"metadata\":{},\"source\":{\"component\":\"\"},"
				"\"reportingComponent\":\"kubelet\"}");
	assert_str(field(o, "source"), "kubelet");
	object_unref(o);
	o = make(API_CORE_V1_EVENTS, "/registry/events/a/x",
		 "{\"metadata\":{},\"source\":{\"component\":\"me\"},\"reportingComponent\":"
		 "\"kubelet\"}");
	assert_str(field(o, "source"), "me");
	object_unref(o);
}

static void fields_that_share_a_decoded_value_have_room_for_it(void **state)
{
	(void)state;
	auto_buf json = { 0 };
	buf_puts(&json, "{\"metadata\":{\"name\":\"x\"},\"spec\":{\"nodeName\":\"\\u0041");
	for (int i = 0; i < 200; i++)
		buf_puts(&json, "long");
	buf_puts(&json, "\"}}");
	struct object *o = make(API_CORE_V1_PODS, "/registry/pods/default/x", json.p);
	object_seal(o, 3);
	assert_int_equal(field(o, "spec.nodeName").n, 801);
	assert_int_equal(field(o, "spec.host").n, 801);
	json_t *tree = object_tree(o, NULL);
	assert_non_null(tree);
	json_decref(tree);
	object_unref(o);
}

static void what_is_no_object_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "[]", "{}", "{\"metadata\":1}", "{\"metadata\":{}", "{\"metadata\":{}} x"
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct object *o = NULL;
		auto_err err = { 0 };
		assert_true(object_new(API_CORE_V1_PODS, STR("/registry/pods/a/b"),
				       str_from(texts[i]), &o, &err) < 0);
		assert_null(o);
	}
}

static void protobuf_is_made_once(void **state)
{
	(void)state;
	struct object *o = make_pod();
	object_seal(o, 7);
	struct str first, second;
	assert_int_equal(object_protobuf(o, &first, NULL), 0);
	assert_int_equal(object_protobuf(o, &second, NULL), 0);
	assert_ptr_equal(first.p, second.p);
	assert_memory_equal(first.p, "k8s\0", 4);
	object_unref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seal_puts_the_revision_after_the_uid_and_nothing_else_changes),
		cmocka_unit_test(metadata_is_found_before_and_after_the_seal),
		cmocka_unit_test(slices_are_the_same_before_and_after_the_seal),
		cmocka_unit_test(seal_of_an_object_without_uid_is_still_json),
		cmocka_unit_test(another_revision_leaves_the_first_object_alone),
		cmocka_unit_test(deletion_is_seen),
		cmocka_unit_test(the_first_path_that_is_not_empty_gives_a_selectable_value),
		cmocka_unit_test(fields_that_share_a_decoded_value_have_room_for_it),
		cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(protobuf_is_made_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
