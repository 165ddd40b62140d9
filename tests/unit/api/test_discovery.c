/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/codec.h"
#include "api/discovery.h"
#include "api/openapi/openapi.h"
#include "api/protobuf/items.h"
#include "api/registry.h"

static json_t *parse(const struct buf *b)
{
	json_t *tree = NULL;
	auto_err err = { 0 };
	if (api_json_parse(buf_view(b), &tree, NULL, &err) < 0)
		fail_msg("%s in %.200s", err_text(&err), b->p);
	return tree;
}

static const json_t *named(const json_t *list, const char *member, const char *name)
{
	size_t i;
	json_t *v;
	json_array_foreach ((json_t *)list, i, v)
		if (strcmp(json_string_value(json_object_get(v, member)), name) == 0)
			return v;
	fail_msg("no %s %s", member, name);
	return NULL;
}

static const char *text(const json_t *v, const char *member)
{
	const char *s = json_string_value(json_object_get(v, member));
	return s ? s : "";
}

static void groups_come_by_priority_with_their_preferred_version(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	struct discovery d = discovery_builtin();
	discovery_groups(&d, &b);
	json_t *tree = parse(&b);
	const json_t *groups = json_object_get(tree, "groups");
	assert_string_equal(text(json_array_get(groups, 0), "name"), "apiregistration.k8s.io");
	assert_string_equal(text(json_array_get(groups, 1), "name"), "apps");
	const json_t *scaling = named(groups, "name", "autoscaling");
	assert_string_equal(text(json_object_get(scaling, "preferredVersion"), "groupVersion"),
			    "autoscaling/v2");
	assert_int_equal(json_array_size(json_object_get(scaling, "versions")), 2);
	json_decref(tree);
}

static void a_version_lists_resources_and_subresources(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	struct discovery d = discovery_builtin();
	assert_true(discovery_resources(&d, STR(""), STR("v1"), &b));
	json_t *tree = parse(&b);
	const json_t *resources = json_object_get(tree, "resources");
	assert_string_equal(text(tree, "groupVersion"), "v1");
	const json_t *pods = named(resources, "name", "pods"),
		     *eviction = named(resources, "name", "pods/eviction");
	assert_string_equal(json_string_value(
				    json_array_get(json_object_get(pods, "shortNames"), 0)),
			    "po");
	assert_int_equal(json_array_size(json_object_get(pods, "verbs")), 8);
	assert_string_equal(text(eviction, "group"), "policy");
	assert_string_equal(text(eviction, "kind"), "Eviction");
	json_decref(tree);
	assert_false(discovery_resources(&d, STR("apps"), STR("v2"), &b));
	assert_false(discovery_group(&d, STR("nobody"), &b));
}

static void the_aggregated_document_holds_each_group_once(void **state)
{
	(void)state;
	struct discovery d = discovery_builtin();
	for (int core = 0; core < 2; core++) {
		auto_buf b = { 0 };
		char etag[DISCOVERY_ETAG_MAX];
		discovery_aggregated(&d, core, &b, etag);
		assert_int_equal(strlen(etag), 66);
		json_t *tree = parse(&b);
		const json_t *items = json_object_get(tree, "items");
		size_t i, apps = 0;
		json_t *group;
		json_array_foreach ((json_t *)items, i, group)
			apps += strcmp(text(json_object_get(group, "metadata"), "name"), "apps") ==
				0;
		assert_int_equal(apps, core ? 0 : 1);
		assert_int_equal(json_array_size(items) == 1, core);
		json_decref(tree);
	}
}

static void every_reference_of_an_openapi_document_is_there(void **state)
{
	(void)state;
	struct discovery d = discovery_builtin();
	for (int v3 = 0; v3 < 2; v3++) {
		auto_buf b = { 0 };
		if (v3)
			assert_true(openapi_v3(&d, STR("apis/apps/v1"), &b));
		else
			openapi_v2(&d, &b);
		json_t *tree = parse(&b);
		const json_t *schemas =
			v3 ? json_object_get(json_object_get(tree, "components"), "schemas")
			   : json_object_get(tree, "definitions");
		assert_non_null(schemas);
		size_t refs = 0;
		for (const char *p = b.p; (p = strstr(p, "\"$ref\":\"#/")); refs++) {
			p += strlen("\"$ref\":\"#/");
			p += strlen(v3 ? "components/schemas/" : "definitions/");
			if (!json_object_getn(schemas, p, strcspn(p, "\"")))
				fail_msg("no schema %.*s", (int)strcspn(p, "\""), p);
		}
		assert_in_range(refs, 500, 100000);
		json_decref(tree);
	}
}

