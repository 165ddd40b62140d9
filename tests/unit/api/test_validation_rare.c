/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that only odd objects meet: empty texts where upstream has pointers, keys that come twice, what a variable is read from. An object in,
 * the fields that are complained about out. */
#include "tests/unit/unit.h"

#include "api/codec.h"
#include "api/validation/validation.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

struct row {
	const char *group, *version, *plural;
	const char *old; /* NULL: a creation */
	const char *new;
	const char *want; /* "NotSupported:spec.a"; "": valid */
};

static json_t *defaulted(const struct api_resource *r, const char *json)
{
	json_t *t = tree(json);
	auto_err err = { 0 };
	if (api_conform(r->type, t, NULL, &err) < 0)
		fail_msg("%s", err_text(&err));
	api_default(r->type, t);
	return t;
}

static void assert_row(const struct row *row)
{
	const struct api_resource *r = resource(row->group, row->version, row->plural);
	json_t *new = defaulted(r, row->new), *old = row->old ? defaulted(r, row->old) : NULL;
	auto_err err = { 0 };
	auto_buf got = { 0 };
	int code = old ? validate_update(r, "", new, old, &err) : validate_create(r, new, &err);
	for (size_t i = 0; i < err.ncauses; i++)
		buf_printf(&got, "%s%s:%s", i ? " " : "", err.causes[i].type + strlen("FieldValue"),
			   err.causes[i].field);
	if (strcmp(got.p ? got.p : "", row->want))
		fail_msg("%s\ngot: %s\nwanted: %s", row->new, got.p ? got.p : "valid", row->want);
	assert_int_equal(code, *row->want ? -ERR_INVALID : 0);
	json_decref(new);
	json_decref(old);
}

static void an_empty_text_behind_a_pointer_is_none_of_the_choices(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "policy", "v1", "poddisruptionbudgets", NULL,
		  "{'metadata':{'name':'a','namespace':'n'},'spec':{'minAvailable':1,"
		  "'unhealthyPodEvictionPolicy':''}}",
		  "NotSupported:spec.unhealthyPodEvictionPolicy" },
		{ "networking.k8s.io", "v1", "ingressclasses", NULL,
		  "{'metadata':{'name':'a'},'spec':{'controller':'a.b/c','parameters':{'kind':'K',"
		  "'name':'n','scope':''}}}",
		  "NotSupported:spec.parameters.scope" },
		{ "discovery.k8s.io", "v1", "endpointslices", NULL,
		  "{'metadata':{'name':'a','namespace':'n'},'addressType':'IPv4','endpoints':[],"
		  "'ports':[{'port':1,'protocol':''}]}",
		  "NotSupported:ports[0].protocol" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_row(&rows[i]);
}

#define POD(spec) \
	"{'metadata':{'name':'a','namespace':'n'},'spec':{'serviceAccountName':'default'," spec "}}"
#define ENV(from) \
	POD("'containers':[{'name':'c','image':'i','env':[{'name':'A','valueFrom':{" from "}}]}]")

static void a_variable_is_read_from_what_is_there(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "", "v1", "pods", NULL,
		  ENV("'fieldRef':{'apiVersion':'v2','fieldPath':'metadata.name'}"),
		  "Invalid:spec.containers[0].env[0].valueFrom.fieldRef.fieldPath" },
		{ "", "v1", "pods", NULL,
		  ENV("'fileKeyRef':{'volumeName':'v','path':'p','key':'K'}"),
		  "NotFound:spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_row(&rows[i]);
}

static void a_key_of_labels_is_matched_once(void **state)
{
	(void)state;
	static const struct row row = {
		"",
		"v1",
		"pods",
		NULL,
		POD("'containers':[{'name':'c','image':'i'}],'topologySpreadConstraints':[{"
		    "'maxSkew':1,'topologyKey':'z','whenUnsatisfiable':'DoNotSchedule',"
		    "'matchLabelKeys':['x'],'labelSelector':{'matchExpressions':["
		    "{'key':'x','operator':'In','values':['1']},"
		    "{'key':'x','operator':'In','values':['1']}]}}]"),
		"Invalid:spec.topologySpreadConstraints[0][0]"
	};
	assert_row(&row);
}

static void features_of_nodes_have_names_and_an_order(void **state)
{
	(void)state;
	static const struct row row = {
		"",
		"v1",
		"nodes",
		NULL,
		"{'metadata':{'name':'a'},'status':{'declaredFeatures':['B','A/b','A/b','x','A/"
		"']}}",
		"Invalid:status.declaredFeatures[1] Duplicate:status.declaredFeatures[2] "
		"Invalid:status.declaredFeatures[3] Invalid:status.declaredFeatures[4] "
		"Invalid:status.declaredFeatures[4]"
	};
	assert_row(&row);
}

static void scopes_of_a_quota_are_a_set(void **state)
{
	(void)state;
#define QUOTA(scopes) \
	"{'metadata':{'name':'a','namespace':'n'},'spec':{'hard':{'pods':'1'},'scopes':" scopes "}}"
	static const struct row rows[] = {
		{ "", "v1", "resourcequotas", QUOTA("['NotTerminating','NotBestEffort']"),
		  QUOTA("['NotBestEffort','NotTerminating']"), "" },
		{ "", "v1", "resourcequotas", QUOTA("['NotTerminating','NotBestEffort']"),
		  QUOTA("['NotBestEffort']"), "Invalid:spec.scopes" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_row(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_text_behind_a_pointer_is_none_of_the_choices),
		cmocka_unit_test(a_variable_is_read_from_what_is_there),
		cmocka_unit_test(a_key_of_labels_is_matched_once),
		cmocka_unit_test(features_of_nodes_have_names_and_an_order),
		cmocka_unit_test(scopes_of_a_quota_are_a_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
