/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/controllers/limits/quota_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define NOW (1767225600LL * 1000000) /* 2026-01-01T00:00:00Z */

static struct object *object(const struct api_resource *r, const char *name, const char *body)
{
	auto_free char *key = str_printf("%sd/%s", r->storage_prefix, name);
	auto_free char *json = str_printf("{\"kind\":\"%s\",\"apiVersion\":\"v1\",\"metadata\":{"
					  "\"name\":\"%s\",\"namespace\":\"d\",\"uid\":\"u\"},%s}",
					  r->kind, name, body);
	struct object *o;

	assert_int_equal(object_new(r, str_from(key), str_from(json), &o, NULL), 0);
	object_seal(o, 1);
	return o;
}

struct count {
	struct workload_fixture *f;
	struct quota_usage usage;
};

static struct count begin(struct workload_fixture *f, const char *spec)
{
	auto_free char *json = str_printf("{\"spec\":{%s}}", spec);
	struct count c = { .f = f };

	quota_usage_init(&c.usage, workload_read(f, api_struct_core_v1_resource_quota, json), NOW,
			 &f->arena);
	return c;
}

static void add(struct count *c, const struct api_resource *r, const char *body)
{
	struct object *o = object(r, "x", body);

	if (quota_concerns(c->usage.quota, r))
		quota_usage_add(&c->usage, o);
	object_unref(o);
}

static const char *used(struct count *c, const char *name)
{
	struct core_v1_resource_quota_status s;

	quota_usage_write(&c->usage, &c->f->arena, &s);
	for (size_t i = 0; i < s.used.n; i++)
		if (str_eqz(s.used.items[i].key, name))
			return s.used.items[i].value.text.p;
	return "none";
}

#define CONTAINER(cpu, memory, limit)                                                           \
	"\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"" cpu \
	"\",\"memory\":\"" memory "\"},\"limits\":{\"cpu\":\"" limit "\"}}}]}"

static void pods_count_until_they_end(void **state)
{
	struct count c = begin(
		*state,
		"\"hard\":{\"pods\":\"5\",\"count/"
		"pods\":\"5\",\"cpu\":\"1\",\"requests.memory\":\"1Gi\",\"limits.cpu\":\"2\"}");

	add(&c, API_CORE_V1_PODS, CONTAINER("500m", "252Mi", "1"));
	add(&c, API_CORE_V1_PODS, CONTAINER("250m", "4Mi", "1500m"));
	add(&c, API_CORE_V1_PODS,
	    CONTAINER("1", "1Gi", "1") ",\"status\":{\"phase\":\"Succeeded\"}");
	add(&c, API_CORE_V1_PODS, CONTAINER("1", "1Gi", "1") ",\"status\":{\"phase\":\"Failed\"}");
	assert_string_equal(used(&c, "pods"), "2");
	assert_string_equal(used(&c, "count/pods"), "4");
	assert_string_equal(used(&c, "cpu"), "750m");
	assert_string_equal(used(&c, "requests.memory"), "256Mi");
	assert_string_equal(used(&c, "limits.cpu"), "2500m");
}

