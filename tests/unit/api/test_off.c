/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/off.h"
#include "tests/unit/api/trees.h"

#define VOLUMES(m) "{'spec':{'volumes':[{'name':'v','emptyDir':{" m "}}]}}"

static void fields_of_features_that_are_off_are_left_out(void **state)
{
	(void)state;
	json_t *pod = tree(VOLUMES("'mode':5,'medium':'Memory'"));
	api_drop_off(resource("", "v1", "pods")->type, pod, NULL);
	assert_tree(pod, VOLUMES("'medium':'Memory'"));
	json_decref(pod);
}

static void what_an_object_has_already_stays(void **state)
{
	(void)state;
	json_t *old = tree(VOLUMES("'mode':5")), *pod = tree(VOLUMES("'mode':7"));
	api_drop_off(resource("", "v1", "pods")->type, pod, old);
	assert_tree(pod, VOLUMES("'mode':7"));
	json_decref(old);
	json_decref(pod);
}

static void templates_are_looked_into(void **state)
{
	(void)state;
	json_t *d = tree("{'spec':{'template':{'spec':{'schedulingGroup':{'podGroupName':'a'},"
			 "'containers':[{'name':'a'}]}}}}");
	api_drop_off(resource("apps", "v1", "deployments")->type, d, NULL);
	assert_tree(d, "{'spec':{'template':{'spec':{'containers':[{'name':'a'}]}}}}");
	json_decref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_features_that_are_off_are_left_out),
		cmocka_unit_test(what_an_object_has_already_stays),
		cmocka_unit_test(templates_are_looked_into),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
