/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/registry.h"

/* Defaults of the object, then what stands at each "path=value" (JSON; "-" for absent). */
static void expect(const char *name, const char *yaml, const char *const *wants)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	const struct api_type *t = api_type_find(str_from(name));
	assert_non_null(t);
	if (api_yaml_parse(str_from(yaml), &tree, NULL, &err) < 0 ||
	    api_conform(t, tree, NULL, &err) < 0)
		fail_msg("%s: %s", yaml, err_text(&err));
	api_default(t, tree);
	for (; *wants; wants++) {
		const char *value = strchr(*wants, '=') + 1;
		struct str path = str_of(*wants, (size_t)(value - 1 - *wants)), step;
		const json_t *v = tree;
		while (str_next(&path, '/', &step)) {
			int64_t index;
			v = json_is_array(v) && str_to_i64(step, &index)
				    ? json_array_get(v, (size_t)index)
				    : json_object_getn(v, step.p, step.n);
		}
		char *got =
			v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
		if (strcmp(got ? got : "-", value) != 0)
			fail_msg("wanted %s, got %s", *wants, got ? got : "nothing");
		free(got);
	}
	json_decref(tree);
}

static void pods_get_what_upstream_gives_them(void **state)
{
	(void)state;
	expect("core/v1.Pod",
	       "{metadata: {name: a}, spec: {volumes: [{name: v}, {name: s, secret: {secretName: "
	       "x}}], containers: ["
	       "{name: a, image: nginx, ports: [{containerPort: 80}], resources: {limits: {cpu: 1, "
	       "memory: 1Gi}, requests: {cpu: 100m}},"
	       " livenessProbe: {httpGet: {port: 80}}},"
	       "{name: b, image: 'reg:5000/x:1.2'}, {name: c, image: 'x@sha256:0123'}, {name: d, "
	       "image: 'a/b:latest'}, {name: e, image: 'Bad'}]}}",
	       (const char *[]){
		       "spec/restartPolicy=\"Always\"",
		       "spec/dnsPolicy=\"ClusterFirst\"",
		       "spec/terminationGracePeriodSeconds=30",
		       "spec/schedulerName=\"default-scheduler\"",
		       "spec/securityContext={}",
		       "spec/enableServiceLinks=true",
		       "spec/volumes/0/emptyDir={}",
		       "spec/volumes/1/emptyDir=-",
		       "spec/volumes/1/secret/defaultMode=420",
		       "spec/containers/0/imagePullPolicy=\"Always\"",
		       "spec/containers/1/imagePullPolicy=\"IfNotPresent\"",
		       "spec/containers/2/imagePullPolicy=\"IfNotPresent\"",
		       "spec/containers/3/imagePullPolicy=\"Always\"",
		       "spec/containers/4/imagePullPolicy=\"IfNotPresent\"",
		       "spec/containers/0/ports/0/protocol=\"TCP\"",
		       "spec/containers/0/ports/0/hostPort=-",
		       "spec/containers/0/terminationMessagePath=\"/dev/termination-log\"",
		       "spec/containers/0/terminationMessagePolicy=\"File\"",
		       "spec/containers/0/resources/requests={\"cpu\":\"100m\",\"memory\":\"1Gi\"}",
		       "spec/containers/0/"
		       "livenessProbe={\"failureThreshold\":3,\"httpGet\":{\"path\":\"/"
		       "\",\"port\":80,\"scheme\":"
		       "\"HTTP\"},\"periodSeconds\":10,\"successThreshold\":1,\"timeoutSeconds\":"
		       "1}",
		       "spec/serviceAccountName=-",
		       NULL });
}

static void what_is_set_is_left_alone(void **state)
{
	(void)state;
	expect("core/v1.Pod",
	       "{spec: {hostNetwork: true, restartPolicy: Never, terminationGracePeriodSeconds: 0, "
	       "serviceAccount: bob, containers: [{name: a,"
	       " image: x, imagePullPolicy: Never, ports: [{containerPort: 80}]}]}}",
	       (const char *[]){ "spec/restartPolicy=\"Never\"",
				 "spec/terminationGracePeriodSeconds=0",
				 "spec/serviceAccountName=\"bob\"",
				 "spec/containers/0/imagePullPolicy=\"Never\"",
				 "spec/containers/0/ports/0/hostPort=80", NULL });
}

