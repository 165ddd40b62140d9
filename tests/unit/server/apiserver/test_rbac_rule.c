/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/mem.h"
#include "server/apiserver/authz/policy.h"
#include "server/apiserver/authz/rbac_cover.h"

#define RULE(verbs, groups, resources, more) \
	"[{\"verbs\":[" verbs "],\"apiGroups\":[" groups "],\"resources\":[" resources "]" more "}]"
#define URLS(verbs, urls) "[{\"verbs\":[" verbs "],\"nonResourceURLs\":[" urls "]}]"

static void a_rule_allows_what_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *rules, *verb, *group, *resource, *sub, *name;
		bool allowed;
	} rows[] = {
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""), "get", "", "pods", "", "", true },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""), "list", "", "pods", "", "", false },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""), "get", "apps", "pods", "", "", false },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""), "get", "", "pods", "log", "", false },
		{ RULE("\"get\"", "\"\"", "\"pods/log\"", ""), "get", "", "pods", "log", "", true },
		{ RULE("\"get\"", "\"\"", "\"pods/log\"", ""), "get", "", "pods", "", "", false },
		{ RULE("\"get\"", "\"\"", "\"pods/*\"", ""), "get", "", "pods", "log", "", false },
		{ RULE("\"get\"", "\"*\"", "\"*/scale\"", ""), "get", "apps", "x", "scale", "",
		  true },
		{ RULE("\"get\"", "\"*\"", "\"*/scale\"", ""), "get", "apps", "x", "status", "",
		  false },
		{ RULE("\"get\"", "\"*\"", "\"*/scale\"", ""), "get", "apps", "x", "", "", false },
		{ RULE("\"*\"", "\"*\"", "\"*\"", ""), "any", "a.b", "x", "y", "z", true },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ",\"resourceNames\":[\"a\",\"b\"]"), "get",
		  "", "pods", "", "b", true },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ",\"resourceNames\":[\"a\",\"b\"]"), "get",
		  "", "pods", "", "", false },
		{ URLS("\"get\"", "\"*\""), "get", "", "pods", "", "", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct authz_attributes a = { .verb = str_from(rows[i].verb),
					      .is_resource = true,
					      .group = str_from(rows[i].group),
					      .resource = str_from(rows[i].resource),
					      .subresource = str_from(rows[i].sub),
					      .name = str_from(rows[i].name) };
		auto_free struct rbac_rules *rules = rbac_rules_read(str_from(rows[i].rules));
		assert_int_equal(rules->n, 1);
		if (rbac_rules_allow(rules, &a) != rows[i].allowed)
			fail_msg("row %zu: %d is wrong", i, !rows[i].allowed);
	}
}

static void a_path_may_end_in_a_star(void **state)
{
	(void)state;
	static const struct {
		const char *urls, *path;
		bool allowed;
	} rows[] = {
		{ "\"/healthz\"", "/healthz", true },
		{ "\"/healthz\"", "/healthz/ping", false },
		{ "\"/apis/*\"", "/apis/apps", true },
		{ "\"/apis/*\"", "/apis", false },
		{ "\"*\"", "/x", true },
		{ "\"/a*b\"", "/axb", false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_free char *text = str_printf(URLS("\"get\"", "%s"), rows[i].urls);
		auto_free struct rbac_rules *rules = rbac_rules_read(str_from(text));
		struct authz_attributes a = { .verb = STR("get"), .path = str_from(rows[i].path) };
		if (rbac_rules_allow(rules, &a) != rows[i].allowed)
			fail_msg("%s %s: %d is wrong", rows[i].urls, rows[i].path,
				 !rows[i].allowed);
	}
}

static bool covers(const char *own, const char *wanted, struct buf *text)
{
	struct str groups[] = { STR("a"), STR("b") };
	const struct api_user u = { .name = STR("jane"), .groups = groups, .ngroups = 2 };
	auto_free struct rbac_rules *have = rbac_rules_read(str_from(own)),
				    *want = rbac_rules_read(str_from(wanted));
	struct rbac_cover c = { .missing = rbac_cover_collect };
	rbac_cover_own(&c, have);
	bool fine = rbac_cover_check(&c, want);
	if (!fine && text)
		rbac_cover_describe(&c, &u, text);
	rbac_cover_free(&c);
	return fine;
}

static void rights_cover_rights(void **state)
{
	(void)state;
	static const struct {
		const char *own, *wanted;
		bool fine;
	} rows[] = {
		{ RULE("\"get\",\"list\"", "\"\"", "\"pods\"", ""),
		  RULE("\"get\"", "\"\"", "\"pods\"", ""), true },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""),
		  RULE("\"get\",\"list\"", "\"\"", "\"pods\"", ""), false },
		{ RULE("\"*\"", "\"*\"", "\"*\"", ""), RULE("\"x\"", "\"y\"", "\"z/w\"", ""),
		  true },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""), RULE("\"get\"", "\"\"", "\"*\"", ""),
		  false },
		{ RULE("\"get\"", "\"\"", "\"*/log\"", ""),
		  RULE("\"get\"", "\"\"", "\"pods/log\"", ""), true },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ",\"resourceNames\":[\"a\"]"),
		  RULE("\"get\"", "\"\"", "\"pods\"", ""), false },
		{ RULE("\"get\"", "\"\"", "\"pods\"", ""),
		  RULE("\"get\"", "\"\"", "\"pods\"", ",\"resourceNames\":[\"a\"]"), true },
		{ URLS("\"get\"", "\"/a/*\""), URLS("\"get\"", "\"/a/b\""), true },
		{ URLS("\"get\"", "\"/a/b\""), URLS("\"get\"", "\"/a/*\""), false },
		{ "[]", "[]", true },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (covers(rows[i].own, rows[i].wanted, NULL) != rows[i].fine)
			fail_msg("row %zu: %d is wrong", i, !rows[i].fine);
}

static void what_is_missing_is_told_by_verbs(void **state)
{
	(void)state;
	auto_buf text = { 0 };
	assert_false(covers(RULE("\"get\"", "\"\"", "\"pods\"", ""),
			    "[{\"verbs\":[\"get\",\"list\",\"watch\"],\"apiGroups\":[\"\"],"
			    "\"resources\":[\"pods\",\"secrets\"]},{\"verbs\":[\"get\"],"
			    "\"nonResourceURLs\":[\"/x\"]}]",
			    &text));
	assert_string_equal(
		text.p,
		"user \"jane\" (groups=[\"a\" \"b\"]) is attempting to grant RBAC permissions not "
		"currently held:\n"
		"{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\" \"watch\"]}\n"
		"{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\" \"watch\"]}\n"
		"{NonResourceURLs:[\"/x\"], Verbs:[\"get\"]}");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_allows_what_it_says),
		cmocka_unit_test(a_path_may_end_in_a_star),
		cmocka_unit_test(rights_cover_rights),
		cmocka_unit_test(what_is_missing_is_told_by_verbs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
