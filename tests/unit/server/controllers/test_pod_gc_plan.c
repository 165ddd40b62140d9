/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/pod_gc_plan.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
