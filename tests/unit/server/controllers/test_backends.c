/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/controllers/services/backends.h"
#include "server/controllers/workloads/replica_set_plan.h"

struct fixture {
	struct arena arena;
	struct core_v1_service service;
	struct pod_views pods;
	struct slices slices;
};

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);

	f->pods.arena = &f->arena;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->pods.items);
	free(f->slices.items);
	arena_free(&f->arena);
	free(f);
	return 0;
}

static void service(struct fixture *f, const char *spec)
{
	auto_free char *json = str_printf("{\"metadata\":{\"name\":\"web\",\"namespace\":\"d\","
					  "\"labels\":{\"l\":\"1\"}},\"spec\":{%s}}",
					  spec);

	assert_int_equal(struct_read_json(arena_str(&f->arena, str_from(json)), &f->arena,
					  api_struct_core_v1_service, &f->service, NULL),
			 0);
}

static void pod(struct fixture *f, const char *name, const char *meta, const char *spec,
		const char *ips, const char *ready)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"d\",\"uid\":\"u-%s\"%s},"
			   "\"spec\":{\"nodeName\":\"n\"%s},"
			   "\"status\":{\"phase\":\"Running\",\"podIPs\":[%s],\"conditions\":[{"
			   "\"type\":\"Ready\",\"status\":\"%s\"}]}}",
			   name, name, meta, spec, ips, ready);
	struct pod_view *v;

	f->pods.items = mem_array_grow(f->pods.items, &f->pods.cap, f->pods.n + 1, sizeof(*v));
	v = &f->pods.items[f->pods.n++];
	memset(v, 0, sizeof(*v));
	assert_int_equal(struct_read_json(arena_str(&f->arena, str_from(json)), &f->arena,
					  api_struct_core_v1_pod, &v->pod, NULL),
			 0);
}

#define WEB                                                                                   \
	"\"selector\":{\"a\":\"b\"},\"ipFamilies\":[\"IPv4\"],\"ports\":[{\"name\":\"http\"," \
	"\"port\":80,\"targetPort\":8080}]"
#define IP(x) "{\"ip\":\"" x "\"}"

static void a_ready_pod_is_an_endpoint(void **state)
{
	struct fixture *f = *state;

	service(f, WEB);
	pod(f, "b", "", "", IP("10.0.0.2"), "True");
	pod(f, "a", "", "", IP("10.0.0.1"), "False");
	slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &f->slices);
	assert_int_equal(f->slices.n, 1);
	struct discovery_v1_endpoint_slice *s = &f->slices.items[0];
	assert_int_equal(s->endpoints.n, 2);
	assert_string_equal(s->endpoints.items[0].addresses.items[0].p, "10.0.0.1"); /* by name */
	assert_false(*s->endpoints.items[0].conditions.ready);
	assert_true(*s->endpoints.items[1].conditions.ready);
	assert_int_equal(*s->ports.items[0].port, 8080);
	assert_string_equal(s->ports.items[0].name.p, "http");
	assert_int_equal(s->metadata.labels.n, 3);
}

static void names_of_slices_are_their_services_own_and_stay(void **state)
{
	struct fixture *f = *state;
	char first[64], again[64], other[64];
	char *const names[] = { first, again, other };

	for (int i = 0; i < 3; i++) {
		struct slices one = { 0 };
		service(f, WEB);
		f->service.metadata.uid = i < 2 ? STR("u-1") : STR("u-2");
		slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &one);
		snprintf(names[i], sizeof(first), "%.*s", STR_ARG(one.items[0].metadata.name));
		free(one.items);
	}
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	assert_int_equal(strlen(first), strlen("web-x7k2p"));
	assert_int_equal(strspn(first + 4, "bcdfghjklmnpqrstvwxz2456789"), 5);
}

static void a_terminating_pod_still_serves_but_is_not_ready(void **state)
{
	struct fixture *f = *state;
	struct core_v1_endpoints e;

	service(f, WEB);
	pod(f, "a", ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "", IP("10.0.0.1"), "True");
	slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &f->slices);
	struct discovery_v1_endpoint_conditions *c =
		&f->slices.items[0].endpoints.items[0].conditions;
	assert_false(*c->ready);
	assert_true(*c->serving);
	assert_true(*c->terminating);
	endpoints_plan(&f->service, &f->pods, &f->arena, &e);
	assert_int_equal(e.subsets.n, 0);
}

static void families_and_named_ports_get_slices_of_their_own(void **state)
{
	struct fixture *f = *state;

	service(f, "\"selector\":{\"a\":\"b\"},\"ipFamilies\":[\"IPv4\",\"IPv6\"],\"ports\":[{"
		   "\"port\":80,\"targetPort\":\"web\"}]");
	pod(f, "a", "",
	    ",\"containers\":[{\"name\":\"c\",\"ports\":[{\"name\":\"web\",\"containerPort\":1}]}]",
	    IP("10.0.0.1") "," IP("fd00::1"), "True");
	pod(f, "b", "",
	    ",\"containers\":[{\"name\":\"c\",\"ports\":[{\"name\":\"web\",\"containerPort\":2}]}]",
	    IP("10.0.0.2"), "True");
	pod(f, "c", "",
	    ",\"containers\":[{\"name\":\"c\",\"ports\":[{\"name\":\"web\",\"containerPort\":1}]}]",
	    IP("10.0.0.3"), "True");
	slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &f->slices);
	assert_int_equal(f->slices.n, 3);
	assert_int_equal(f->slices.items[0].endpoints.n, 2); /* a, c */
	assert_int_equal(f->slices.items[1].endpoints.n, 1);
	assert_string_equal(f->slices.items[2].address_type.p, "IPv6");
	assert_int_equal(f->slices.items[2].endpoints.n, 1);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(f->slices.items[i].metadata.name.p,
						f->slices.items[k].metadata.name.p);
}

