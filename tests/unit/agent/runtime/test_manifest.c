/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "agent/runtime/manifest.h"
#include "base/buf.h"
#include "base/mem.h"

#define D(c) "sha256:" c c c c c c c c
#define A    "aaaaaaaa"
#define B    "bbbbbbbb"
#ifdef __aarch64__
#define OURS  "arm64"
#define OTHER "amd64"
#else
#define OURS  "amd64"
#define OTHER "arm64"
#endif

static void index_gives_the_manifest_for_this_machine(void **state)
{
	struct descriptor d;
	const char *json =
		"{\"manifests\":["
		"{\"digest\":\"" D(
			A) "\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"" OTHER
			   "\"}},"
			   "{\"digest\":\"" D(
				   A) "\",\"size\":1,\"platform\":{\"os\":\"windows\","
				      "\"architecture\":\"" OURS "\"}},"
				      "{\"digest\":\"" D(
					      A) "\",\"size\":1,\"platform\":{\"os\":\"unknown\","
						 "\"architecture\":\"unknown\"}},"
						 "{\"digest\":\"" D(
							 B) "\",\"size\":2,\"platform\":{\"os\":"
							    "\"linux\",\"architecture\":\"" OURS
							    "\"}}]}";
	(void)state;
	assert_int_equal(index_pick(str_from(json), &d, NULL), 0);
	assert_string_equal(d.digest, D(B));
	assert_int_equal(d.size_bytes, 2);
	descriptor_free(&d);
}

static void index_without_this_machine_says_which_it_wanted(void **state)
{
	struct descriptor d;
	auto_err err = { 0 };
	const char *json = "{\"manifests\":[{\"digest\":\"" D(
		A) "\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"" OTHER
		   "\"}}]}";
	(void)state;
	assert_int_equal(index_pick(str_from(json), &d, &err), -ERR_NOT_FOUND);
	assert_non_null(strstr(err_text(&err), "no match for platform in manifest: linux/" OURS));
}

static void indexes_are_told_from_manifests(void **state)
{
	(void)state;
	assert_true(document_is_index(STR("{\"manifests\":[]}"), STR("text/plain")));
	assert_true(
		document_is_index(STR("{}"),
				  STR("application/vnd.oci.image.index.v1+json; charset=utf-8")));
	assert_false(document_is_index(STR("{\"layers\":[]}"), STR("")));
	/* its own word counts more than the header */
	assert_false(document_is_index(STR("{\"mediaType\":\"application/"
					   "vnd.oci.image.manifest.v1+json\",\"manifests\":[]}"),
				       STR("application/vnd.oci.image.index.v1+json")));
}

static void manifest_that_lies_about_itself_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"[]",
		"{}",
		"{\"schemaVersion\":1}",
		"{\"config\":{},\"layers\":[]}",
		"{\"config\":{\"digest\":\"" D(A) "\",\"size\":-1},\"layers\":[]}",
		"{\"config\":{\"digest\":\"sha256:../../x\",\"size\":1},\"layers\":[]}",
		"{\"config\":{\"digest\":\"" D(
			A) "\",\"size\":1},\"layers\":[{\"digest\":\"md5:1\"}]}",
		"{\"config\":{\"digest\":\"" D(A) "\",\"size\":1},\"layers\":{}}",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct manifest m;
		auto_err err = { 0 };
		if (manifest_parse(str_from(rows[i]), &m, &err) == 0)
			fail_msg("%s was taken", rows[i]);
		assert_int_equal(err.reason, ERR_INVALID);
	}
}

static void too_many_layers_are_refused(void **state)
{
	struct manifest m;
	auto_buf json = { 0 };
	(void)state;
	buf_puts(&json, "{\"config\":{\"digest\":\"" D(A) "\",\"size\":1},\"layers\":[");
	for (int i = 0; i <= LAYERS_MAX; i++)
		buf_printf(&json, "%s{\"digest\":\"" D(B) "\",\"size\":1}", i ? "," : "");
	buf_puts(&json, "]}");
	assert_int_equal(manifest_parse(buf_view(&json), &m, NULL), -ERR_INVALID);
}

static void config_says_what_runs(void **state)
{
	struct image_config c;
	const char *json = "{\"architecture\":\"" OURS
			   "\",\"os\":\"linux\",\"config\":{\"User\":\"app\",\"Env\":[\"A=1\"],"
			   "\"Entrypoint\":[\"/e\"],\"Cmd\":[\"x\",\"y\"],\"WorkingDir\":\"/"
			   "w\",\"StopSignal\":\"SIGINT\"},"
			   "\"rootfs\":{\"diff_ids\":[\"" D(A) "\"]}}";
	(void)state;
	assert_int_equal(image_config_parse(str_from(json), &c, NULL), 0);
	assert_string_equal(c.image->user, "app");
	assert_string_equal(c.image->env[0], "A=1");
	assert_string_equal(c.image->entrypoint[0], "/e");
	assert_string_equal(c.image->cmd[1], "y");
	assert_null(c.image->cmd[2]);
	assert_string_equal(c.image->working_dir, "/w");
	assert_string_equal(c.image->stop_signal, "SIGINT");
	assert_int_equal(c.ndiff_ids, 1);
	image_config_free(&c);
}

static void image_for_another_machine_is_refused(void **state)
{
	struct image_config c;
	auto_err err = { 0 };
	(void)state;
	assert_true(image_config_parse(STR("{\"architecture\":\"" OTHER "\",\"os\":\"linux\"}"), &c,
				       &err) < 0);
	assert_non_null(strstr(err_text(&err), "image is for linux/" OTHER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_gives_the_manifest_for_this_machine),
		cmocka_unit_test(index_without_this_machine_says_which_it_wanted),
		cmocka_unit_test(indexes_are_told_from_manifests),
		cmocka_unit_test(manifest_that_lies_about_itself_is_refused),
		cmocka_unit_test(too_many_layers_are_refused),
		cmocka_unit_test(config_says_what_runs),
		cmocka_unit_test(image_for_another_machine_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
