/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/node/image_gc.h"

static void nothing_goes_below_the_high_mark(void **state)
{
	(void)state;
	assert_int_equal(image_gc_wanted(1000, 151), 0);
	assert_int_equal(image_gc_wanted(1000, 150), 50);
	assert_int_equal(image_gc_wanted(1000, 0), 200);
	assert_int_equal(image_gc_wanted(0, 0), 0);
}

static void large_unused_images_go_first_and_no_more_than_needed(void **state)
{
	(void)state;
	struct image_gc_item items[] = { { "small", 10, false },
					 { "used", 500, true },
					 { "large", 100, false },
					 { "middle", 50, false } };
	assert_int_equal(image_gc_choose(items, 4, 120), 2);
	assert_string_equal(items[0].id, "large");
	assert_string_equal(items[1].id, "middle");
	assert_int_equal(image_gc_choose(items, 4, 100000), 3);
	assert_int_equal(image_gc_choose(items, 4, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_goes_below_the_high_mark),
		cmocka_unit_test(large_unused_images_go_first_and_no_more_than_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
