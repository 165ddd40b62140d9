/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "agent/network/proxy_health.h"

#define AT       1767323045000000 /* 2026-01-02T03:04:05Z */
#define NOW_TEXT "2026-01-02T03:04:05.000000Z"

static void expect(struct proxy_view v, int status, const char *text)
{
	auto_buf body = { 0 };
	v.now_us = AT;
	assert_int_equal(proxy_health_page(&v, &body), status);
	assert_string_equal(body.p, text);
}

static void proxy_that_has_done_nothing_yet_is_healthy(void **state)
{
	(void)state;
	expect((struct proxy_view){ .queued_us = AT - 90000000, .eligible = true }, 200,
	       "{\"lastUpdated\":\"" NOW_TEXT "\",\"currentTime\":\"" NOW_TEXT
	       "\",\"nodeEligible\":true,\"healthy\":true}");
}

static void node_that_is_about_to_go_is_healthy_only_for_livez(void **state)
{
#define STATUS                                                                         \
	"\"status\":{\"IPv4\":{\"lastUpdated\":\"2026-01-02T03:04:04.000000Z\","       \
	"\"healthy\":true},\"IPv6\":{\"lastUpdated\":\"2026-01-02T03:04:04.000000Z\"," \
	"\"healthy\":true}}}"
	(void)state;
	expect((struct proxy_view){ .updated_us = AT - 1000000 }, 503,
	       "{\"lastUpdated\":\"2026-01-02T03:04:04.000000Z\",\"currentTime\":\"" NOW_TEXT
	       "\",\"nodeEligible\":false,\"healthy\":true," STATUS);
	expect((struct proxy_view){ .updated_us = AT - 1000000, .livez = true }, 200,
	       "{\"lastUpdated\":\"" NOW_TEXT "\",\"currentTime\":\"" NOW_TEXT
	       "\",\"healthy\":true," STATUS);
}

static void work_that_waits_for_a_minute_is_a_fault(void **state)
{
	struct buf body = { 0 };
	struct proxy_view v = { .now_us = AT, .updated_us = 1, .eligible = true };
	(void)state;
	v.queued_us = AT - 59999999;
	assert_int_equal(proxy_health_page(&v, &body), 200);
	v.queued_us = AT - 60000000;
	assert_int_equal(proxy_health_page(&v, &body), 503);
	v.livez = true;
	assert_int_equal(proxy_health_page(&v, &body), 503);
	assert_non_null(strstr(body.p, "\"healthy\":false"));
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proxy_that_has_done_nothing_yet_is_healthy),
		cmocka_unit_test(node_that_is_about_to_go_is_healthy_only_for_livez),
		cmocka_unit_test(work_that_waits_for_a_minute_is_a_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
