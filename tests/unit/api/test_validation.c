/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

static json_t *defaulted(const struct api_resource *r, const char *json)
{
	json_t *t = tree(json);
	auto_err err = { 0 };
	if (api_conform(r->type, t, NULL, &err) < 0)
		fail_msg("%s", err_text(&err));
	api_default(r->type, t);
	return t;
}

/* want NULL: valid */
static void assert_create(const struct api_resource *r, const char *json, const char *want)
{
	json_t *t = defaulted(r, json);
	auto_err err = { 0 };
	int code = validate_create(r, t, &err);
	if (!want && code < 0)
		fail_msg("%s", err_text(&err));
	if (want) {
		assert_int_equal(code, -ERR_INVALID);
		assert_string_equal(err_text(&err), want);
		assert_true(err.ncauses > 0);
	}
	json_decref(t);
}

static void assert_update(const struct api_resource *r, const char *old, const char *new,
			  const char *want)
{
	json_t *a = defaulted(r, new), *b = defaulted(r, old);
	auto_err err = { 0 };
	int code = validate_update(r, "", a, b, &err);
	if (!want && code < 0)
		fail_msg("%s", err_text(&err));
	if (want) {
		assert_int_equal(code, -ERR_INVALID);
		if (!strstr(err_text(&err), want))
			fail_msg("%s", err_text(&err));
	}
	json_decref(a);
	json_decref(b);
}

#define META      "'metadata':{'name':'web','namespace':'ns'}"
#define POD(spec) "{" META ",'spec':" spec "}"
#define DNS_LABEL                                                                                 \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "  \
	"and must start and end with "                                                            \
	"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"

static const struct api_resource *pods(void)
{
	return resource("", "v1", "pods");
}

static void a_plain_pod_is_valid(void **state)
{
	(void)state;
	assert_create(pods(), POD("{'containers':[{'name':'a','image':'i'}]}"), NULL);
	assert_create(
		pods(),
		POD("{'volumes':[{'name':'v','emptyDir':{}},{'name':'c','configMap':{'name':'c'}}],"
		    "'initContainers':[{'name':'i','image':'i'}],"
		    "'containers':[{'name':'a','image':'i','ports':[{'containerPort':80,'name':'"
		    "http'}],"
		    "'env':[{'name':'X','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}],"
		    "'volumeMounts':[{'name':'v','mountPath':'/"
		    "v'}],'resources':{'requests':{'cpu':'100m'},'limits':{'cpu':'1'}},"
		    "'livenessProbe':{'httpGet':{'path':'/"
		    "','port':'http'}}}],'tolerations':[{'operator':'Exists'}]}"),
		NULL);
}

