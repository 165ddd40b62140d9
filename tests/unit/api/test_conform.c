/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"

static json_t *parse(const char *text)
{
	json_t *tree = NULL;
	auto_err err = { 0 };
	if (api_yaml_parse(str_from(text), &tree, NULL, &err) < 0)
		fail_msg("%s: %s", text, err_text(&err));
	return tree;
}

static const struct api_type *type(const char *name)
{
	const struct api_type *t = api_type_find(str_from(name));
	assert_non_null(t);
	return t;
}

static void values_of_the_wrong_kind_are_refused_in_gos_words(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{ "apps/v1.Deployment", "{spec: {replicas: '3'}}",
		  "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas "
		  "of type int32" },
		{ "apps/v1.Deployment", "{spec: {replicas: 1.5}}",
		  "json: cannot unmarshal number 1.5 into Go struct field "
		  "DeploymentSpec.spec.replicas of type int32" },
		{ "apps/v1.Deployment", "{spec: {replicas: 3000000000}}",
		  "json: cannot unmarshal number 3000000000 into Go struct field "
		  "DeploymentSpec.spec.replicas of type int32" },
		{ "core/v1.Pod", "{spec: {containers: [{name: a, image: 5}]}}",
		  "json: cannot unmarshal number into Go struct field "
		  "Container.spec.containers.image of type string" },
		{ "core/v1.Pod", "{spec: {containers: {name: a}}}",
		  "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of "
		  "type []v1.Container" },
		{ "core/v1.Pod", "{spec: {containers: [{name: a}, x]}}",
		  "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of "
		  "type v1.Container" },
		{ "core/v1.Pod", "{metadata: {labels: {a: 1}}}",
		  "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels "
		  "of type string" },
		{ "core/v1.Pod", "{metadata: {labels: [a]}}",
		  "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of "
		  "type map[string]string" },
		{ "core/v1.Pod", "{spec: []}",
		  "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec" },
		{ "core/v1.Pod", "[]",
		  "json: cannot unmarshal array into Go value of type v1.Pod" },
		{ "core/v1.Pod", "{spec: {hostNetwork: 'yes'}}",
		  "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of "
		  "type bool" },
		{ "core/v1.Secret", "{data: {a: '@'}}", "illegal base64 data at input byte 0" },
		{ "core/v1.Service", "{spec: {ports: [{targetPort: true}]}}",
		  "json: cannot unmarshal bool into Go struct field "
		  "ServicePort.spec.ports.targetPort of type int32" },
		{ "core/v1.Pod", "{spec: {restartPolicy: 5}}",
		  "json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy "
		  "of type v1.RestartPolicy" },
		{ "core/v1.PersistentVolumeClaimSpec", "{accessModes: [5]}",
		  "json: cannot unmarshal number into Go struct field "
		  "PersistentVolumeClaimSpec.accessModes of type "
		  "v1.PersistentVolumeAccessMode" },
		{ "core/v1.Container", "{livenessProbe: {httpGet: {port: true}}}",
		  "json: cannot unmarshal bool into Go struct field "
		  "HTTPGetAction.livenessProbe.ProbeHandler.httpGet.port of type int32" },
		{ "core/v1.Pod", "{metadata: {creationTimestamp: 5}}",
		  "json: cannot unmarshal number into Go struct field "
		  "ObjectMeta.metadata.creationTimestamp of type string" },
		{ "coordination/v1.Lease", "{spec: {renewTime: '2026-01-02T03:04:05.123Z'}}",
		  "parsing time \"2026-01-02T03:04:05.123Z\" as "
		  "\"2006-01-02T15:04:05.000000Z07:00\": cannot parse \".123Z\" as \".000000\"" },
		{ "core/v1.Pod", "{metadata: {creationTimestamp: 'today'}}",
		  "parsing time \"today\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"today\" "
		  "as \"2006\"" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		auto_err err = { 0 };
		json_t *tree = parse(cases[i][1]);
		assert_int_equal(api_conform(type(cases[i][0]), tree, NULL, &err),
				 -ERR_BAD_REQUEST);
		assert_string_equal(err_text(&err), cases[i][2]);
		json_decref(tree);
	}
}