static void a_hundred_endpoints_to_a_slice(void **state)
{
	struct fixture *f = *state;

	service(f, WEB);
	for (int i = 0; i < 250; i++) {
		char name[8], ip[32];

		snprintf(name, sizeof(name), "p%03d", i);
		snprintf(ip, sizeof(ip), "{\"ip\":\"10.0.0.%d\"}", i);
		pod(f, name, "", "", ip, "True");
	}
	slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &f->slices);
	assert_int_equal(f->slices.n, 3);
	assert_int_equal(f->slices.items[0].endpoints.n, 100);
	assert_int_equal(f->slices.items[2].endpoints.n, 50);
}

static void no_pods_is_one_empty_slice_and_no_selector_is_none(void **state)
{
	struct fixture *f = *state;

	service(f, WEB);
	slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &f->slices);
	assert_int_equal(f->slices.n, 1);
	assert_int_equal(f->slices.items[0].endpoints.n, 0);
	f->slices.n = 0;
	service(f, "\"ports\":[{\"port\":80}]");
	f->service.spec.selector.n = 0;
	slices_plan(&f->service, &f->pods, NULL, NULL, &f->arena, &f->slices);
	assert_int_equal(f->slices.n, 0);
}

static struct str zone_of(void *ctx, struct str node)
{
	(void)ctx;
	return str_eqz(node, "n1") ? STR("z1") : STR("");
}

/* The zones and the nodes that the endpoints a (in a zone), b (in none) and c (not ready) are for */
static const char *hints(struct fixture *f, const char *service_json)
{
	static char text[128];
	int n = 0;

	service(f, service_json);
	f->slices = (struct slices){ 0 };
	slices_plan(&f->service, &f->pods, zone_of, NULL, &f->arena, &f->slices);
	for (size_t i = 0; i < f->slices.items[0].endpoints.n; i++) {
		const struct discovery_v1_endpoint_hints *h =
			f->slices.items[0].endpoints.items[i].hints;
		struct str zone = h && h->for_zones.n ? h->for_zones.items[0].name : STR("-"),
			   node = h && h->for_nodes.n ? h->for_nodes.items[0].name : STR("-");

		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%.*s/%.*s", i ? " " : "",
			      STR_ARG(zone), STR_ARG(node));
	}
	free(f->slices.items);
	f->slices = (struct slices){ 0 };
	return text;
}

static void traffic_may_prefer_its_zone_or_node(void **state)
{
	struct fixture *f = *state;

	pod(f, "a", "", ",\"nodeName\":\"n1\"", IP("10.0.0.1"), "True");
	pod(f, "b", "", ",\"nodeName\":\"n2\"", IP("10.0.0.2"), "True");
	pod(f, "c", "", ",\"nodeName\":\"n1\"", IP("10.0.0.3"), "False");
	assert_string_equal(hints(f, WEB), "-/- -/- -/-");
	assert_string_equal(hints(f, WEB ",\"trafficDistribution\":\"PreferClose\""),
			    "z1/- -/- -/-");
	assert_string_equal(hints(f, WEB ",\"trafficDistribution\":\"PreferSameZone\""),
			    "z1/- -/- -/-");
	assert_string_equal(hints(f, WEB ",\"trafficDistribution\":\"PreferSameNode\""),
			    "z1/n1 -/n2 -/-");
}

static void endpoints_tell_ready_from_not_ready(void **state)
{
	struct fixture *f = *state;
	struct core_v1_endpoints e;

	service(f, WEB);
	pod(f, "a", "", "", IP("10.0.0.1"), "True");
	pod(f, "b", "", "", IP("10.0.0.2"), "False");
	endpoints_plan(&f->service, &f->pods, &f->arena, &e);
	assert_int_equal(e.subsets.n, 1);
	assert_int_equal(e.subsets.items[0].addresses.n, 1);
	assert_int_equal(e.subsets.items[0].not_ready_addresses.n, 1);
	assert_int_equal(e.subsets.items[0].ports.items[0].port, 8080);
}

static void a_replica_set_makes_what_is_missing_and_removes_what_serves_least(void **state)
{
	struct fixture *f = *state;
	struct apps_v1_replica_set rs = { 0 };
	struct replica_set_plan plan;
	int32_t replicas = 3;

	rs.spec.replicas = &replicas;
	pod(f, "ready", "", "", IP("10.0.0.1"), "True");
	pod(f, "unready", "", "", IP("10.0.0.2"), "False");
	pod(f, "leaving", ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", "", IP("10.0.0.3"),
	    "True");
	replica_set_plan(&rs, &f->pods, 0, &plan);
	assert_int_equal(plan.create, 1);
	assert_int_equal(plan.status.replicas, 2);
	assert_int_equal(plan.status.ready_replicas, 1);
	assert_int_equal(*plan.status.terminating_replicas, 1);
	replicas = 1;
	replica_set_plan(&rs, &f->pods, 0, &plan);
	assert_int_equal(plan.create, 0);
	assert_int_equal(plan.nremove, 1);
	assert_string_equal(plan.remove[0]->pod.metadata.name.p, "unready");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_ready_pod_is_an_endpoint),
		T(names_of_slices_are_their_services_own_and_stay),
		T(a_terminating_pod_still_serves_but_is_not_ready),
		T(families_and_named_ports_get_slices_of_their_own),
		T(a_hundred_endpoints_to_a_slice),
		T(no_pods_is_one_empty_slice_and_no_selector_is_none),
		T(traffic_may_prefer_its_zone_or_node),
		T(endpoints_tell_ready_from_not_ready),
		T(a_replica_set_makes_what_is_missing_and_removes_what_serves_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