static void scopes_choose_pods(void **state)
{
	const char *best_effort = "\"spec\":{\"containers\":[{\"name\":\"c\"}]}";
	const char *short_lived = "\"spec\":{\"activeDeadlineSeconds\":5,\"priorityClassName\":"
				  "\"high\",\"containers\":[{\"name\":\"c\"}]}";
	const struct {
		const char *scope;
		const char *used;
	} cases[] = {
		{ "\"scopes\":[\"BestEffort\"]", "2" },
		{ "\"scopes\":[\"NotBestEffort\"]", "1" },
		{ "\"scopes\":[\"Terminating\"]", "1" },
		{ "\"scopes\":[\"NotTerminating\",\"BestEffort\"]", "1" },
		{ "\"scopeSelector\":{\"matchExpressions\":[{\"scopeName\":\"PriorityClass\","
		  "\"operator\":\"In\",\"values\":[\"high\"]}]}",
		  "1" },
		{ "\"scopeSelector\":{\"matchExpressions\":[{\"scopeName\":\"PriorityClass\","
		  "\"operator\":\"NotIn\",\"values\":[\"high\"]}]}",
		  "2" },
		{ "\"scopes\":[\"CrossNamespacePodAffinity\"]", "1" },
		{ "\"scopes\":[\"VolumeAttributesClass\"]", "0" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *spec = str_printf("\"hard\":{\"pods\":\"5\"},%s", cases[i].scope);
		struct count c = begin(*state, spec);

		add(&c, API_CORE_V1_PODS, best_effort);
		add(&c, API_CORE_V1_PODS, short_lived);
		add(&c, API_CORE_V1_PODS,
		    "\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{"
		    "\"cpu\":"
		    "\"1\"}}}],\"affinity\":{\"podAntiAffinity\":{"
		    "\"preferredDuringSchedulingIgnoredDuringExecution\":[{\"weight\":1,"
		    "\"podAffinityTerm\":{\"topologyKey\":\"a\",\"namespaceSelector\":{}}}]}}}");
		assert_string_equal(used(&c, "pods"), cases[i].used);
	}
}

static void claims_are_chosen_by_their_attributes_and_nothing_else_is(void **state)
{
	const struct {
		const char *selector, *claims;
	} cases[] = {
		{ "\"operator\":\"In\",\"values\":[\"fast\"]", "2" },
		{ "\"operator\":\"In\",\"values\":[\"slow\"]", "1" },
		{ "\"operator\":\"Exists\"", "2" },
		{ "\"operator\":\"DoesNotExist\"", "1" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		auto_free char *spec =
			str_printf("\"hard\":{\"persistentvolumeclaims\":\"5\",\"services\":\"5\"},"
				   "\"scopeSelector\":{\"matchExpressions\":[{\"scopeName\":"
				   "\"VolumeAttributesClass\",%s}]}",
				   cases[i].selector);
		struct count c = begin(*state, spec);

		add(&c, API_CORE_V1_PERSISTENTVOLUMECLAIMS,
		    "\"spec\":{\"volumeAttributesClassName\":\"fast\"}");
		add(&c, API_CORE_V1_PERSISTENTVOLUMECLAIMS,
		    "\"spec\":{\"volumeAttributesClassName\":\"fast\"},\"status\":{"
		    "\"currentVolumeAttributesClassName\":\"slow\"}");
		add(&c, API_CORE_V1_PERSISTENTVOLUMECLAIMS, "\"spec\":{}");
		add(&c, API_CORE_V1_SERVICES, "\"spec\":{}");
		assert_string_equal(used(&c, "persistentvolumeclaims"), cases[i].claims);
		assert_string_equal(used(&c, "services"), "0");
	}
}

static void a_volume_that_has_grown_counts_as_large_as_it_is(void **state)
{
	struct count c = begin(*state, "\"hard\":{\"requests.storage\":\"1\"}");

	add(&c, API_CORE_V1_PERSISTENTVOLUMECLAIMS,
	    "\"spec\":{\"resources\":{\"requests\":{\"storage\":\"3Gi\"}}},\"status\":{"
	    "\"allocatedResources\":{\"storage\":\"5Gi\"}}");
	assert_string_equal(used(&c, "requests.storage"), "5Gi");
}

static void other_objects_are_counted_by_name(void **state)
{
	struct count c =
		begin(*state, "\"hard\":{\"services\":\"1\",\"services.nodeports\":\"1\","
			      "\"services.loadbalancers\":\"1\",\"count/configmaps\":"
			      "\"1\",\"count/"
			      "deployments.apps\":\"1\",\"persistentvolumeclaims\":\"1\","
			      "\"requests.storage\":\"1\","
			      "\"gold.storageclass.storage.k8s.io/requests.storage\":\"1\"}");

	add(&c, API_CORE_V1_SERVICES,
	    "\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":1},{\"port\":2}]}");
	add(&c, API_CORE_V1_SERVICES,
	    "\"spec\":{\"type\":\"LoadBalancer\",\"ports\":[{\"port\":1,\"nodePort\":30000}]}");
	add(&c, API_CORE_V1_CONFIGMAPS, "\"data\":{}");
	add(&c, API_APPS_V1_DEPLOYMENTS, "\"spec\":{}");
	add(&c, API_CORE_V1_SECRETS, "\"data\":{}");
	add(&c, API_CORE_V1_PERSISTENTVOLUMECLAIMS,
	    "\"spec\":{\"storageClassName\":\"gold\",\"resources\":{\"requests\":{\"storage\":"
	    "\"3Gi\"}}}");
	assert_string_equal(used(&c, "services"), "2");
	assert_string_equal(used(&c, "services.nodeports"), "3");
	assert_string_equal(used(&c, "services.loadbalancers"), "1");
	assert_string_equal(used(&c, "count/configmaps"), "1");
	assert_string_equal(used(&c, "count/deployments.apps"), "1");
	assert_string_equal(used(&c, "persistentvolumeclaims"), "1");
	assert_string_equal(used(&c, "requests.storage"), "3Gi");
	assert_string_equal(used(&c, "gold.storageclass.storage.k8s.io/requests.storage"), "3Gi");
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pods_count_until_they_end),
		T(scopes_choose_pods),
		T(claims_are_chosen_by_their_attributes_and_nothing_else_is),
		T(a_volume_that_has_grown_counts_as_large_as_it_is),
		T(other_objects_are_counted_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
