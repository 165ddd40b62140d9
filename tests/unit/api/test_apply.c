/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "api/apply/apply.h"
#include "api/apply/fieldset.h"
#include "api/apply/merge.h"
#include "api/object/meta.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

#define T0 1767225600 /* 2026-01-01T00:00:00Z */

static const struct api_resource *deployments(void)
{
	return resource("apps", "v1", "deployments");
}

static struct managed_by by(const char *manager, const char *operation, int64_t now_s)
{
	return (struct managed_by){ .manager = str_from(manager),
				    .operation = str_from(operation),
				    .api_version = STR("apps/v1"),
				    .now_s = now_s };
}

/* A deployment with this inside of spec. */
static json_t *deployment(const char *spec)
{
	auto_buf text = { 0 };
	buf_printf(&text,
		   "{'apiVersion':'apps/"
		   "v1','kind':'Deployment','metadata':{'name':'web','namespace':'ns'},'spec':%s}",
		   spec);
	return tree(text.p);
}

/* Applies, asserts that it works, hands over the new live object. */
static json_t *apply(json_t *live, const char *manager, const char *spec, bool force)
{
	struct managed_by who = by(manager, "Apply", T0);
	json_t *applied = deployment(spec), *out = NULL;
	auto_err err = { 0 };
	if (apply_merge(deployments(), live, applied, &who, force, &out, &err) < 0)
		fail_msg("%s", err_text(&err));
	json_decref(applied);
	json_decref(live);
	return out;
}

static void assert_conflict(json_t *live, const char *manager, const char *spec, const char *text)
{
	struct managed_by who = by(manager, "Apply", T0);
	json_t *applied = deployment(spec), *out = NULL;
	auto_err err = { 0 };
	assert_int_equal(apply_merge(deployments(), live, applied, &who, false, &out, &err),
			 -ERR_CONFLICT);
	assert_string_equal(err_text(&err), text);
	assert_true(err.ncauses > 0);
	assert_string_equal(err.causes[0].type, "FieldManagerConflict");
	json_decref(applied);
}

static json_t *entry(const json_t *object, size_t i)
{
	return json_array_get(json_object_get(meta_of(object), "managedFields"), i);
}

static void assert_spec(const json_t *object, const char *want)
{
	assert_tree(json_object_get(object, "spec"), want);
}

static void an_update_owns_what_it_changes(void **state)
{
	struct managed_by creator = by("kubectl-create", "Update", T0),
			  scaler = by("hpa", "Update", T0 + 60);
	json_t *new = deployment("{'replicas':1,'selector':{'matchLabels':{'a':'b'}},'strategy':{'"
				 "type':'Recreate'}}");
	(void)state;
	assert_int_equal(managed_update(deployments(), NULL, new, &creator, NULL), 0);
	assert_tree(entry(new, 0),
		    "{'manager':'kubectl-create','operation':'Update','apiVersion':'apps/v1',"
		    "'time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'"
		    "f:replicas':{},"
		    "'f:selector':{},'f:strategy':{'f:type':{}}}}}");
	json_t *old = json_deep_copy(new);
	json_object_set_new(meta_of(old), "uid", json_string("u"));
	json_object_set_new(json_object_get(new, "spec"), "replicas", json_integer(3));
	assert_int_equal(managed_update(deployments(), old, new, &scaler, NULL), 0);
	assert_tree(json_object_get(entry(new, 0), "fieldsV1"),
		    "{'f:spec':{'f:selector':{},'f:strategy':{'f:type':{}}}}");
	assert_tree(json_object_get(entry(new, 1), "fieldsV1"), "{'f:spec':{'f:replicas':{}}}");
	assert_tree(json_object_get(entry(new, 1), "time"), "'2026-01-01T00:01:00Z'");
	json_decref(old);
	json_decref(new);
}

static void what_go_would_not_write_has_no_owner(void **state)
{
	struct managed_by who = by("m", "Update", T0);
	json_t *new = deployment("{'replicas':0,'minReadySeconds':0,'paused':false,'selector':{"
				 "'matchLabels':{}},'template':{'spec':{'nodeSelector':{}}}}");
	(void)state;
	json_object_set_new(meta_of(new), "labels", json_object());
	assert_int_equal(managed_update(deployments(), NULL, new, &who, NULL), 0);
	assert_tree(json_object_get(entry(new, 0), "fieldsV1"),
		    "{'f:spec':{'f:replicas':{},'f:selector':{}}}");
	assert_spec(new, "{'replicas':0,'selector':{},'template':{'spec':{}}}");
	json_decref(new);
}

