/* SPDX-License-Identifier: Apache-2.0 */
/* Our codecs against the objects that upstream publishes with its API: one fully filled object of each kind as JSON, YAML and
 * protobuf. They come from the Go module k8s.io/api; without Go, or without the module at hand, the tests are skipped. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/decode.h"
#include "api/registry.h"
#include "base/file.h"
#include "tests/unit/api/published.h"

static char vectors[PUBLISHED_PATH_MAX + 16];

static int find_vectors(void **state)
{
	char module[PUBLISHED_PATH_MAX];
	(void)state;
	if (published_module("k8s.io/api@v0.37.2", module))
		snprintf(vectors, sizeof vectors, "%s/testdata/HEAD", module);
	return 0;
}

static const struct api_type *type_of(const char *file)
{
	struct str rest = str_from(file), group = { 0 };
	rest.n = str_rfind(rest, '.');
	size_t dot = str_rfind(rest, '.');
	struct str kind = str_of(rest.p + dot + 1, rest.n - dot - 1);
	rest.n = dot;
	dot = str_rfind(rest, '.');
	struct str version = str_of(rest.p + dot + 1, rest.n - dot - 1);
	group = str_of(rest.p, dot);
	if (str_eqz(group, "core"))
		group.n = 0;
	if (str_contains(version, STR("alpha")) || str_contains(version, STR("beta")))
		return NULL;
	return api_type_by_kind(group, version, kind);
}

static void load(const char *file, const char *extension, struct buf *out)
{
	char path[8192];
	snprintf(path, sizeof path, "%s/%.*s%s", vectors, (int)(strlen(file) - 5), file, extension);
	if (file_read(path, 1 << 20, out, NULL) < 0)
		fail_msg("%s cannot be read", path);
}

static json_t *parse(struct str text, const char *what)
{
	auto_err err = { 0 };
	json_t *tree = NULL;
	if (api_json_parse(text, &tree, NULL, &err) < 0)
		fail_msg("%s: %s", what, err_text(&err));
	return tree;
}

static void expect_tree(const char *file, const char *what, const struct api_type *t, json_t *tree,
			const json_t *want)
{
	auto_err err = { 0 };
	auto_buf text = { 0 };
	if (api_conform(t, tree, NULL, &err) < 0 || api_json_write(t, tree, false, &text, &err) < 0)
		fail_msg("%s, %s: %s", file, what, err_text(&err));
	json_t *got = parse(buf_view(&text), file);
	if (!json_equal(got, want)) {
		char *expected = json_dumps(want, JSON_SORT_KEYS | JSON_INDENT(1)),
		     *written = json_dumps(got, JSON_SORT_KEYS | JSON_INDENT(1));
		size_t i = 0;
		while (expected[i] && expected[i] == written[i])
			i++;
		i = i > 200 ? i - 200 : 0;
		fail_msg("%s, %s: wanted …%.400s… got …%.400s…", file, what, expected + i,
			 written + i);
	}
	json_decref(got);
}

static void check_json(const char *file, const struct api_type *t)
{
	auto_buf json = { 0 };
	struct api_strings unknown = { 0 };
	auto_err err = { 0 };
	load(file, ".json", &json);
	json_t *want = parse(buf_view(&json), file), *tree = json_deep_copy(want);
	if (api_conform(t, tree, &unknown, &err) < 0)
		fail_msg("%s: %s", file, err_text(&err));
	if (unknown.n)
		fail_msg("%s: unknown field %s", file, unknown.items[0]);
	expect_tree(file, "JSON", t, tree, want);
	json_decref(tree);
	json_decref(want);
}

static void check_yaml(const char *file, const struct api_type *t)
{
	auto_buf json = { 0 };
	auto_buf yaml = { 0 };
	auto_err err = { 0 };
	load(file, ".json", &json);
	load(file, ".yaml", &yaml);
	json_t *want = parse(buf_view(&json), file), *tree = NULL;
	if (api_yaml_parse(buf_view(&yaml), &tree, NULL, &err) < 0)
		fail_msg("%s, YAML: %s", file, err_text(&err));
	expect_tree(file, "YAML", t, tree, want);
	json_decref(tree);
	json_decref(want);
}

static void check_protobuf_write(const char *file, const struct api_type *t)
{
	auto_buf json = { 0 };
	auto_buf want = { 0 };
	auto_buf got = { 0 };
	auto_err err = { 0 };
	load(file, ".json", &json);
	load(file, ".pb", &want);
	json_t *tree = parse(buf_view(&json), file);
	if (api_conform(t, tree, NULL, &err) < 0 || api_protobuf_write(t, tree, &got, &err) < 0)
		fail_msg("%s: %s", file, err_text(&err));
	size_t i = 0;
	while (i < got.n && i < want.n && got.p[i] == want.p[i])
		i++;
	if (got.n != want.n || i != want.n)
		fail_msg("%s: protobuf differs at byte %zu of %zu (%zu written)", file, i, want.n,
			 got.n);
	json_decref(tree);
}

static void check_protobuf_read(const char *file, const struct api_type *t)
{
	auto_buf json = { 0 };
	auto_buf pb = { 0 };
	auto_err err = { 0 };
	struct str version, kind, raw;
	json_t *tree = NULL;
	load(file, ".json", &json);
	load(file, ".pb", &pb);
	json_t *want = parse(buf_view(&json), file);
	if (api_protobuf_envelope(buf_view(&pb), &version, &kind, &raw, &err) < 0 ||
	    api_protobuf_read_message(t, raw, &tree, &err) < 0)
		fail_msg("%s: %s", file, err_text(&err));
	if (t->typed) {
		json_object_set_new(tree, "apiVersion", json_stringn(version.p, version.n));
		json_object_set_new(tree, "kind", json_stringn(kind.p, kind.n));
	}
	expect_tree(file, "protobuf", t, tree, want);
	json_decref(tree);
	json_decref(want);
}

static void check_struct(const char *file, const struct api_type *t)
{
	auto_buf json = { 0 };
	auto_buf text = { 0 };
	auto_arena arena = { 0 };
	auto_err err = { 0 };
	const struct api_struct *desc = api_structs;
	while (desc < api_structs + api_structs_count && desc->type != t)
		desc++;
	if (desc == api_structs + api_structs_count)
		return;
	load(file, ".json", &json);
	void *s = arena_alloc(&arena, desc->size);
	if (struct_read_json(buf_view(&json), &arena, desc, s, &err) < 0)
		fail_msg("%s: %s", file, err_text(&err));
	struct_write_json(desc, s, &text);
	json_t *want = parse(buf_view(&json), file), *got = parse(buf_view(&text), file);
	expect_tree(file, "struct", t, got, want);
	json_decref(got);
	json_decref(want);
}

static void each_kind(void (*check)(const char *file, const struct api_type *t))
{
	if (!*vectors)
		skip();
	DIR *dir = opendir(vectors);
	assert_non_null(dir);
	size_t kinds = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		if (!str_ends(str_from(e->d_name), STR(".json")))
			continue;
		const struct api_type *t = type_of(e->d_name);
		if (!t)
			continue;
		check(e->d_name, t);
		kinds++;
	}
	closedir(dir);
	assert_in_range(kinds, 90, 1000);
}

static void json_of_every_kind_comes_back_value_for_value(void **state)
{
	(void)state;
	each_kind(check_json);
}

static void yaml_of_every_kind_means_what_its_json_means(void **state)
{
	(void)state;
	each_kind(check_yaml);
}

static void protobuf_of_every_kind_is_upstreams_byte_for_byte(void **state)
{
	(void)state;
	each_kind(check_protobuf_write);
}

static void protobuf_of_every_kind_is_read_as_its_json(void **state)
{
	(void)state;
	each_kind(check_protobuf_read);
}

static void structs_of_every_kind_that_has_one_keep_every_value(void **state)
{
	(void)state;
	each_kind(check_struct);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_of_every_kind_comes_back_value_for_value),
		cmocka_unit_test(yaml_of_every_kind_means_what_its_json_means),
		cmocka_unit_test(protobuf_of_every_kind_is_upstreams_byte_for_byte),
		cmocka_unit_test(protobuf_of_every_kind_is_read_as_its_json),
		cmocka_unit_test(structs_of_every_kind_that_has_one_keep_every_value),
	};
	return cmocka_run_group_tests(tests, find_vectors, NULL);
}
