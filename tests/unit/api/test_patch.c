/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/codec.h"
#include "api/patch/json.h"
#include "api/patch/merge.h"
#include "api/patch/strategic.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

static void assert_json_patch(const char *doc, const char *patch, const char *want)
{
	json_t *d = tree(doc), *p = tree(patch);
	auto_err err = { 0 };
	int r = patch_json_apply(&d, p, &err);
	if (want) {
		assert_int_equal(r, 0);
		assert_tree(d, want);
	} else {
		assert_int_equal(r, -ERR_INVALID);
		assert_int_equal(err_code(&err), 422);
	}
	json_decref(d);
	json_decref(p);
}

static void rfc_6902_operations_apply(void **state)
{
	(void)state;
	assert_json_patch("{'a':1}", "[{'op':'add','path':'/b','value':2}]", "{'a':1,'b':2}");
	assert_json_patch("{'a':[1,3]}", "[{'op':'add','path':'/a/1','value':2}]", "{'a':[1,2,3]}");
	assert_json_patch("{'a':[1]}", "[{'op':'add','path':'/a/-','value':2}]", "{'a':[1,2]}");
	assert_json_patch("{'a':[1,2]}", "[{'op':'remove','path':'/a/-1'}]", "{'a':[1]}");
	assert_json_patch("{'a~b/c':1}", "[{'op':'replace','path':'/a~0b~1c','value':2}]",
			  "{'a~b/c':2}");
	assert_json_patch("{'a':{'b':1}}", "[{'op':'move','from':'/a/b','path':'/c'}]",
			  "{'a':{},'c':1}");
	assert_json_patch("{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]",
			  "{'a':{'b':1},'c':{'b':1}}");
	assert_json_patch("{'a':1}", "[{'op':'test','path':'/a','value':1}]", "{'a':1}");
	assert_json_patch("{}", "[{'op':'test','path':'/a','value':null}]", "{}");
	/* upstream is lenient about members that are missing */
	assert_json_patch("{'a':1}", "[{'op':'replace','path':'/b','value':2}]", "{'a':1,'b':2}");
	assert_json_patch("{'a':1}", "[{'op':'copy','from':'/c','path':'/b'}]", "{'a':1,'b':null}");
}

static void operations_that_do_not_apply_are_422(void **state)
{
	(void)state;
	assert_json_patch("{'a':1}", "[{'op':'remove','path':'/b'}]", NULL);
	assert_json_patch("{'a':1}", "[{'op':'test','path':'/a','value':2}]", NULL);
	assert_json_patch("{'a':[1]}", "[{'op':'replace','path':'/a/1','value':1}]", NULL);
	assert_json_patch("{'a':1}", "[{'op':'replace','path':'','value':1}]", NULL);
	assert_json_patch("{'a':[1]}", "[{'op':'test','path':'/a/1','value':null}]", NULL);
	assert_json_patch("{'a':[1]}", "[{'op':'add','path':'/a/5','value':1}]", NULL);
	assert_json_patch("{'a':{}}", "[{'op':'move','from':'/a','path':'/a/b'}]", NULL);
	assert_json_patch("{}", "[{'op':'frob','path':'/a'}]", NULL);
	assert_json_patch("{}", "[{'op':'add','value':1}]", NULL);
}

static void limits_bound_operations_copies_and_depth(void **state)
{
	json_t *doc = tree("{'a':{}}"), *patch = json_array();
	auto_err err = { 0 };
	(void)state;
	for (int i = 0; i <= PATCH_JSON_OPERATIONS_MAX; i++)
		json_array_append_new(patch, tree("{'op':'test','path':'/b','value':null}"));
	assert_int_equal(patch_json_apply(&doc, patch, &err), -ERR_TOO_LARGE);
	assert_string_equal(err_text(&err),
			    "The allowed maximum operations in a JSON patch is 10000, got 10001");
	json_array_clear(patch);
	for (int i = 0; i < API_DEPTH_MAX; i++)
		json_array_append_new(patch, tree("{'op':'copy','from':'/a','path':'/a/a'}"));
	assert_int_equal(patch_json_apply(&doc, patch, &err), -ERR_INVALID);
	json_decref(doc);
	doc = tree("{'a':['0123456789012345678901234567890123456789']}");
	json_array_clear(patch);
	for (int i = 0; i < 40; i++) {
		char path[64];
		snprintf(path, sizeof(path), "{'op':'copy','from':'','path':'/x%d'}", i);
		json_array_append_new(patch, tree(path));
		snprintf(path, sizeof(path), "{'op':'copy','from':'/a','path':'/a/-'}");
		json_array_append_new(patch, tree(path));
	}
	assert_true(patch_json_apply(&doc, patch, &err) < 0);
	json_decref(doc);
	json_decref(patch);
}

