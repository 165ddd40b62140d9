/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/pages/log_options.h"

static int read_query(struct arena *a, const char *query, struct log_options *o, struct err *err)
{
	return log_options_read(a, str_from(query), STR("p"), o, err);
}

static void everything_goes_on_to_the_kubelet(void **state)
{
	struct arena a = { 0 };
	struct log_options o;
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(
		read_query(&a,
			   "timestamps=1&follow=true&tailLines=0&limitBytes=7&previous=FALSE&"
			   "sinceTime=2026-01-02T03%3A04%3A05.25%2B02%3A00&container=c",
			   &o, &err),
		0);
	assert_string_equal(arena_strdup(&a, log_options_query(&a, &o)),
			    "?follow=true&limitBytes=7&sinceTime=2026-01-02T03%3A04%3A05%2B02%3A00"
			    "&tailLines=0&timestamps=true");
	assert_int_equal(read_query(&a, "", &o, &err), 0);
	assert_int_equal(log_options_query(&a, &o).n, 0);
	arena_free(&a);
}

static void what_may_not_be_is_told(void **state)
{
	static const struct {
		const char *query, *field;
	} rows[] = {
		{ "tailLines=-1", "tailLines" },
		{ "limitBytes=0", "limitBytes" },
		{ "sinceSeconds=0", "sinceSeconds" },
		{ "sinceSeconds=1&sinceTime=2026-01-02T03:04:05Z", "[]" },
		{ "stream=All", "stream" },
	};
	struct arena a = { 0 };
	struct log_options o;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_err err = { 0 };
		assert_int_equal(read_query(&a, rows[i].query, &o, &err), -ERR_INVALID);
		assert_int_equal(err.ncauses, 1);
		assert_string_equal(err.causes[0].field, rows[i].field);
	}
	arena_free(&a);
}

static void what_cannot_be_read_is_a_bad_request(void **state)
{
	static const char *const queries[] = { "tailLines=abc", "limitBytes=", "sinceSeconds=1.5",
					       "sinceTime=yesterday",
					       "tailLines=9223372036854775808" };
	struct arena a = { 0 };
	struct log_options o;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(queries); i++) {
		auto_err err = { 0 };
		assert_int_equal(read_query(&a, queries[i], &o, &err), -ERR_BAD_REQUEST);
	}
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_goes_on_to_the_kubelet),
		cmocka_unit_test(what_may_not_be_is_told),
		cmocka_unit_test(what_cannot_be_read_is_a_bad_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
