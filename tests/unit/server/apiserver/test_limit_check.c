/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "server/apiserver/admission/limit_ranges.h"

static void expect(const char *limit, const char *requests, const char *limits, const char *text)
{
	json_t *l = json_loads(limit, 0, NULL), *a = json_loads(requests, 0, NULL),
	       *b = json_loads(limits, 0, NULL);
	struct limit_check c = { 0 };
	assert_true(l && a && b);
	limit_check(&c, l, a, b);
	assert_string_equal(c.n ? c.text.p : "", text);
	limit_check_free(&c);
	json_decref(l);
	json_decref(a);
	json_decref(b);
}

static void a_minimum_is_for_requests_and_for_limits(void **state)
{
	(void)state;
	static const char min[] = "{\"type\":\"Container\",\"min\":{\"memory\":\"10Mi\"}}";
	expect(min, "{}", "{}",
	       "minimum memory usage per Container is 10Mi.  No request is specified");
	expect(min, "{\"memory\":\"5Mi\"}", "{}",
	       "minimum memory usage per Container is 10Mi, but request is 5Mi");
	expect(min, "{\"memory\":\"10Mi\"}", "{\"memory\":\"9Mi\"}",
	       "minimum memory usage per Container is 10Mi, but limit is 9Mi");
	expect(min, "{\"memory\":\"10Mi\"}", "{}", "");
}

static void a_maximum_wants_a_limit(void **state)
{
	(void)state;
	static const char max[] = "{\"type\":\"Pod\",\"max\":{\"cpu\":\"2\"}}";
	expect(max, "{}", "{}", "maximum cpu usage per Pod is 2.  No limit is specified");
	expect(max, "{\"cpu\":\"2500m\"}", "{\"cpu\":\"2\"}",
	       "maximum cpu usage per Pod is 2, but request is 2500m");
	expect(max, "{}", "{\"cpu\":\"2001m\"}",
	       "maximum cpu usage per Pod is 2, but limit is 2001m");
}

static void a_ratio_needs_both(void **state)
{
	(void)state;
	static const char ratio[] =
		"{\"type\":\"Container\",\"maxLimitRequestRatio\":{\"cpu\":\"2\"}}";
	expect(ratio, "{\"cpu\":\"1\"}", "{}",
	       "cpu max limit to request ratio per Container is 2, but no limit is specified or "
	       "limit is 0");
	expect(ratio, "{\"cpu\":\"1\"}", "{\"cpu\":\"5\"}",
	       "cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000");
	expect(ratio, "{\"cpu\":\"1\"}", "{\"cpu\":\"2\"}", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minimum_is_for_requests_and_for_limits),
		cmocka_unit_test(a_maximum_wants_a_limit),
		cmocka_unit_test(a_ratio_needs_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
