/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/node/pressure_rules.h"

static void a_soft_threshold_needs_a_grace(void **state)
{
	(void)state;
	struct pressure_rules r;
	auto_err err = { 0 };
	struct pressure_options o = { .soft = "memory.available<1Gi,nodefs.available<20%",
				      .soft_grace = "memory.available=1m30s" };
	assert_true(pressure_rules_parse(&o, &r, &err) < 0);
	assert_string_equal(err_text(&err), "--eviction-soft: grace period must be specified for "
					    "the soft eviction threshold nodefs.available");
	o.soft_grace = "memory.available=1m30s,nodefs.available=2m";
	assert_int_equal(pressure_rules_parse(&o, &r, NULL), 0);
	assert_int_equal(r.soft_grace_us[PRESSURE_MEMORY], 90 * 1000000ll);
	assert_int_equal(pressure_limit(&r.soft, PRESSURE_NODEFS, 1000), 200);
	assert_int_equal(pressure_limit(&r.hard, PRESSURE_NODEFS, 1000), 100);
	assert_int_equal(r.transition_us, 300 * 1000000ll);
}

static void without_flags_the_defaults_hold(void **state)
{
	(void)state;
	struct pressure_rules r;
	struct pressure_options none = { 0 }, empty = { .hard = "", .soft = "", .soft_grace = "" };
	assert_int_equal(pressure_rules_parse(&none, &r, NULL), 0);
	assert_int_equal(pressure_limit(&r.hard, PRESSURE_MEMORY, 1 << 30), 100 << 20);
	assert_int_equal(pressure_limit(&r.soft, PRESSURE_MEMORY, 1 << 30), 0);
	assert_int_equal(pressure_rules_parse(&empty, &r, NULL), 0);
	assert_int_equal(pressure_limit(&r.hard, PRESSURE_MEMORY, 1 << 30), 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	static const struct pressure_options bad[] = {
		{ .soft_grace = "memory.available" },     { .soft_grace = "memory=1m" },
		{ .soft_grace = "memory.available=-1m" }, { .transition = "soon" },
		{ .hard = "memory.available<x" },         { .soft = "cpu<1" },
	};
	struct pressure_rules r;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(pressure_rules_parse(&bad[i], &r, NULL) < 0);
}

static void a_soft_threshold_counts_after_its_grace_in_a_row(void **state)
{
	(void)state;
	struct pressure_rules r = { .soft_grace_us = { [PRESSURE_MEMORY] = 100 } };
	int64_t since[PRESSURE_SIGNALS] = { 0 };
	const unsigned memory = 1u << PRESSURE_MEMORY, pids = 1u << PRESSURE_PIDS;
	assert_int_equal(pressure_soft_due(&r, memory, 1000, since), 0);
	assert_int_equal(pressure_soft_due(&r, memory, 1099, since), 0);
	assert_int_equal(pressure_soft_due(&r, memory, 1100, since), memory);
	assert_int_equal(pressure_soft_due(&r, 0, 1101, since), 0);
	assert_int_equal(pressure_soft_due(&r, memory | pids, 1102, since), pids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_soft_threshold_needs_a_grace),
		cmocka_unit_test(without_flags_the_defaults_hold),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_soft_threshold_counts_after_its_grace_in_a_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
