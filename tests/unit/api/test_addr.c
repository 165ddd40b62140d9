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

static void an_address_tells_whom_it_means(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum addr_scope scope;
	} cases[] = {
		{ "10.0.0.1", ADDR_GLOBAL },
		{ "fd00::1", ADDR_GLOBAL },
		{ "0.0.0.0", ADDR_UNSPECIFIED },
		{ "0:0::0", ADDR_UNSPECIFIED },
		{ "127.8.9.10", ADDR_LOOPBACK },
		{ "0:0:0:0:0:0:0:1", ADDR_LOOPBACK },
		{ "::ffff:127.0.0.1", ADDR_LOOPBACK },
		{ "169.254.169.254", ADDR_LINK_LOCAL },
		{ "FE80::1", ADDR_LINK_LOCAL },
		{ "febf::1", ADDR_LINK_LOCAL },
		{ "fec0::1", ADDR_GLOBAL },
		{ "224.0.0.251", ADDR_LINK_MULTICAST },
		{ "ff12::1", ADDR_LINK_MULTICAST },
		{ "239.1.2.3", ADDR_MULTICAST },
		{ "ff05::2", ADDR_MULTICAST },
		{ "255.255.255.255", ADDR_BROADCAST },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a;
		assert_true(addr_parse(str_from(cases[i].text), &a));
		if (addr_scope(&a) != cases[i].scope)
			fail_msg("%s: %d, wanted %d", cases[i].text, (int)addr_scope(&a),
				 (int)cases[i].scope);
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
		cmocka_unit_test(an_address_tells_whom_it_means),
		cmocka_unit_test(bits_behind_the_prefix_are_masked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
