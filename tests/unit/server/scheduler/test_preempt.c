/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/server/scheduler/sched_fixture.h"
#include "tests/unit/unit.h"

#define FULL    CONTAINER("\"cpu\":\"1\"")
#define NO_HELP "Preemption is not helpful for scheduling"

static void who_yields_as_a_table(void **state)
{
	/* Nodes a and b with one cpu each, full; which of them does a pod of priority 10 take? */
	const struct {
		const char *a_meta, *a, *b_meta, *b, *budget, *want;
	} cases[] = {
		{ "", PRIORITY(5) FULL, "", PRIORITY(1) FULL, NULL, "b" },
		{ "", PRIORITY(1) FULL, "", PRIORITY(5) FULL, NULL, "a" },
		/* a budget that is used up outweighs priorities */
		{ "", PRIORITY(5) FULL, APP("w"), PRIORITY(1) FULL, "0", "a" },
		{ "", PRIORITY(5) FULL, APP("w"), PRIORITY(1) FULL, "1", "b" },
		/* … but not the wish to run: when nothing else is left, it is overdrawn */
		{ APP("w"), PRIORITY(5) FULL, APP("w"), PRIORITY(1) FULL, "0", "b" },
		{ "", PRIORITY(10) FULL, "", PRIORITY(10) FULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct preemption p;
		struct fixture *f;
		void *one;

		fixture_setup(&one);
		f = one;
		add_node(f, "a", "", "", "\"cpu\":\"1\"");
		add_node(f, "b", "", "", "\"cpu\":\"1\"");
		place(f, "x", "a", cases[i].a_meta, cases[i].a);
		place(f, "y", "b", cases[i].b_meta, cases[i].b);
		if (cases[i].budget) {
			auto_free char *members =
				str_printf("\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"w\"}"
					   "}},\"status\":{"
					   "\"disruptionsAllowed\":%s}",
					   cases[i].budget);

			add_object(f, API_POLICY_V1_PODDISRUPTIONBUDGETS, "d", "b", "", members);
		}
		preempt(f, PRIORITY(10) FULL, &p);
		if (cases[i].want)
			assert_string_equal(p.node->name, cases[i].want);
		else
			assert_null(p.node);
		preemption_free(&p);
		fixture_teardown(&one);
	}
}

static void a_protected_pod_comes_back_before_others(void **state)
{
	struct fixture *f = *state;
	struct preemption p;

	add_node(f, "a", "", "", "\"cpu\":\"2\"");
	place(f, "important", "a", "", PRIORITY(5) FULL);
	place(f, "protected", "a", APP("w"), PRIORITY(1) FULL);
	add_object(f, API_POLICY_V1_PODDISRUPTIONBUDGETS, "d", "b", "",
		   "\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"w\"}}},\"status\":{"
		   "\"disruptionsAllowed\":0}");
	preempt(f, PRIORITY(10) FULL, &p);
	assert_int_equal(p.nvictims, 1);
	assert_true(str_eqz(p.victims[0]->object->name, "important"));
	assert_int_equal(p.violations, 0);
	assert_string_equal(p.message.p, "preemption: found a potential placement for pod on node "
					 "a, preempting 1 victims");
	preemption_free(&p);
}

static void what_cannot_help_is_not_tried(void **state)
{
	struct fixture *f = *state;
	struct preemption p;

	add_node(f, "a", "", "", "\"cpu\":\"1\"");
	add_node(f, "b", "", "\"taints\":[{\"key\":\"k\",\"effect\":\"NoSchedule\"}]",
		 "\"cpu\":\"8\"");
	place(f, "x", "a", "", PRIORITY(1) FULL);
	preempt(f, PRIORITY(10) CONTAINER("\"cpu\":\"2\""), &p);
	assert_string_equal(p.message.p, "preemption: " NODES(2) "2 " NO_HELP ".");
	preemption_free(&p);
	preempt(f, "\"preemptionPolicy\":\"Never\"," PRIORITY(10) FULL, &p);
	assert_true(p.not_now);
	assert_string_equal(p.message.p, "preemption: not eligible due to preemptionPolicy=Never.");
	preemption_free(&p);
}

static void anti_affinity_makes_room_where_the_other_is(void **state)
{
	struct fixture *f = *state;
	struct preemption p;

	add_node(f, "a", ZONE("1"), "", "\"cpu\":\"8\"");
	place(f, "other", "a", APP("db"), PRIORITY(1) FULL);
	place(f, "bystander", "a", APP("x"), PRIORITY(1) FULL);
	preempt(f,
		PRIORITY(10) "\"affinity\":{\"podAntiAffinity\":{" REQUIRED(TERM("db")) "}}," FULL,
		&p);
	assert_int_equal(p.nvictims, 1);
	assert_true(str_eqz(p.victims[0]->object->name, "other"));
	preemption_free(&p);
	assert_int_equal(f->cluster.list[0]->npods, 2); /* all as before */
}

static void who_waits_for_its_victims_asks_for_no_more(void **state)
{
	struct fixture *f = *state;
	struct preemption p;

	add_node(f, "a", "", "", "\"cpu\":\"1\"");
	place(f, "x", "a", "", PRIORITY(1) FULL);
	cluster_pod(&f->cluster, STR("d/x"))->evicting = true;
	decide(f, PRIORITY(10) FULL);
	schedule_preempt(&f->look, &f->decision, &f->budgets, STR("a"), 0, &p);
	assert_true(p.not_now);
	assert_string_equal(p.message.p, "preemption: not eligible due to a terminating pod on the "
					 "nominated node.");
	preemption_free(&p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_yields_as_a_table),
		T(a_protected_pod_comes_back_before_others),
		T(what_cannot_help_is_not_tried),
		T(anti_affinity_makes_room_where_the_other_is),
		T(who_waits_for_its_victims_asks_for_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
