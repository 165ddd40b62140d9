/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <jansson.h>
#include <string.h>

#include "net/http_exchange.h"

static json_t *status_of(const struct err *err)
{
	auto_buf b = { 0 };
	http_status_body(&b, err);
	json_t *t = json_loadb(b.p, b.n, 0, NULL);
	assert_non_null(t);
	return t;
}

static const char *text(json_t *t, const char *key)
{
	const char *s = json_string_value(json_object_get(t, key));
	return s ? s : "(none)";
}

static void status_carries_reason_message_and_code(void **state)
{
	struct err err = { 0 };
	(void)state;
	err_set(&err, ERR_NOT_FOUND, "pods \"a\\b\" not found");
	json_t *t = status_of(&err);
	assert_string_equal(text(t, "kind"), "Status");
	assert_string_equal(text(t, "apiVersion"), "v1");
	assert_string_equal(text(t, "status"), "Failure");
	assert_string_equal(text(t, "reason"), "NotFound");
	assert_string_equal(text(t, "message"), "pods \"a\\b\" not found");
	assert_int_equal(json_integer_value(json_object_get(t, "code")), 404);
	assert_null(json_object_get(t, "details"));
	json_decref(t);
	err.code = 418;
	t = status_of(&err);
	assert_int_equal(json_integer_value(json_object_get(t, "code")), 418);
	json_decref(t);
	err_clear(&err);
}

static void status_carries_causes_and_when_to_come_back(void **state)
{
	struct err err = { 0 };
	(void)state;
	err_set(&err, ERR_INVALID, "Pod \"a\" is invalid");
	err_cause(&err, "FieldValueRequired", "spec.containers", "Required value");
	err_cause(&err, "FieldValueInvalid", NULL, "Invalid value: %d", 7);
	err.retry_after_s = 3;
	json_t *t = status_of(&err), *details = json_object_get(t, "details");
	json_t *causes = json_object_get(details, "causes");
	assert_int_equal(json_array_size(causes), 2);
	assert_string_equal(text(json_array_get(causes, 0), "reason"), "FieldValueRequired");
	assert_string_equal(text(json_array_get(causes, 0), "field"), "spec.containers");
	assert_string_equal(text(json_array_get(causes, 1), "message"), "Invalid value: 7");
	assert_null(json_object_get(json_array_get(causes, 1), "field"));
	assert_int_equal(json_integer_value(json_object_get(details, "retryAfterSeconds")), 3);
	json_decref(t);
	err_clear(&err);
}

static void hop_by_hop_fields_are_known(void **state)
{
	(void)state;
	assert_true(http_field_is_hop(STR("connection")));
	assert_true(http_field_is_hop(STR("transfer-encoding")));
	assert_true(http_field_is_hop(STR("upgrade")));
	assert_false(http_field_is_hop(STR("content-type")));
	assert_string_equal(http_status_text(404), "Not Found");
	assert_string_equal(http_status_text(299), "Status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_carries_reason_message_and_code),
		cmocka_unit_test(status_carries_causes_and_when_to_come_back),
		cmocka_unit_test(hop_by_hop_fields_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
