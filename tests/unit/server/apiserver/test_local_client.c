/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/object/meta.h"
#include "base/mem.h"
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

static struct answer call(enum api_verb verb, const char *name, const char *query, const char *body)
{
	return fixture_call(&fixture, fixture.admin, verb, "v1/configmaps", "default", name, query,
			    body);
}

static void expect(struct answer a, int code, enum err_reason reason)
{
	assert_int_equal(a.code, code);
	assert_int_equal(a.reason, reason);
	answer_free(&a);
}

static void what_is_created_can_be_read_updated_and_deleted(void **state)
{
	(void)state;
	struct answer a = call(API_CREATE, NULL, NULL,
			       "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"1\"}}");
	assert_int_equal(a.code, 201);
	assert_true(meta_uid(a.tree).n > 0);
	auto_free char *first = str_dup(meta_revision(a.tree));
	answer_free(&a);
	a = call(API_PATCH, "a", NULL, "{\"data\":{\"k\":\"2\"}}");
	assert_int_equal(a.code, 200);
	assert_false(str_eqz(meta_revision(a.tree), first));
	answer_free(&a);
	a = call(API_GET, "a", NULL, NULL);
	assert_true(str_eqz(tree_get_str(a.tree, "data", "k", NULL), "2"));
	answer_free(&a);
	expect(call(API_DELETE, "a", NULL, NULL), 200, ERR_NONE);
	expect(call(API_GET, "a", NULL, NULL), 404, ERR_NOT_FOUND);
}

static void a_name_is_given_once(void **state)
{
	(void)state;
	expect(call(API_CREATE, NULL, NULL, "{\"metadata\":{\"name\":\"b\"}}"), 201, ERR_NONE);
	struct answer a = call(API_CREATE, NULL, NULL, "{\"metadata\":{\"name\":\"b\"}}");
	assert_int_equal(a.reason, ERR_ALREADY_EXISTS);
	assert_string_equal(a.message, "configmaps \"b\" already exists");
	answer_free(&a);
}

static void an_old_version_does_not_overwrite_a_new_one(void **state)
{
	(void)state;
	struct answer a = call(API_CREATE, NULL, NULL, "{\"metadata\":{\"name\":\"c\"}}");
	auto_free char *stale = str_dup(str_from(a.body));
	answer_free(&a);
	expect(call(API_PATCH, "c", NULL, "{\"data\":{\"x\":\"y\"}}"), 200, ERR_NONE);
	expect(call(API_UPDATE, "c", NULL, stale), 409, ERR_CONFLICT);
}

static void an_update_that_changes_nothing_writes_nothing(void **state)
{
	(void)state;
	struct answer a = call(API_CREATE, NULL, NULL,
			       "{\"metadata\":{\"name\":\"d\"},\"data\":{\"k\":\"1\"}}");
	auto_free char *revision = str_dup(meta_revision(a.tree));
	answer_free(&a);
	a = call(API_UPDATE, "d", NULL, "{\"metadata\":{\"name\":\"d\"},\"data\":{\"k\":\"1\"}}");
	assert_int_equal(a.code, 200);
	assert_true(str_eqz(meta_revision(a.tree), revision));
	answer_free(&a);
}

static void a_dry_run_leaves_no_trace(void **state)
{
	(void)state;
	expect(call(API_CREATE, NULL, "dryRun=All", "{\"metadata\":{\"name\":\"e\"}}"), 201,
	       ERR_NONE);
	expect(call(API_GET, "e", NULL, NULL), 404, ERR_NOT_FOUND);
}

static void a_client_has_its_own_rights(void **state)
{
	(void)state;
	struct client *node = fixture_client(&fixture, "system:node:n", "system:nodes");
	struct answer a = fixture_call(&fixture, node, API_CREATE, "v1/configmaps", "default", NULL,
				       NULL, "{\"metadata\":{\"name\":\"f\"}}");
	assert_int_equal(a.reason, ERR_FORBIDDEN);
	assert_string_equal(
		a.message, "configmaps is forbidden: User \"system:node:n\" cannot create resource "
			   "\"configmaps\" in API group \"\" in the namespace \"default\": node: "
			   "can only read "
			   "resources of this type");
	answer_free(&a);
}

static void generated_names_differ(void **state)
{
	(void)state;
	struct answer a = call(API_CREATE, NULL, NULL, "{\"metadata\":{\"generateName\":\"g-\"}}");
	struct answer b = call(API_CREATE, NULL, NULL, "{\"metadata\":{\"generateName\":\"g-\"}}");
	assert_true(str_starts(meta_name(a.tree), STR("g-")));
	assert_int_equal(meta_name(a.tree).n, 7);
	assert_false(str_eq(meta_name(a.tree), meta_name(b.tree)));
	answer_free(&a);
	answer_free(&b);
}

static void nothing_is_created_where_no_namespace_is(void **state)
{
	(void)state;
	struct answer a = fixture_call(&fixture, fixture.admin, API_CREATE, "v1/configmaps",
				       "nowhere", NULL, NULL, "{\"metadata\":{\"name\":\"a\"}}");
	assert_int_equal(a.reason, ERR_NOT_FOUND);
	assert_string_equal(a.message, "namespaces \"nowhere\" not found");
	answer_free(&a);
}

/* --- watches --- */

struct seen {
	int added, changed, gone;
	bool synced;
};

static void on_change(void *ctx, const struct object *old, const struct object *new)
{
	struct seen *s = ctx;
	if (!old)
		s->added++;
	else if (!new)
		s->gone++;
	else
		s->changed++;
}

