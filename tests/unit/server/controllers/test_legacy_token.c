/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "server/controllers/identity/legacy_token.h"

#define NOW "2026-06-15T12:00:00Z"

static int64_t now_s(void)
{
	int64_t us = 0;
	assert_true(time_parse(STR(NOW), &us));
	return us / 1000000;
}

static json_t *tree(const char *text)
{
	json_t *t = json_loads(text, 0, NULL);
	assert_non_null(t);
	return t;
}

struct row {
	const char *secret; /* the members of its metadata; NULL: those of an old one */
	const char *account, *type;
	bool mounted;
	enum legacy_token_step step;
};

#define OLD                                                                                    \
	"'name':'s','creationTimestamp':'2020-01-01T00:00:00Z','annotations':{'kubernetes.io/" \
	"service-account.name':'a'}"
#define LABELS  "'labels':{'kubernetes.io/legacy-token-"
#define ACCOUNT "{'metadata':{'name':'a','uid':'1'},'secrets':[{'name':'s'}]}"

static char *quoted(const char *text)
{
	char *out = str_dup(str_from(text));
	for (char *p = out; *p; p++)
		if (*p == '\'')
			*p = '"';
	return out;
}

static void unused_ones_are_marked_and_then_removed(void **state)
{
	static const struct row rows[] = {
		{ OLD, ACCOUNT, NULL, false, LEGACY_TOKEN_INVALIDATE },
		{ OLD, ACCOUNT, NULL, true, LEGACY_TOKEN_KEEP },
		{ OLD, NULL, NULL, false, LEGACY_TOKEN_KEEP },
		{ OLD, "{'metadata':{'name':'a','uid':'1'}}", NULL, false, LEGACY_TOKEN_KEEP },
		{ OLD, ACCOUNT, "Opaque", false, LEGACY_TOKEN_KEEP },
		{ OLD "," LABELS "last-used':'2025-06-14'}", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_INVALIDATE },
		{ OLD "," LABELS "last-used':'2025-06-15'}", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_KEEP },
		{ OLD "," LABELS "last-used':'nonsense'}", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_KEEP },
		{ OLD "," LABELS "invalid-since':'2025-06-14'}", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_DELETE },
		{ OLD "," LABELS "invalid-since':'2025-06-15'}", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_KEEP },
		{ OLD "," LABELS "invalid-since':'nonsense'}", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_INVALIDATE },
		{ OLD ",'deletionTimestamp':'2026-01-01T00:00:00Z'", ACCOUNT, NULL, false,
		  LEGACY_TOKEN_KEEP },
		{ "'name':'s','creationTimestamp':'2026-01-01T00:00:00Z','annotations':{"
		  "'kubernetes.io/service-account.name':'a'}",
		  ACCOUNT, NULL, false, LEGACY_TOKEN_KEEP },
		{ "'name':'s','creationTimestamp':'2020-01-01T00:00:00Z','annotations':{"
		  "'kubernetes.io/service-account.name':'a','kubernetes.io/"
		  "service-account.uid':'2'}",
		  ACCOUNT, NULL, false, LEGACY_TOKEN_KEEP },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_free char *text =
			str_printf("{'type':'%s','metadata':{%s}}",
				   rows[i].type ? rows[i].type
						: "kubernetes.io/service-account-token",
				   rows[i].secret);
		auto_free char *secret = quoted(text);
		auto_free char *account = rows[i].account ? quoted(rows[i].account) : NULL;
		struct legacy_token t = { tree(secret), account ? tree(account) : NULL,
					  rows[i].mounted };
		if (legacy_token_plan(&t, now_s()) != rows[i].step)
			fail_msg("row %zu: %s", i, secret);
		json_decref((json_t *)(uintptr_t)t.secret);
		json_decref((json_t *)(uintptr_t)t.account);
	}
}

static void nothing_happens_before_uses_were_noted_for_a_year(void **state)
{
	(void)state;
	assert_true(legacy_tokens_are_tracked(STR("2025-06-14"), now_s()));
	assert_false(legacy_tokens_are_tracked(STR("2025-06-15"), now_s()));
	assert_false(legacy_tokens_are_tracked(STR("nonsense"), now_s()));
	assert_false(legacy_tokens_are_tracked(STR(""), now_s()));
}

static void pods_refer_to_secrets_in_many_ways(void **state)
{
	static const struct {
		const char *spec;
		bool mounted;
	} rows[] = {
		{ "{'imagePullSecrets':[{'name':'s'}]}", true },
		{ "{'volumes':[{'name':'v','secret':{'secretName':'s'}}]}", true },
		{ "{'volumes':[{'name':'v','projected':{'sources':[{'secret':{'name':'s'}}]}}]}",
		  true },
		{ "{'containers':[{'name':'c','envFrom':[{'secretRef':{'name':'s'}}]}]}", true },
		{ "{'initContainers':[{'name':'c','env':[{'name':'x','valueFrom':{'secretKeyRef':{"
		  "'name':'s','key':'k'}}}]}]}",
		  true },
		{ "{'containers':[{'name':'s'}],'volumes':[{'name':'s'}]}", false },
		{ "{'volumes':[{'name':'v','configMap':{'name':'s'}}]}", false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_free char *text = str_printf("{'spec':%s}", rows[i].spec);
		auto_free char *pod = quoted(text);
		json_t *t = tree(pod);
		if (legacy_token_is_mounted(t, STR("s")) != rows[i].mounted)
			fail_msg("row %zu: %s", i, pod);
		json_decref(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unused_ones_are_marked_and_then_removed),
		cmocka_unit_test(nothing_happens_before_uses_were_noted_for_a_year),
		cmocka_unit_test(pods_refer_to_secrets_in_many_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
