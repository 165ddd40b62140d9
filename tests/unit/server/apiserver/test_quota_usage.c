/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/registry.h"
#include "server/apiserver/admission/amount_map.h"
#include "server/apiserver/admission/quota_usage.h"

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	json_t *t = json_loads(copy, 0, NULL);
	assert_non_null(t);
	free(copy);
	return t;
}

static const struct api_resource *res(const char *group, const char *plural)
{
	return api_resource_find(str_from(group), STR("v1"), str_from(plural));
}

static void expect_usage(const char *group, const char *plural, const char *object,
			 const char *expected)
{
	json_t *o = parse(object), *usage = quota_usage_new(res(group, plural), o, 1000);
	auto_buf text = { 0 };
	amount_map_text(usage, NULL, &text);
	assert_string_equal(text.p, expected);
	json_decref(usage);
	json_decref(o);
}

static void a_pod_counts_with_what_its_containers_ask_for(void **state)
{
	(void)state;
	expect_usage("", "pods",
		     "{'spec':{'overhead':{'cpu':'10m'},'containers':[{'name':'a','resources':{"
		     "'requests':{'cpu':'100m','memory':'1Gi'},'limits':{'cpu':'1'}}},{'name':'b',"
		     "'resources':{'requests':{'cpu':'200m','example.com/gpu':'2'}}}]}}",
		     "count/pods=1,cpu=310m,limits.cpu=1010m,memory=1Gi,pods=1,requests.cpu=310m,"
		     "requests.example.com/gpu=2,requests.memory=1Gi");
}

static void init_containers_count_when_they_need_more(void **state)
{
	(void)state;
	expect_usage("", "pods",
		     "{'spec':{'initContainers':[{'name':'s','restartPolicy':'Always','resources':{"
		     "'requests':{'cpu':'1'}}},{'name':'i','resources':{'requests':{'cpu':'3'}}}],"
		     "'containers':[{'name':'a','resources':{'requests':{'cpu':'2'}}}]}}",
		     "count/pods=1,cpu=4,pods=1,requests.cpu=4");
}

static void a_pod_that_has_ended_is_only_an_object(void **state)
{
	(void)state;
	expect_usage("", "pods",
		     "{'spec':{'containers':[{'name':'a','resources':{'requests':{'cpu':'2'}}}]},"
		     "'status':{'phase':'Succeeded'}}",
		     "count/pods=1");
	expect_usage("", "pods",
		     "{'metadata':{'deletionTimestamp':'1970-01-01T00:10:00Z',"
		     "'deletionGracePeriodSeconds':30},'spec':{'containers':[{'name':'a'}]}}",
		     "count/pods=1");
}

static void claims_count_for_their_class_in_whole_bytes(void **state)
{
	(void)state;
	expect_usage("", "persistentvolumeclaims",
		     "{'spec':{'storageClassName':'gold','resources':{'requests':{'storage':"
		     "'1500m'}}}}",
		     "count/persistentvolumeclaims=1,"
		     "gold.storageclass.storage.k8s.io/persistentvolumeclaims=1,"
		     "gold.storageclass.storage.k8s.io/requests.storage=2,"
		     "persistentvolumeclaims=1,requests.storage=2");
}

static void services_count_the_ports_that_they_will_have(void **state)
{
	(void)state;
	expect_usage("", "services", "{'spec':{'type':'LoadBalancer','ports':[{},{}]}}",
		     "count/services=1,services=1,services.loadbalancers=1,services.nodeports=2");
	expect_usage("", "services",
		     "{'spec':{'type':'LoadBalancer','allocateLoadBalancerNodePorts':false,"
		     "'ports':[{'nodePort':30000},{}]}}",
		     "count/services=1,services=1,services.loadbalancers=1,services.nodeports=1");
}

static void of_alternative_devices_the_most_counts(void **state)
{
	(void)state;
	expect_usage("resource.k8s.io", "resourceclaims",
		     "{'spec':{'devices':{'requests':[{'firstAvailable':[{'deviceClassName':'a',"
		     "'allocationMode':'ExactCount','count':2},{'deviceClassName':'a',"
		     "'allocationMode':'ExactCount','count':3}]},{'exactly':{'deviceClassName':"
		     "'a','allocationMode':'All'}}]}}}",
		     "a.deviceclass.resource.k8s.io/devices=35,"
		     "count/resourceclaims.resource.k8s.io=1");
}

static bool in_scope(const char *scope, const char *operator, const char * values, const char *pod)
{
	json_t *p = parse(pod), *v = values ? parse(values) : NULL;
	bool in = quota_in_scope(res("", "pods"), p, str_from(scope), str_from(operator), v);
	json_decref(p);
	json_decref(v);
	return in;
}

static void scopes_tell_pods_apart(void **state)
{
	(void)state;
	static const char high[] = "{'spec':{'priorityClassName':'high','containers':[{}]}}",
			  job[] = "{'spec':{'activeDeadlineSeconds':5,'affinity':{'podAffinity':{"
				  "'requiredDuringSchedulingIgnoredDuringExecution':[{"
				  "'namespaces':['x']}]}},'containers':[{}]}}";
	assert_true(in_scope("PriorityClass", "In", "['low','high']", high));
	assert_false(in_scope("PriorityClass", "NotIn", "['low','high']", high));
	assert_true(in_scope("PriorityClass", "DoesNotExist", NULL, job));
	assert_true(in_scope("Terminating", "Exists", NULL, job));
	assert_true(in_scope("NotTerminating", "Exists", NULL, high));
	assert_true(in_scope("BestEffort", "Exists", NULL, high));
	assert_true(in_scope("CrossNamespacePodAffinity", "Exists", NULL, job));
	assert_false(in_scope("CrossNamespacePodAffinity", "Exists", NULL, high));
}

static void a_quota_of_cpu_makes_containers_say_how_much(void **state)
{
	(void)state;
	json_t *hard = parse("{'cpu':'1','limits.memory':'1','pods':'1'}"),
	       *pod = parse("{'spec':{'initContainers':[{'name':'i'}],'containers':[{'name':'b'},"
			    "{'name':'a','resources':{'requests':{'cpu':'1'}}}]}}");
	auto_buf why = { 0 };
	assert_false(quota_constraints_hold(res("", "pods"), hard, pod, &why));
	assert_string_equal(why.p, "must specify cpu for: b,i; limits.memory for: a,b,i");
	json_decref(hard);
	json_decref(pod);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_counts_with_what_its_containers_ask_for),
		cmocka_unit_test(init_containers_count_when_they_need_more),
		cmocka_unit_test(a_pod_that_has_ended_is_only_an_object),
		cmocka_unit_test(claims_count_for_their_class_in_whole_bytes),
		cmocka_unit_test(services_count_the_ports_that_they_will_have),
		cmocka_unit_test(of_alternative_devices_the_most_counts),
		cmocka_unit_test(scopes_tell_pods_apart),
		cmocka_unit_test(a_quota_of_cpu_makes_containers_say_how_much),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