static void a_patch_stays_as_it_is(void **state)
{
	json_t *doc = tree("{}"),
	       *patch = tree("[{'op':'add','path':'/a','value':{'b':1}},{'op':'add','path':'/a/"
			     "c','value':2}]");
	(void)state;
	assert_int_equal(patch_json_apply(&doc, patch, NULL), 0);
	assert_tree(
		patch,
		"[{'op':'add','path':'/a','value':{'b':1}},{'op':'add','path':'/a/c','value':2}]");
	json_decref(doc);
	json_decref(patch);
}

static void rfc_7386_examples_hold(void **state)
{
	static const char *const rows[][3] = {
		{ "{'a':'b'}", "{'a':'c'}", "{'a':'c'}" },
		{ "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}" },
		{ "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}" },
		{ "{'a':['b']}", "{'a':'c'}", "{'a':'c'}" },
		{ "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}" },
		{ "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}" },
		{ "{'e':null}", "{'a':1}", "{'e':null,'a':1}" },
		{ "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *d = tree(rows[i][0]), *p = tree(rows[i][1]);
		assert_int_equal(patch_merge_apply(&d, p, NULL), 0);
		assert_tree(d, rows[i][2]);
		json_decref(d);
		json_decref(p);
	}
}

static void assert_strategic(const char *doc, const char *patch, const char *want)
{
	json_t *d = tree(doc), *p = tree(patch);
	auto_err err = { 0 };
	if (patch_strategic_apply(resource("", "v1", "pods")->type, &d, p, &err) < 0)
		fail_msg("%s", err_text(&err));
	assert_tree(d, want);
	json_decref(d);
	json_decref(p);
}

static void a_message_that_is_replaced_is_not_merged(void **state)
{
	(void)state;
	auto_err err = { 0 };
	json_t *d = tree("{'spec':{'maxUnavailable':1,'selector':{'matchLabels':{'a':'b'}}}}");
	json_t *p = tree("{'spec':{'selector':{'matchLabels':{'c':'d'}}}}");
	assert_int_equal(
		patch_strategic_apply(resource("policy", "v1", "poddisruptionbudgets")->type, &d, p,
				      &err),
		0);
	assert_tree(d, "{'spec':{'maxUnavailable':1,'selector':{'matchLabels':{'c':'d'}}}}");
	json_decref(d);
	json_decref(p);
}

static void lists_merge_by_key_and_keep_order(void **state)
{
	(void)state;
	assert_strategic(
		"{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b','image':'1'}]}}",
		"{'spec':{'containers':[{'name':'b','image':'2'}]}}",
		"{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b','image':'2'}]}}");
	assert_strategic("{'spec':{'containers':[{'name':'a'}]}}",
			 "{'spec':{'containers':[{'name':'new'}]}}",
			 "{'spec':{'containers':[{'name':'new'},{'name':'a'}]}}");
	assert_strategic("{'metadata':{'finalizers':['a','b']}}",
			 "{'metadata':{'finalizers':['c','a']}}",
			 "{'metadata':{'finalizers':['c','a','b']}}");
	assert_strategic("{'spec':{'containers':[{'name':'a','args':['x','y']}]}}",
			 "{'spec':{'containers':[{'name':'a','args':['z']}]}}",
			 "{'spec':{'containers':[{'name':'a','args':['z']}]}}");
}

static void directives_delete_replace_and_order(void **state)
{
	(void)state;
	assert_strategic("{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
			 "{'spec':{'containers':[{'name':'a','$patch':'delete'}]}}",
			 "{'spec':{'containers':[{'name':'b'}]}}");
	assert_strategic("{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
			 "{'spec':{'containers':[{'name':'c'},{'$patch':'replace'}]}}",
			 "{'spec':{'containers':[{'name':'c'}]}}");
	assert_strategic("{'metadata':{'labels':{'a':'1'}}}",
			 "{'metadata':{'labels':{'$patch':'replace','b':'2'}}}",
			 "{'metadata':{'labels':{'b':'2'}}}");
	assert_strategic("{'metadata':{'labels':{'a':'1'}}}",
			 "{'metadata':{'labels':{'$patch':'delete'}}}",
			 "{'metadata':{'labels':{}}}");
	assert_strategic("{'metadata':{'finalizers':['a','b','c']}}",
			 "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b']}}",
			 "{'metadata':{'finalizers':['a','c']}}");
	assert_strategic(
		"{'spec':{'containers':[{'name':'a'},{'name':'b'},{'name':'c'}]}}",
		"{'spec':{'$setElementOrder/"
		"containers':[{'name':'c'},{'name':'a'}],'containers':[{'name':'a','image':'x'}]}}",
		"{'spec':{'containers':[{'name':'b'},{'name':'c'},{'name':'a','image':'x'}]}}");
	assert_strategic("{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
			 "{'spec':{'volumes':[{'name':'v','$retainKeys':['name','hostPath'],'"
			 "hostPath':{'path':'/x'}}]}}",
			 "{'spec':{'volumes':[{'name':'v','hostPath':{'path':'/x'}}]}}");
}

static void nulls_delete_and_never_arrive(void **state)
{
	(void)state;
	assert_strategic("{'metadata':{'labels':{'a':'1','b':'2'}}}",
			 "{'metadata':{'labels':{'a':null,'z':null}}}",
			 "{'metadata':{'labels':{'b':'2'}}}");
	assert_strategic("{}", "{'metadata':{'labels':{'a':null,'b':'1'}}}",
			 "{'metadata':{'labels':{'b':'1'}}}");
}

static void ports_merge_by_their_patch_key(void **state)
{
	(void)state;
	assert_strategic("{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80,'"
			 "protocol':'TCP'}]}]}}",
			 "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80,'name':'"
			 "web'}]}]}}",
			 "{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80,'"
			 "protocol':'TCP','name':'web'}]}]}}");
}

static void broken_strategic_patches_say_why(void **state)
{
	static const struct {
		const char *patch, *text;
		enum err_reason reason;
	} rows[] = {
		{ "{'spec':{'containers':[{'image':'x'}]}}",
		  "map: map[image:x] does not contain declared merge key: name", ERR_UNKNOWN },
		/* what is there already may lack its key */
		{ "{'spec':{'imagePullSecrets':[{'name':'x','$patch':'delete'}]}}",
		  "map: map[] does not contain declared merge key: name", ERR_UNKNOWN },
		{ "{'spec':{'$retainKeys':'x'}}", "invalid patch format of retainKeys",
		  ERR_BAD_REQUEST },
		{ "{'spec':{'$setElementOrder/containers':5}}",
		  "expected a []interface {}, but received a int64", ERR_UNKNOWN },
		{ "{'spec':{'$patch':'x'}}", "unknown patch type: x in map: map[$patch:x]",
		  ERR_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *d = tree("{'metadata':{'finalizers':['a']},'spec':{'containers':[{'name':'"
				 "a'}],'imagePullSecrets':[{},{'name':'x'}]}}"),
		       *p = tree(rows[i].patch);
		auto_err err = { 0 };
		assert_int_equal(patch_strategic_apply(resource("", "v1", "pods")->type, &d, p,
						       &err),
				 -(int)rows[i].reason);
		assert_string_equal(err_text(&err), rows[i].text);
		json_decref(d);
		json_decref(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_that_is_replaced_is_not_merged),
		cmocka_unit_test(rfc_6902_operations_apply),
		cmocka_unit_test(operations_that_do_not_apply_are_422),
		cmocka_unit_test(limits_bound_operations_copies_and_depth),
		cmocka_unit_test(a_patch_stays_as_it_is),
		cmocka_unit_test(rfc_7386_examples_hold),
		cmocka_unit_test(lists_merge_by_key_and_keep_order),
		cmocka_unit_test(directives_delete_replace_and_order),
		cmocka_unit_test(nulls_delete_and_never_arrive),
		cmocka_unit_test(ports_merge_by_their_patch_key),
		cmocka_unit_test(broken_strategic_patches_say_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
