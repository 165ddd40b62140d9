/* SPDX-License-Identifier: Apache-2.0 */
/* Our resources against those that upstream publishes: discovery documents say names, verbs and subresources; the printers' source says
 * columns; the conversions' source says field selectors. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/discovery.h"
#include "api/registry.h"
#include "base/mem.h"
#include "tests/unit/api/published.h"

static char kubernetes[PUBLISHED_PATH_MAX];

static int find_module(void **state)
{
	(void)state;
	published_module("k8s.io/kubernetes@v1.37.2", kubernetes);
	return 0;
}

static bool is_ga(const char *version)
{
	return !strstr(version, "alpha") && !strstr(version, "beta");
}

/* ---- discovery ---- */

static void expect_same(const char *what, const json_t *want, const json_t *have)
{
	if (json_equal(want, have))
		return;
	char *a = want ? json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL,
	     *b = have ? json_dumps(have, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	fail_msg("%s: upstream %s, ours %s", what, a ? a : "nothing", b ? b : "nothing");
}

static json_t *by_name(const json_t *list, const char *name)
{
	size_t i;
	json_t *item;
	json_array_foreach ((json_t *)list, i, item)
		if (!strcmp(json_string_value(json_object_get(item, "name")), name))
			return item;
	return NULL;
}

static void each_version_lists_what_the_published_discovery_lists(void **state)
{
	(void)state;
	size_t documents = 0;
	if (!*kubernetes)
		skip();
	struct discovery d = discovery_builtin();
	for (size_t i = 0; i < api_builtin_count; i++) {
		const struct api_resource *r = api_builtin[i];
		char path[512];
		auto_buf text = { 0 };
		json_t *have = NULL;
		if (i && !strcmp(api_builtin[i - 1]->group, r->group) &&
		    !strcmp(api_builtin[i - 1]->version, r->version))
			continue;
		if (!strcmp(r->group, "metrics.k8s.io"))
			continue; /* of an add-on, as upstream sees it */
		snprintf(path, sizeof path, "api/discovery/api%s%s__%s.json",
			 *r->group ? "s__" : "", r->group, r->version);
		json_t *want = published_json(kubernetes, path);
		discovery_resources(&d, str_from(r->group), str_from(r->version), &text);
		assert_int_equal(api_json_parse(buf_view(&text), &have, NULL, NULL), 0);
		const json_t *ours = json_object_get(have, "resources");
		size_t k;
		json_t *resource;
		json_array_foreach (json_object_get(want, "resources"), k, resource) {
			const char *name = json_string_value(json_object_get(resource, "name"));
			expect_same(name, resource, by_name(ours, name));
		}
		assert_int_equal(json_array_size(ours), k);
		json_decref(want);
		json_decref(have);
		documents++;
	}
	assert_in_range(documents, 20, 100);
}

/* ---- Go's source, a line at a time ---- */

/* The text between the first `from` behind *at and the next `to`; *at moves behind it. */
static bool between(const char **at, const char *from, const char *to, char *out, size_t size)
{
	const char *start = strstr(*at, from);
	const char *end = start ? strstr(start + strlen(from), to) : NULL;
	if (!end)
		return false;
	start += strlen(from);
	snprintf(out, size, "%.*s", (int)(end - start), start);
	*at = end + strlen(to);
	return true;
}

static const struct api_resource *of_kind(const char *kind)
{
	for (size_t i = 0; i < api_builtin_count; i++)
		if (!strcmp(api_builtin[i]->kind, kind) && is_ga(api_builtin[i]->version))
			return api_builtin[i];
	return NULL;
}

/* ---- columns ---- */

static void expect_columns(const char *source, const char *variable, const char *kind)
{
	char head[300], line[1024];
	const struct api_resource *r = of_kind(kind);
	snprintf(head, sizeof head, "\t%s := ", variable);
	const char *at = strstr(source, head), *end = at ? strstr(at, "TableHandler(") : NULL;
	size_t n = 0;
	/* the printer of capacities is there, but upstream's storage of them does not use it */
	if (!r || !end || !strcmp(kind, "CSIStorageCapacity"))
		return;
	while (between(&at, "\n\t\t{Name: \"", "},", line, sizeof line) && at < end) {
		char type[64] = "", priority[8] = "0", format[64] = "";
		const char *rest = line;
		between(&rest, "Type: \"", "\"", type, sizeof type);
		rest = line;
		between(&rest, "Format: \"", "\"", format, sizeof format);
		rest = line;
		between(&rest, "Priority: ", ",", priority, sizeof priority);
		*strchr(line, '"') = '\0';
		if (n >= r->ncolumns)
			fail_msg("%s: column %s is missing", r->plural, line);
		const struct api_column *c = &r->columns[n++];
		if (strcmp(c->name, line) || strcmp(c->type, type) ||
		    c->priority != atoi(priority) || strcmp(c->format ? c->format : "", format))
			fail_msg("%s: upstream %s (%s %s %s), ours %s (%s %s %d)", r->plural, line,
				 type, format, priority, c->name, c->type,
				 c->format ? c->format : "", c->priority);
	}
	if (n < r->ncolumns)
		fail_msg("%s: column %s is not upstream's", r->plural, r->columns[n].name);
}

static void columns_are_those_of_the_published_printers(void **state)
{
	(void)state;
	auto_buf source = { 0 };
	char variable[256], function[256];
	size_t kinds = 0;
	if (!*kubernetes)
		skip();
	published_text(kubernetes, "pkg/printers/internalversion/printers.go", &source);
	const char *at = source.p;
	while (between(&at, "h.TableHandler(", ", ", variable, sizeof variable) &&
	       between(&at, "print", ")", function, sizeof function)) {
		size_t n = strlen(function);
		if (n > 4 && !strcmp(function + n - 4, "List"))
			continue;
		kinds += of_kind(function) != NULL;
		expect_columns(source.p, variable, function);
	}
	assert_in_range(kinds, 40, 200);
}

/* ---- field selectors ---- */

static void expect_label(const struct api_resource *r, const char *label)
{
	if (!strncmp(label, "metadata.name", 13))
		return;
	for (size_t i = 0; i < r->nselectable; i++)
		if (!strcmp(r->selectable[i].label, label))
			return;
	fail_msg("%s: field selector %s is missing", r->plural, label);
}

static size_t expect_labels(const char *body, const char *kind)
{
	const struct api_resource *r = of_kind(kind);
	char list[2048], label[256];
	size_t n = 0;
	if (!r || !between(&body, "case ", ":\n", list, sizeof list))
		return 0;
	for (const char *at = list; between(&at, "\"", "\"", label, sizeof label); n++)
		expect_label(r, label);
	return n;
}

static void field_selectors_are_those_of_the_published_conversions(void **state)
{
	(void)state;
	static const char *const files[] = { "core", "batch", "certificates", "events",
					     "resource" };
	size_t labels = 0;
	if (!*kubernetes)
		skip();
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		auto_buf source = { 0 };
		char path[256], kind[128];
		snprintf(path, sizeof path, "pkg/apis/%s/v1/conversion.go", files[i]);
		published_text(kubernetes, path, &source);
		const char *at = source.p;
		while (between(&at, "GroupVersion.WithKind(\"", "\")", kind, sizeof kind))
			labels += expect_labels(at, kind);
	}
	assert_in_range(labels, 40, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_version_lists_what_the_published_discovery_lists),
		cmocka_unit_test(columns_are_those_of_the_published_printers),
		cmocka_unit_test(field_selectors_are_those_of_the_published_conversions),
	};
	return cmocka_run_group_tests(tests, find_module, NULL);
}
