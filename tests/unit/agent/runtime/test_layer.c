/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile layers: whatever they hold, nothing outside of the layer's directory changes. Needs root (devices, owners). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/runtime/layer.h"
#include "agent/runtime/root_path.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/agent/runtime/tar_builder.h"

static char top[64]; /* holds root/ (the layer) and outside (a file) */

static int setup(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/var/tmp/allinone-layer-XXXXXX");
	assert_non_null(mkdtemp(top));
	auto_free char *root = str_printf("%s/root", top);
	auto_free char *outside = str_printf("%s/outside", top);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_int_equal(file_write_atomic(outside, "precious", 8, 0600, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dir_remove(top, NULL);
	return 0;
}

static int unpack(struct buf *b, struct err *err)
{
	auto_free char *file = str_printf("%s/layer.tar", top);
	auto_free char *root = str_printf("%s/root", top);
	struct blob_reader *r;
	int64_t bytes;
	tar_end(b);
	assert_int_equal(file_write_atomic(file, b->p, b->n, 0600, NULL), 0);
	auto_fd int fd = open(file, O_RDONLY);
	assert_int_equal(blob_reader_new((struct blob_range){ fd, 0, -1 }, LAYER_BYTES_MAX, &r,
					 err),
			 0);
	int rc = layer_unpack(r, root, &bytes, err);
	blob_reader_free(r);
	return rc;
}

static bool look(const char *name, struct stat *st)
{
	auto_free char *path = str_printf("%s/root/%s", top, name);
	return lstat(path, st) == 0;
}

static void outside_is_as_it_was(void)
{
	auto_free char *path = str_printf("%s/outside", top);
	auto_free char *mark = str_printf("%s/mark", top);
	auto_buf text = { 0 };
	assert_int_equal(file_read(path, 100, &text, NULL), 0);
	assert_string_equal(text.p, "precious");
	assert_false(file_exists(mark));
}

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
	int fd = root_open(AT_FDCWD, ".", O_PATH | O_CLOEXEC);
	if (fd < 0) { /* emulated processors */
		print_message("skipped: openat2: %s\n", strerror(errno));
		skip();
	}
	close(fd);
}

static void files_get_owner_mode_time_and_content(void **state)
{
	auto_buf b = { 0 };
	struct stat st;
	(void)state;
	need_root();
	tar_add(&b, &(struct tar_item){ .type = '5', .name = "./usr", .mode = 0750 });
	tar_add(&b,
		&(struct tar_item){
			.type = '0', .name = "./usr/su", .content = "x", .mode = 04755, .uid = 7 });
	tar_add(&b, &(struct tar_item){ .type = '1', .name = "hard", .link = "usr/su" });
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "deep/below/file", .content = "y" });
	assert_int_equal(unpack(&b, NULL), 0);
	assert_true(look("usr/su", &st));
	assert_int_equal(st.st_mode, S_IFREG | 04755);
	assert_int_equal(st.st_uid, 7);
	assert_int_equal(st.st_mtime, 1000000000);
	assert_int_equal(st.st_nlink, 2);
	assert_true(look("usr", &st));
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	assert_int_equal(st.st_mtime, 1000000000); /* although files were made in it after */
	assert_true(look("deep/below/file", &st));
}

static void whiteouts_become_overlays_own(void **state)
{
	auto_buf b = { 0 };
	struct stat st;
	char value[4];
	(void)state;
	need_root();
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "etc/.wh.gone" });
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "opt/.wh..wh..opq" });
	tar_add(&b, &(struct tar_item){ .type = '0', .name = ".wh..wh.plnk" });
	assert_int_equal(unpack(&b, NULL), 0);
	assert_true(look("etc/gone", &st));
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_rdev, makedev(0, 0));
	auto_free char *opt = str_printf("%s/root/opt", top);
	assert_int_equal(getxattr(opt, "trusted.overlay.opaque", value, sizeof(value)), 1);
	assert_false(look(".wh..wh.plnk", &st));
}

static void links_lead_nowhere_outside(void **state)
{
	auto_buf b = { 0 };
	struct stat st;
	auto_free char *absolute = str_printf("%s", top);
	(void)state;
	need_root();
	tar_add(&b, &(struct tar_item){ .type = '2', .name = "up", .link = "../" });
	tar_add(&b, &(struct tar_item){ .type = '0',
					.name = "up/mark",
					.content = "x" }); /* ".." of the root is the root */
	tar_add(&b, &(struct tar_item){ .type = '2', .name = "abs", .link = absolute });
	tar_add(&b, &(struct tar_item){ .type = '2', .name = "file", .link = "../outside" });
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "file", .content = "replaced" });
	assert_int_equal(unpack(&b, NULL), 0);
	assert_true(look("mark", &st));
	assert_true(look("file", &st));
	assert_true(S_ISREG(st.st_mode));
	outside_is_as_it_was();
}

static void hostile_entries_are_refused(void **state)
{
	const struct tar_item rows[] = {
		{ .type = '0', .name = "../mark", .content = "x" },
		{ .type = '0', .name = "a/../../mark", .content = "x" },
		{ .type = '1', .name = "hard", .link = "../outside" },
		{ .type = '3', .name = "whiteout" },
		{ .type = '0', .name = "a/.wh.." },
		{ .type = '0', .name = ".wh..." },
	};
	(void)state;
	need_root();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		auto_buf b = { 0 };
		auto_err err = { 0 };
		tar_add(&b, &rows[i]);
		if (unpack(&b, &err) == 0)
			fail_msg("%s was unpacked", rows[i].name);
		outside_is_as_it_was();
	}
}

static void attributes_that_overlayfs_believes_are_dropped(void **state)
{
	auto_buf b = { 0 };
	char value[8];
	(void)state;
	need_root();
	tar_pax(&b, "SCHILY.xattr.trusted.overlay.redirect", "/etc");
	tar_add(&b, &(struct tar_item){ .type = '5', .name = "d", .mode = 0755 });
	tar_pax(&b, "SCHILY.xattr.user.mine", "yes");
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "f" });
	assert_int_equal(unpack(&b, NULL), 0);
	auto_free char *dir = str_printf("%s/root/d", top);
	auto_free char *file = str_printf("%s/root/f", top);
	assert_true(getxattr(dir, "trusted.overlay.redirect", value, sizeof(value)) < 0);
	assert_int_equal(getxattr(file, "user.mine", value, sizeof(value)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_get_owner_mode_time_and_content, setup,
						teardown),
		cmocka_unit_test_setup_teardown(whiteouts_become_overlays_own, setup, teardown),
		cmocka_unit_test_setup_teardown(links_lead_nowhere_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_entries_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(attributes_that_overlayfs_believes_are_dropped,
						setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
