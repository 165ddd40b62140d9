/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include "agent/kubelet/pod/qos.h"
#include "agent/kubelet/pod/resources.h"

#define POD(pod_level, cpu)                                                       \
	"{\"spec\":{" pod_level "\"containers\":[{\"name\":\"c\",\"resources\":{" \
	"\"requests\":{\"cpu\":\"" cpu "\",\"memory\":\"1Mi\"}}}]}}"

static void amounts_count_and_not_how_they_are_written(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod *x = pod_from(&a, POD("", "1")), *y = pod_from(&a, POD("", "1000m")),
			   *z = pod_from(&a, POD("", "2"));
	assert_true(resources_same(&x->spec, &y->spec));
	assert_false(resources_same(&x->spec, &z->spec));
}

static void a_limit_that_is_missing_is_the_pods(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod *p =
		pod_from(&a, POD("\"resources\":{\"limits\":{\"cpu\":\"3\",\"memory\":\"8Mi\"}},",
				 "1"));
	struct resource_amounts r =
		resources_of(&p->spec.containers.items[0].resources, p->spec.resources);
	assert_int_equal(r.cpu_request, 1000);
	assert_int_equal(r.cpu_limit, 3000);
	assert_int_equal(r.memory_limit, 8 << 20);
}

static void what_the_pod_says_of_itself_is_its_class_and_cgroup(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct container_resources r;
	struct core_v1_pod *p = pod_from(
		&a, POD("\"resources\":{\"requests\":{\"cpu\":\"3\",\"memory\":\"8Mi\"},\"limits\":"
			"{\"cpu\":\"3\",\"memory\":\"8Mi\"}},",
			"1"));
	assert_string_equal(qos_class(&p->spec), "Guaranteed");
	qos_pod_resources(&p->spec, &r);
	assert_int_equal(r.cpu_shares_milli, 3000);
	assert_int_equal(r.cpu_limit_milli, 3000);
	assert_int_equal(r.memory_limit_bytes, 8 << 20);
}

static void resources_are_carried_over_by_name(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod *x = pod_from(&a, POD("", "1")), *y = pod_from(&a, POD("", "2"));
	struct core_v1_pod_spec *kept = resources_keep(&x->spec, &a);
	resources_overlay(&y->spec, kept, &a);
	assert_true(resources_same(&x->spec, &y->spec));
}

static void no_limit_is_the_widest(void **state)
{
	(void)state;
	struct container_resources a = { .cpu_limit_milli = 100,
					 .memory_limit_bytes = 5,
					 .cpu_shares_milli = 1 },
				   b = { .cpu_limit_milli = 0, .memory_limit_bytes = 7 };
	struct container_resources w = resources_wider(&a, &b);
	assert_int_equal(w.cpu_limit_milli, 0);
	assert_int_equal(w.memory_limit_bytes, 7);
	assert_int_equal(w.cpu_shares_milli, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_count_and_not_how_they_are_written),
		cmocka_unit_test(a_limit_that_is_missing_is_the_pods),
		cmocka_unit_test(what_the_pod_says_of_itself_is_its_class_and_cgroup),
		cmocka_unit_test(resources_are_carried_over_by_name),
		cmocka_unit_test(no_limit_is_the_widest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
