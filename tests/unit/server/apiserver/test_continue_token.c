/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/encode.h"
#include "base/mem.h"
#include "server/apiserver/read/continue_token.h"

#define PREFIX STR("/registry/pods/")
static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void a_token_leads_back_to_key_and_revision(void **state)
{
	(void)state;
	struct continue_token t;
	struct str text = continue_make(&arena, 42, STR("/registry/pods/default/web"), PREFIX);
	assert_int_equal(continue_parse(&arena, text, PREFIX, &t, NULL), 0);
	assert_int_equal(t.revision, 42);
	assert_true(str_eqz(t.after, "/registry/pods/default/web"));
}

static void upstreams_tokens_are_read(void **state)
{
	(void)state;
	struct continue_token t;
	static const char json[] = "{\"v\":\"meta.k8s.io/v1\",\"rv\":2,\"start\":\"a/b\\u0000\"}";
	auto_buf text = { 0 };
	base64url_encode(&text, json, sizeof(json) - 1);
	assert_int_equal(continue_parse(&arena, buf_view(&text), PREFIX, &t, NULL), 0);
	assert_true(str_eqz(t.after, "/registry/pods/a/b"));
}

static void forged_tokens_do_not_leave_the_collection(void **state)
{
	(void)state;
	static const char *const jsons[] = {
		"{\"v\":\"meta.k8s.io/v1\",\"rv\":2,\"start\":\"../secrets/a\"}",
		"{\"v\":\"meta.k8s.io/v1\",\"rv\":2,\"start\":\"/a\"}",
		"{\"v\":\"meta.k8s.io/v1\",\"rv\":2,\"start\":\"\"}",
		"{\"v\":\"meta.k8s.io/v1\",\"rv\":0,\"start\":\"a\"}",
		"{\"v\":\"v9\",\"rv\":2,\"start\":\"a\"}",
		"{\"v\":\"meta.k8s.io/v1\",\"start\":\"a\"}",
		"[]",
		"x",
	};
	for (size_t i = 0; i < COUNT_OF(jsons); i++) {
		struct continue_token t;
		auto_buf text = { 0 };
		base64url_encode(&text, jsons[i], strlen(jsons[i]));
		assert_int_equal(continue_parse(&arena, buf_view(&text), PREFIX, &t, NULL),
				 -ERR_BAD_REQUEST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_leads_back_to_key_and_revision),
		cmocka_unit_test(upstreams_tokens_are_read),
		cmocka_unit_test(forged_tokens_do_not_leave_the_collection),
	};
	return cmocka_run_group_tests(tests, NULL, free_arena);
}
