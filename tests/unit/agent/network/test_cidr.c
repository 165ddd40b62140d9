/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/network/cidr.h"

static struct cidr parse(const char *text)
{
	struct cidr c;
	assert_int_equal(cidr_parse(text, &c, NULL), 0);
	return c;
}

static void host_bits_of_a_range_are_cleared(void **state)
{
	(void)state;
	char text[IP_TEXT_MAX];
	struct cidr c = parse("10.244.3.77/20");
	ip_format(&c.base, text);
	assert_string_equal(text, "10.244.0.0");
	assert_int_equal(cidr_size(&c), 4096);
}

static void index_and_address_are_inverse_in_both_families(void **state)
{
	(void)state;
	static const struct {
		const char *range, *address;
		uint64_t index;
	} rows[] = {
		{ "10.244.0.0/16", "10.244.1.2", 258 },
		{ "10.0.0.0/8", "10.1.0.0", 65536 },
		{ "fd00:10:244::/64", "fd00:10:244::1:2", 65538 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr c = parse(rows[i].range);
		struct ip ip = cidr_at(&c, rows[i].index);
		char text[IP_TEXT_MAX];
		ip_format(&ip, text);
		assert_string_equal(text, rows[i].address);
		assert_int_equal(cidr_index(&c, &ip), rows[i].index);
		assert_true(cidr_contains(&c, &ip));
	}
}

static void neighbours_of_a_range_are_outside(void **state)
{
	(void)state;
	struct cidr c = parse("10.244.4.0/22");
	struct ip ip;
	assert_true(ip_parse("10.244.8.0", &ip));
	assert_false(cidr_contains(&c, &ip));
	assert_true(ip_parse("::ffff:10.244.4.1", &ip));
	assert_false(cidr_contains(&c, &ip));
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "10.244.0.0",
					   "10.244.0.0/33",
					   "10.244.0.0/-1",
					   "10.244.0/16",
					   "fd00::/129",
					   "/8",
					   "" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cidr c;
		auto_err err = { 0 };
		assert_int_equal(cidr_parse(bad[i], &c, &err), -ERR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_bits_of_a_range_are_cleared),
		cmocka_unit_test(index_and_address_are_inverse_in_both_families),
		cmocka_unit_test(neighbours_of_a_range_are_outside),
		cmocka_unit_test(nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
