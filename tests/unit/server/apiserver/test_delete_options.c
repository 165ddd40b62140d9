/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/write/delete_options.h"

#define NOW 1767225600 /* 2026-01-01T00:00:00Z */

static const struct delete_facts pod = { .pod = true, .now_s = NOW }, thing = { .now_s = NOW };

static json_t *tree(const char *text)
{
	json_t *t = json_loads(text, 0, NULL);
	assert_non_null(t);
	return t;
}

static enum delete_plan plan(json_t *t, struct request_options o, const struct delete_facts *f)
{
	return delete_plan_make(t, &o, f);
}

static void a_running_pod_gets_its_time(void **state)
{
	(void)state;
	json_t *t = tree("{\"metadata\":{\"generation\":1},\"spec\":{\"nodeName\":\"n\","
			 "\"terminationGracePeriodSeconds\":30}}");
	int64_t grace = 0;
	assert_int_equal(plan(t, (struct request_options){ 0 }, &pod), DELETE_MARK);
	assert_true(str_eqz(meta_deletion(t), "2026-01-01T00:00:30Z"));
	assert_true(meta_grace(t, &grace));
	assert_int_equal(grace, 30);
	assert_int_equal(meta_generation(t), 2);
	json_decref(t);
}

static void pods_that_do_not_run_go_at_once(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"metadata\":{},\"spec\":{\"terminationGracePeriodSeconds\":30}}",
		"{\"metadata\":{},\"spec\":{\"nodeName\":\"n\",\"terminationGracePeriodSeconds\":"
		"30},\"status\":{\"phase\":\"Succeeded\"}}",
		"{\"metadata\":{},\"spec\":{\"nodeName\":\"n\",\"terminationGracePeriodSeconds\":"
		"30},\"status\":{\"phase\":\"Failed\"}}",
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		json_t *t = tree(texts[i]);
		assert_int_equal(plan(t, (struct request_options){ 0 }, &pod), DELETE_NOW);
		json_decref(t);
	}
}

static void a_second_delete_may_only_shorten_the_time(void **state)
{
	(void)state;
	static const char text[] = "{\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:30Z\","
				   "\"deletionGracePeriodSeconds\":30},"
				   "\"spec\":{\"nodeName\":\"n\"}}";
	json_t *t = tree(text);
	assert_int_equal(plan(t, (struct request_options){ .has_grace = true, .grace_s = 60 },
			      &pod),
			 DELETE_PENDING);
	assert_int_equal(plan(t, (struct request_options){ 0 }, &pod), DELETE_PENDING);
	assert_int_equal(plan(t, (struct request_options){ .has_grace = true, .grace_s = 10 },
			      &pod),
			 DELETE_MARK);
	assert_true(str_eqz(meta_deletion(t), "2026-01-01T00:00:10Z"));
	json_decref(t);
	t = tree(text);
	assert_int_equal(plan(t, (struct request_options){ .has_grace = true }, &pod),
			 DELETE_NOW); /* the kubelet's last word */
	json_decref(t);
}

static void a_time_without_end_has_a_date(void **state)
{
	static const struct {
		int64_t grace_s;
		const char *date;
	} rows[] = { { INT64_MAX, "2025-12-31T23:59:59Z" },
		     { INT64_C(9223372036), "2318-04-12T23:47:16Z" } };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *t = tree("{\"metadata\":{},\"spec\":{\"nodeName\":\"n\"}}");
		assert_int_equal(plan(t,
				      (struct request_options){ .has_grace = true,
								.grace_s = rows[i].grace_s },
				      &pod),
				 DELETE_MARK);
		assert_true(str_eqz(meta_deletion(t), rows[i].date));
		json_decref(t);
	}
}

static void finalizers_hold_what_is_deleted(void **state)
{
	(void)state;
	json_t *t = tree("{\"metadata\":{\"finalizers\":[\"a/b\"]}}");
	assert_int_equal(plan(t, (struct request_options){ 0 }, &thing), DELETE_MARK);
	assert_true(meta_deletion(t).n > 0);
	assert_int_equal(plan(t, (struct request_options){ 0 }, &thing), DELETE_PENDING);
	json_decref(t);
}

static void policies_become_finalizers(void **state)
{
	(void)state;
	json_t *t = tree("{\"metadata\":{}}");
	assert_int_equal(plan(t, (struct request_options){ .propagation = STR("Foreground") },
			      &thing),
			 DELETE_MARK);
	assert_true(meta_has_finalizer(t, STR("foregroundDeletion")));
	assert_int_equal(plan(t, (struct request_options){ .propagation = STR("Orphan") }, &thing),
			 DELETE_MARK);
	assert_true(meta_has_finalizer(t, STR("orphan")));
	assert_false(meta_has_finalizer(t, STR("foregroundDeletion")));
	assert_int_equal(plan(t, (struct request_options){ .propagation = STR("Background") },
			      &thing),
			 DELETE_NOW);
	json_decref(t);
}

static void impossible_options_are_refused(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct request_options o = { 0 };
	json_t *body = tree("{\"propagationPolicy\":\"Sideways\"}");
	assert_int_equal(delete_options_read(&a, body, &o, &err), -ERR_INVALID);
	json_decref(body);
	body = tree("{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}");
	assert_int_equal(delete_options_read(&a, body, &o, &err), -ERR_INVALID);
	json_decref(body);
}

static void a_body_wins_over_the_query(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct request_options o = {
		.has_grace = true, .grace_s = 30, .dry_run = true, .unsafe = true
	};
	json_t *body = tree("{\"gracePeriodSeconds\":0,\"preconditions\":{\"uid\":\"u\"}}");
	assert_int_equal(delete_options_read(&a, body, &o, NULL), 0);
	assert_true(o.has_grace);
	assert_int_equal(o.grace_s, 0);
	assert_true(str_eqz(o.pre_uid, "u"));
	assert_false(o.dry_run);
	assert_false(o.unsafe);
	json_decref(body);
}

static void all_that_is_wrong_is_told(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	auto_err err = { 0 };
	struct request_options o = { 0 };
	json_t *body =
		tree("{\"orphanDependents\":true,\"propagationPolicy\":\"X\",\"dryRun\":[\"Some\"],"
		     "\"gracePeriodSeconds\":1,"
		     "\"ignoreStoreReadErrorWithClusterBreakingPotential\":true}");
	assert_int_equal(delete_options_read(&a, body, &o, &err), -ERR_INVALID);
	assert_int_equal(err.ncauses, 6);
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_pod_gets_its_time),
		cmocka_unit_test(pods_that_do_not_run_go_at_once),
		cmocka_unit_test(a_second_delete_may_only_shorten_the_time),
		cmocka_unit_test(a_time_without_end_has_a_date),
		cmocka_unit_test(finalizers_hold_what_is_deleted),
		cmocka_unit_test(policies_become_finalizers),
		cmocka_unit_test(impossible_options_are_refused),
		cmocka_unit_test(a_body_wins_over_the_query),
		cmocka_unit_test(all_that_is_wrong_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
