/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agent/kubelet/volumes/atomic_dir.h"
#include "base/file.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-atomic-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return dir_remove(dir, NULL);
}

static const char *content(struct arena *a, const char *name)
{
	auto_buf b = { 0 };
	auto_free char *path = str_printf("%s/%s", dir, name);
	if (file_read(path, 1000, &b, NULL) < 0)
		return "absent";
	return arena_strdup(a, buf_view(&b));
}

static const char *version(struct arena *a)
{
	char target[100] = "";
	auto_free char *path = str_printf("%s/..data", dir);
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	return arena_strdup(a, str_of(target, n > 0 ? (size_t)n : 0));
}

static struct atomic_file file(const char *path, const char *data)
{
	return (struct atomic_file){
		.path = path, .data = str_from(data), .mode = 0644, .uid = -1, .gid = -1
	};
}

static void files_appear_change_and_go_together(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct atomic_file one[] = { file("a", "1"), file("sub/b", "2") },
			   two[] = { file("a", "3"), file("c", "4") };
	assert_int_equal(atomic_dir_write(dir, one, 2, NULL), 0);
	assert_string_equal(content(&a, "a"), "1");
	assert_string_equal(content(&a, "sub/b"), "2");
	assert_int_equal(atomic_dir_write(dir, two, 2, NULL), 0);
	assert_string_equal(content(&a, "a"), "3");
	assert_string_equal(content(&a, "c"), "4");
	assert_string_equal(content(&a, "sub/b"), "absent");
}

static void the_same_content_changes_nothing(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct atomic_file one[] = { file("a", "1"), file("sub/b", "2") };
	assert_int_equal(atomic_dir_write(dir, one, 2, NULL), 0);
	const char *before = version(&a);
	assert_int_equal(atomic_dir_write(dir, one, 2, NULL), 0);
	assert_string_equal(version(&a), before);
	one[0].mode = 0400;
	assert_int_equal(atomic_dir_write(dir, one, 2, NULL), 0);
	assert_string_not_equal(version(&a), before);
}

static void old_versions_are_swept(void **state)
{
	(void)state;
	auto_arena a = { 0 };
	struct stat st;
	struct atomic_file one[] = { file("a", "1") }, two[] = { file("a", "2") };
	assert_int_equal(atomic_dir_write(dir, one, 1, NULL), 0);
	auto_free char *old = str_printf("%s/%s", dir, version(&a));
	assert_int_equal(atomic_dir_write(dir, two, 1, NULL), 0);
	assert_int_equal(stat(old, &st), -1);
}

static void paths_stay_inside(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "/etc/x", "../x", "a/../../x", "..data" };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(atomic_path_valid(str_from(bad[i])));
	assert_true(atomic_path_valid(STR("a/b.c/.d")));
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(files_appear_change_and_go_together),
		T(the_same_content_changes_nothing),
		T(old_versions_are_swept),
		T(paths_stay_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
