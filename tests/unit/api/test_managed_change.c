/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/apply/apply.h"
#include "api/object/meta.h"
#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

#define V1 "autoscaling/v1"
#define V2 "autoscaling/v2"

static int conversions;

/* The value of one field stands elsewhere in the other version. */
static void convert(const struct api_resource *from, const struct api_resource *to, json_t *tree)
{
	static const char percentage[] = "targetCPUUtilizationPercentage";
	json_t *spec = json_object_get(tree, "spec");
	json_t *v1 = json_object_get(spec, percentage), *v2 = json_object_get(spec, "metrics");
	assert_string_not_equal(from->version, to->version);
	conversions++;
	if (v1)
		json_object_set_new(spec, "metrics", json_pack("[{s:O}]", "type", v1));
	else if (v2)
		json_object_set(spec, percentage, json_object_get(json_array_get(v2, 0), "type"));
	json_object_del(spec, v1 ? percentage : "metrics");
}

static struct managed_by by(const char *manager, const char *operation, const char *version)
{
	return (struct managed_by){ .manager = str_from(manager),
				    .operation = str_from(operation),
				    .api_version = str_from(version),
				    .now_s = 1767225600,
				    .convert = convert };
}

static json_t *autoscaler(const char *version, const char *spec)
{
	auto_buf text = { 0 };
	buf_printf(&text,
		   "{'apiVersion':'%s','kind':'HorizontalPodAutoscaler','metadata':{'name':'h'},"
		   "'spec':%s}",
		   version, spec);
	return tree(text.p);
}

static const struct api_resource *autoscalers(const char *version)
{
	return resource("autoscaling", strchr(version, '/') + 1, "horizontalpodautoscalers");
}

static void update(const char *version, const char *manager, const json_t *old, json_t *new)
{
	struct managed_by who = by(manager, "Update", version);
	assert_int_equal(managed_update(autoscalers(version), old, new, &who, NULL), 0);
}

static json_t *fields(const json_t *object, size_t i)
{
	json_t *list = json_object_get(meta_of(object), "managedFields");
	return json_object_get(json_array_get(list, i), "fieldsV1");
}

/* What v1's manager "one" made, as v2 reads it. */
static json_t *made_in_v1(void)
{
	json_t *object = autoscaler(V1, "{'maxReplicas':3,'targetCPUUtilizationPercentage':50}");
	update(V1, "one", NULL, object);
	convert(autoscalers(V1), autoscalers(V2), object);
	json_object_set_new(object, "apiVersion", json_string(V2));
	return object;
}

static json_t *spec_of(const json_t *object)
{
	return json_object_get(object, "spec");
}

static void a_field_of_another_version_stays_while_its_value_does(void **state)
{
	json_t *old = made_in_v1(), *new = json_deep_copy(old);
	(void)state;
	json_object_set_new(spec_of(new), "maxReplicas", json_integer(4));
	update(V2, "two", old, new);
	assert_tree(fields(new, 0), "{'f:spec':{'f:targetCPUUtilizationPercentage':{}}}");
	assert_tree(fields(new, 1), "{'f:spec':{'f:maxReplicas':{}}}");
	json_decref(old);
	json_decref(new);
}

static void a_field_of_another_version_goes_with_what_it_was_made_of(void **state)
{
	json_t *old = made_in_v1(), *changed = json_deep_copy(old), *gone = json_deep_copy(old);
	(void)state;
	json_object_set_new(spec_of(changed), "metrics", tree("[{'type':60}]"));
	json_object_del(spec_of(gone), "metrics");
	update(V2, "two", old, changed);
	assert_tree(fields(changed, 0), "{'f:spec':{'f:maxReplicas':{}}}");
	assert_tree(fields(changed, 1), "{'f:spec':{'f:metrics':{}}}");
	update(V2, "two", old, gone);
	assert_tree(fields(gone, 0), "{'f:spec':{'f:maxReplicas':{}}}");
	json_decref(old);
	json_decref(changed);
	json_decref(gone);
}

