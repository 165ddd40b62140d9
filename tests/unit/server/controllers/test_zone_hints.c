/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "server/controllers/services/zone_hints.h"
#include "tests/unit/server/controllers/workload_fixture.h"

/* "a:4,b:2": zones with the CPU of their one node; "!" a node without a zone, "~a:4" one that isn't ready, "@a:4" a control plane's */
static void nodes(struct workload_fixture *f, const char *text, struct zone_cpus *out)
{
	struct str rest = str_from(text), item;
	*out = (struct zone_cpus){ 0 };
	while (str_next(&rest, ',', &item)) {
		bool away = str_cut_prefix(&item, STR("~")),
		     control = str_cut_prefix(&item, STR("@"));
		struct str zone = str_eqz(item, "!") ? STR("") : str_of(item.p, 1);
		auto_free char *json = str_printf(
			"{\"metadata\":{\"labels\":{%s\"topology.kubernetes.io/zone\":\"%.*s\"}},"
			"\"status\":{\"allocatable\":{\"cpu\":\"%.*s\"},\"conditions\":[{\"type\":"
			"\"Ready\",\"status\":\"%s\"}]}}",
			control ? "\"node-role.kubernetes.io/control-plane\":\"\"," : "",
			STR_ARG(zone), item.n > 2 ? (int)item.n - 2 : 1,
			item.n > 2 ? item.p + 2 : "1", away ? "False" : "True");
		zone_cpus_add(out, workload_read(f, api_struct_core_v1_node, json), &f->arena);
	}
	zone_cpus_end(out);
}

/* "aaab-": a letter an endpoint, its zone; in capitals one that isn't ready, "-" without a zone. The same way back: the hints, "." none */
static void plan(struct workload_fixture *f, const char *zones, const char *text, char *hints,
		 char *why)
{
	struct discovery_v1_endpoint all[32], *list[32];
	struct zone_cpus z;
	struct zone_givens given;
	auto_buf reason = { 0 };
	bool yes = true, no = false;
	size_t n = strlen(text);
	nodes(f, zones, &z);
	for (size_t i = 0; i < n; i++) {
		bool away = text[i] >= 'A' && text[i] <= 'Z';
		all[i] = (struct discovery_v1_endpoint){ 0 };
		all[i].conditions.ready = away ? &no : &yes;
		all[i].zone =
			text[i] == '-'
				? STR("")
				: arena_str(&f->arena, str_of((char[]){ (char)(text[i] | 32) }, 1));
		list[i] = &all[i];
	}
	zone_hints_plan(&z, list, n, &f->arena, &given, &reason);
	for (size_t i = 0; i < n; i++)
		hints[i] = all[i].hints ? all[i].hints->for_zones.items[0].name.p[0] : '.';
	hints[n] = 0;
	snprintf(why, 200, "%.*s", STR_ARG(buf_view(&reason)));
	free(z.items);
}

static void endpoints_are_given_out_by_cpu(void **state)
{
	const struct {
		const char *zones, *endpoints, *hints, *why;
	} cases[] = {
		{ "a:4,b:4", "aabb", "aabb", "" },
		{ "a:4,b:4", "aaaabb", "baaabb", "" }, /* a gives one */
		{ "a:8,b:4", "aaabbb", "aaaabb", "" }, /* b gives one */
		{ "a:4,b:4,c:4", "aabbcc", "aabbcc", "" },
		{ "a:4,b:4,c:4", "aaaaaa", "bbccaa", "" },
		{ "a:4,b:4", "aaaaBbbb", "aaaa.bbb", "" }, /* half of one is not worth it */
		{ "a:4,b:4", "aaBb", "....",
		  "Unable to allocate minimum required endpoints to each zone without exceeding "
		  "overload threshold (3 endpoints, 2 zones)" },
		{ "a:4,b:4,@c:64,~c:64", "aabb", "aabb", "" },
		{ "a:4,b:4", "a", ".", "Insufficient number of endpoints (1 endpoints, 2 zones)" },
		{ "a:4", "aa", "..",
		  "Insufficient Node information: allocatable CPU or zone not specified on one or "
		  "more nodes" },
		{ "a:4,b:4,!", "ab", "..",
		  "Insufficient Node information: allocatable CPU or zone not specified on one or "
		  "more nodes" },
		{ "a:4,b:4", "abb-", "....", "One or more endpoints do not have a zone specified" },
		{ "a:1,b:1,c:1", "abca", "....",
		  "Unable to allocate minimum required endpoints to each zone without exceeding "
		  "overload threshold (4 endpoints, 3 zones)" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char hints[33], why[200];
		plan(*state, cases[i].zones, cases[i].endpoints, hints, why);
		assert_string_equal(why, cases[i].why);
		assert_string_equal(hints, cases[i].hints);
	}
}

static void a_zone_with_too_few_is_overloaded(void **state)
{
	const struct {
		const char *zones;
		int a, b;
		bool overloaded;
	} cases[] = {
		{ "a:4,b:4", 3, 3, false },   { "a:4,b:4", 4, 2, true },
		{ "a:4,b:4", 11, 10, false }, { "a:5,b:4", 3, 3, false },
		{ "a:12,b:4", 3, 3, true },   { "a:4", 3, 3, true },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct zone_cpus z;
		struct zone_given items[] = { { STR("a"), cases[i].a }, { STR("b"), cases[i].b } };
		const struct zone_givens given = { items, 2 }, none = { items, 0 };
		nodes(*state, cases[i].zones, &z);
		assert_int_equal(zone_hints_overloaded(&z, &given), cases[i].overloaded);
		assert_false(zone_hints_overloaded(&z, &none));
		free(z.items);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)
	const struct CMUnitTest tests[] = {
		CASE(endpoints_are_given_out_by_cpu),
		CASE(a_zone_with_too_few_is_overloaded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
