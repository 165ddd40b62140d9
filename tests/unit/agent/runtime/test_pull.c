/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/runtime/image_store.h"
#include "agent/runtime/registry_auth.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/agent/runtime/fake_registry.h"

static char dir[64], name[64];
static struct image_store *store;
static struct loop loop;
static struct fake_registry registry;
static int waiting;
static struct image *pulled_image;
static struct err err;

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/var/tmp/allinone-pull-XXXXXX");
	assert_non_null(mkdtemp(dir));
	registry = (struct fake_registry){ 0 };
	fake_registry_start(&registry);
	snprintf(name, sizeof(name), "127.0.0.1:%d/app:1", registry.port);
	return image_store_open(dir, &store, &err);
}

static int teardown(void **state)
{
	(void)state;
	fake_registry_stop(&registry);
	image_free(TAKE(pulled_image));
	image_store_free(store);
	err_clear(&err);
	dir_remove(dir, NULL);
	return 0;
}

static void pulled(void *ctx, struct image *image, const struct err *failed)
{
	(void)ctx;
	image_free(pulled_image);
	pulled_image = image;
	err_clear(&err);
	if (failed)
		err_copy(&err, failed);
	if (--waiting == 0)
		loop_stop(&loop);
}

static void pull(int times)
{
	assert_int_equal(loop_init(&loop, "pull", NULL), 0);
	waiting = times;
	for (int i = 0; i < times; i++)
		image_pull(store, &loop, name, NULL, NULL, pulled, NULL);
	loop_run(&loop);
	loop_close(&loop);
}

static void token_is_fetched_and_the_image_pulled(void **state)
{
	(void)state;
	pull(1);
	assert_string_equal(err_text(&err), "");
	assert_non_null(pulled_image);
	assert_string_equal(pulled_image->digest, registry.image.manifest_digest);
	assert_int_equal(registry.tokens, 1);
	assert_string_equal(registry.token_query, "service=fake&scope=repository:app:pull");
	auto_free char *file = str_printf("%s/f", pulled_image->layer_dirs[0]);
	assert_true(file_exists(file));
}

/* NAME of a registry that is nowhere, but has a mirror here. */
static void mirror(const char *image, const char *rewrite)
{
	auto_free char *file = str_printf("%s/registries.yaml", dir);
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f,
		"mirrors: {nowhere.invalid: {endpoint: [\"127.0.0.1:1\", \"127.0.0.1:%d\"]%s}}\n",
		registry.port, rewrite);
	fclose(f);
	image_store_registries(store, file, true);
	snprintf(name, sizeof(name), "nowhere.invalid/%s", image);
}

static void a_mirror_that_answers_is_used(void **state)
{
	(void)state;
	mirror("app:1", "");
	pull(1);
	assert_string_equal(err_text(&err), "");
	assert_non_null(pulled_image);
	assert_string_equal(pulled_image->name, "nowhere.invalid/app:1");
	assert_string_equal(registry.asked_for, "ns=nowhere.invalid");
}

static void a_mirror_may_have_other_names(void **state)
{
	(void)state;
	mirror("team/app:1", ", rewrite: {\"^team/(.*)\": \"$1\"}");
	pull(1);
	assert_string_equal(err_text(&err), "");
	assert_non_null(pulled_image);
	assert_string_equal(registry.token_query, "service=fake&scope=repository:app:pull");
}

static void a_file_with_errors_is_told(void **state)
{
	(void)state;
	mirror("app:1", ", rewrites: {}");
	pull(1);
	assert_null(pulled_image);
	assert_non_null(strstr(err_text(&err), "unknown field rewrites"));
}

static void token_stays_with_its_registry(void **state)
{
	(void)state;
	pull(1);
	assert_int_equal(registry.layer_requests, 1);
	assert_false(registry.token_at_cdn);
}

static void broken_download_goes_on_where_it_stopped(void **state)
{
	(void)state;
	registry.cut_layer_times = 2;
	pull(1);
	assert_non_null(pulled_image);
	assert_int_equal(registry.layer_requests, 3);
	assert_int_equal(registry.ranges, 2);
}

static void registry_without_ranges_is_asked_from_the_start(void **state)
{
	(void)state;
	registry.cut_layer_times = 1;
	registry.no_ranges = true;
	pull(1);
	assert_non_null(pulled_image);
}

static void wrong_bytes_are_never_an_image(void **state)
{
	(void)state;
	registry.wrong_layer = true;
	pull(1);
	assert_null(pulled_image);
	assert_true(err.reason != 0);
	struct image *found;
	assert_int_equal(image_find(store, name, &found, NULL), -ERR_NOT_FOUND);
}

static void errors_carry_the_registrys_words(void **state)
{
	(void)state;
	registry.no_image = true;
	pull(1);
	assert_null(pulled_image);
	assert_int_equal(err.reason, ERR_NOT_FOUND);
	auto_free char *wanted = str_printf(
		"failed to pull and unpack image \"%s\": failed to resolve reference \"%s\": "
		"%s: not found: no such thing here",
		name, name, name);
	assert_string_equal(err_text(&err), wanted);
}

static void pulls_of_the_same_image_are_one(void **state)
{
	(void)state;
	pull(3);
	assert_non_null(pulled_image);
	assert_int_equal(registry.layer_requests, 1);
	assert_int_equal(registry.tokens, 1);
}

static void second_pull_downloads_no_layer(void **state)
{
	(void)state;
	pull(1);
	pull(1);
	assert_non_null(pulled_image);
	assert_int_equal(registry.layer_requests, 1);
}

static void challenges_are_read(void **state)
{
	struct challenge c;
	auto_buf url = { 0 };
	(void)state;
	assert_true(challenge_parse(
		"Bearer realm=\"https://a/t?x=1\", service=\"s v\",scope=\"repository:a/b:pull\"",
		&c));
	assert_true(c.bearer);
	challenge_url(&c, "unused", &url);
	assert_string_equal(url.p, "https://a/t?x=1&service=s%20v&scope=repository:a/b:pull");
	assert_true(challenge_parse("basic realm=x", &c));
	assert_false(c.bearer);
	assert_false(challenge_parse("Bearer service=\"s\"", &c));
	assert_false(challenge_parse("Bearer realm=\"file:///etc/passwd\"", &c));
	assert_false(challenge_parse("Negotiate", &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(token_is_fetched_and_the_image_pulled, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_mirror_that_answers_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mirror_may_have_other_names, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_with_errors_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(token_stays_with_its_registry, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_download_goes_on_where_it_stopped, setup,
						teardown),
		cmocka_unit_test_setup_teardown(registry_without_ranges_is_asked_from_the_start,
						setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_bytes_are_never_an_image, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_carry_the_registrys_words, setup, teardown),
		cmocka_unit_test_setup_teardown(pulls_of_the_same_image_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(second_pull_downloads_no_layer, setup, teardown),
		cmocka_unit_test(challenges_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
