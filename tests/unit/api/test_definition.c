/* SPDX-License-Identifier: Apache-2.0 */
/* CustomResourceDefinitions: which are refused, in the words of upstream's apiserver; and what a compiled one does to objects. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/codec.h"
#include "api/crd/crd.h"
#include "api/validation/validation.h"
#include "api/values/pattern.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "tests/unit/api/trees.h"

#define DEFINITIONS API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS
#define NAMES       "'plural':'tabs','singular':'tab','kind':'Tab','listKind':'TabList'"
#define CRD(name, group, names, versions)                         \
	"{'metadata':{'name':'" name "'},'spec':{'group':'" group \
	"','scope':'Namespaced','names':{" names "},'versions':[" versions "]}}"
#define VERSION(schema, more) \
	"{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':" schema "}" more "}"
#define WITH(schema) CRD("tabs.ex.com", "ex.com", NAMES, VERSION(schema, ""))
#define PROPERTY(x)  WITH("{'type':'object','properties':{'x':" x "}}")
#define AT           "spec.validation.openAPIV3Schema"
#define X            AT ".properties[x]"

static json_t *definition(const char *json)
{
	json_t *t = tree(json);
	auto_err err = { 0 };
	if (api_conform(DEFINITIONS->type, t, NULL, &err) < 0)
		fail_msg("%s", err_text(&err));
	api_default(DEFINITIONS->type, t);
	return t;
}

static const struct {
	const char *json;
	const char *field, *message; /* of the first complaint; NULL: it is fine */
} rows[] = {
	{ PROPERTY("{'type':'string'}"), NULL, NULL },
	{ CRD("x.ex.com", "ex.com", NAMES, VERSION("{'type':'object'}", "")), "metadata.name",
	  "Invalid value: \"x.ex.com\": must be spec.names.plural+\".\"+spec.group" },
	{ CRD("tabs.ex", "ex", NAMES, VERSION("{'type':'object'}", "")), "spec.group",
	  "Invalid value: \"ex\": should be a domain with at least one dot" },
	{ CRD("tabs.ex.com", "ex.com",
	      "'plural':'tabs','singular':'tab','kind':'Tab','listKind':'Tab'",
	      VERSION("{'type':'object'}", "")),
	  "spec.names.listKind", "Invalid value: \"Tab\": kind and listKind may not be the same" },
	{ CRD("tabs.ex.com", "ex.com", NAMES, "{'name':'v1','served':true,'storage':true}"),
	  "spec.versions[0].schema.openAPIV3Schema", "Required value" },
	{ CRD("tabs.ex.com", "ex.com", NAMES, ""), "spec.versions",
	  "Invalid value: []: must have exactly one version marked as storage version" },
	{ WITH("{'properties':{}}"), AT ".type", "Required value: must not be empty at the root" },
	{ WITH("{'type':'string'}"), AT ".type",
	  "Invalid value: \"string\": must be object at the root" },
	{ WITH("{'type':'object','nullable':true}"), AT ".nullable",
	  "Forbidden: nullable cannot be true at the root" },
	{ PROPERTY("{}"), X ".type",
	  "Required value: must not be empty for specified object fields" },
	{ PROPERTY("{'type':'foo'}"), X ".type",
	  "Unsupported value: \"foo\": supported values: \"array\", \"boolean\", \"integer\", "
	  "\"number\", \"object\", \"string\"" },
	{ PROPERTY("{'type':'array'}"), X ".items", "Required value: must be specified" },
	{ PROPERTY("{'type':'array','items':{}}"), X ".items.type",
	  "Required value: must not be empty for specified array items" },
	{ PROPERTY("{'type':'array','uniqueItems':true,'items':{'type':'string'}}"),
	  X ".uniqueItems",
	  "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes "
	  "quadratic" },
	{ PROPERTY("{'type':'string','$ref':'#/x'}"), X ".$ref",
	  "Forbidden: $ref is not supported" },
	{ PROPERTY("{'type':'object','properties':{'a':{'type':'string'}},'additionalProperties':{"
		   "'type':'string'}}"),
	  X ".additionalProperties",
	  "Forbidden: additionalProperties and properties are mutual exclusive" },
	{ PROPERTY("{'type':'object','properties':{'a':{'type':'string'}},'anyOf':[{'properties':{"
		   "'a':{'type':'string'}}}]}"),
	  X ".anyOf[0].properties[a].type", "Forbidden: must be empty to be structural" },
	{ PROPERTY("{'type':'string','x-kubernetes-list-type':'set'}"), X ".type",
	  "Invalid value: \"string\": must be array if x-kubernetes-list-type is specified" },
	{ PROPERTY("{'type':'array','items':{'type':'object'},'x-kubernetes-list-type':'map'}"),
	  X ".x-kubernetes-list-map-keys",
	  "Required value: must not be empty if x-kubernetes-list-type is map" },
	{ PROPERTY("{'type':'array','items':{'type':'object','properties':{'a':{'type':'string'}}},"
		   "'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['a']}"),
	  X ".items.properties[a].default",
	  "Required value: this property is in x-kubernetes-list-map-keys, so it must have a "
	  "default or be a required property" },
	{ PROPERTY("{'x-kubernetes-int-or-string':true,'x-kubernetes-preserve-unknown-fields':"
		   "true}"),
	  X ".x-kubernetes-preserve-unknown-fields",
	  "Invalid value: true: must be false if x-kubernetes-int-or-string is true" },
	{ PROPERTY("{'type':'string','pattern':'(a'}"), X ".pattern",
	  "Invalid value: \"(a\": must be a valid regular expression, but isn't: error parsing "
	  "regexp: missing closing ): `(a`" },
	{ WITH("{'type':'object','properties':{'metadata':{'type':'object','properties':{'labels':{"
	       "'type':'object'}}}}}"),
	  AT ".properties[metadata]",
	  "Forbidden: must not specify anything other than name and generateName, but metadata is "
	  "implicitly specified" },
	{ CRD("tabs.ex.com", "ex.com", NAMES,
	      VERSION("{'type':'object'}", ",'subresources':{'scale':{'specReplicasPath':'.x',"
					   "'statusReplicasPath':'.status.n'}}")),
	  "spec.subresources.scale.specReplicasPath",
	  "Invalid value: \".x\": should be a json path under .spec" },
	{ CRD("tabs.ex.com", "ex.com", NAMES,
	      VERSION("{'type':'object'}", ",'additionalPrinterColumns':[{'name':'A','type':'foo',"
					   "'jsonPath':'.a'}]")),
	  "spec.additionalPrinterColumns[0].type",
	  "Invalid value: \"foo\": must be one of boolean,date,integer,number,string" },
	{ PROPERTY("{'type':'string','default':1}"), X ".default",
	  "Invalid value: \"integer\":  in body must be of type string: \"integer\"" },
	{ PROPERTY("{'type':'object','properties':{'a':{'type':'string'}},'default':{'b':1}}"),
	  X ".default", "Invalid value: {\"b\":1}: must not have unknown fields" },
	{ PROPERTY("{'type':'object','x-kubernetes-embedded-resource':true,"
		   "'x-kubernetes-preserve-unknown-fields':true,'properties':{'metadata':{"
		   "'type':'object','properties':{'finalizers':{'type':'array','items':{"
		   "'type':'string'},'default':['a b']}}}}}"),
	  X ".properties[metadata].properties[finalizers].default",
	  "Invalid value: [\"a b\"]: must result in valid metadata: metadata.finalizers: Invalid "
	  "value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and "
	  "must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
	  "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')" },
	{ PROPERTY("{'type':'object','x-kubernetes-embedded-resource':true,"
		   "'x-kubernetes-preserve-unknown-fields':true,'default':{'apiVersion':'v1'}}"),
	  X ".default.kind", "Required value" },
	{ WITH("{'type':'object','properties':{'a':{'type':'string'}},'anyOf':[{'properties':{"
	       "'b':{'minLength':1}}}]}"),
	  AT ".properties[b]",
	  "Required value: because it is defined in " AT ".anyOf[0].properties[b]" },
	{ PROPERTY("{'type':'array','x-kubernetes-list-type':'set','items':{'type':'object'}}"),
	  X ".items.x-kubernetes-map-type",
	  "Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set" },
	{ PROPERTY("{'type':'string','x-kubernetes-validations':[{'rule':' '}]}"),
	  X ".x-kubernetes-validations[0].rule", "Required value: rule is not specified" },
	{ CRD("tabs.k8s.io", "k8s.io", NAMES, VERSION("{'type':'object'}", "")),
	  "metadata.annotations[api-approved.kubernetes.io]",
	  "Required value: protected groups must have approval annotation "
	  "\"api-approved.kubernetes.io\", see "
	  "https://github.com/kubernetes/enhancements/pull/1111" },
};