static void a_conflict_names_the_field_as_its_owner_knows_it(void **state)
{
	json_t *live = made_in_v1(), *out = NULL;
	json_t *applied = autoscaler(V2, "{'metrics':[{'type':60}]}");
	struct managed_by who = by("two", "Apply", V2);
	auto_err err = { 0 };
	(void)state;
	assert_int_equal(apply_merge(autoscalers(V2), live, applied, &who, false, &out, &err),
			 -ERR_CONFLICT);
	assert_string_equal(err_text(&err),
			    "Apply failed with 1 conflict: conflict with \"one\" using " V1
			    ": .spec.targetCPUUtilizationPercentage");
	assert_int_equal(apply_merge(autoscalers(V2), live, applied, &who, true, &out, NULL), 0);
	assert_tree(fields(out, 0), "{'f:spec':{'f:metrics':{}}}");
	assert_tree(fields(out, 1), "{'f:spec':{'f:maxReplicas':{}}}");
	json_decref(live);
	json_decref(applied);
	json_decref(out);
}

static void a_version_is_compared_once_for_all_of_its_managers(void **state)
{
	json_t *old = made_in_v1(), *new;
	json_t *list = json_object_get(meta_of(old), "managedFields");
	json_t *other = json_deep_copy(json_array_get(list, 0));
	(void)state;
	json_object_set_new(other, "manager", json_string("other"));
	json_array_append_new(list, other);
	new = json_deep_copy(old);
	json_object_del(spec_of(new), "metrics");
	conversions = 0;
	update(V2, "two", old, new);
	assert_int_equal(conversions, 2);
	assert_tree(fields(new, 0), "{'f:spec':{'f:maxReplicas':{}}}");
	assert_tree(fields(new, 1), "{'f:spec':{'f:maxReplicas':{}}}");
	json_decref(old);
	json_decref(new);
}

/* "two" changes something; what "one" had goes along when it spoke this version. */
static void assert_goes(const char *version)
{
	json_t *old = made_in_v1(), *new;
	json_t *entry = json_array_get(json_object_get(meta_of(old), "managedFields"), 0);
	json_object_set_new(entry, "apiVersion", json_string(version));
	new = json_deep_copy(old);
	json_object_set_new(spec_of(new), "maxReplicas", json_integer(4));
	update(V2, "two", old, new);
	assert_tree(fields(new, 0), "{'f:spec':{'f:maxReplicas':{}}}");
	assert_null(fields(new, 1));
	json_decref(old);
	json_decref(new);
}

static void managers_of_versions_that_are_not_served_go(void **state)
{
	(void)state;
	assert_goes("autoscaling/v2beta1");
	assert_goes("v1");
}

static void managers_of_another_group_go(void **state)
{
	static const char event[] = "{'apiVersion':'v1','kind':'Event','metadata':{'name':'e'},"
				    "'message':'m'}";
	struct managed_by core = by("one", "Update", "v1");
	struct managed_by events = by("two", "Update", "events.k8s.io/v1");
	json_t *old = tree(event);
	(void)state;
	assert_int_equal(managed_update(resource("", "v1", "events"), NULL, old, &core, NULL), 0);
	json_t *new = json_deep_copy(old);
	json_object_set_new(new, "note", json_string("n"));
	assert_int_equal(managed_update(resource("events.k8s.io", "v1", "events"), old, new,
					&events, NULL),
			 0);
	assert_tree(fields(new, 0), "{'f:note':{}}");
	assert_null(fields(new, 1));
	json_decref(old);
	json_decref(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_of_another_version_stays_while_its_value_does),
		cmocka_unit_test(a_field_of_another_version_goes_with_what_it_was_made_of),
		cmocka_unit_test(a_conflict_names_the_field_as_its_owner_knows_it),
		cmocka_unit_test(a_version_is_compared_once_for_all_of_its_managers),
		cmocka_unit_test(managers_of_versions_that_are_not_served_go),
		cmocka_unit_test(managers_of_another_group_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
