/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/decode.h"
#include "generated/api_tables.h"

static const char pod_text[] =
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\",\"uid\":\"u\","
	"\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
	"\"labels\":{\"b\":\"2\",\"a\":\"\\u00e9\"},\"ownerReferences\":[{\"apiVersion\":\"apps/"
	"v1\",\"kind\":\"ReplicaSet\",\"name\":\"r\",\"uid\":"
	"\"x\",\"controller\":true}]},\"spec\":{\"unknown\":[{\"deep\":{}}],"
	"\"terminationGracePeriodSeconds\":0,\"hostUsers\":false,"
	"\"volumes\":[{\"name\":\"v\",\"emptyDir\":{\"sizeLimit\":\"1Gi\"}}],\"containers\":[{"
	"\"name\":\"c\",\"args\":[],\"env\":[{\"name\":"
	"\"A\",\"value\":\"1\"},{\"name\":\"B\"},{\"name\":\"C\"}],\"resources\":{\"limits\":{"
	"\"memory\":\"5Mi\",\"cpu\":\"100m\"}},"
	"\"readinessProbe\":{\"httpGet\":{\"port\":\"http\"},\"periodSeconds\":7}}]},\"status\":{"
	"\"podIPs\":[{\"ip\":\"10.0.0.1\"}]}}";

static void a_pod_is_read_into_its_struct(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_pod pod;
	assert_int_equal(struct_read_json(STR(pod_text), &a, api_struct_core_v1_pod, &pod, NULL),
			 0);
	assert_string_equal(pod.metadata.name.p, "web");
	assert_true(pod.metadata.creation_timestamp.set);
	assert_int_equal(pod.metadata.creation_timestamp.us, INT64_C(1767323045000000));
	assert_false(pod.metadata.deletion_timestamp.set);
	assert_int_equal(pod.metadata.labels.n, 2);
	assert_string_equal(pod.metadata.labels.items[0].key.p, "a");
	assert_string_equal(pod.metadata.labels.items[0].value.p, "\xc3\xa9");
	assert_true(*pod.metadata.owner_references.items[0].controller);
	assert_null(pod.metadata.owner_references.items[0].block_owner_deletion);
	assert_int_equal(*pod.spec.termination_grace_period_seconds, 0);
	assert_null(pod.spec.active_deadline_seconds);
	assert_false(*pod.spec.host_users);
	assert_null(pod.spec.node_name.p);
	assert_string_equal(pod.spec.volumes.items[0].empty_dir->size_limit.text.p, "1Gi");
	assert_null(pod.spec.volumes.items[0].host_path);
	assert_int_equal(pod.spec.containers.n, 1);
	const struct core_v1_container *c = &pod.spec.containers.items[0];
	assert_int_equal(c->args.n, 0);
	assert_non_null(c->args.items);
	assert_null(c->command.items);
	assert_int_equal(c->env.n, 3);
	assert_string_equal(c->env.items[2].name.p, "C");
	assert_string_equal(c->resources.limits.items[0].key.p, "cpu");
	assert_string_equal(c->resources.limits.items[1].value.text.p, "5Mi");
	assert_true(c->readiness_probe->http_get->port.is_string);
	assert_int_equal(c->readiness_probe->period_seconds, 7);
	assert_string_equal(pod.status.pod_ips.items[0].ip.p, "10.0.0.1");
}

static void a_secrets_values_are_decoded(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_secret s;
	assert_int_equal(struct_read_json(STR("{\"data\":{\"k\":\"aGkA\"}}"), &a,
					  api_struct_core_v1_secret, &s, NULL),
			 0);
	assert_int_equal(s.data.items[0].value.n, 3);
	assert_memory_equal(s.data.items[0].value.p, "hi\0", 3);
}

static void of_a_member_that_comes_twice_the_last_counts(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct core_v1_config_map m;
	assert_int_equal(
		struct_read_json(STR("{\"data\":{\"a\":\"1\",\"b\":\"2\"},\"data\":{\"c\":\"3\"}}"),
				 &a, api_struct_core_v1_config_map, &m, NULL),
		0);
	assert_int_equal(m.data.n, 1);
	assert_string_equal(m.data.items[0].key.p, "c");
}

static void what_is_not_of_the_kind_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "{\"spec\":{\"containers\":{}}}",
					     "{\"metadata\":{\"name\":5}}",
					     "{\"metadata\":",
					     "[]",
					     "{\"metadata\":{\"creationTimestamp\":\"today\"}}",
					     "{} {}",
					     "{\"spec\":{\"priority\":1.5}}" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		auto_arena a = { 0 };
		auto_err err = { 0 };
		struct core_v1_pod pod;
		assert_int_equal(struct_read_json(str_from(texts[i]), &a, api_struct_core_v1_pod,
						  &pod, &err),
				 -ERR_BAD_REQUEST);
	}
}

static void an_empty_struct_is_written_as_upstream_writes_an_empty_object(void **state)
{
	(void)state;
	auto_buf out = { 0 };
	struct core_v1_service s = { 0 };
	struct_write_json(api_struct_core_v1_service, &s, &out);
	assert_string_equal(out.p, "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{},"
				   "\"spec\":{},\"status\":{\"loadBalancer\":{}}}");
	buf_reset(&out);
	struct apps_v1_replica_set r = { 0 };
	struct_write_json(api_struct_apps_v1_replica_set, &r, &out);
	assert_string_equal(
		out.p,
		"{\"kind\":\"ReplicaSet\",\"apiVersion\":\"apps/"
		"v1\",\"metadata\":{},\"spec\":{\"selector\":null,\"template\":"
		"{\"metadata\":{},\"spec\":{\"containers\":null}}},\"status\":{\"replicas\":0}}");
}

static void an_object_at_rest_is_decoded(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct object *o = NULL;
	struct core_v1_pod pod;
	assert_int_equal(object_new(API_CORE_V1_PODS, STR("/registry/pods/default/web"),
				    STR(pod_text), &o, NULL),
			 0);
	object_seal(o, 12);
	assert_int_equal(object_decode(o, &a, api_struct_core_v1_pod, &pod, NULL), 0);
	assert_string_equal(pod.metadata.resource_version.p, "12");
	object_unref(o);
	assert_string_equal(pod.metadata.name.p, "web"); /* lives in the arena, not in the object */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_is_read_into_its_struct),
		cmocka_unit_test(a_secrets_values_are_decoded),
		cmocka_unit_test(of_a_member_that_comes_twice_the_last_counts),
		cmocka_unit_test(what_is_not_of_the_kind_is_refused),
		cmocka_unit_test(an_empty_struct_is_written_as_upstream_writes_an_empty_object),
		cmocka_unit_test(an_object_at_rest_is_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
