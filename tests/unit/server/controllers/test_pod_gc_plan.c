/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/cleanup/pod_gc_plan.h"

static const struct {
	const char *claim;
	struct pod_gc_view view;
	enum pod_gc_verdict want;
} rows[] = {
	{ "a pending pod stays", { .bound = false }, POD_GC_KEEP },
	{ "a pod that dies before it was bound goes",
	  { .bound = false, .deleting = true },
	  POD_GC_DELETE },
	{ "a pod on a living node stays",
	  { .bound = true, .node_exists = true, .deleting = true },
	  POD_GC_KEEP },
	{ "a node out of service ends no pods",
	  { .bound = true, .node_exists = true, .out_of_service = true, .deleting = true },
	  POD_GC_DELETE },
	{ "but what nobody deletes stays on it",
	  { .bound = true, .node_exists = true, .out_of_service = true },
	  POD_GC_KEEP },
	{ "a node that has just gone may come back",
	  { .bound = true, .node_gone_ms = POD_GC_QUARANTINE_MS - 1 },
	  POD_GC_LOOK_LATER },
	{ "a node that is gone for long takes its pods along",
	  { .bound = true, .node_gone_ms = POD_GC_QUARANTINE_MS },
	  POD_GC_DELETE },
};

static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (pod_gc_plan(&rows[i].view) != rows[i].want)
			fail_msg("%s: got %d", rows[i].claim, pod_gc_plan(&rows[i].view));
}

static void of_too_many_that_have_ended_the_evicted_and_then_the_oldest_go(void **state)
{
	(void)state;
	const struct pod_gc_ended all[] = {
		{ .created = STR_INIT("2026-01-01T00:00:02Z"), .name = STR_INIT("c") },
		{ .created = STR_INIT("2026-01-01T00:00:01Z"), .name = STR_INIT("b") },
		{ .created = STR_INIT("2026-01-01T00:00:01Z"), .name = STR_INIT("a") },
		{ .evicted = true,
		  .created = STR_INIT("2026-01-01T00:00:09Z"),
		  .name = STR_INIT("d") },
	};
	struct pod_gc_ended pods[COUNT_OF(all)];
	memcpy(pods, all, sizeof(all));
	assert_int_equal(pod_gc_surplus(pods, COUNT_OF(all), 0), 0);
	assert_int_equal(pod_gc_surplus(pods, COUNT_OF(all), 4), 0);
	assert_int_equal(pod_gc_surplus(pods, COUNT_OF(all), 1), 3);
	assert_true(str_eqz(pods[0].name, "d"));
	assert_true(str_eqz(pods[1].name, "a"));
	assert_true(str_eqz(pods[2].name, "b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(of_too_many_that_have_ended_the_evicted_and_then_the_oldest_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
