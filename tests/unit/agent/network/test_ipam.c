/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/network/ipam.h"
#include "base/file.h"
#include "base/mem.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-ipam-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return dir_remove(dir, NULL);
}

static bool keep_all(void *ctx, const char *uid)
{
	(void)ctx;
	(void)uid;
	return true;
}

static bool keep_none(void *ctx, const char *uid)
{
	(void)ctx;
	(void)uid;
	return false;
}

static struct ipam *open_ranges(const char *range4, const char *range6,
				bool (*keep)(void *, const char *))
{
	struct cidr c[2];
	struct ipam *i;
	size_t n = range6 ? 2 : 1;
	assert_int_equal(cidr_parse(range4, &c[0], NULL), 0);
	if (range6)
		assert_int_equal(cidr_parse(range6, &c[1], NULL), 0);
	assert_int_equal(ipam_open(dir, c, n, keep, NULL, &i, NULL), 0);
	return i;
}

static const char *add(struct ipam *i, const char *uid)
{
	static char text[IP_TEXT_MAX];
	const struct ipam_pod *p;
	if (ipam_add(i, uid, NULL, 0, &p, NULL) < 0)
		return "none";
	ip_format(&p->ips[0], text);
	return text;
}

static void gateway_and_ends_of_the_range_are_never_given(void **state)
{
	(void)state;
	struct ipam *i = open_ranges("10.0.0.0/29", NULL, keep_all);
	assert_string_equal(add(i, "a"), "10.0.0.2");
	for (const char *uid = "bcde"; *uid; uid++)
		assert_string_not_equal(add(i, (char[]){ *uid, 0 }), "none");
	assert_string_equal(add(i, "f"),
			    "none"); /* .2 to .6 are gone: 8 - base - gateway - broadcast */
	ipam_free(i);
}

static void a_released_address_comes_again_last(void **state)
{
	(void)state;
	struct ipam *i = open_ranges("10.0.0.0/29", NULL, keep_all);
	add(i, "a");
	assert_int_equal(ipam_remove(i, "a", NULL), 0);
	assert_string_equal(add(i, "b"), "10.0.0.3");
	add(i, "c");
	add(i, "d");
	add(i, "e");
	assert_string_equal(add(i, "f"), "10.0.0.2");
	ipam_free(i);
}

static void addresses_and_ports_survive_a_restart(void **state)
{
	(void)state;
	struct ipam *i = open_ranges("10.0.0.0/24", "fd00::/64", keep_all);
	struct network_port ports[] = {
		{ .host_port = 8080, .container_port = 80, .protocol = 6 },
		{ .host_ip = "192.0.2.1", .host_port = 53, .container_port = 5353, .protocol = 17 },
	};
	const struct ipam_pod *p;
	assert_int_equal(ipam_add(i, "a", ports, 2, &p, NULL), 0);
	ipam_free(i);
	i = open_ranges("10.0.0.0/24", "fd00::/64", keep_all);
	p = ipam_get(i, "a");
	assert_non_null(p);
	assert_int_equal(p->nips, 2);
	assert_int_equal(p->nports, 2);
	assert_int_equal(p->ports[0].host_ip.family, 0);
	assert_int_equal(p->ports[1].host_ip.family, AF_INET);
	assert_int_equal(p->ports[1].container_port, 5353);
	assert_string_equal(add(i, "b"), "10.0.0.3");
	ipam_free(i);
}

static void pods_without_namespace_are_forgotten(void **state)
{
	(void)state;
	struct ipam *i = open_ranges("10.0.0.0/24", NULL, keep_all);
	add(i, "a");
	ipam_free(i);
	i = open_ranges("10.0.0.0/24", NULL, keep_none);
	assert_null(ipam_get(i, "a"));
	ipam_free(i);
	i = open_ranges("10.0.0.0/24", NULL, keep_all);
	assert_null(ipam_get(i, "a"));
	ipam_free(i);
}

static void a_damaged_file_is_dropped_not_believed(void **state)
{
	(void)state;
	auto_free char *path = str_printf("%s/broken", dir);
	assert_int_equal(file_write_atomic(path, "ip 10.0.0.999\n", 14, 0600, NULL), 0);
	struct ipam *i = open_ranges("10.0.0.0/24", NULL, keep_all);
	assert_null(ipam_get(i, "broken"));
	assert_false(file_exists(path));
	ipam_free(i);
}

static void a_uid_cannot_leave_the_directory(void **state)
{
	(void)state;
	struct ipam *i = open_ranges("10.0.0.0/24", NULL, keep_all);
	const struct ipam_pod *p;
	assert_int_equal(ipam_add(i, "../x", NULL, 0, &p, NULL), -ERR_INVALID);
	assert_int_equal(ipam_add(i, "", NULL, 0, &p, NULL), -ERR_INVALID);
	ipam_free(i);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(gateway_and_ends_of_the_range_are_never_given),
		T(a_released_address_comes_again_last),
		T(addresses_and_ports_survive_a_restart),
		T(pods_without_namespace_are_forgotten),
		T(a_damaged_file_is_dropped_not_believed),
		T(a_uid_cannot_leave_the_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
