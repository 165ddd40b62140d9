/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/probe_count.h"

static enum probe_verdict after(const char *results, struct probe_limits limits)
{
	struct probe_count c = { 0 };
	enum probe_verdict v = VERDICT_NONE;
	for (; *results; results++)
		v = probe_judge(&c, &limits, *results == '+');
	return v;
}

static void thresholds_count_results_in_a_row(void **state)
{
	(void)state;
	struct probe_limits l = { .success = 2, .failure = 3 };
	assert_int_equal(after("+", l), VERDICT_NONE);
	assert_int_equal(after("++", l), VERDICT_PASSED);
	assert_int_equal(after("--", l), VERDICT_NONE);
	assert_int_equal(after("---", l), VERDICT_FAILED);
	assert_int_equal(after("--+--", l), VERDICT_NONE);
	assert_int_equal(after("++-+", l), VERDICT_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(thresholds_count_results_in_a_row) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