static void a_map_that_was_emptied_stays_with_those_who_made_it(void **state)
{
	struct managed_by creator = by("m", "Update", T0), patcher = by("m", "Apply", T0);
	json_t *live = deployment("{'selector':{'matchLabels':{'a':'b'}}}"), *out = NULL;
	json_t *with = deployment("{}"), *without = deployment("{}");
	(void)state;
	json_object_set_new(meta_of(live), "labels", tree("{'x':'1'}"));
	json_object_set_new(meta_of(with), "labels", tree("{'x':'2'}"));
	assert_int_equal(managed_update(deployments(), NULL, live, &creator, NULL), 0);
	assert_int_equal(apply_merge(deployments(), live, with, &patcher, true, &out, NULL), 0);
	json_decref(live);
	live = out;
	assert_int_equal(apply_merge(deployments(), live, without, &patcher, true, &out, NULL), 0);
	assert_null(json_object_get(meta_of(out), "labels"));
	assert_tree(json_object_get(entry(out, 1), "fieldsV1"),
		    "{'f:metadata':{'f:labels':{}},'f:spec':{'f:selector':{}}}");
	json_decref(live);
	json_decref(out);
	json_decref(with);
	json_decref(without);
}

static void new_list_items_and_maps_carry_a_dot(void **state)
{
	struct managed_by who = by("m", "Update", T0);
	json_t *new =
		deployment("{'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'"
			   "name':'c','image':'i',"
			   "'ports':[{'containerPort':80,'protocol':'TCP'}],'resources':{}}]}}}");
	(void)state;
	assert_int_equal(managed_update(deployments(), NULL, new, &who, NULL), 0);
	assert_tree(json_object_get(entry(new, 0), "fieldsV1"),
		    "{'f:spec':{'f:template':{'f:metadata':{'f:labels':{'.':{},'f:a':{}}},'f:spec':"
		    "{'f:containers':{"
		    "'k:{\\'name\\':\\'c\\'}':{'.':{},'f:name':{},'f:image':{},'f:resources':{},"
		    "'f:ports':{'.':{},'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{'.':{"
		    "},'f:containerPort':{},'f:protocol':{}}}}}}}}}");
	json_decref(new);
}

/* The fields that the maker of an object owns. */
static void assert_owned(const struct api_resource *r, const char *object, const char *want)
{
	struct managed_by who = by("m", "Update", T0);
	json_t *new = tree(object);
	assert_int_equal(managed_update(r, NULL, new, &who, NULL), 0);
	assert_tree(json_object_get(entry(new, 0), "fieldsV1"), want);
	json_decref(new);
}

static void what_go_writes_as_null_or_keeps_raw_has_an_owner(void **state)
{
	(void)state;
	assert_owned(resource("apps", "v1", "controllerrevisions"),
		     "{'metadata':{'name':'a'},'data':{},'revision':1}",
		     "{'f:data':{},'f:revision':{}}");
	assert_owned(resource("", "v1", "persistentvolumes"),
		     "{'metadata':{'name':'a'},'spec':{'scaleIO':{'gateway':'g','system':'s'}}}",
		     "{'f:spec':{'f:scaleIO':{'.':{},'f:gateway':{},'f:secretRef':{},'f:system':{}}"
		     "}}");
}

static void an_item_without_its_key_leaves_the_owners_as_they_are(void **state)
{
	const struct api_resource *accounts = resource("", "v1", "serviceaccounts");
	struct managed_by creator = by("m", "Update", T0), other = by("n", "Update", T0 + 60);
	json_t *old = tree("{'metadata':{'name':'a'},'secrets':[{'name':'s'}]}");
	json_t *new = tree("{'metadata':{'name':'a'},'secrets':[{}]}");
	(void)state;
	assert_int_equal(managed_update(accounts, NULL, old, &creator, NULL), 0);
	assert_int_equal(managed_update(accounts, old, new, &other, NULL), 0);
	assert_tree(json_object_get(meta_of(new), "managedFields"),
		    "[{'manager':'m','operation':'Update','apiVersion':'apps/v1','time':'2026-01-"
		    "01T00:00:00Z','fieldsType':'FieldsV1','fieldsV1':{'f:secrets':{'.':{},'k:{"
		    "\\'name\\':\\'s\\'}':{}}}}]");
	json_decref(old);
	json_decref(new);
}

