/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/node/usage.h"

static void the_rate_is_since_the_last_look(void **state)
{
	(void)state;
	struct usage_history h = { 0 };
	usage_add(&h, (struct usage_sample){ 1000000, 0 });
	usage_add(&h, (struct usage_sample){ 11000000, 5000000 });
	struct usage_rate r = usage_rate_of(&h, (struct usage_sample){ 21000000, 15000000 });
	assert_int_equal(r.window_us, 10000000);
	assert_int_equal(r.nano_cores, 1000000000);
}

static void a_look_of_just_now_does_not_count(void **state)
{
	(void)state;
	struct usage_history h = { 0 };
	usage_add(&h, (struct usage_sample){ 1000000, 0 });
	usage_add(&h, (struct usage_sample){ 11000000, 5000000 });
	struct usage_rate r = usage_rate_of(&h, (struct usage_sample){ 11000001, 5000000 });
	assert_int_equal(r.window_us, 10000001);
	assert_in_range(r.nano_cores, 499999000, 500000000);
}

static void a_counter_that_began_anew_has_no_rate_yet(void **state)
{
	(void)state;
	struct usage_history h = { 0 };
	usage_add(&h, (struct usage_sample){ 1000000, 9000000 });
	assert_int_equal(usage_rate_of(&h, (struct usage_sample){ 9000000, 1 }).window_us, 0);
	usage_add(&h, (struct usage_sample){ 11000000, 10 });
	assert_int_equal(usage_rate_of(&h, (struct usage_sample){ 21000000, 20 }).nano_cores, 1000);
}

static void the_machine_tells_what_it_uses(void **state)
{
	(void)state;
	struct machine_usage m;
	assert_true(machine_usage_read(&m));
	assert_true(m.cpu_us > 0);
	assert_true(m.memory_bytes >= m.working_set_bytes);
	assert_true(m.available_bytes > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_is_since_the_last_look),
		cmocka_unit_test(a_look_of_just_now_does_not_count),
		cmocka_unit_test(a_counter_that_began_anew_has_no_rate_yet),
		cmocka_unit_test(the_machine_tells_what_it_uses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
