/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "client/pace.h"

#define SECOND 1000000LL

/* Two writers, each of whom answers the other at once, for so long: how often the one that is paced writes. */
static int64_t fight(struct pace *p, int64_t from_us, int64_t seconds, int64_t answer_us)
{
	int64_t n = 0, now = from_us;
	while (now < from_us + seconds * SECOND) {
		int64_t wait = pace_wait_us(p, STR("d/web"), now);
		if (wait > 0) {
			now += wait;
			continue;
		}
		pace_count(p, STR("d/web"), now);
		n++;
		now += answer_us;
	}
	return n;
}

static void a_fight_of_two_writers_is_bounded(void **state)
{
	struct pace p = { 0 };
	(void)state;
	assert_in_range(fight(&p, SECOND, 60, 20), 60 * PACE_RATE, PACE_BURST + 60 * PACE_RATE + 2);
	/* no new burst without a rest */
	assert_in_range(fight(&p, 61 * SECOND, 60, 20), 0, 60 * PACE_RATE + 2);
	pace_count(&p, STR("d/web"), 121 * SECOND);
	assert_true(pace_wait_us(&p, STR("d/web"), 121 * SECOND) > 0);
	assert_int_equal(pace_wait_us(&p, STR("d/web"), 140 * SECOND), 0);
}

static void who_is_not_busy_does_not_wait(void **state)
{
	struct pace p = { 0 };
	(void)state;
	assert_int_equal(fight(&p, SECOND, 60, SECOND / PACE_RATE), 60 * PACE_RATE);
	for (int i = 0; i < 10000; i++) {
		char key[16];
		snprintf(key, sizeof(key), "d/%d", i);
		assert_int_equal(pace_wait_us(&p, str_from(key), 70 * SECOND), 0);
		pace_count(&p, str_from(key), 70 * SECOND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fight_of_two_writers_is_bounded),
		cmocka_unit_test(who_is_not_busy_does_not_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