static void on_synced(void *ctx)
{
	((struct seen *)ctx)->synced = true;
}

static bool has_synced(void *ctx)
{
	return ((struct seen *)ctx)->synced;
}

static bool saw_one_of_each(void *ctx)
{
	struct seen *s = ctx;
	return s->added == 2 && s->changed == 1 && s->gone == 2;
}

static void a_watch_begins_with_what_is_there_and_follows_it(void **state)
{
	(void)state;
	struct seen s = { 0 };
	expect(call(API_CREATE, NULL, NULL,
		    "{\"metadata\":{\"name\":\"w1\",\"labels\":{\"w\":\"1\"}}}"),
	       201, ERR_NONE);
	struct watch_handler h = { .resource = fixture_resource("v1/configmaps"),
				   .ns = STR("default"),
				   .label_selector = STR("w=1"),
				   .on_change = on_change,
				   .on_synced = on_synced,
				   .ctx = &s };
	struct reflector *r = client_watch(fixture.admin, &h);
	assert_int_equal(s.added, 0); /* never from inside the call */
	fixture_run_until(&fixture, has_synced, &s);
	assert_int_equal(s.added, 1);
	expect(call(API_CREATE, NULL, NULL,
		    "{\"metadata\":{\"name\":\"w2\",\"labels\":{\"w\":\"1\"}}}"),
	       201, ERR_NONE);
	expect(call(API_CREATE, NULL, NULL, "{\"metadata\":{\"name\":\"w3\"}}"), 201, ERR_NONE);
	expect(call(API_PATCH, "w1", NULL, "{\"data\":{\"a\":\"b\"}}"), 200, ERR_NONE);
	expect(call(API_PATCH, "w1", NULL, "{\"metadata\":{\"labels\":{\"w\":\"2\"}}}"), 200,
	       ERR_NONE);
	expect(call(API_DELETE, "w2", NULL, NULL), 200, ERR_NONE);
	fixture_run_until(&fixture, saw_one_of_each, &s);
	client_unwatch(fixture.admin, r);
	expect(call(API_PATCH, "w3", NULL, "{\"metadata\":{\"labels\":{\"w\":\"1\"}}}"), 200,
	       ERR_NONE);
	assert_int_equal(s.added, 2); /* nothing after the end */
}

static void a_namespace_ends_through_its_finalizer(void **state)
{
	(void)state;
	struct fixture *f = &fixture;
	expect(fixture_call(f, f->admin, API_CREATE, "v1/namespaces", NULL, NULL, NULL,
			    "{\"metadata\":{\"name\":\"n\"}}"),
	       201, ERR_NONE);
	struct answer a =
		fixture_call(f, f->admin, API_DELETE, "v1/namespaces", NULL, "n", NULL, NULL);
	assert_true(str_eqz(tree_get_str(a.tree, "status", "phase", NULL), "Terminating"));
	answer_free(&a);
	a = fixture_call(f, f->admin, API_CREATE, "v1/configmaps", "n", NULL, NULL,
			 "{\"metadata\":{\"name\":\"late\"}}");
	assert_int_equal(a.reason, ERR_FORBIDDEN);
	answer_free(&a);
	expect(fixture_call(f, f->admin, API_UPDATE, "v1/namespaces", NULL, "n/finalize", NULL,
			    "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"finalizers\":[]}}"),
	       200, ERR_NONE);
	expect(fixture_call(f, f->admin, API_GET, "v1/namespaces", NULL, "n", NULL, NULL), 404,
	       ERR_NOT_FOUND);
}

static void status_and_spec_are_kept_apart(void **state)
{
	(void)state;
	struct fixture *f = &fixture;
	expect(fixture_call(
		       f, f->admin, API_CREATE, "v1/persistentvolumeclaims", "default", NULL, NULL,
		       "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"accessModes\":["
		       "\"ReadWriteOnce\"],"
		       "\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}},\"status\":{\"phase\":"
		       "\"Bound\"}}"),
	       201, ERR_NONE);
	struct answer a =
		fixture_call(f, f->admin, API_PATCH, "v1/persistentvolumeclaims", "default",
			     "p/status", NULL,
			     "{\"status\":{\"phase\":\"Bound\"},\"spec\":{\"volumeName\":\"x\"}}");
	assert_true(str_eqz(tree_get_str(a.tree, "status", "phase", NULL), "Bound"));
	assert_int_equal(tree_get_str(a.tree, "spec", "volumeName", NULL).n, 0);
	answer_free(&a);
	a = fixture_call(f, f->admin, API_PATCH, "v1/persistentvolumeclaims", "default", "p", NULL,
			 "{\"status\":{\"phase\":\"Lost\"}}");
	assert_true(str_eqz(tree_get_str(a.tree, "status", "phase", NULL), "Bound"));
	answer_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_created_can_be_read_updated_and_deleted),
		cmocka_unit_test(a_name_is_given_once),
		cmocka_unit_test(an_old_version_does_not_overwrite_a_new_one),
		cmocka_unit_test(an_update_that_changes_nothing_writes_nothing),
		cmocka_unit_test(a_dry_run_leaves_no_trace),
		cmocka_unit_test(a_client_has_its_own_rights),
		cmocka_unit_test(generated_names_differ),
		cmocka_unit_test(nothing_is_created_where_no_namespace_is),
		cmocka_unit_test(a_watch_begins_with_what_is_there_and_follows_it),
		cmocka_unit_test(a_namespace_ends_through_its_finalizer),
		cmocka_unit_test(status_and_spec_are_kept_apart),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
