/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static int make_dir(void **state)
{
	char path[] = "/tmp/allinone-test-XXXXXX";
	*state = str_dup(str_from(mkdtemp(path)));
	return 0;
}

static int drop_dir(void **state)
{
	int r = dir_remove(*state, NULL);
	free(*state);
	return r;
}

static void atomic_write_replaces_and_sets_the_mode(void **state)
{
	auto_err err = { 0 };
	auto_free char *path = str_printf("%s/f", (char *)*state);
	struct stat st;
	auto_buf text = { 0 };
	assert_int_equal(file_write_atomic(path, "one", 3, 0644, &err), 0);
	assert_int_equal(file_write_atomic(path, "two!", 4, 0600, &err), 0);
	assert_int_equal(file_read(path, 100, &text, &err), 0);
	assert_string_equal(text.p, "two!");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void read_has_a_limit_and_names_what_is_missing(void **state)
{
	auto_err err = { 0 };
	auto_free char *path = str_printf("%s/f", (char *)*state),
		       *none = str_printf("%s/none", (char *)*state);
	auto_buf text = { 0 };
	assert_int_equal(file_write_atomic(path, "12345", 5, 0600, &err), 0);
	assert_int_equal(file_read(path, 4, &text, &err), -ERR_TOO_LARGE);
	assert_int_equal(file_read(none, 4, &text, &err), -ERR_NOT_FOUND);
}

static void removal_is_recursive_and_does_not_follow_links(void **state)
{
	auto_err err = { 0 };
	auto_free char *deep = str_printf("%s/t/a/b", (char *)*state),
		       *tree = str_printf("%s/t", (char *)*state);
	auto_free char *kept = str_printf("%s/kept", (char *)*state),
		       *link = str_printf("%s/t/link", (char *)*state);
	auto_free char *file = str_printf("%s/kept/file", (char *)*state);
	assert_int_equal(dir_make(deep, 0755, &err), 0);
	assert_int_equal(dir_make(deep, 0755, &err), 0);
	assert_int_equal(dir_make(kept, 0755, &err), 0);
	assert_int_equal(file_write_atomic(file, "x", 1, 0600, &err), 0);
	assert_int_equal(symlink(kept, link), 0);
	assert_int_equal(dir_remove(tree, &err), 0);
	assert_false(file_exists(tree));
	assert_true(file_exists(file));
	assert_int_equal(dir_remove(tree, &err), 0);
}

/* Deeper than a path may be long, and than there are descriptors. */
static void removal_reaches_any_depth(void **state)
{
	enum { LEVELS = 3000 };
	auto_err err = { 0 };
	auto_free char *tree = str_printf("%s/t", (char *)*state);
	assert_int_equal(mkdir(tree, 0755), 0);
	int at = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < LEVELS; i++) {
		assert_int_equal(mkdirat(at, ".deep-0", 0755), 0);
		int next = openat(at, ".deep-0", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(at);
		at = next;
	}
	close(at);
	assert_int_equal(dir_remove(tree, &err), 0);
	assert_false(file_exists(tree));
}

static void a_lock_is_held_once(void **state)
{
	auto_err err = { 0 };
	auto_free char *path = str_printf("%s/lock", (char *)*state);
	int first = -1, second = -1;
	assert_int_equal(file_lock(path, &first, &err), 0);
	assert_int_equal(file_lock(path, &second, &err), -ERR_CONFLICT);
	assert_int_equal(second, -1);
	close(first);
	assert_int_equal(file_lock(path, &second, &err), 0);
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(atomic_write_replaces_and_sets_the_mode, make_dir,
						drop_dir),
		cmocka_unit_test_setup_teardown(read_has_a_limit_and_names_what_is_missing,
						make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(removal_is_recursive_and_does_not_follow_links,
						make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(removal_reaches_any_depth, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_lock_is_held_once, make_dir, drop_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
