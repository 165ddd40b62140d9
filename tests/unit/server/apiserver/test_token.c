/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "api/object/meta.h"
#include "base/mem.h"
#include "server/apiserver/request.h"
#include "server/apiserver/server.h"
#include "tests/unit/server/apiserver/server_fixture.h"

static struct fixture fixture;
static struct arena arena;
static char *account_uid;

static void call_ok(enum api_verb verb, const char *resource, const char *name, const char *body,
		    char **uid)
{
	struct answer a =
		fixture_call(&fixture, fixture.admin, verb, resource, "default", name, NULL, body);
	assert_true(a.code < 300);
	if (uid)
		*uid = str_dup(meta_uid(a.tree));
	answer_free(&a);
}

static int start(void **state)
{
	(void)state;
	return fixture_start(&fixture);
}

static int stop(void **state)
{
	(void)state;
	arena_free(&arena);
	fixture_stop(&fixture);
	return 0;
}

static int make_account(void **state)
{
	(void)state;
	call_ok(API_CREATE, "v1/serviceaccounts", NULL, "{\"metadata\":{\"name\":\"robot\"}}",
		&account_uid);
	return 0;
}

static int drop_account(void **state)
{
	(void)state;
	struct answer a = fixture_call(&fixture, fixture.admin, API_DELETE, "v1/serviceaccounts",
				       "default", "robot", NULL, NULL);
	answer_free(&a);
	free(account_uid);
	return 0;
}

static struct token_spec spec_of(void)
{
	return (struct token_spec){ .ns = STR("default"),
				    .account = STR("robot"),
				    .account_uid = str_from(account_uid),
				    .now_s = clock_wall_s(clock_real()),
				    .life_s = 3600 };
}

static void issue(const struct token_spec *spec, struct buf *out)
{
	assert_int_equal(token_issue(fixture.server->tokens, spec, out, NULL), 0);
}

static struct token_check check_at(int64_t later_s)
{
	struct apiserver *s = fixture.server;
	return (struct token_check){ .keys = s->tokens,
				     .cache = s->token_cache,
				     .objects = s->caches,
				     .now_s = clock_wall_s(clock_real()) + later_s };
}

static int authenticate(const struct token_check *check, const struct buf *token,
			struct api_user *u)
{
	struct token_report report;
	return token_authenticate(check, buf_view(token), &arena, u, &report, NULL);
}

static void a_token_stands_for_its_account(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	struct token_spec spec = spec_of();
	struct token_check check = check_at(0);
	issue(&spec, &token);
	for (int i = 0; i < 2; i++) { /* the second time from the cache */
		assert_int_equal(authenticate(&check, &token, &u), 0);
		assert_true(str_eqz(u.name, "system:serviceaccount:default:robot"));
		assert_true(user_in_group(&u, "system:serviceaccounts:default"));
		assert_false(user_in_group(&u, "system:masters"));
	}
}

static void time_ends_a_token_even_when_it_is_cached(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	struct token_spec spec = spec_of();
	struct token_check soon = check_at(3630); /* clocks may differ by a minute */
	struct token_check now = check_at(0), later = check_at(3661), before = check_at(-3600);
	issue(&spec, &token);
	assert_int_equal(authenticate(&now, &token, &u), 0);
	assert_int_equal(authenticate(&soon, &token, &u), 0);
	assert_int_equal(authenticate(&later, &token, &u), -ERR_UNAUTHORIZED);
	assert_int_equal(authenticate(&before, &token, &u), -ERR_UNAUTHORIZED);
}

static void a_token_for_others_is_not_for_us(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	struct str vault = STR("vault");
	struct token_spec spec = spec_of();
	spec.audiences = &vault;
	spec.naudiences = 1;
	struct token_check check = check_at(0);
	issue(&spec, &token);
	assert_int_equal(authenticate(&check, &token, &u), -ERR_UNAUTHORIZED);
	check.audiences = &vault;
	check.naudiences = 1;
	assert_int_equal(authenticate(&check, &token, &u), 0);
}

static void a_token_dies_with_its_account(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	struct token_spec spec = spec_of();
	struct token_check check = check_at(0);
	issue(&spec, &token);
	assert_int_equal(authenticate(&check, &token, &u), 0);
	call_ok(API_DELETE, "v1/serviceaccounts", "robot", NULL, NULL);
	assert_int_equal(authenticate(&check, &token, &u), -ERR_UNAUTHORIZED);
	call_ok(API_CREATE, "v1/serviceaccounts", NULL, "{\"metadata\":{\"name\":\"robot\"}}",
		NULL);
	assert_int_equal(authenticate(&check, &token, &u),
			 -ERR_UNAUTHORIZED); /* the same name is another account */
}

static void only_a_valid_token_has_an_age(void **state)
{
	(void)state;
	static const struct {
		int64_t later_s;
		int result;
		enum token_age age;
	} rows[] = { { 0, 0, TOKEN_FRESH },
		     { 700, 0, TOKEN_STALE },
		     { 3661, -ERR_UNAUTHORIZED, TOKEN_AGELESS } };
	auto_buf token = { 0 };
	struct token_spec spec = spec_of();
	spec.warn_after_s = 600;
	issue(&spec, &token);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct api_user u = { 0 };
		struct token_report report;
		struct token_check check = check_at(rows[i].later_s);
		assert_int_equal(token_authenticate(&check, buf_view(&token), &arena, &u, &report,
						    NULL),
				 rows[i].result);
		assert_int_equal(report.age, rows[i].age);
	}
}

