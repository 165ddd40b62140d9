/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "storage/etcd/compaction.h"
#include "storage/etcd/expiry.h"

#define MIN 60000000LL

static void a_round_aims_at_the_revision_of_the_round_before(void **state)
{
	struct compaction c;

	(void)state;
	compaction_init(&c, 5 * MIN, 1000, 0, 10000);
	compaction_plan(&c, 5 * MIN - 1, 20000, 0);
	assert_int_equal(compaction_next(&c, 0), 0);
	compaction_plan(&c, 5 * MIN, 20000, 0);
	assert_int_equal(c.goal, 10000);
	compaction_plan(&c, 10 * MIN, 20500, 0);
	assert_int_equal(c.goal, 19500); /* 1000 are kept */
}

static void an_idle_store_has_nothing_to_compact(void **state)
{
	struct compaction c;

	(void)state;
	compaction_init(&c, 5 * MIN, 1000, 0, 500);
	compaction_plan(&c, 5 * MIN, 500, 0);
	compaction_plan(&c, 10 * MIN, 500, 0);
	assert_int_equal(compaction_next(&c, 0), 0);
}

static void a_request_is_never_beyond_the_newest(void **state)
{
	struct compaction c;

	(void)state;
	compaction_init(&c, 5 * MIN, 1000, 0, 0);
	compaction_plan(&c, 1, 50, 1000000);
	assert_int_equal(c.goal, 50);
}

static void steps_shrink_when_slow_and_grow_when_fast(void **state)
{
	struct compaction c;

	(void)state;
	compaction_init(&c, MIN, 0, 0, 0);
	for (int i = 0; i < 20; i++)
		compaction_took(&c, 10 * COMPACTION_STEP_US);
	assert_int_equal(c.step, COMPACTION_STEP_MIN);
	for (int i = 0; i < 20; i++)
		compaction_took(&c, 1);
	assert_int_equal(c.step, COMPACTION_STEP_MAX);
}

static void vacuum_starts_late_and_ends_later(void **state)
{
	struct compaction c;

	(void)state;
	compaction_init(&c, MIN, 0, 0, 0);
	assert_int_equal(compaction_vacuum(&c, 100, 90), 0); /* small: pages are used again */
	assert_int_equal(compaction_vacuum(&c, 4000, 900), 0);
	assert_true(compaction_vacuum(&c, 4000, 1100) > 0);
	assert_true(compaction_vacuum(&c, 4000, 600) > 0);
	assert_int_equal(compaction_vacuum(&c, 3500, 400), 0);
}

static void deadlines_come_in_order(void **state)
{
	struct expiry x = { 0 };
	const int64_t at[] = { 50, 10, 40, 30, 20, 10 };
	int64_t revision, last = 0;
	int n = 0;

	(void)state;
	for (int i = 0; i < 6; i++)
		expiry_add(&x, at[i], at[i]);
	assert_int_equal(expiry_next_us(&x), 10);
	assert_false(expiry_take(&x, 9, &revision));
	for (; expiry_take(&x, 45, &revision); n++) {
		assert_true(revision >= last);
		last = revision;
	}
	assert_int_equal(n, 5);
	assert_int_equal(expiry_next_us(&x), 50);
	expiry_free(&x);
	assert_int_equal(expiry_next_us(&x), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_aims_at_the_revision_of_the_round_before),
		cmocka_unit_test(an_idle_store_has_nothing_to_compact),
		cmocka_unit_test(a_request_is_never_beyond_the_newest),
		cmocka_unit_test(steps_shrink_when_slow_and_grow_when_fast),
		cmocka_unit_test(vacuum_starts_late_and_ends_later),
		cmocka_unit_test(deadlines_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
