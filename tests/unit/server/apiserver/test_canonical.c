/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/registry.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/write/canonical.h"
#include "server/apiserver/write/normalize.h"

static json_t *tree(const char *text)
{
	json_t *t = json_loads(text, 0, NULL);
	assert_non_null(t);
	return t;
}

static void assert_tree(const json_t *have, const char *wanted)
{
	json_t *w = tree(wanted);
	char *text = json_dumps(have, JSON_COMPACT | JSON_SORT_KEYS);
	char *expected = json_dumps(w, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, expected);
	free(text);
	free(expected);
	json_decref(w);
}

static const struct api_resource *resource(const char *group, const char *version,
					   const char *plural)
{
	return api_resource_find(str_from(group), str_from(version), str_from(plural));
}

static void what_is_not_written_when_empty_goes(void **state)
{
	(void)state;
	json_t *t =
		tree("{\"metadata\":{\"name\":\"a\",\"labels\":{},\"finalizers\":[]},\"data\":{}}");
	canonical_prune(resource("", "v1", "configmaps")->type, t);
	assert_tree(t, "{\"metadata\":{\"name\":\"a\"}}");
	json_decref(t);
}

static void zeros_behind_pointers_stay(void **state)
{
	(void)state;
	json_t *t = tree("{\"spec\":{\"replicas\":0,\"paused\":false,\"template\":{\"spec\":{}}}}");
	canonical_prune(resource("apps", "v1", "deployments")->type, t);
	assert_tree(t, "{\"spec\":{\"replicas\":0,\"template\":{\"spec\":{}}}}");
	json_decref(t);
}

static void an_empty_list_that_is_no_absent_one_stays(void **state)
{
	(void)state;
	static const char text[] = "{\"spec\":{\"behavior\":{\"scaleUp\":{\"policies\":[]}}}}";
	json_t *t = tree(text);
	canonical_prune(resource("autoscaling", "v2", "horizontalpodautoscalers")->type, t);
	assert_tree(t, text);
	json_decref(t);
}

static void items_of_lists_are_pruned_and_none_is_lost(void **state)
{
	(void)state;
	json_t *t = tree("{\"spec\":{\"containers\":[{\"name\":\"c\",\"args\":[],\"tty\":false},{"
			 "\"name\":\"\"}]}}");
	canonical_prune(resource("", "v1", "pods")->type, t);
	json_t *containers = json_object_get(json_object_get(t, "spec"), "containers");
	assert_int_equal(json_array_size(containers), 2);
	assert_tree(json_array_get(containers, 0), "{\"name\":\"c\"}");
	json_decref(t);
}

static void secrets_in_clear_become_data(void **state)
{
	(void)state;
	json_t *t = tree("{\"stringData\":{\"a\":\"b\"},\"data\":{\"a\":\"eA==\",\"c\":\"ZA==\"}}");
	normalize_tree(resource("", "v1", "secrets"), t);
	assert_tree(t, "{\"data\":{\"a\":\"Yg==\",\"c\":\"ZA==\"}}");
	json_decref(t);
}

static void both_names_of_an_account_are_one(void **state)
{
	(void)state;
	json_t *t = tree("{\"spec\":{\"serviceAccount\":\"x\"}}");
	normalize_tree(resource("", "v1", "pods"), t);
	assert_tree(t, "{\"spec\":{\"serviceAccount\":\"x\",\"serviceAccountName\":\"x\"}}");
	json_decref(t);
	t = tree("{\"spec\":{\"serviceAccount\":\"x\",\"serviceAccountName\":\"y\"}}");
	normalize_tree(resource("", "v1", "pods"), t);
	assert_tree(t, "{\"spec\":{\"serviceAccount\":\"y\",\"serviceAccountName\":\"y\"}}");
	json_decref(t);
}

static void an_event_survives_the_way_through_the_other_group(void **state)
{
	(void)state;
	static const char text[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"involvedObject\":{\"kind\":\"Pod\"},"
		"\"message\":\"m\","
		"\"count\":2,\"source\":{\"component\":\"c\"},\"reportingComponent\":\"r\"}";
	const struct api_resource *core = resource("", "v1", "events"),
				  *own = resource("events.k8s.io", "v1", "events");
	json_t *t = tree(text);
	assert_true(convert_needed(core, own));
	convert_tree(core, own, t);
	assert_tree(t, "{\"apiVersion\":\"events.k8s.io/"
		       "v1\",\"kind\":\"Event\",\"regarding\":{\"kind\":\"Pod\"},\"note\":\"m\","
		       "\"deprecatedCount\":2,\"deprecatedSource\":{\"component\":\"c\"},"
		       "\"reportingController\":\"r\"}");
	convert_tree(own, core, t);
	assert_tree(t, text);
	json_decref(t);
}

static void an_autoscalers_cpu_target_is_a_metric(void **state)
{
	(void)state;
	const struct api_resource *v1 = resource("autoscaling", "v1", "horizontalpodautoscalers"),
				  *v2 = resource("autoscaling", "v2", "horizontalpodautoscalers");
	static const char text[] =
		"{\"apiVersion\":\"autoscaling/"
		"v1\",\"kind\":\"HorizontalPodAutoscaler\",\"spec\":{\"maxReplicas\":3,"
		"\"targetCPUUtilizationPercentage\":50}}";
	json_t *t = tree(text);
	convert_tree(v1, v2, t);
	assert_tree(json_object_get(t, "spec"),
		    "{\"maxReplicas\":3,\"metrics\":[{\"type\":\"Resource\",\"resource\":{\"name\":"
		    "\"cpu\",\"target\":{\"type\":\"Utilization\","
		    "\"averageUtilization\":50}}}]}");
	convert_tree(v2, v1, t);
	assert_tree(t, text);
	json_decref(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_written_when_empty_goes),
		cmocka_unit_test(zeros_behind_pointers_stay),
		cmocka_unit_test(an_empty_list_that_is_no_absent_one_stays),
		cmocka_unit_test(items_of_lists_are_pruned_and_none_is_lost),
		cmocka_unit_test(secrets_in_clear_become_data),
		cmocka_unit_test(both_names_of_an_account_are_one),
		cmocka_unit_test(an_event_survives_the_way_through_the_other_group),
		cmocka_unit_test(an_autoscalers_cpu_target_is_a_metric),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
