/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/registry/ports.h"
#include "server/apiserver/registry/service_ip.h"

static void offsets_and_addresses_are_each_others_inverse(void **state)
{
	(void)state;
	static const char *const cidrs[] = { "10.43.0.0/16", "fd00:43::/112", "192.168.1.0/28" };
	for (size_t i = 0; i < 3; i++) {
		struct ip_range r;
		char text[IP_TEXT_MAX];
		uint64_t back = 0;
		assert_true(ip_range_parse(str_from(cidrs[i]), &r));
		for (uint64_t offset = 0; offset < r.size; offset += r.size / 13 + 1) {
			ip_range_text(&r, offset, text);
			assert_true(ip_range_offset(&r, text, &back));
			assert_int_equal(back, offset);
		}
	}
}

static void addresses_outside_are_not_in_the_range(void **state)
{
	(void)state;
	struct ip_range r;
	uint64_t offset;
	assert_true(ip_range_parse(STR("10.43.1.0/24"), &r));
	assert_false(ip_range_offset(&r, "10.43.0.255", &offset));
	assert_false(ip_range_offset(&r, "10.43.2.0", &offset));
	assert_false(ip_range_offset(&r, "9.255.255.255", &offset));
	assert_false(ip_range_offset(&r, "fd00::1", &offset));
	assert_false(ip_range_parse(STR("10.43.1.0"), &r));
	assert_false(ip_range_parse(STR("10.43.1.0/33"), &r));
}

static void no_address_is_given_twice_and_all_are_given(void **state)
{
	(void)state;
	struct service_ranges s = { 0 };
	struct map seen = { 0 };
	char ip[IP_TEXT_MAX];
	assert_int_equal(service_ranges_init(&s, "10.0.0.0/26", NULL), 0);
	for (int i = 0; i < 62; i++) { /* not the network's and not the broadcast address */
		assert_int_equal(service_ip_take_next(&s, 4, ip, NULL), 0);
		assert_null(map_put(&seen, str_from(ip), &s));
	}
	assert_true(service_ip_take_next(&s, 4, ip, NULL) < 0);
	service_ip_give_back(&s, "10.0.0.9");
	assert_int_equal(service_ip_take_next(&s, 4, ip, NULL), 0);
	assert_string_equal(ip, "10.0.0.9");
	map_free(&seen, NULL);
	service_ranges_free(&s);
}

static void a_taken_address_is_refused(void **state)
{
	(void)state;
	struct service_ranges s = { 0 };
	assert_int_equal(service_ranges_init(&s, "10.0.0.0/24,fd00::/112", NULL), 0);
	assert_int_equal(service_ip_take(&s, "fd00:0:0::5", NULL), 0);
	assert_int_equal(service_ip_take(&s, "fd00::5", NULL),
			 -ERR_INVALID); /* the same, written otherwise */
	assert_int_equal(service_ip_take(&s, "10.0.0.0", NULL), -ERR_INVALID);
	assert_int_equal(service_ip_take(&s, "10.1.0.1", NULL), -ERR_INVALID);
	service_ranges_free(&s);
}

static void other_ranges_give_when_the_first_is_full(void **state)
{
	(void)state;
	struct service_ranges s = { 0 };
	struct ip_range *more = NEW(struct ip_range);
	char ip[IP_TEXT_MAX];
	assert_int_equal(service_ranges_init(&s, "10.0.0.0/30", NULL), 0);
	assert_int_equal(service_ip_take_next(&s, 4, ip, NULL), 0);
	assert_int_equal(service_ip_take_next(&s, 4, ip, NULL), 0);
	assert_true(service_ip_take_next(&s, 4, ip, NULL) < 0);
	assert_true(service_ip_take(&s, "10.9.0.1", NULL) < 0);
	assert_true(ip_range_parse(STR("10.9.0.0/30"), more));
	service_ranges_more(&s, more, 1);
	assert_true(service_ip_take(&s, "10.9.0.3", NULL) < 0);
	assert_int_equal(service_ip_take(&s, "10.9.0.1", NULL), 0);
	assert_int_equal(service_ip_take_next(&s, 4, ip, NULL), 0);
	assert_string_equal(ip, "10.9.0.2");
	service_ranges_more(&s, NULL, 0);
	assert_true(service_ip_take(&s, "10.9.0.1", NULL) < 0);
	service_ranges_free(&s);
}

static void ports_are_kept_apart_by_protocol(void **state)
{
	(void)state;
	struct port_range p = { 0 };
	assert_int_equal(port_range_init(&p, "30000-30001", NULL), 0);
	assert_int_equal(port_take(&p, PORT_TCP, 30000, NULL), 0);
	assert_int_equal(port_take(&p, PORT_TCP, 30000, NULL), -ERR_INVALID);
	assert_int_equal(port_take(&p, PORT_UDP, 30000, NULL), 0);
	assert_int_equal(port_take(&p, PORT_TCP, 40000, NULL), -ERR_INVALID);
	assert_int_equal(port_take_next(&p, PORT_TCP, NULL), 30001);
	assert_true(port_take_next(&p, PORT_TCP, NULL) < 0);
	port_give_back(&p, PORT_TCP, 30000);
	assert_int_equal(port_take_next(&p, PORT_TCP, NULL), 30000);
	port_range_free(&p);
	static const char *const wrong[] = { "", "1", "2-1", "0-5", "1-70000", "a-b" };
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(port_range_init(&p, wrong[i], NULL), -ERR_INVALID);
		port_range_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_and_addresses_are_each_others_inverse),
		cmocka_unit_test(addresses_outside_are_not_in_the_range),
		cmocka_unit_test(no_address_is_given_twice_and_all_are_given),
		cmocka_unit_test(a_taken_address_is_refused),
		cmocka_unit_test(other_ranges_give_when_the_first_is_full),
		cmocka_unit_test(ports_are_kept_apart_by_protocol),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
