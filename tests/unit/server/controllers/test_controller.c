/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/controllers/controller.h"

static void errors_are_failures_except_the_harmless_one(void **state)
{
	(void)state;
	auto_err gone = { 0 }, refused = { 0 };
	err_set(&gone, ERR_NOT_FOUND, "gone");
	err_set(&refused, ERR_FORBIDDEN, "refused");
	assert_false(controller_has_failed(NULL, ERR_NOT_FOUND));
	assert_false(controller_has_failed(&gone, ERR_NOT_FOUND));
	assert_true(controller_has_failed(&gone, ERR_ALREADY_EXISTS));
	assert_true(controller_has_failed(&refused, ERR_NOT_FOUND));
}

static void a_namespace_that_is_being_deleted_is_no_failure(void **state)
{
	(void)state;
	auto_err err = { 0 };
	err_set(&err, ERR_FORBIDDEN, "because it is being terminated");
	err_cause(&err, "NamespaceTerminating", "metadata.namespace", "is being terminated");
	assert_false(controller_has_failed(&err, ERR_NOT_FOUND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_failures_except_the_harmless_one),
		cmocka_unit_test(a_namespace_that_is_being_deleted_is_no_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