static void status_is_not_owned_through_the_main_resource(void **state)
{
	struct managed_by main = by("m", "Update", T0), status = by("c", "Update", T0);
	json_t *new = deployment("{'replicas':1}");
	(void)state;
	status.subresource = STR("status");
	json_object_set_new(new, "status", tree("{'replicas':1}"));
	assert_int_equal(managed_update(deployments(), NULL, new, &main, NULL), 0);
	assert_tree(json_object_get(entry(new, 0), "fieldsV1"), "{'f:spec':{'f:replicas':{}}}");
	json_t *old = json_deep_copy(new);
	json_object_set_new(new, "status", tree("{'replicas':2}"));
	assert_int_equal(managed_update(deployments(), old, new, &status, NULL), 0);
	assert_tree(json_object_get(entry(new, 0), "subresource"), "'status'");
	json_decref(old);
	json_decref(new);
}

static void more_than_ten_updaters_share_an_entry(void **state)
{
	json_t *live = deployment("{'replicas':0}");
	(void)state;
	for (int i = 0; i < 14; i++) {
		char name[16], label[16];
		snprintf(name, sizeof(name), "m%02d", i);
		snprintf(label, sizeof(label), "l%02d", i);
		struct managed_by who = by(name, "Update", T0 + i);
		json_t *old = i ? json_deep_copy(live) : NULL;
		meta_set_label(live, label, STR("x"));
		assert_int_equal(managed_update(deployments(), old, live, &who, NULL), 0);
		json_decref(old);
	}
	json_t *list = json_object_get(meta_of(live), "managedFields");
	assert_int_equal(json_array_size(list), 10);
	assert_tree(json_object_get(json_array_get(list, 0), "manager"), "'ancient-changes'");
	json_decref(live);
}

static void empty_managed_fields_from_the_client_reset_them(void **state)
{
	struct managed_by who = by("m", "Update", T0);
	json_t *old = deployment("{'replicas':1}");
	(void)state;
	assert_int_equal(managed_update(deployments(), NULL, old, &who, NULL), 0);
	json_t *new = json_deep_copy(old);
	json_object_set_new(meta_of(new), "managedFields", json_array());
	assert_int_equal(managed_update(deployments(), old, new, &who, NULL), 0);
	assert_null(json_object_get(meta_of(new), "managedFields"));
	json_decref(old);
	json_decref(new);
}

static void apply_creates_and_owns(void **state)
{
	json_t *live =
		apply(NULL, "a", "{'replicas':3,'selector':{'matchLabels':{'x':'y'}}}", false);
	(void)state;
	assert_spec(live, "{'replicas':3,'selector':{'matchLabels':{'x':'y'}}}");
	assert_tree(
		entry(live, 0),
		"{'manager':'a','operation':'Apply','apiVersion':'apps/"
		"v1','time':'2026-01-01T00:00:00Z',"
		"'fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{},'f:selector':{}}}}");
	json_decref(live);
}

static void a_conflict_names_owner_and_field(void **state)
{
	json_t *live = apply(NULL, "a", "{'replicas':3}", false);
	struct managed_by who = by("hpa", "Update", T0);
	(void)state;
	assert_conflict(live, "b", "{'replicas':4}",
			"Apply failed with 1 conflict: conflict with \"a\": .spec.replicas");
	json_t *new = json_deep_copy(live);
	json_object_set_new(json_object_get(new, "spec"), "replicas", json_integer(5));
	json_object_set_new(json_object_get(new, "spec"), "paused", json_true());
	assert_int_equal(managed_update(deployments(), live, new, &who, NULL), 0);
	assert_conflict(new, "a", "{'replicas':3}",
			"Apply failed with 1 conflict: conflict with \"hpa\" using apps/v1: "
			".spec.replicas");
	assert_conflict(new, "a", "{'replicas':3,'paused':false}",
			"Apply failed with 2 conflicts: conflicts with \"hpa\" using apps/v1:\n- "
			".spec.paused\n- .spec.replicas");
	json_decref(live);
	json_decref(new);
}

