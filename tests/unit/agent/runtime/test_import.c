/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/runtime/image_store.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/agent/runtime/image_builder.h"

static char dir[64];
static struct image_store *store;
static struct err err;

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/var/tmp/allinone-images-XXXXXX");
	assert_non_null(mkdtemp(dir));
	return image_store_open(dir, &store, &err);
}

static int teardown(void **state)
{
	(void)state;
	image_store_free(store);
	err_clear(&err);
	dir_remove(dir, NULL);
	return 0;
}

static size_t count(const char *kind)
{
	auto_free char *path = str_printf("%s/%s", dir, kind);
	size_t n = 0;
	DIR *d = opendir(path);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int import(const struct buf *archive)
{
	auto_free char *path = str_printf("%s/archive.tar", dir);
	char **names = NULL;
	assert_int_equal(file_write_atomic(path, archive->p, archive->n, 0600, NULL), 0);
	int r = image_import(store, path, NULL, NULL, &names, &err);
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
	return r;
}

static int import_image(const char *content, const char *tag)
{
	struct test_image i;
	auto_buf archive = { 0 };
	test_image_make(&i, content);
	test_image_docker_archive(&i, tag, &archive);
	int r = import(&archive);
	test_image_free(&i);
	return r;
}

static void imported_image_is_found_by_every_name(void **state)
{
	struct image *image, *again;
	(void)state;
	assert_int_equal(import_image("x", "app:1"), 0);
	assert_int_equal(image_find(store, "docker.io/library/app:1", &image, &err), 0);
	assert_in_range(image->stored_s, time(NULL) - 600,
			time(NULL)); /* so that it is young to image_gc */
	assert_string_equal(image->name, "docker.io/library/app:1");
	assert_string_equal(image->cmd[0], "run");
	auto_free char *file = str_printf("%s/f", image->layer_dirs[0]);
	auto_buf text = { 0 };
	assert_int_equal(file_read(file, 10, &text, NULL), 0);
	assert_string_equal(text.p, "x");
	const char *others[] = { image->id, image->names[1], "app:1" };
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		assert_int_equal(image_find(store, others[i], &again, &err), 0);
		assert_string_equal(again->id, image->id);
		image_free(again);
	}
	image_free(image);
	assert_int_equal(image_find(store, "other:1", &image, &err), -ERR_NOT_FOUND);
}

static void shared_layers_are_stored_once(void **state)
{
	(void)state;
	assert_int_equal(import_image("x", "a:1"), 0);
	assert_int_equal(import_image("x", "b:1"), 0);
	assert_int_equal(count("layers"), 1);
	assert_int_equal(count("names"), 2);
}

static void removal_keeps_what_others_need(void **state)
{
	(void)state;
	assert_int_equal(import_image("x", "a:1"), 0);
	assert_int_equal(import_image("x", "b:1"), 0);
	assert_int_equal(image_remove(store, "a:1", &err), 0);
	assert_int_equal(count("layers"), 1);
	assert_int_equal(image_remove(store, "b:1", &err), 0);
	assert_int_equal(count("layers") + count("blobs") + count("names"), 0);
}

static void pinned_image_keeps_its_layers(void **state)
{
	struct image *image;
	(void)state;
	assert_int_equal(import_image("x", "a:1"), 0);
	assert_int_equal(image_find(store, "a:1", &image, &err), 0);
	assert_int_equal(image_pin(store, image->id, "container", &err), 0);
	image_free(image);
	assert_int_equal(image_remove(store, "a:1", &err), 0);
	assert_int_equal(count("layers"), 1);
	image_unpin(store, "container");
	store_collect(store);
	assert_int_equal(count("layers"), 0);
}

static void broken_archive_leaves_nothing(void **state)
{
	struct test_image i;
	auto_buf archive = { 0 };
	(void)state;
	test_image_make(&i, "x");
	i.layer.p[0] = 'g'; /* no longer what the config says */
	test_image_docker_archive(&i, "a:1", &archive);
	assert_true(import(&archive) < 0);
	archive.n /= 2;
	assert_true(import(&archive) < 0);
	assert_int_equal(count("layers") + count("blobs") + count("names") + count("tmp"), 0);
	test_image_free(&i);
}

static void layer_of_other_content_is_refused(void **state)
{
	struct test_image i, other;
	auto_buf archive = { 0 };
	(void)state;
	test_image_make(&i, "x");
	test_image_make(&other, "y");
	struct buf layer = i.layer;
	i.layer = other.layer;
	test_image_docker_archive(&i, "a:1", &archive);
	i.layer = layer;
	assert_true(import(&archive) < 0);
	assert_non_null(strstr(err_text(&err), "layer unpacks to the digest"));
	assert_int_equal(count("names"), 0);
	test_image_free(&i);
	test_image_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(imported_image_is_found_by_every_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(shared_layers_are_stored_once, setup, teardown),
		cmocka_unit_test_setup_teardown(removal_keeps_what_others_need, setup, teardown),
		cmocka_unit_test_setup_teardown(pinned_image_keeps_its_layers, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_archive_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(layer_of_other_content_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
