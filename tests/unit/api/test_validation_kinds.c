/* SPDX-License-Identifier: Apache-2.0 */
/* What upstream finds wrong with objects of each kind: the cases are in validation_kinds.txt. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "api/codec.h"
#include "api/object/meta.h"
#include "api/validation/validation.h"
#include "base/mem.h"
#include "tests/unit/api/trees.h"

#define CASES TEST_SOURCE_DIR "/tests/unit/api/validation_kinds.txt"

struct kind_case {
	size_t line;
	const struct api_resource *resource;
	json_t *old, *new; /* old: NULL: a creation */
};

static json_t *defaulted(const struct api_resource *r, const char *json)
{
	json_t *t = tree(json);
	auto_err err = { 0 };
	if (api_conform(r->type, t, NULL, &err) < 0)
		fail_msg("%s", err_text(&err));
	api_default(r->type, t);
	return t;
}

static void complaints(const struct err *err, struct buf *out)
{
	for (size_t i = 0; i < err->ncauses; i++) {
		struct str type = str_from(err->causes[i].type);
		str_cut_prefix(&type, STR("FieldValue"));
		buf_printf(out, "%s%.*s:%s", i ? " " : "", STR_ARG(type), err->causes[i].field);
	}
}

static void check(struct kind_case *c, const char *want)
{
	auto_err err = { 0 };
	auto_buf got = { 0 };
	int code = c->old ? validate_update(c->resource, "", c->new, c->old, &err)
			  : validate_create(c->resource, c->new, &err);

	complaints(&err, &got);
	if (strcmp(got.p ? got.p : "", want))
		fail_msg("line %zu: %s\nwanted: %s", c->line, got.p ? got.p : "valid", want);
	assert_int_equal(code, *want ? -ERR_INVALID : 0);
	json_decref(c->old);
	json_decref(c->new);
	c->old = c->new = NULL;
}

/* "apps/v1 deployments", "v1 pods" */
static const struct api_resource *kind_of(char *line)
{
	char *plural = strchr(line, ' '), *slash = strchr(line, '/');

	assert_non_null(plural);
	*plural++ = '\0';
	if (slash)
		*slash++ = '\0';
	return slash ? resource(line, slash, plural) : resource("", line, plural);
}

/* True: a case is complete and has been looked at. */
static bool take(struct kind_case *c, char *line)
{
	if (!strncmp(line, "old ", 4))
		c->old = defaulted(c->resource, line + 4);
	else if (!strncmp(line, "new ", 4))
		c->new = defaulted(c->resource, line + 4);
	else if (!strncmp(line, "finds", 5))
		return check(c, line[5] ? line + 6 : ""), true;
	else if (*line)
		c->resource = kind_of(line);
	return false;
}

static void assert_topic(const char *topic)
{
	FILE *file = fopen(CASES, "r");
	auto_free char *line = NULL;
	struct kind_case c = { 0 };
	size_t cap = 0, n = 0;
	bool meant = false;

	assert_non_null(file);
	for (ssize_t len; (len = getline(&line, &cap, file)) > 0;) {
		c.line++;
		line[len - 1] = '\0';
		if (!strncmp(line, "== ", 3))
			meant = !strcmp(line + 3, topic);
		else if (meant)
			n += take(&c, line);
	}
	fclose(file);
	assert_true(n > 0);
}

static void volumes_and_their_classes_are_held_to_upstreams_rules(void **state)
{
	(void)state;
	assert_topic("volumes and their classes");
}

static void networks_are_held_to_upstreams_rules(void **state)
{
	(void)state;
	assert_topic("networks");
}

static void devices_are_held_to_upstreams_rules(void **state)
{
	(void)state;
	assert_topic("devices");
}

static void other_kinds_are_held_to_upstreams_rules(void **state)
{
	(void)state;
	assert_topic("other kinds");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(volumes_and_their_classes_are_held_to_upstreams_rules),
		cmocka_unit_test(networks_are_held_to_upstreams_rules),
		cmocka_unit_test(devices_are_held_to_upstreams_rules),
		cmocka_unit_test(other_kinds_are_held_to_upstreams_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