static void unknown_fields_are_dropped_and_told(void **state)
{
	(void)state;
	struct api_strings unknown = { 0 };
	json_t *tree = parse("{apiVersion: v1, kind: Pod, foo: 1, spec: {containers: [{name: a}, "
			     "{name: b, Image: x, ports: [{bar: 1}]}]}}");
	assert_int_equal(api_conform(type("core/v1.Pod"), tree, &unknown, NULL), 0);
	assert_int_equal(unknown.n, 3);
	assert_string_equal(unknown.items[0], "foo");
	assert_string_equal(unknown.items[1], "spec.containers[1].Image");
	assert_string_equal(unknown.items[2], "spec.containers[1].ports[0].bar");
	char *text = json_dumps(tree, JSON_SORT_KEYS | JSON_COMPACT);
	assert_string_equal(text, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{"
				  "\"containers\":[{\"name\":\"a\"},"
				  "{\"name\":\"b\",\"ports\":[{}]}]}}");
	free(text);
	api_strings_free(&unknown);
	json_decref(tree);
}

static void expect(const char *name, const char *in, const char *want)
{
	auto_err err = { 0 };
	auto_buf out = { 0 };
	json_t *tree = parse(in);
	if (api_conform(type(name), tree, NULL, &err) < 0 ||
	    api_json_write(type(name), tree, false, &out, &err) < 0)
		fail_msg("%s: %s", in, err_text(&err));
	assert_string_equal(out.p, want);
	json_decref(tree);
}

static void values_are_served_in_their_canonical_form(void **state)
{
	(void)state;
	expect("core/v1.ResourceRequirements", "{limits: {cpu: 1000m, memory: 1024Mi, gpu: 2}}",
	       "{\"limits\":{\"cpu\":\"1\",\"gpu\":\"2\",\"memory\":\"1Gi\"}}");
	expect("coordination/v1.LeaseSpec", "{renewTime: '2026-01-02T03:04:05.500000+01:00'}",
	       "{\"renewTime\":\"2026-01-02T02:04:05.500000Z\"}");
	expect("core/v1.Taint", "{key: a, effect: NoExecute, timeAdded: '2026-01-02T03:04:05.9Z'}",
	       "{\"key\":\"a\",\"effect\":\"NoExecute\",\"timeAdded\":\"2026-01-02T03:04:05Z\"}");
	expect("core/v1.ServicePort", "{port: 80, targetPort: http}",
	       "{\"port\":80,\"targetPort\":\"http\"}");
}

static void a_number_is_the_quantity_that_it_shows(void **state)
{
	(void)state;
	expect("core/v1.ResourceRequirements", "{limits: {cpu: 0.1, memory: 1e3}}",
	       "{\"limits\":{\"cpu\":\"100m\",\"memory\":\"1k\"}}");
}

static void nulls_count_as_absent(void **state)
{
	(void)state;
	expect("core/v1.PodSpec",
	       "{containers: null, nodeName: null, priority: null, tolerations: [null], "
	       "nodeSelector: {a: null}}",
	       "{\"containers\":null,\"nodeSelector\":{\"a\":\"\"},\"tolerations\":[{}]}");
}

static void empty_values_are_written_as_upstream_does(void **state)
{
	(void)state;
	expect("core/v1.Service", "{kind: Service, apiVersion: v1, spec: {type: ''}}",
	       "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{},\"spec\":{},\"status\":"
	       "{\"loadBalancer\":{}}}");
	expect("apps/v1.ReplicaSetSpec", "{replicas: 0}",
	       "{\"replicas\":0,\"selector\":null,\"template\":{\"metadata\":{},\"spec\":"
	       "{\"containers\":null}}}");
	expect("core/v1.Container", "{name: a, command: [], env: [{name: x, value: ''}]}",
	       "{\"name\":\"a\",\"env\":[{\"name\":\"x\"}],\"resources\":{}}");
}

static void the_store_form_has_no_revision(void **state)
{
	(void)state;
	auto_buf out = { 0 };
	json_t *tree = parse(
		"{kind: Event, apiVersion: v1, metadata: {name: a, uid: u, resourceVersion: '7'},"
		" involvedObject: {resourceVersion: '5'}}");
	assert_int_equal(api_json_write(type("core/v1.Event"), tree, true, &out, NULL), 0);
	assert_null(strstr(out.p, "\"resourceVersion\":\"7\""));
	assert_non_null(strstr(out.p, "\"resourceVersion\":\"5\""));
	json_decref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_the_wrong_kind_are_refused_in_gos_words),
		cmocka_unit_test(unknown_fields_are_dropped_and_told),
		cmocka_unit_test(values_are_served_in_their_canonical_form),
		cmocka_unit_test(a_number_is_the_quantity_that_it_shows),
		cmocka_unit_test(nulls_count_as_absent),
		cmocka_unit_test(empty_values_are_written_as_upstream_does),
		cmocka_unit_test(the_store_form_has_no_revision),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
