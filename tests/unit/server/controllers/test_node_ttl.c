/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "server/controllers/nodes/node_ttl.h"

static int after(size_t *step, size_t nodes)
{
	*step = node_ttl_step(*step, nodes);
	return node_ttl_seconds(*step);
}

static void more_nodes_keep_for_longer(void **state)
{
	size_t step = 0;

	(void)state;
	assert_int_equal(after(&step, 0), 0);
	assert_int_equal(after(&step, 100), 0);
	assert_int_equal(after(&step, 101), 15);
	assert_int_equal(after(&step, 501), 30);
	assert_int_equal(after(&step, 1001), 60);
	assert_int_equal(after(&step, 2001), 300);
}

static void a_node_more_or_less_changes_nothing(void **state)
{
	size_t step = 0;

	(void)state;
	after(&step, 101);
	assert_int_equal(after(&step, 90), 15);
	assert_int_equal(after(&step, 89), 0);
	assert_int_equal(after(&step, 100), 0);
	after(&step, 5000);
	assert_int_equal(after(&step, 1800), 300);
	assert_int_equal(after(&step, 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_nodes_keep_for_longer),
		cmocka_unit_test(a_node_more_or_less_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