static void definitions_are_judged_in_upstreams_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *t = definition(rows[i].json);
		auto_err err = { 0 };
		int code = validate_create(DEFINITIONS, t, &err);
		if (!rows[i].field) {
			assert_int_equal(code, 0);
		} else {
			if (code != -ERR_INVALID)
				fail_msg("row %zu is taken: %s", i, rows[i].json);
			assert_string_equal(err.causes[0].field, rows[i].field);
			assert_string_equal(err.causes[0].message, rows[i].message);
		}
		json_decref(t);
	}
}

static struct crd *compiled(const char *json)
{
	json_t *t = definition(json);
	const json_t *names = json_object_get(json_object_get(t, "spec"), "names");
	struct crd *c = NULL;
	auto_err err = { 0 };
	if (crd_compile(t, names, &c, &err) < 0)
		fail_msg("%s", err_text(&err));
	json_decref(t);
	return c;
}

static void what_a_definition_does_not_know_is_pruned_and_defaults_are_set(void **state)
{
	struct crd *c = compiled(PROPERTY("{'type':'object','properties':{'n':{'type':'integer',"
					  "'default':3},'open':{'type':'object',"
					  "'x-kubernetes-preserve-unknown-fields':true}}}"));
	json_t *t = tree("{'apiVersion':'ex.com/v1','kind':'Tab','x':{'junk':1,'open':{'junk':1}},"
			 "'junk':1}");
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(api_conform(c->storage->type, t, NULL, &err), 0);
	api_default(c->storage->type, t);
	assert_tree(t, "{'apiVersion':'ex.com/v1','kind':'Tab','x':{'open':{'junk':1},'n':3}}");
	json_decref(t);
	crd_unref(c);
}

