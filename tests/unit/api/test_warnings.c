/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/object/meta.h"
#include "api/warnings/warnings.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

static bool keep(void *ctx, const char *text)
{
	struct buf *all = ctx;
	buf_printf(all, "%s%s", all->n ? "\n" : "", text);
	return true;
}

#define POD(spec) "{'metadata':{'name':'a'},'spec':{" spec "}}"

static void objects_warn_of_what_upstream_warns(void **state)
{
	(void)state;
	static const struct {
		const char *group, *plural, *object, *warnings;
	} cases[] = {
		{ "", "pods", POD("'containers':[{'name':'a'}]"), "" },
		{ "", "pods", POD("'volumes':[{'name':'g','gitRepo':{}}]"),
		  "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in "
		  "v1.33+" },
		{ "", "pods", POD("'imagePullSecrets':[{'name':'x'},{'name':'x'}]"),
		  "spec.imagePullSecrets[1].name: duplicate name \"x\"" },
		{ "", "pods",
		  POD("'containers':[{'name':'a','env':[{'name':'A','value':'1'},"
		      "{'name':'A','value':'$(A)2'},{'name':'A','value':'3'}]}]"),
		  "spec.containers[0].env[2]: hides previous definition of \"A\", which may be "
		  "dropped when using apply" },
		{ "", "pods",
		  POD("'containers':[{'name':'a','ports':[{'containerPort':1,"
		      "'protocol':'TCP'},{'containerPort':1,'protocol':'TCP'}]}]"),
		  "spec.containers[0].ports[1]: duplicate port definition with "
		  "spec.containers[0].ports[0]" },
		{ "", "pods",
		  POD("'volumes':[{'name':'v','configMap':{'name':'c','items':["
		      "{'key':'a','path':'p'},{'key':'b','path':'p/q'}]}}]"),
		  "volume \"v\" (ConfigMap \"c\"): overlapping paths: \"p/q\" with \"p\"" },
		{ "apps", "deployments",
		  "{'metadata':{'name':'a.b'},'spec':{'template':{'spec':{"
		  "'nodeSelector':{'beta.kubernetes.io/os':'linux'}}}}}",
		  "metadata.name: this is used in Pod names and hostnames, which can result in "
		  "surprising behavior; a DNS label is recommended: [must not contain dots]\n"
		  "spec.template.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; "
		  "use \"kubernetes.io/os\" instead" },
		{ "", "services",
		  "{'metadata':{'name':'a'},'spec':{'type':'ClusterIP','externalIPs':['192.0.2.1'],"
		  "'externalName':'x'}}",
		  "spec.externalIPs is deprecated and may no longer be implemented in some "
		  "clusters\n"
		  "spec.externalName is ignored when spec.type is not \"ExternalName\"" },
		{ "", "secrets", "{'metadata':{'name':'a'},'type':'kubernetes.io/tls'}",
		  "tls: failed to find any PEM data in certificate input" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json_t *object = tree(cases[i].object);
		auto_buf all = { 0 };
		object_warnings(resource(cases[i].group, "v1", cases[i].plural), "", object, NULL,
				keep, &all);
		assert_string_equal(all.p ? all.p : "", cases[i].warnings);
		json_decref(object);
	}
}

static bool three_times(void *ctx, const char *text)
{
	int *told = ctx;
	(void)text;
	return ++*told < 3;
}

static void nothing_is_looked_for_that_nobody_hears(void **state)
{
	(void)state;
	json_t *pod = tree(POD("'containers':[{'name':'a'}]")), *ports = json_array();
	for (int i = 0; i < 30000; i++)
		json_array_append_new(ports, json_pack("{s:i}", "containerPort", 1));
	json_object_set_new(json_array_get(tree_get(pod, "spec", "containers", NULL), 0), "ports",
			    ports);
	int told = 0;
	object_warnings(resource("", "v1", "pods"), "", pod, NULL, three_times, &told);
	assert_int_equal(told, 3);
	json_decref(pod);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_warn_of_what_upstream_warns),
		cmocka_unit_test(nothing_is_looked_for_that_nobody_hears),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