static void broken_pods_are_refused_in_upstreams_words(void **state)
{
	static const char *const rows[][2] = {
		{ "{'containers':[]}", "Pod \"web\" is invalid: spec.containers: Required value" },
		{ "{'containers':[{'image':'i'}]}",
		  "Pod \"web\" is invalid: spec.containers[0].name: Required value" },
		{ "{'containers':[{'name':'a'}]}",
		  "Pod \"web\" is invalid: spec.containers[0].image: Required value" },
		{ "{'containers':[{'name':'A','image':'i'}]}",
		  "Pod \"web\" is invalid: spec.containers[0].name: Invalid value: "
		  "\"A\": " DNS_LABEL },
		{ "{'containers':[{'name':'a','image':'i'},{'name':'a','image':'i'}]}",
		  "Pod \"web\" is invalid: spec.containers[1].name: Duplicate value: \"a\"" },
		{ "{'containers':[{'name':'a','image':'i','volumeMounts':[{'name':'x','mountPath':'"
		  "/x'}]}]}",
		  "Pod \"web\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: "
		  "\"x\"" },
		{ "{'containers':[{'name':'a','image':'i'}],'restartPolicy':'Sometimes'}",
		  "Pod \"web\" is invalid: spec.restartPolicy: Unsupported value: \"Sometimes\": "
		  "supported values: \"Always\", "
		  "\"OnFailure\", \"Never\"" },
		{ "{'containers':[{'name':'a','image':'i','ports':[{'containerPort':70000}]}]}",
		  "Pod \"web\" is invalid: spec.containers[0].ports[0].containerPort: Invalid "
		  "value: 70000: must be between 1 and 65535, "
		  "inclusive" },
		{ "{'containers':[{'name':'a','image':'i','resources':{'requests':{'cpu':'2'},'"
		  "limits':{'cpu':'1'}}}]}",
		  "Pod \"web\" is invalid: spec.containers[0].resources.requests: Invalid value: "
		  "\"2\": must be less than or equal to cpu "
		  "limit of 1" },
		{ "{'containers':[{'name':'a','image':'i'}],'volumes':[{'name':'v','emptyDir':{},'"
		  "hostPath':{'path':'/x'}}]}",
		  "Pod \"web\" is invalid: spec.volumes[0].hostPath: Forbidden: may not specify "
		  "more than 1 volume type" },
		{ "{'containers':[{'name':'a','image':'i','imagePullPolicy':'x'}],'dnsPolicy':'y'}",
		  "Pod \"web\" is invalid: [spec.containers[0].imagePullPolicy: Unsupported value: "
		  "\"x\": supported values: \"Always\", "
		  "\"IfNotPresent\", \"Never\", spec.dnsPolicy: Unsupported value: \"y\": "
		  "supported values: \"ClusterFirstWithHostNet\", "
		  "\"ClusterFirst\", \"Default\", \"None\"]" },
		{ "{'containers':[{'name':'a','image':'i','livenessProbe':{}}]}",
		  "Pod \"web\" is invalid: spec.containers[0].livenessProbe: Required value: must "
		  "specify a handler type" },
		{ "{'containers':[{'name':'a','image':'i'}],'tolerations':[{'key':'k','operator':'"
		  "Exists','value':'v'}]}",
		  "Pod \"web\" is invalid: spec.tolerations[0].operator: Invalid value: \"v\": "
		  "value must be empty when `operator` is "
		  "'Exists'" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_buf json = { 0 };
		buf_printf(&json, "{" META ",'spec':%s}", rows[i][0]);
		assert_create(pods(), json.p, rows[i][1]);
	}
}

static void a_running_pod_changes_little(void **state)
{
	(void)state;
	assert_update(pods(), POD("{'containers':[{'name':'a','image':'1'}]}"),
		      POD("{'containers':[{'name':'a','image':'2'}]}"), NULL);
	assert_update(pods(), POD("{'containers':[{'name':'a','image':'1'}]}"),
		      POD("{'containers':[{'name':'a','image':'1','args':['x']}]}"),
		      "Pod \"web\" is invalid: spec: Forbidden: pod updates may not change fields "
		      "other than");
	assert_update(pods(), POD("{'containers':[{'name':'a','image':'1'}]}"),
		      POD("{'containers':[{'name':'a','image':'1'},{'name':'b','image':'1'}]}"),
		      "spec.containers: Forbidden: pod updates may not add or remove containers");
	assert_update(pods(), POD("{'containers':[{'name':'a','image':'1'}]}"),
		      POD("{'containers':[{'name':'a','image':'1'}],'tolerations':[{'operator':'"
			  "Exists'}]}"),
		      NULL);
}

static void metadata_is_checked_for_every_kind(void **state)
{
	const struct api_resource *maps = resource("", "v1", "configmaps");
	(void)state;
	assert_create(maps, "{'metadata':{'namespace':'ns'}}",
		      "ConfigMap \"\" is invalid: metadata.name: Required value: name or "
		      "generateName is required");
	assert_create(maps, "{'metadata':{'name':'x','namespace':'ns','labels':{'a b':'c'}}}",
		      "ConfigMap \"x\" is invalid: metadata.labels: Invalid value: \"a b\": name "
		      "part must consist of alphanumeric characters, '-', "
		      "'_' or '.', and must start and end with an alphanumeric character (e.g. "
		      "'MyName',  or 'my.name',  or '123-abc', regex "
		      "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
	assert_create(maps,
		      "{'metadata':{'name':'x','namespace':'ns','ownerReferences':[{'apiVersion':'"
		      "v1','kind':'Pod','name':'p','uid':''}]}}",
		      "ConfigMap \"x\" is invalid: metadata.ownerReferences[0].uid: Required "
		      "value: must not be empty");
	assert_create(maps, "{'metadata':{'name':'x','namespace':'ns','finalizers':['foo']}}",
		      "ConfigMap \"x\" is invalid: metadata.finalizers[0]: Invalid value: \"foo\": "
		      "name is neither a standard finalizer name nor "
		      "is it fully qualified");
	assert_create(resource("", "v1", "namespaces"), "{'metadata':{'name':'a.b'}}",
		      "Namespace \"a.b\" is invalid: metadata.name: Invalid value: \"a.b\": must "
		      "not contain dots");
	assert_update(maps, "{'metadata':{'name':'x','namespace':'ns','uid':'1'}}",
		      "{'metadata':{'name':'x','namespace':'ns','uid':'2'}}",
		      "metadata.uid: Invalid value: \"2\": field is immutable");
	assert_update(maps,
		      "{'metadata':{'name':'x','namespace':'ns','deletionTimestamp':'2026-01-01T00:"
		      "00:00Z'}}",
		      "{'metadata':{'name':'x','namespace':'ns','deletionTimestamp':'2026-01-01T00:"
		      "00:00Z','finalizers':['a/b']}}",
		      "metadata.finalizers: Forbidden: no new finalizers can be added if the "
		      "object is being deleted, found new finalizers "
		      "[]string{\"a/b\"}");
}

static void config_and_secrets_check_keys_and_stay_when_immutable(void **state)
{
	const struct api_resource *maps = resource("", "v1", "configmaps"),
				  *secrets = resource("", "v1", "secrets");
	(void)state;
	assert_create(maps, "{" META ",'data':{'a/b':''}}",
		      "ConfigMap \"web\" is invalid: data[a/b]: Invalid value: \"a/b\": a valid "
		      "config key must consist of alphanumeric characters, "
		      "'-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex "
		      "used for validation is '[-._a-zA-Z0-9]+')");
	assert_update(maps, "{" META ",'immutable':true,'data':{'a':'1'}}",
		      "{" META ",'immutable':true,'data':{'a':'2'}}",
		      "data: Forbidden: field is immutable when `immutable` is set");
	assert_create(secrets, "{" META ",'type':'kubernetes.io/tls','data':{'tls.crt':''}}",
		      "Secret \"web\" is invalid: data[tls.key]: Required value");
	assert_update(secrets, "{" META ",'type':'a/b'}", "{" META ",'type':'c/d'}",
		      "type: Invalid value: \"c/d\": field is immutable");
}

static void services_are_checked(void **state)
{
	const struct api_resource *services = resource("", "v1", "services");
	(void)state;
	assert_create(services,
		      POD("{'ports':[{'port':80}],'clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1'],"
			  "'ipFamilies':['IPv4'],'ipFamilyPolicy':'SingleStack'}"),
		      NULL);
	assert_create(services, POD("{}"),
		      "Service \"web\" is invalid: spec.ports: Required value");
	assert_create(services, POD("{'ports':[{'port':80},{'port':81}]}"),
		      "Service \"web\" is invalid: [spec.ports[0].name: Required value, "
		      "spec.ports[1].name: Required value]");
	assert_create(services, POD("{'type':'ExternalName'}"),
		      "Service \"web\" is invalid: spec.externalName: Required value");
	assert_create(
		services,
		POD("{'ports':[{'port':80}],'clusterIP':'10.0.0.1','clusterIPs':['fd00::1']}"),
		"Service \"web\" is invalid: spec.clusterIPs: Invalid value: [\"fd00::1\"]: first "
		"value must match `clusterIP`");
	assert_update(
		services,
		POD("{'ports':[{'port':80}],'clusterIP':'10.0.0.1','clusterIPs':['10.0.0.1']}"),
		POD("{'ports':[{'port':80}],'clusterIP':'10.0.0.2','clusterIPs':['10.0.0.2']}"),
		"spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may not change once set");
}

#define TEMPLATE(labels)                           \
	"'template':{'metadata':{'labels':" labels \
	"},'spec':{'containers':[{'name':'a','image':'i'}]}}"

static void workloads_need_matching_selectors(void **state)
{
	const struct api_resource *deployments = resource("apps", "v1", "deployments");
	(void)state;
	assert_create(deployments,
		      POD("{'selector':{'matchLabels':{'a':'b'}}," TEMPLATE("{'a':'b'}") "}"),
		      NULL);
	assert_create(deployments,
		      POD("{'selector':{'matchLabels':{'a':'b'}}," TEMPLATE("{'a':'c'}") "}"),
		      "Deployment.apps \"web\" is invalid: spec.template.metadata.labels: Invalid "
		      "value: {\"a\":\"c\"}: `selector` does not match "
		      "template `labels`");
	assert_create(deployments,
		      POD("{'replicas':-1,'selector':{'matchLabels':{'a':'b'}}," TEMPLATE(
			      "{'a':'b'}") "}"),
		      "Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must "
		      "be greater than or equal to 0");
	assert_update(
		deployments,
		POD("{'selector':{'matchLabels':{'a':'b'}}," TEMPLATE("{'a':'b','c':'d'}") "}"),
		POD("{'selector':{'matchLabels':{'c':'d'}}," TEMPLATE("{'a':'b','c':'d'}") "}"),
		"spec.selector: Invalid value: {\"matchLabels\":{\"c\":\"d\"}}: field is "
		"immutable");
	assert_create(resource("apps", "v1", "statefulsets"),
		      POD("{'serviceName':'s','selector':{'matchLabels':{'a':'b'}},'"
			  "volumeClaimTemplates':[{'metadata':{'name':'data'},'spec':{"
			  "'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'1Gi'"
			  "}}}}],'template':{'metadata':{'labels':{'a':'b'}},"
			  "'spec':{'containers':[{'name':'a','image':'i','volumeMounts':[{'name':'"
			  "data','mountPath':'/d'}]}]}}}"),
		      NULL);
	assert_create(resource("apps", "v1", "daemonsets"),
		      POD("{'selector':{'matchLabels':{'a':'b'}}," TEMPLATE("{'a':'b'}") "}"),
		      NULL);
	assert_create(resource("batch", "v1", "cronjobs"),
		      POD("{'schedule':'*/5 * * * "
			  "*','jobTemplate':{'spec':{'template':{'spec':{'restartPolicy':'Never','"
			  "containers':[{'name':'a','image':'i'}]}}}}}"),
		      NULL);
	assert_create(resource("batch", "v1", "cronjobs"),
		      POD("{'schedule':'99 * * * "
			  "*','jobTemplate':{'spec':{'template':{'spec':{'restartPolicy':'Never','"
			  "containers':[{'name':'a','image':'i'}]}}}}}"),
		      "CronJob.batch \"web\" is invalid: spec.schedule: Invalid value: \"99 * * * "
		      "*\": failed to parse schedule: 99 * * * *");
}

static void jobs_check_when_they_fail_and_succeed(void **state)
{
	const struct api_resource *jobs = resource("batch", "v1", "cronjobs");
	const char *head = "CronJob.batch \"web\" is invalid: spec.jobTemplate.spec.";
	const char *const rows[][2] = {
		{ "'podFailurePolicy':{'rules':[{'action':'FailJob','onExitCodes':{'containerName':"
		  "'b','operator':'In','values':[1]}}]}",
		  "podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"b\": must "
		  "be one of the container or initContainer names in the pod template" },
		{ "'podFailurePolicy':{'rules':[{'action':'FailJob','onExitCodes':{'operator':'In',"
		  "'values':[2,1]}}]}",
		  "podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be "
		  "ordered" },
		{ "'completionMode':'Indexed','completions':5,'successPolicy':{'rules':[{"
		  "'succeededIndexes':'0-2,2'}]}",
		  "successPolicy.rules[0].succeededIndexes: Invalid value: \"0-2,2\": error "
		  "parsing "
		  "succeededIndexes: non-increasing order, previous: 2, current: 2" },
		{ "'completionMode':'Indexed','completions':5,'successPolicy':{'rules':[{"
		  "'succeededIndexes':'0-1,4','succeededCount':4}]}",
		  "successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or "
		  "equal to 3 (the number of indexes in the specified succeededIndexes field)" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_buf json = { 0 }, want = { 0 };
		buf_printf(&json,
			   POD("{'schedule':'* * * * *','jobTemplate':{'spec':{%s,'template':{"
			       "'spec':{'restartPolicy':'Never','containers':[{'name':'a','image':"
			       "'i'}]}}}}}"),
			   rows[i][0]);
		buf_printf(&want, "%s%s", head, rows[i][1]);
		assert_create(jobs, json.p, want.p);
	}
}

static void autoscalers_and_limits_are_checked(void **state)
{
	(void)state;
	assert_create(
		resource("autoscaling", "v2", "horizontalpodautoscalers"),
		POD("{'maxReplicas':3,'scaleTargetRef':{'apiVersion':'v1','kind':'A','name':'b'},"
		    "'metrics':[{'type':'Resource','resource':{'name':'cpu','target':{'type':"
		    "'Utilization'}}}]}"),
		"HorizontalPodAutoscaler.autoscaling \"web\" is invalid: "
		"[spec.scaleTargetRef.apiVersion: Invalid value: \"v1\": apiVersion must specify "
		"API group, spec.metrics[0].resource.target.averageUtilization: Required value: "
		"must "
		"set either a target raw value or a target utilization]");
	assert_create(resource("", "v1", "limitranges"),
		      POD("{'limits':[{'type':'Container','min':{'cpu':'2'},'max':{'cpu':'1'}}]}"),
		      "LimitRange \"web\" is invalid: [spec.limits[0].min[cpu]: Invalid value: "
		      "\"2\": min value 2 is greater than max value 1, "
		      "spec.limits[0].defaultRequest[cpu]: Invalid value: \"1\": min value 2 is "
		      "greater than default request value 1, spec.limits[0].default[cpu]: Invalid "
		      "value: \"2\": min value 2 is greater than default value 1]");
	assert_create(resource("", "v1", "resourcequotas"),
		      POD("{'hard':{'services':'1'},'scopes':['BestEffort']}"),
		      "ResourceQuota \"web\" is invalid: spec.scopes: Invalid value: "
		      "[\"BestEffort\"]: unsupported scope applied to resource");
}

static void other_kinds_are_checked(void **state)
{
	(void)state;
	assert_create(resource("rbac.authorization.k8s.io", "v1", "clusterroles"),
		      "{'metadata':{'name':'system:x'},'rules':[{'verbs':['get']}]}",
		      "ClusterRole.rbac.authorization.k8s.io \"system:x\" is invalid: "
		      "[rules[0].apiGroups: Required value: resource rules must supply "
		      "at least one api group, rules[0].resources: Required value: resource rules "
		      "must supply at least one resource]");
	assert_create(
		resource("", "v1", "persistentvolumeclaims"),
		POD("{'accessModes':['ReadWriteOnce'],'resources':{'requests':{'storage':'0'}}}"),
		"PersistentVolumeClaim \"web\" is invalid: spec.resources[storage]: Invalid value: "
		"\"0\": must be greater than zero");
	assert_create(
		resource("networking.k8s.io", "v1", "ingresses"),
		POD("{'rules':[{'http':{'paths':[{'path':'x','pathType':'Prefix','backend':{}}]}}]"
		    "}"),
		"Ingress.networking.k8s.io \"web\" is invalid: [spec.rules[0].http.paths[0].path: "
		"Invalid value: \"x\": must be an absolute path, "
		"spec.rules[0].http.paths[0].backend: Invalid value: \"\": resource or service "
		"backend is required]");
	assert_create(resource("coordination.k8s.io", "v1", "leases"),
		      POD("{'leaseDurationSeconds':0}"),
		      "Lease.coordination.k8s.io \"web\" is invalid: spec.leaseDurationSeconds: "
		      "Invalid value: 0: must be greater than 0");
	assert_create(resource("", "v1", "nodes"),
		      "{'metadata':{'name':'n'},'spec':{'podCIDRs':['10.0.0.0/24','10.0.1.0/24']}}",
		      "Node \"n\" is invalid: spec.podCIDRs: Invalid value: "
		      "[\"10.0.0.0/24\",\"10.0.1.0/24\"]: may specify no more than one CIDR for "
		      "each IP family");
	assert_create(resource("", "v1", "events"),
		      "{" META ",'involvedObject':{'namespace':'other'}}",
		      "Event \"web\" is invalid: involvedObject.namespace: Invalid value: "
		      "\"other\": does not match event.namespace");
}

static void a_finished_container_does_not_come_back(void **state)
{
	json_t *old =
		defaulted(pods(), "{" META ",'spec':{'restartPolicy':'Never','containers':[{'name':"
				  "'a','image':'i'}]},'status':{'containerStatuses':["
				  "{'name':'a','state':{'terminated':{'exitCode':0}}}]}}");
	json_t *new = json_deep_copy(old);
	auto_err err = { 0 };
	(void)state;
	json_object_set_new(json_array_get(tree_get(new, "status", "containerStatuses", NULL), 0),
			    "state", tree("{'running':{}}"));
	assert_int_equal(validate_update(pods(), "status", new, old, &err), -ERR_INVALID);
	assert_string_equal(err_text(&err),
			    "Pod \"web\" is invalid: status.containerStatuses[0].state: Forbidden: "
			    "may not be transitioned to "
			    "non-terminated state");
	json_decref(old);
	json_decref(new);
}

static void causes_carry_type_and_field(void **state)
{
	json_t *t = defaulted(pods(), POD("{'containers':[{'image':'i'}]}"));
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(validate_create(pods(), t, &err), -ERR_INVALID);
	assert_int_equal(err.ncauses, 1);
	assert_string_equal(err.causes[0].type, "FieldValueRequired");
	assert_string_equal(err.causes[0].field, "spec.containers[0].name");
	assert_string_equal(err.causes[0].message, "Required value");
	json_decref(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_pod_is_valid),
		cmocka_unit_test(broken_pods_are_refused_in_upstreams_words),
		cmocka_unit_test(a_running_pod_changes_little),
		cmocka_unit_test(metadata_is_checked_for_every_kind),
		cmocka_unit_test(config_and_secrets_check_keys_and_stay_when_immutable),
		cmocka_unit_test(services_are_checked),
		cmocka_unit_test(workloads_need_matching_selectors),
		cmocka_unit_test(jobs_check_when_they_fail_and_succeed),
		cmocka_unit_test(autoscalers_and_limits_are_checked),
		cmocka_unit_test(other_kinds_are_checked),
		cmocka_unit_test(a_finished_container_does_not_come_back),
		cmocka_unit_test(causes_carry_type_and_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