static void an_object_keeps_the_version_that_it_was_written_in(void **state)
{
	struct crd *c = compiled(CRD(
		"tabs.ex.com", "ex.com", NAMES,
		"{'name':'v1','served':true,'storage':false,'schema':{'openAPIV3Schema':{'type':"
		"'object','properties':{'old':{'type':'string'}}}}},"
		"{'name':'v2','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':"
		"'object','properties':{'new':{'type':'string','default':'d'}}}}}"));
	const struct api_resource *version = NULL;
	auto_buf out = { 0 };
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(crd_stored_form(c,
					 STR("{\"apiVersion\":\"ex.com/v1\",\"kind\":\"Tab\","
					     "\"old\":\"kept\"}"),
					 &out, &version, &err),
			 0);
	assert_string_equal(version->version, "v1");
	assert_string_equal(out.p,
			    "{\"apiVersion\":\"ex.com/v1\",\"kind\":\"Tab\",\"old\":\"kept\"}");
	crd_unref(c);
}

static void patterns_follow_gos_dialect_within_limits(void **state)
{
	static const struct {
		const char *pattern, *text;
		int is; /* 1 found, 0 not, -1 refused */
	} cases[] = {
		{ "^a{2,3}$", "aaa", 1 },
		{ "^a{2,3}$", "aaaa", 0 },
		{ "b+", "abc", 1 },
		{ "^(\\d+|\\*)$", "17", 1 },
		{ "a{1000}", "", 0 },
		{ "a{1001}", "", -1 },
		{ "a{99999999999999999999}", "", -1 },
		{ "(?=a)", "", -1 },
		{ "a**", "", -1 },
		{ "\\1", "", -1 },
		{ "a\\", "", -1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct pattern *p = NULL;
		auto_err err = { 0 };
		int code = pattern_new(str_from(cases[i].pattern), &p, &err);
		int is = code < 0 ? -1 : pattern_match(p, str_from(cases[i].text));
		if (is != cases[i].is)
			fail_msg("%s on %s: %d", cases[i].pattern, cases[i].text, is);
		if (code == 0)
			pattern_free(p);
	}
}

static void versions_stand_in_kubernetes_order(void **state)
{
	static const char *const order[] = { "v10",      "v2",      "v1",        "v11beta2",
					     "v10beta3", "v3beta1", "v12alpha1", "foo1" };
	(void)state;
	for (size_t i = 0; i + 1 < COUNT_OF(order); i++)
		assert_true(crd_version_order(order[i], order[i + 1]) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definitions_are_judged_in_upstreams_words),
		cmocka_unit_test(what_a_definition_does_not_know_is_pruned_and_defaults_are_set),
		cmocka_unit_test(an_object_keeps_the_version_that_it_was_written_in),
		cmocka_unit_test(patterns_follow_gos_dialect_within_limits),
		cmocka_unit_test(versions_stand_in_kubernetes_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
