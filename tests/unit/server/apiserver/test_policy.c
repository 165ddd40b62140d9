/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/codec.h"
#include "api/object/meta.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/authz/policy_install.h"
#include "server/apiserver/authz/policy_reconcile.h"
#include "server/apiserver/server.h"
#include "tests/unit/server/apiserver/server_fixture.h"

static struct fixture fixture;

static int start(void **state)
{
	(void)state;
	return fixture_start(&fixture);
}

static int stop(void **state)
{
	(void)state;
	fixture_stop(&fixture);
	return 0;
}

struct taken { /* one item by name, as the object that it makes */
	const struct api_resource *resource;
	const char *name;
	void (*fn)(const struct policy_item *item, json_t *tree);
	int seen;
};

static void take(void *ctx, const struct policy_item *item)
{
	struct taken *t = ctx;
	auto_buf json = { 0 };
	json_t *tree = NULL;
	if (item->resource != t->resource || !str_eqz(item->name, t->name))
		return;
	policy_write(item, "uid", "2026-01-01T00:00:00Z", &json);
	assert_int_equal(api_json_parse(buf_view(&json), &tree, NULL, NULL), 0);
	t->seen++;
	t->fn(item, tree);
	json_decref(tree);
}

static void with(const struct api_resource *res, const char *name,
		 void (*fn)(const struct policy_item *item, json_t *tree))
{
	struct taken t = { res, name, fn, 0 };
	policy_each(POLICY_CORE, take, &t);
	assert_int_equal(t.seen, 1);
}

static void as_written(const struct policy_item *item, json_t *tree)
{
	assert_int_equal(policy_reconcile(item, tree), POLICY_FINE);
}

static void what_was_written_is_fine(void **state)
{
	(void)state;
	with(API_RBAC_V1_CLUSTERROLES, "system:discovery", as_written);
	with(API_RBAC_V1_CLUSTERROLES, "edit", as_written);
	with(API_RBAC_V1_CLUSTERROLEBINDINGS, "system:node", as_written);
	with(API_RBAC_V1_ROLEBINDINGS, "system:controller:token-cleaner", as_written);
}

static void without_a_rule(const struct policy_item *item, json_t *tree)
{
	json_t *rules = json_object_get(tree, "rules");
	json_array_set_new(rules, 0,
			   json_pack("{s:[s],s:[s],s:[s]}", "verbs", "get", "apiGroups", "x",
				     "resources", "y"));
	json_object_del(meta_labels(tree), "kubernetes.io/bootstrapping");
	assert_int_equal(policy_reconcile(item, tree), POLICY_UPDATE);
	assert_string_equal(
		tree_str(json_array_get(tree_get(json_array_get(rules, 0), "resources", NULL), 0))
			.p,
		"y"); /* what somebody added stays */
	assert_string_equal(meta_label(tree, "kubernetes.io/bootstrapping").p, "rbac-defaults");
	assert_int_equal(policy_reconcile(item, tree), POLICY_FINE);
}

static void missing_rules_are_added(void **state)
{
	(void)state;
	with(API_RBAC_V1_CLUSTERROLES, "system:basic-user", without_a_rule);
}

static void not_to_be_updated(const struct policy_item *item, json_t *tree)
{
	json_object_set_new(tree, "rules", json_array());
	meta_set_annotation(tree, "rbac.authorization.kubernetes.io/autoupdate", STR("false"));
	assert_int_equal(policy_reconcile(item, tree), POLICY_FINE);
}

static void a_protected_role_is_left_alone(void **state)
{
	(void)state;
	with(API_RBAC_V1_CLUSTERROLES, "system:basic-user", not_to_be_updated);
}

static void without_its_selector(const struct policy_item *item, json_t *tree)
{
	json_object_del(tree, "aggregationRule");
	assert_int_equal(policy_reconcile(item, tree), POLICY_UPDATE);
	assert_int_equal(policy_reconcile(item, tree), POLICY_FINE);
}

static void aggregation_comes_back(void **state)
{
	(void)state;
	with(API_RBAC_V1_CLUSTERROLES, "admin", without_its_selector);
}

static void without_a_subject(const struct policy_item *item, json_t *tree)
{
	json_object_del(tree, "subjects");
	assert_int_equal(policy_reconcile(item, tree), POLICY_UPDATE);
	assert_int_equal(json_array_size(json_object_get(tree, "subjects")), 2);
	json_object_set_new(json_object_get(tree, "roleRef"), "name", json_string("view"));
	assert_int_equal(policy_reconcile(item, tree), POLICY_RECREATE);
}

static void bindings_get_their_subjects_and_role_back(void **state)
{
	(void)state;
	with(API_RBAC_V1_CLUSTERROLEBINDINGS, "system:public-info-viewer", without_a_subject);
}

static void count(void *ctx, const struct policy_item *item)
{
	const struct api_resource *resources[] = { API_RBAC_V1_CLUSTERROLES, API_RBAC_V1_ROLES,
						   API_RBAC_V1_CLUSTERROLEBINDINGS,
						   API_RBAC_V1_ROLEBINDINGS };
	for (size_t i = 0; i < COUNT_OF(resources); i++)
		((size_t *)ctx)[i] += item->resource == resources[i];
}

static void the_policy_is_whole(void **state)
{
	(void)state;
	size_t n[4] = { 0 };
	policy_each(POLICY_CORE, count, n);
	assert_int_equal(n[0], 73);
	assert_int_equal(n[1], 7);
	assert_int_equal(n[2], 54);
	assert_int_equal(n[3], 7);
}

static void a_second_start_writes_nothing(void **state)
{
	(void)state;
	struct apiserver *s = fixture.server;
	int64_t before = s->store->ops->revision(s->store);
	auto_err err = { 0 };
	assert_int_equal(policy_install(s->store, s->caches, true, 1, &err), 0);
	assert_int_equal(s->store->ops->revision(s->store), before);
}

static void a_start_puts_right_what_is_wrong(void **state)
{
	(void)state;
	struct apiserver *s = fixture.server;
	struct answer a = fixture_call(&fixture, fixture.admin, API_DELETE,
				       "rbac.authorization.k8s.io/v1/clusterroles", NULL,
				       "system:discovery", NULL, NULL);
	answer_free(&a);
	auto_err err = { 0 };
	assert_int_equal(policy_install(s->store, s->caches, true, 1, &err), 0);
	a = fixture_call(&fixture, fixture.admin, API_GET,
			 "rbac.authorization.k8s.io/v1/clusterroles", NULL, "system:discovery",
			 NULL, NULL);
	assert_int_equal(a.code, 200);
	answer_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_fine),
		cmocka_unit_test(missing_rules_are_added),
		cmocka_unit_test(a_protected_role_is_left_alone),
		cmocka_unit_test(aggregation_comes_back),
		cmocka_unit_test(bindings_get_their_subjects_and_role_back),
		cmocka_unit_test(the_policy_is_whole),
		cmocka_unit_test(a_second_start_writes_nothing),
		cmocka_unit_test(a_start_puts_right_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
