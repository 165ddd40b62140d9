/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/object/object.h"
#include "base/mem.h"
#include "generated/api_tables.h"

static struct object *read_served(const char *json)
{
	struct object *o = NULL;
	return object_from_served(API_CORE_V1_CONFIGMAPS, str_from(json), &o, NULL) == 0 ? o : NULL;
}

static void an_object_keeps_its_bytes_wherever_its_revision_stands(void **state)
{
	static const char *const served[] = {
		"{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\","
		"\"resourceVersion\":\"42\",\"creationTimestamp\":null},\"data\":{\"k\":\"v\"}}",
		"{\"metadata\":{\"resourceVersion\":\"42\",\"name\":\"a\",\"namespace\":\"n\","
		"\"uid\":\"u\",\"creationTimestamp\":null},\"data\":{\"k\":\"v\"}}",
		"{\"metadata\": {\"name\": \"a\", \"namespace\": \"n\", \"uid\": \"u\", "
		"\"creationTimestamp\":null , \"resourceVersion\": \"42\"} "
		",\"data\":{\"k\":\"v\"}}",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(served); i++) {
		struct object *o = read_served(served[i]);
		assert_non_null(o);
		assert_int_equal(42, o->revision);
		assert_true(str_eqz(o->ns, "n") && str_eqz(o->name, "a") && str_eqz(o->uid, "u"));
		json_t *got = object_tree(o, NULL), *want = json_loads(served[i], 0, NULL);
		assert_true(json_equal(got, want));
		json_decref(got);
		json_decref(want);
		object_unref(o);
	}
}

static void what_has_no_name_or_revision_is_refused(void **state)
{
	(void)state;
	assert_null(read_served("{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"}}"));
	assert_null(read_served("{\"metadata\":{\"resourceVersion\":\"1\"}}"));
	assert_null(read_served("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"x\"}}"));
	assert_null(read_served("{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"0\"}}"));
	assert_null(read_served("{\"metadata\":[]}"));
	assert_null(read_served("{\"metadata\":{\"name\":"));
	assert_null(read_served("[]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_keeps_its_bytes_wherever_its_revision_stands),
		cmocka_unit_test(what_has_no_name_or_revision_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