static void templates_get_the_defaults_of_pod_specs_alone(void **state)
{
	(void)state;
	expect("apps/v1.Deployment",
	       "{spec: {template: {spec: {containers: [{name: a, image: x, resources: {limits: "
	       "{cpu: 1}}}]}}}}",
	       (const char *[]){ "spec/replicas=1", "spec/revisionHistoryLimit=10",
				 "spec/progressDeadlineSeconds=600",
				 "spec/"
				 "strategy={\"rollingUpdate\":{\"maxSurge\":\"25%\","
				 "\"maxUnavailable\":\"25%\"},\"type\":\"RollingUpdate\"}",
				 "spec/template/spec/restartPolicy=\"Always\"",
				 "spec/template/spec/enableServiceLinks=-",
				 "spec/template/spec/containers/0/resources/requests=-", NULL });
	expect("apps/v1.Deployment", "{spec: {strategy: {type: Recreate}}}",
	       (const char *[]){ "spec/strategy={\"type\":\"Recreate\"}", NULL });
}

static void services_get_what_their_type_needs(void **state)
{
	(void)state;
	expect("core/v1.Service", "{spec: {ports: [{port: 80}, {port: 81, targetPort: web}]}}",
	       (const char *[]){ "spec/type=\"ClusterIP\"", "spec/sessionAffinity=\"None\"",
				 "spec/internalTrafficPolicy=\"Cluster\"",
				 "spec/externalTrafficPolicy=-", "spec/ports/0/targetPort=80",
				 "spec/ports/1/targetPort=\"web\"", "spec/ports/0/protocol=\"TCP\"",
				 NULL });
	expect("core/v1.Service", "{spec: {type: LoadBalancer, sessionAffinity: ClientIP}}",
	       (const char *[]){
		       "spec/externalTrafficPolicy=\"Cluster\"",
		       "spec/allocateLoadBalancerNodePorts=true",
		       "spec/sessionAffinityConfig={\"clientIP\":{\"timeoutSeconds\":10800}}",
		       NULL });
	expect("core/v1.Service", "{spec: {type: ExternalName, sessionAffinityConfig: {}}}",
	       (const char *[]){ "spec/internalTrafficPolicy=-", "spec/sessionAffinityConfig=-",
				 NULL });
}

