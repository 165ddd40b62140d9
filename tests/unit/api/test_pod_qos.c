/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/pod_qos.h"
#include "base/mem.h"

static void assert_qos(const char *spec, const char *expected)
{
	json_t *t = json_loads(spec, 0, NULL);
	assert_non_null(t);
	assert_string_equal(pod_qos(t), expected);
	json_decref(t);
}

#define FULL                                                                              \
	"{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"1000m\"," \
	"\"memory\":\"1024Mi\"}}"

static void equal_requests_and_limits_of_all_containers_are_guaranteed(void **state)
{
	(void)state;
	assert_qos("{\"containers\":[{\"resources\":" FULL "},{\"resources\":" FULL "}]}",
		   "Guaranteed");
}

static void one_container_without_limits_makes_it_burstable(void **state)
{
	(void)state;
	assert_qos("{\"containers\":[{\"resources\":" FULL "},{}]}", "Burstable");
	assert_qos("{\"containers\":[{\"resources\":" FULL "}],\"initContainers\":[{}]}",
		   "Burstable");
	assert_qos("{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1m\"}}}]}",
		   "Burstable");
}

static void nothing_asked_for_is_best_effort(void **state)
{
	(void)state;
	assert_qos("{\"containers\":[{}]}", "BestEffort");
	assert_qos("{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"0\"}}}]}",
		   "BestEffort");
	assert_qos("{\"containers\":[{\"resources\":{\"limits\":{\"nvidia.com/gpu\":\"1\"}}}]}",
		   "BestEffort");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_requests_and_limits_of_all_containers_are_guaranteed),
		cmocka_unit_test(one_container_without_limits_makes_it_burstable),
		cmocka_unit_test(nothing_asked_for_is_best_effort),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
