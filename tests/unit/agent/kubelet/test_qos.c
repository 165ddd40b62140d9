/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/qos.h"

static struct core_v1_pod *with(struct arena *a, const char *resources)
{
	return pod_from(a, arena_printf(a,
					"{\"metadata\":{\"uid\":\"u1\"},\"spec\":{\"containers\":[{"
					"\"name\":\"c\",\"resources\":%s}]}}",
					resources));
}

static void requests_and_limits_make_the_class(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	static const struct {
		const char *resources, *class, *cgroup;
		int oom;
	} rows[] = {
		{ "{}", "BestEffort", "besteffort/podu1", 1000 },
		{ "{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}", "Guaranteed", "podu1", -997 },
		{ "{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"1\","
		  "\"memory\":\"1Gi\"}}",
		  "Guaranteed", "podu1", -997 },
		{ "{\"requests\":{\"memory\":\"1Gi\"}}", "Burstable", "burstable/podu1", 750 },
		{ "{\"requests\":{\"cpu\":\"1m\"}}", "Burstable", "burstable/podu1", 999 },
		{ "{\"limits\":{\"cpu\":\"1\"}}", "Burstable", "burstable/podu1", 999 },
		{ "{\"requests\":{\"memory\":\"4Gi\"}}", "Burstable", "burstable/podu1", 3 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct core_v1_pod *p = with(&a, rows[i].resources);
		assert_string_equal(qos_class(&p->spec), rows[i].class);
		assert_string_equal(qos_cgroup(&a, p), rows[i].cgroup);
		assert_int_equal(qos_oom_score_adj(&p->spec, &p->spec.containers.items[0],
						   4ll << 30),
				 rows[i].oom);
	}
}

static void a_sidecar_is_no_worse_off_than_what_it_serves(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod *p = pod_from(
		&a, "{\"spec\":{\"initContainers\":[{\"name\":\"s\",\"restartPolicy\":\"Always\"}],"
		    "\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"memory\":"
		    "\"1Gi\"}}}]}}");
	assert_int_equal(qos_oom_score_adj(&p->spec, &p->spec.init_containers.items[0], 4ll << 30),
			 750);
}

static void what_a_pod_asks_for_beyond_its_containers_is_shared_out(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod *p = pod_from(
		&a, "{\"spec\":{\"resources\":{\"requests\":{\"memory\":\"3Gi\"}},\"containers\":[{"
		    "\"name\":\"c\",\"resources\":{\"requests\":{\"memory\":\"1Gi\"}}},{\"name\":"
		    "\"d\"}]}}");
	assert_int_equal(qos_oom_score_adj(&p->spec, &p->spec.containers.items[0], 8ll << 30), 750);
	assert_int_equal(qos_oom_score_adj(&p->spec, &p->spec.containers.items[1], 8ll << 30), 875);
}

static void limits_reach_the_runtime(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct container_resources r;
	struct core_v1_pod *p = with(&a, "{\"limits\":{\"cpu\":\"1500m\",\"memory\":\"64Mi\"},"
					 "\"requests\":{\"cpu\":\"250m\"}}");
	qos_resources(&p->spec, &p->spec.containers.items[0], 4ll << 30, &r);
	assert_int_equal(r.cpu_shares_milli, 250);
	assert_int_equal(r.cpu_limit_milli, 1500);
	assert_int_equal(r.memory_limit_bytes, 64 << 20);
	qos_pod_resources(&p->spec, &r);
	assert_int_equal(r.memory_limit_bytes, 64 << 20);
}

static void a_pod_asks_for_its_largest_phase(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod *p = pod_from(
		&a,
		"{\"spec\":{\"initContainers\":[{\"name\":\"i\",\"resources\":{\"requests\":{"
		"\"cpu\":\"3\"}}},"
		"{\"name\":\"s\",\"restartPolicy\":\"Always\",\"resources\":{\"requests\":{\"cpu\":"
		"\"100m\"}}}],"
		"\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]}}");
	assert_int_equal(qos_pod_request(&p->spec, "cpu"), 3000);
	p->spec.init_containers.n = 0;
	assert_int_equal(qos_pod_request(&p->spec, "cpu"), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_limits_make_the_class),
		cmocka_unit_test(a_sidecar_is_no_worse_off_than_what_it_serves),
		cmocka_unit_test(what_a_pod_asks_for_beyond_its_containers_is_shared_out),
		cmocka_unit_test(limits_reach_the_runtime),
		cmocka_unit_test(a_pod_asks_for_its_largest_phase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
