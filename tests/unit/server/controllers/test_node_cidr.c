/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "server/controllers/nodes/node_cidr.h"

static void ranges_come_lowest_first_and_are_given_once(void **state)
{
	(void)state;
	struct node_cidr_pool p;
	char text[NODE_CIDR_TEXT];
	assert_int_equal(node_cidr_pool_init(&p, "10.42.0.0/16", NULL), 0);
	assert_true(node_cidr_take(&p, STR("10.42.1.0/24")));
	assert_true(node_cidr_next(&p, text));
	assert_string_equal(text, "10.42.0.0/24");
	assert_true(node_cidr_next(&p, text));
	assert_string_equal(text, "10.42.2.0/24");
	node_cidr_release(&p, STR("10.42.0.0/24"));
	assert_true(node_cidr_next(&p, text));
	assert_string_equal(text, "10.42.0.0/24");
	node_cidr_pool_free(&p);
}

static void ipv6_is_cut_into_64s(void **state)
{
	(void)state;
	struct node_cidr_pool p;
	char text[NODE_CIDR_TEXT];
	assert_int_equal(node_cidr_pool_init(&p, "fd42::/56", NULL), 0);
	assert_int_equal(p.count, 256);
	assert_true(node_cidr_next(&p, text));
	assert_true(node_cidr_next(&p, text));
	assert_string_equal(text, "fd42:0:0:1::/64");
	node_cidr_pool_free(&p);
}

static void an_exhausted_pool_says_so(void **state)
{
	(void)state;
	struct node_cidr_pool p;
	char text[NODE_CIDR_TEXT];
	assert_int_equal(node_cidr_pool_init(&p, "10.0.0.0/23", NULL), 0);
	assert_true(node_cidr_next(&p, text));
	assert_true(node_cidr_next(&p, text));
	assert_string_equal(text, "10.0.1.0/24");
	assert_false(node_cidr_next(&p, text));
	node_cidr_pool_free(&p);
}

static void strangers_are_not_taken(void **state)
{
	(void)state;
	struct node_cidr_pool p;
	assert_int_equal(node_cidr_pool_init(&p, "10.42.0.0/16", NULL), 0);
	assert_false(node_cidr_take(&p, STR("10.43.0.0/24")));
	assert_false(node_cidr_take(&p, STR("10.42.0.0/25")));
	assert_false(node_cidr_take(&p, STR("fd42::/64")));
	assert_false(node_cidr_take(&p, STR("nonsense")));
	node_cidr_pool_free(&p);
	assert_true(node_cidr_pool_init(&p, "10.42.0.0", NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_come_lowest_first_and_are_given_once),
		cmocka_unit_test(ipv6_is_cut_into_64s),
		cmocka_unit_test(an_exhausted_pool_says_so),
		cmocka_unit_test(strangers_are_not_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