static void force_takes_fields_over(void **state)
{
	json_t *live = apply(NULL, "a", "{'replicas':3,'paused':true}", false);
	(void)state;
	live = apply(live, "b", "{'replicas':4}", true);
	assert_spec(live, "{'replicas':4,'paused':true}");
	assert_tree(json_object_get(entry(live, 0), "fieldsV1"), "{'f:spec':{'f:paused':{}}}");
	assert_tree(json_object_get(entry(live, 1), "fieldsV1"), "{'f:spec':{'f:replicas':{}}}");
	json_decref(live);
}

static void equal_values_are_shared_and_removed_by_the_last_owner(void **state)
{
	json_t *live = apply(NULL, "a", "{'replicas':3,'paused':true}", false);
	(void)state;
	live = apply(live, "b", "{'replicas':3}", false);
	live = apply(live, "a", "{'paused':true}", false);
	assert_spec(live, "{'replicas':3,'paused':true}");
	live = apply(live, "b", "{'minReadySeconds':1}", false);
	assert_spec(live, "{'minReadySeconds':1,'paused':true}");
	json_decref(live);
}

static void list_items_merge_by_key_and_go_when_no_longer_applied(void **state)
{
#define CONTAINERS(list) "{'template':{'spec':{'containers':" list "}}}"
	json_t *live =
		apply(NULL, "a", CONTAINERS("[{'name':'x','image':'1'},{'name':'y','image':'1'}]"),
		      false);
	(void)state;
	live = apply(live, "b", CONTAINERS("[{'name':'side','image':'s'},{'name':'x','tty':true}]"),
		     false);
	assert_spec(live, CONTAINERS("[{'name':'side','image':'s'},{'name':'x','image':'1','tty':"
				     "true},{'name':'y','image':'1'}]"));
	live = apply(live, "a", CONTAINERS("[{'name':'x','image':'2'}]"), false);
	assert_spec(live,
		    CONTAINERS(
			    "[{'name':'side','image':'s'},{'name':'x','image':'2','tty':true}]"));
	assert_conflict(live, "b", CONTAINERS("[{'name':'x','image':'3'}]"),
			"Apply failed with 1 conflict: conflict with \"a\": "
			".spec.template.spec.containers[name=\"x\"].image");
	json_decref(live);
#undef CONTAINERS
}

static void ports_with_a_defaulted_key_are_found(void **state)
{
#define PORTS(list) "{'template':{'spec':{'containers':[{'name':'x','ports':" list "}]}}}"
	json_t *live = apply(NULL, "a", PORTS("[{'containerPort':80}]"), false);
	(void)state;
	live = apply(live, "b",
		     PORTS("[{'containerPort':80,'protocol':'TCP','name':'web'},{'containerPort':"
			   "80,'protocol':'UDP'}]"),
		     false);
	assert_spec(live, PORTS("[{'containerPort':80,'protocol':'TCP','name':'web'},{'"
				"containerPort':80,'protocol':'UDP'}]"));
	json_decref(live);
#undef PORTS
}

static void atomic_values_are_replaced_as_a_whole(void **state)
{
	json_t *live = apply(NULL, "a", "{'selector':{'matchLabels':{'x':'y'}}}", false);
	(void)state;
	assert_conflict(live, "b", "{'selector':{'matchLabels':{'z':'y'}}}",
			"Apply failed with 1 conflict: conflict with \"a\": .spec.selector");
	live = apply(live, "b", "{'selector':{'matchLabels':{'z':'y'}}}", true);
	assert_spec(live, "{'selector':{'matchLabels':{'z':'y'}}}");
	json_decref(live);
}

static void kubectl_takes_over_what_it_applied_on_the_client(void **state)
{
	struct managed_by who = by("kubectl-client-side-apply", "Update", T0);
	json_t *live = deployment("{'replicas':3}"), *old = NULL;
	(void)state;
	meta_set_annotation(live, "kubectl.kubernetes.io/last-applied-configuration",
			    STR("{\"apiVersion\":\"apps/"
				"v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},"
				"\"spec\":{\"replicas\":3}}"));
	assert_int_equal(managed_update(deployments(), old, live, &who, NULL), 0);
	assert_conflict(live, "other", "{'replicas':5}",
			"Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" "
			"using apps/v1: .spec.replicas");
	live = apply(live, "kubectl", "{'replicas':5}", false);
	assert_spec(live, "{'replicas':5}");
	assert_non_null(
		strstr(meta_annotation(live, "kubectl.kubernetes.io/last-applied-configuration").p,
		       "\"replicas\":5"));
	json_decref(live);
}

