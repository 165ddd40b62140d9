/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/controllers/services/service_cidr_plan.h"

static struct cidr_prefix prefix(const char *text)
{
	struct cidr_prefix p;
	assert_true(cidr_prefix_parse(str_from(text), &p));
	return p;
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const wrong[] = { "",    "10.0.0.0",   "10.0.0.0/33", "10.0.0.0/-1",
					     "x/8", "fd00::/129", "10.0.0.0/" };
	struct cidr_prefix p;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(cidr_prefix_parse(str_from(wrong[i]), &p));
}

static void a_range_covers_itself_and_smaller_ones(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} rows[] = {
		{ "10.0.0.0/8", "10.1.0.0/16", true },    { "10.1.0.0/16", "10.1.0.0/16", true },
		{ "10.1.0.0/16", "10.0.0.0/8", false },   { "10.1.0.0/16", "10.2.0.0/16", false },
		{ "fd00::/64", "fd00::1:0/112", true },   { "0.0.0.0/0", "fd00::/64", false },
		{ "10.0.0.0/9", "10.128.0.0/16", false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cidr_prefix outer = prefix(rows[i].outer), inner = prefix(rows[i].inner);
		assert_int_equal(cidr_prefix_covers(&outer, &inner), rows[i].covers);
	}
}

static void first_and_last_addresses_are_not_given(void **state)
{
	static const struct {
		const char *range, *address;
		bool gives;
	} rows[] = {
		{ "10.0.0.0/24", "10.0.0.0", false },  { "10.0.0.0/24", "10.0.0.1", true },
		{ "10.0.0.0/24", "10.0.0.254", true }, { "10.0.0.0/24", "10.0.0.255", false },
		{ "10.0.0.0/24", "10.0.1.1", false },  { "fd00::/120", "fd00::ff", true },
		{ "fd00::/120", "fd00::", false },     { "10.0.0.0/24", "nonsense", false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct cidr_prefix p = prefix(rows[i].range);
		assert_int_equal(cidr_prefix_gives(&p, str_from(rows[i].address)), rows[i].gives);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(a_range_covers_itself_and_smaller_ones),
		cmocka_unit_test(first_and_last_addresses_are_not_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
