/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "server/apiserver/convert/convert_autoscaler.h"

static json_t *parse(const char *text)
{
	json_t *tree = json_loads(text, 0, NULL);
	assert_non_null(tree);
	return tree;
}

static void expect(const json_t *tree, const char *want)
{
	char *got = json_dumps(tree, JSON_SORT_KEYS | JSON_COMPACT);
	assert_string_equal(got, want);
	free(got);
}

static void cpu_of_v1_is_a_metric_of_v2(void **state)
{
	(void)state;
	json_t *tree = parse("{\"metadata\":{},\"spec\":{\"maxReplicas\":3,"
			     "\"targetCPUUtilizationPercentage\":70},"
			     "\"status\":{\"currentCPUUtilizationPercentage\":5}}");
	autoscaler_to_v2(tree);
	expect(tree, "{\"metadata\":{},\"spec\":{\"maxReplicas\":3,\"metrics\":[{\"resource\":{"
		     "\"name\":\"cpu\",\"target\":"
		     "{\"averageUtilization\":70,\"type\":\"Utilization\"}},\"type\":\"Resource\"}]"
		     "},\"status\":{\"currentMetrics\":"
		     "[{\"resource\":{\"current\":{\"averageUtilization\":5},\"name\":\"cpu\"},"
		     "\"type\":\"Resource\"}]}}");
	json_decref(tree);
}

static void what_v1_has_no_field_for_comes_back_from_annotations(void **state)
{
	(void)state;
	static const char v2[] =
		"{\"metadata\":{\"annotations\":{\"a\":\"b\"}},\"spec\":{\"behavior\":{\"scaleUp\":"
		"{\"selectPolicy\":\"Max\"}},\"maxReplicas\":3,"
		"\"metrics\":[{\"resource\":{\"name\":\"memory\",\"target\":{\"averageValue\":"
		"\"1Gi\",\"type\":\"AverageValue\"}},\"type\":"
		"\"Resource\"},{\"object\":{\"describedObject\":{\"kind\":\"Service\",\"name\":"
		"\"s\"},\"metric\":{\"name\":\"rps\"},\"target\":"
		"{\"type\":\"Value\",\"value\":\"5\"}},\"type\":\"Object\"},{\"external\":{"
		"\"metric\":{\"name\":\"q\",\"selector\":"
		"{\"matchLabels\":{\"x\":\"y\"}}},\"target\":{\"averageValue\":\"7\",\"type\":"
		"\"AverageValue\"}},\"type\":\"External\"},"
		"{\"resource\":{\"name\":\"cpu\",\"target\":{\"averageUtilization\":50,\"type\":"
		"\"Utilization\"}},\"type\":\"Resource\"}]},"
		"\"status\":{\"conditions\":[{\"status\":\"True\",\"type\":\"AbleToScale\"}],"
		"\"currentMetrics\":[{\"resource\":{\"current\":"
		"{\"averageUtilization\":4,\"averageValue\":\"2m\"},\"name\":\"cpu\"},\"type\":"
		"\"Resource\"}],\"desiredReplicas\":1}}";
	json_t *tree = parse(v2);
	autoscaler_to_v1(tree);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(tree, "spec"),
							    "targetCPUUtilizationPercentage")),
			 50);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(tree, "status"),
							    "currentCPUUtilizationPercentage")),
			 4);
	assert_null(json_object_get(json_object_get(tree, "spec"), "metrics"));
	const json_t *notes = json_object_get(json_object_get(tree, "metadata"), "annotations");
	assert_int_equal(json_object_size(notes), 5);
	assert_string_equal(json_string_value(
				    json_object_get(notes,
						    "autoscaling.alpha.kubernetes.io/behavior")),
			    "{\"scaleUp\":{\"selectPolicy\":\"Max\"}}");
	autoscaler_to_v2(tree);
	json_object_del(json_object_get(tree, "status"), "currentCPUUtilizationPercentage");
	expect(tree, v2);
	json_decref(tree);
}

static void broken_annotations_are_dropped(void **state)
{
	(void)state;
	json_t *tree = parse(
		"{\"metadata\":{\"annotations\":{\"autoscaling.alpha.kubernetes.io/metrics\":\"[\","
		"\"autoscaling.alpha.kubernetes.io/"
		"behavior\":\"[1]\"}},\"spec\":{\"maxReplicas\":1}}");
	autoscaler_to_v2(tree);
	expect(tree, "{\"metadata\":{},\"spec\":{\"maxReplicas\":1}}");
	json_decref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_of_v1_is_a_metric_of_v2),
		cmocka_unit_test(what_v1_has_no_field_for_comes_back_from_annotations),
		cmocka_unit_test(broken_annotations_are_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
