/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/metrics.h"

static const char *const labels[] = { "verb", NULL };

static void counters_render_with_escaped_labels(void **state)
{
	(void)state;
	struct metric_family *f =
		metric_family(METRIC_COUNTER, "test_requests_total", "Requests.", labels, NULL, 0);
	metric_add(metric_with(f, (const char *const[]){ "a\"b" }), 2);
	metric_add(metric_with(f, (const char *const[]){ "a\"b" }), 1);
	auto_buf out = { 0 };
	metrics_render(&out);
	assert_non_null(strstr(
		out.p,
		"# TYPE test_requests_total counter\ntest_requests_total{verb=\"a\\\"b\"} 3\n"));
}

static void histograms_are_cumulative(void **state)
{
	(void)state;
	static const double buckets[] = { 0.1, 1 };
	struct metric_family *f =
		metric_family(METRIC_HISTOGRAM, "test_seconds", "Time.", NULL, buckets, 2);
	struct metric *m = metric_with(f, NULL);
	metric_observe(m, 0.05);
	metric_observe(m, 0.1);
	metric_observe(m, 5);
	auto_buf out = { 0 };
	metrics_render(&out);
	assert_non_null(strstr(out.p,
			       "test_seconds_bucket{le=\"0.1\"} 2\ntest_seconds_bucket{le=\"1\"} "
			       "2\ntest_seconds_bucket{le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(out.p, "test_seconds_count 3\n"));
}

static void series_are_bounded(void **state)
{
	(void)state;
	struct metric_family *f =
		metric_family(METRIC_GAUGE, "test_many", "Many.", labels, NULL, 0);
	struct metric *last = NULL, *m = NULL;
	for (int i = 0; i < METRIC_SERIES_MAX + 10; i++) {
		auto_buf value = { 0 };
		buf_printf(&value, "%d", i);
		last = m;
		m = metric_with(f, (const char *const[]){ value.p });
	}
	assert_ptr_equal(m, last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_render_with_escaped_labels),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(series_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