static void kubectl_finds_what_it_needs_to_explain_and_to_validate(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	struct discovery d = discovery_builtin();
	assert_true(openapi_v3(&d, STR("apis/apps/v1"), &b));
	json_t *tree = parse(&b);
	const json_t *path =
		json_object_get(json_object_get(tree, "paths"),
				"/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
	const json_t *patch = json_object_get(path, "patch");
	named(json_object_get(patch, "parameters"), "name", "fieldValidation");
	assert_string_equal(text(json_object_get(patch, "x-kubernetes-group-version-kind"), "kind"),
			    "Deployment");
	assert_string_equal(text(patch, "x-kubernetes-action"), "patch");
	const json_t *schemas = json_object_get(json_object_get(tree, "components"), "schemas");
	const json_t *ports =
		json_object_get(json_object_get(json_object_get(schemas,
								"io.k8s.api.core.v1.Container"),
						"properties"),
				"ports");
	assert_string_equal(text(ports, "x-kubernetes-list-type"), "map");
	assert_string_equal(text(ports, "x-kubernetes-patch-merge-key"), "containerPort");
	assert_string_equal(text(ports, "x-kubernetes-patch-strategy"), "merge");
	assert_string_not_equal(text(ports, "description"), "");
	json_decref(tree);
	assert_false(openapi_v3(&d, STR("apis/apps/v9"), &b));
}

static void the_index_names_each_version_with_its_hash(void **state)
{
	(void)state;
	auto_buf b = { 0 };
	struct discovery d = discovery_builtin();
	openapi_v3_index(&d, &b);
	json_t *tree = parse(&b);
	const json_t *paths = json_object_get(tree, "paths");
	const char *core = text(json_object_get(paths, "api/v1"), "serverRelativeURL");
	const char *apps = text(json_object_get(paths, "apis/apps/v1"), "serverRelativeURL");
	assert_non_null(strstr(core, "/openapi/v3/api/v1?hash="));
	assert_non_null(strstr(apps, "/openapi/v3/apis/apps/v1?hash="));
	assert_string_not_equal(strchr(core, '='), strchr(apps, '='));
	json_decref(tree);
}

static void an_etag_is_known_without_its_document(void **state)
{
	(void)state;
	struct discovery d = discovery_builtin();
	auto_buf index = { 0 };
	char apps[DISCOVERY_ETAG_MAX], v2[DISCOVERY_ETAG_MAX], other[DISCOVERY_ETAG_MAX];
	openapi_v3_index(&d, &index);
	assert_true(openapi_etag(&d, STR("apis/apps/v1"), apps));
	assert_memory_equal(strstr(index.p, "apis/apps/v1?hash=") + 18, apps + 1, 64);
	assert_true(openapi_etag(&d, STR("version"), other));
	assert_true(openapi_etag(&d, STR("apis/apps"), other));
	assert_false(openapi_etag(&d, STR("apis/apps/v9"), other));
	assert_false(openapi_etag(&d, STR("apis/"), other));
	openapi_etag_of_all(&d, "v2", v2);
	openapi_etag_of_all(&d, "v2 protobuf", other);
	assert_string_not_equal(v2, other);
}

/* The value of field `tag` at its nth place in a message. */
static struct str nested(struct str message, uint32_t tag, size_t nth)
{
	struct pb_reader r = { (const unsigned char *)message.p,
			       (const unsigned char *)message.p + message.n, false, 0 };
	struct pb_item i;
	while (pb_next(&r, &i))
		if (i.tag == tag && nth-- == 0)
			return i.bytes;
	assert_false(r.failed);
	return (struct str){ 0 };
}

static void old_clients_get_the_v2_document_as_protobuf(void **state)
{
	(void)state;
	auto_buf json = { 0 };
	auto_buf message = { 0 };
	struct discovery d = discovery_builtin();
	openapi_v2(&d, &json);
	assert_int_equal(openapi_v2_protobuf(buf_view(&json), &message, NULL), 0);
	assert_true(str_eqz(nested(buf_view(&message), 1, 0), "2.0"));
	struct str definitions = nested(buf_view(&message), 9, 0), entry;
	bool found = false;
	for (size_t i = 0; (entry = nested(definitions, 1, i)).p && !found; i++) {
		if (!str_eqz(nested(entry, 1, 0), "io.k8s.api.core.v1.Container"))
			continue;
		struct str schema = nested(entry, 2, 0);
		found = true;
		assert_true(str_eqz(nested(schema, 19, 0), "name"));                 /* required */
		assert_true(str_eqz(nested(nested(schema, 22, 0), 1, 0), "object")); /* type */
		assert_true(nested(nested(schema, 25, 0), 1, 20).n > 0); /* properties */
	}
	assert_true(found);
}

static void types_are_found_by_name_and_kind(void **state)
{
	(void)state;
	assert_ptr_equal(api_type_find(STR("core/v1.Pod")),
			 api_resource_find(STR(""), STR("v1"), STR("pods"))->type);
	assert_null(api_type_find(STR("core/v1.Po")));
	assert_ptr_equal(api_type_by_kind(STR("apps"), STR("v1"), STR("DeploymentList")),
			 api_type_find(STR("apps/v1.DeploymentList")));
	assert_ptr_equal(api_type_by_kind(STR("apps"), STR("v1"), STR("DeleteOptions")),
			 api_type_find(STR("meta/v1.DeleteOptions")));
	assert_null(api_type_by_kind(STR("apps"), STR("v2"), STR("Deployment")));
	assert_string_equal(api_resource_by_kind(STR("batch"), STR("v1"), STR("CronJob"))->plural,
			    "cronjobs");
	assert_null(api_resource_find(STR(""), STR("v1"), STR("pod")));
	for (size_t i = 0; i < api_builtin_count; i++) {
		const struct api_type *t = api_builtin[i]->type;
		for (size_t k = 0; k < t->nfields; k++)
			assert_ptr_equal(api_type_field(t, str_from(t->fields[k].name)),
					 &t->fields[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_come_by_priority_with_their_preferred_version),
		cmocka_unit_test(a_version_lists_resources_and_subresources),
		cmocka_unit_test(the_aggregated_document_holds_each_group_once),
		cmocka_unit_test(every_reference_of_an_openapi_document_is_there),
		cmocka_unit_test(kubectl_finds_what_it_needs_to_explain_and_to_validate),
		cmocka_unit_test(the_index_names_each_version_with_its_hash),
		cmocka_unit_test(an_etag_is_known_without_its_document),
		cmocka_unit_test(old_clients_get_the_v2_document_as_protobuf),
		cmocka_unit_test(types_are_found_by_name_and_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