static void other_kinds_get_theirs(void **state)
{
	(void)state;
	expect("core/v1.Namespace", "{metadata: {name: x, labels: {a: b}}}",
	       (const char *[]){
		       "metadata/labels={\"a\":\"b\",\"kubernetes.io/metadata.name\":\"x\"}",
		       "status/phase=\"Active\"", NULL });
	expect("apps/v1.StatefulSet", "{spec: {volumeClaimTemplates: [{metadata: {name: d}}]}}",
	       (const char *[]){ "spec/"
				 "updateStrategy={\"rollingUpdate\":{\"maxUnavailable\":1,"
				 "\"partition\":0},\"type\":\"RollingUpdate\"}",
				 "spec/podManagementPolicy=\"OrderedReady\"",
				 "spec/volumeClaimTemplates/0/status/phase=\"Pending\"",
				 "spec/"
				 "persistentVolumeClaimRetentionPolicy={\"whenDeleted\":\"Retain\","
				 "\"whenScaled\":\"Retain\"}",
				 NULL });
	expect("apps/v1.DaemonSet", "{spec: {}}",
	       (const char *[]){ "spec/"
				 "updateStrategy={\"rollingUpdate\":{\"maxSurge\":0,"
				 "\"maxUnavailable\":1},\"type\":\"RollingUpdate\"}",
				 NULL });
	expect("batch/v1.Job", "{spec: {template: {metadata: {labels: {a: b}}}}}",
	       (const char *[]){ "spec/completions=1", "spec/parallelism=1", "spec/backoffLimit=6",
				 "spec/completionMode=\"NonIndexed\"",
				 "metadata/labels={\"a\":\"b\"}", "spec/suspend=false",
				 "spec/podReplacementPolicy=\"TerminatingOrFailed\"", NULL });
	expect("batch/v1.Job", "{spec: {parallelism: 3}}",
	       (const char *[]){ "spec/completions=-", NULL });
	expect("batch/v1.CronJob", "{spec: {jobTemplate: {spec: {template: {spec: {}}}}}}",
	       (const char *[]){
		       "spec/concurrencyPolicy=\"Allow\"", "spec/successfulJobsHistoryLimit=3",
		       "spec/jobTemplate/spec/backoffLimit=-",
		       "spec/jobTemplate/spec/template/spec/dnsPolicy=\"ClusterFirst\"", NULL });
	expect("networking/v1.NetworkPolicy", "{spec: {podSelector: {}, egress: [{}]}}",
	       (const char *[]){ "spec/policyTypes=[\"Ingress\",\"Egress\"]", NULL });
	expect("rbac/v1.RoleBinding",
	       "{subjects: [{kind: User, name: a}, {kind: ServiceAccount, name: b}], roleRef: "
	       "{kind: Role, name: r}}",
	       (const char *[]){ "subjects/0/apiGroup=\"rbac.authorization.k8s.io\"",
				 "subjects/1/apiGroup=-",
				 "roleRef/apiGroup=\"rbac.authorization.k8s.io\"", NULL });
	expect("core/v1.LimitRange",
	       "{spec: {limits: [{type: Container, max: {cpu: 2}, min: {memory: 1Mi}}]}}",
	       (const char *[]){ "spec/limits/0/default={\"cpu\":\"2\"}",
				 "spec/limits/0/defaultRequest={\"cpu\":\"2\",\"memory\":\"1Mi\"}",
				 NULL });
	expect("core/v1.Secret", "{}", (const char *[]){ "type=\"Opaque\"", NULL });
	expect("apiextensions/v1.CustomResourceDefinition",
	       "{spec: {names: {kind: CronTab, plural: crontabs}, versions: [{name: v1, storage: "
	       "true}]}}",
	       (const char *[]){ "spec/names/singular=\"crontab\"",
				 "spec/names/listKind=\"CronTabList\"",
				 "status/storedVersions=[\"v1\"]",
				 "spec/conversion={\"strategy\":\"None\"}", NULL });
}

static void quantities_finer_than_a_thousandth_are_rounded_up(void **state)
{
	(void)state;
	expect("core/v1.Pod",
	       "{spec: {containers: [{name: a, image: x, resources: {requests: {cpu: 1.0001, "
	       "memory: 5Mi}}}]}}",
	       (const char *[]){ "spec/containers/0/resources/"
				 "requests={\"cpu\":\"1001m\",\"memory\":\"5Mi\"}",
				 NULL });
}

static void defaults_of_an_object_with_defaults_change_nothing(void **state)
{
	(void)state;
	json_t *tree = NULL;
	const struct api_type *t = api_type_find(STR("core/v1.Pod"));
	assert_int_equal(
		api_yaml_parse(
			STR("{metadata: {name: a}, spec: {containers: [{name: a, image: b}]}}"),
			&tree, NULL, NULL),
		0);
	api_default(t, tree);
	json_t *once = json_deep_copy(tree);
	api_default(t, tree);
	assert_true(json_equal(tree, once));
	json_decref(once);
	json_decref(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_get_what_upstream_gives_them),
		cmocka_unit_test(what_is_set_is_left_alone),
		cmocka_unit_test(templates_get_the_defaults_of_pod_specs_alone),
		cmocka_unit_test(services_get_what_their_type_needs),
		cmocka_unit_test(other_kinds_get_theirs),
		cmocka_unit_test(quantities_finer_than_a_thousandth_are_rounded_up),
		cmocka_unit_test(defaults_of_an_object_with_defaults_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