static void fields_of_an_untracked_object_get_an_owner_at_the_first_apply(void **state)
{
	json_t *live = deployment("{'replicas':3}");
	(void)state;
	assert_conflict(live, "a", "{'replicas':4}",
			"Apply failed with 1 conflict: conflict with \"before-first-apply\" using "
			"apps/v1: .spec.replicas");
	json_decref(live);
}

static void what_the_schema_does_not_know_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{ "{'replica':3}", ".spec.replica: field not declared in schema" },
		{ "{'replicas':'x'}",
		  ".spec.replicas: expected numeric (int or float), got string" },
		{ "{'template':{'spec':{'containers':[{'name':'a'},{'name':'a'}]}}}",
		  ".spec.template.spec.containers: duplicate "
		  "entries for key [name=\"a\"]" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *applied = deployment(rows[i][0]);
		auto_err err = { 0 };
		assert_int_equal(apply_check(deployments()->type, applied, &err), -ERR_BAD_REQUEST);
		assert_string_equal(err_text(&err), rows[i][1]);
		json_decref(applied);
	}
}

static void nothing_changed_keeps_the_time(void **state)
{
	json_t *live = apply(NULL, "a", "{'replicas':3}", false),
	       *applied = deployment("{'replicas':3}"), *out = NULL;
	struct managed_by later = by("a", "Apply", T0 + 3600);
	(void)state;
	assert_int_equal(apply_merge(deployments(), live, applied, &later, false, &out, NULL), 0);
	assert_true(json_equal(live, out));
	json_decref(live);
	json_decref(applied);
	json_decref(out);
}

static void field_sets_survive_their_text(void **state)
{
	static const char text[] = "{'f:a':{'.':{},'f:b':{},'k:{\\'n\\':1,\\'p\\':\\'x\\'}':{},'k:{"
				   "\\'n\\':20,\\'p\\':\\'x\\'}':{'.':{},'f:z':{}},"
				   "'v:\\'s\\'':{},'v:2':{},'i:7':{}}}";
	auto_arena a = { 0 };
	const struct fieldset *s = NULL;
	json_t *in = tree(text), *back;
	(void)state;
	assert_int_equal(fieldset_parse(&a, in, &s, NULL), 0);
	back = fieldset_json(s);
	assert_true(json_equal(in, back));
	assert_int_equal(fieldset_count(s), 8);
	assert_true(fieldset_empty(fieldset_difference(&a, s, s)));
	assert_true(fieldset_equal(fieldset_union(&a, s, s), s));
	assert_true(fieldset_equal(fieldset_intersection(&a, s, s), s));
	json_decref(in);
	json_decref(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_update_owns_what_it_changes),
		cmocka_unit_test(what_go_would_not_write_has_no_owner),
		cmocka_unit_test(a_map_that_was_emptied_stays_with_those_who_made_it),
		cmocka_unit_test(new_list_items_and_maps_carry_a_dot),
		cmocka_unit_test(what_go_writes_as_null_or_keeps_raw_has_an_owner),
		cmocka_unit_test(an_item_without_its_key_leaves_the_owners_as_they_are),
		cmocka_unit_test(status_is_not_owned_through_the_main_resource),
		cmocka_unit_test(more_than_ten_updaters_share_an_entry),
		cmocka_unit_test(empty_managed_fields_from_the_client_reset_them),
		cmocka_unit_test(apply_creates_and_owns),
		cmocka_unit_test(a_conflict_names_owner_and_field),
		cmocka_unit_test(force_takes_fields_over),
		cmocka_unit_test(equal_values_are_shared_and_removed_by_the_last_owner),
		cmocka_unit_test(list_items_merge_by_key_and_go_when_no_longer_applied),
		cmocka_unit_test(ports_with_a_defaulted_key_are_found),
		cmocka_unit_test(atomic_values_are_replaced_as_a_whole),
		cmocka_unit_test(kubectl_takes_over_what_it_applied_on_the_client),
		cmocka_unit_test(fields_of_an_untracked_object_get_an_owner_at_the_first_apply),
		cmocka_unit_test(what_the_schema_does_not_know_is_refused),
		cmocka_unit_test(nothing_changed_keeps_the_time),
		cmocka_unit_test(field_sets_survive_their_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
