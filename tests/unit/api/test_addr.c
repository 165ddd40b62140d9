/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/values/addr.h"
#include "base/mem.h"

static void addresses_are_read_and_written_again(void **state)
{
	(void)state;
	static const struct {
		const char *text, *canonical; /* NULL: none */
		int family;
		bool zeros, mapped;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", 4, false, false },
		{ "192.0.02.1", "192.0.2.1", 4, true, false },
		{ "::ffff:192.0.2.1", "192.0.2.1", 4, false, true },
		{ "2001:DB8:0:0::1", "2001:db8::1", 6, false, false },
		{ "192.0.2.300", NULL, 0, false, false },
		{ "192.0.2", NULL, 0, false, false },
		{ "fe80::1%eth0", NULL, 0, false, false },
		{ "", NULL, 0, false, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[ADDR_TEXT_MAX];
		struct addr a;
		bool ok = addr_parse(str_from(cases[i].text), &a);
		assert_int_equal(ok, cases[i].canonical != NULL);
		if (!ok)
			continue;
		addr_text(&a, text);
		assert_string_equal(text, cases[i].canonical);
		assert_int_equal(a.family, cases[i].family);
		assert_int_equal(a.zeros, cases[i].zeros);
		assert_int_equal(a.mapped, cases[i].mapped);
	}
}

static void bits_behind_the_prefix_are_masked(void **state)
{
	(void)state;
	char text[ADDR_TEXT_MAX];
	struct addr_range r;
	assert_true(addr_range_parse(STR("10.1.2.3/12"), &r));
	struct addr net = addr_range_masked(&r);
	addr_text(&net, text);
	assert_string_equal(text, "10.0.0.0");
	assert_false(addr_range_parse(STR("10.0.0.0/33"), &r));
	assert_false(addr_range_parse(STR("10.0.0.0/"), &r));
	assert_false(addr_range_parse(STR("10.0.0.0"), &r));
	assert_true(addr_range_parse(STR("10.0.0.0/08"), &r));
	assert_true(r.zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written_again),
		cmocka_unit_test(bits_behind_the_prefix_are_masked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