static void a_bound_token_dies_with_its_pod(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	auto_free char *uid = NULL;
	call_ok(API_CREATE, "v1/pods", NULL,
		"{\"metadata\":{\"name\":\"p\"},\"spec\":{\"serviceAccountName\":\"robot\","
		"\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
		&uid);
	struct token_spec spec = spec_of();
	spec.pod = (struct token_binding){ STR("p"), str_from(uid) };
	struct token_check check = check_at(0);
	issue(&spec, &token);
	assert_int_equal(authenticate(&check, &token, &u), 0);
	assert_int_equal(u.nextra, 3); /* credential, pod's name and uid */
	call_ok(API_DELETE, "v1/pods", "p", NULL, NULL);
	assert_int_equal(authenticate(&check, &token, &u), -ERR_UNAUTHORIZED);
}

/* A Secret that holds a token of the account. */
static void make_secret(const char *more, struct buf *token)
{
	struct token_spec spec = spec_of();
	auto_buf body = { 0 };
	spec.secret.name = STR("held");
	assert_int_equal(token_issue_legacy(fixture.server->tokens, &spec, token, NULL), 0);
	buf_printf(&body,
		   "{\"metadata\":{\"name\":\"held\",\"annotations\":{\"kubernetes.io/"
		   "service-account.name\":\"robot\"}%s},\"type\":\"kubernetes.io/"
		   "service-account-token\",\"stringData\":{\"token\":\"%s\"}}",
		   more, token->p);
	call_ok(API_CREATE, "v1/secrets", NULL, body.p, NULL);
}

static void a_token_that_a_secret_holds_says_so(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	struct token_report report;
	struct token_check check = check_at(0);
	make_secret("", &token);
	assert_int_equal(token_authenticate(&check, buf_view(&token), &arena, &u, &report, NULL),
			 0);
	assert_true(str_eqz(report.name, "held"));
	assert_false(report.automatic);
	assert_int_equal(report.last_used.n, 0);
	call_ok(API_DELETE, "v1/secrets", "held", NULL, NULL);
	assert_int_equal(token_authenticate(&check, buf_view(&token), &arena, &u, &report, NULL),
			 -ERR_UNAUTHORIZED);
	assert_int_equal(report.name.n, 0);
}

static void a_token_that_is_marked_invalid_is_refused_and_still_seen(void **state)
{
	(void)state;
	auto_buf token = { 0 };
	struct api_user u = { 0 };
	struct token_report report;
	struct token_check check = check_at(0);
	make_secret(",\"labels\":{\"" TOKEN_INVALID_SINCE "\":\"2026-01-01\"}", &token);
	assert_int_equal(token_authenticate(&check, buf_view(&token), &arena, &u, &report, NULL),
			 -ERR_UNAUTHORIZED);
	assert_true(report.invalid);
	assert_true(str_eqz(report.name, "held"));
	call_ok(API_DELETE, "v1/secrets", "held", NULL, NULL);
}

static void a_token_request_is_answered_for_pods_of_the_account_only(void **state)
{
	(void)state;
	struct fixture *f = &fixture;
	call_ok(API_CREATE, "v1/serviceaccounts", NULL, "{\"metadata\":{\"name\":\"other\"}}",
		NULL);
	call_ok(API_CREATE, "v1/pods", NULL,
		"{\"metadata\":{\"name\":\"q\"},\"spec\":{\"serviceAccountName\":\"other\","
		"\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
		NULL);
	struct answer a = fixture_call(f, f->admin, API_CREATE, "v1/serviceaccounts", "default",
				       "robot/token", NULL,
				       "{\"spec\":{\"boundObjectRef\":{\"kind\":\"Pod\","
				       "\"apiVersion\":\"v1\",\"name\":\"q\"}}}");
	assert_int_equal(a.reason, ERR_BAD_REQUEST);
	answer_free(&a);
	a = fixture_call(f, f->admin, API_CREATE, "v1/serviceaccounts", "default", "robot/token",
			 NULL, "{\"spec\":{\"expirationSeconds\":60}}");
	assert_int_equal(a.reason, ERR_INVALID);
	answer_free(&a);
	a = fixture_call(f, f->admin, API_CREATE, "v1/serviceaccounts", "default", "other/token",
			 NULL,
			 "{\"spec\":{\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
			 "\"name\":\"q\"}}}");
	assert_int_equal(a.code, 201);
	struct api_user u = { 0 };
	struct token_check check = check_at(0);
	struct token_report report;
	assert_int_equal(token_authenticate(&check, tree_get_str(a.tree, "status", "token", NULL),
					    &arena, &u, &report, NULL),
			 0);
	assert_true(str_eqz(u.name, "system:serviceaccount:default:other"));
	answer_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_token_stands_for_its_account, make_account,
						drop_account),
		cmocka_unit_test_setup_teardown(time_ends_a_token_even_when_it_is_cached,
						make_account, drop_account),
		cmocka_unit_test_setup_teardown(a_token_for_others_is_not_for_us, make_account,
						drop_account),
		cmocka_unit_test_setup_teardown(a_token_dies_with_its_account, make_account,
						drop_account),
		cmocka_unit_test_setup_teardown(only_a_valid_token_has_an_age, make_account,
						drop_account),
		cmocka_unit_test_setup_teardown(a_bound_token_dies_with_its_pod, make_account,
						drop_account),
		cmocka_unit_test_setup_teardown(a_token_that_a_secret_holds_says_so, make_account,
						drop_account),
		cmocka_unit_test_setup_teardown(
			a_token_that_is_marked_invalid_is_refused_and_still_seen, make_account,
			drop_account),
		cmocka_unit_test_setup_teardown(
			a_token_request_is_answered_for_pods_of_the_account_only, make_account,
			drop_account),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
