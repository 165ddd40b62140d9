/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "agent/runtime/tar.h"
#include "base/mem.h"
#include "tests/unit/agent/runtime/tar_builder.h"

struct memory {
	struct str rest;
};

static ssize_t from_memory(void *ctx, void *p, size_t n, struct err *err)
{
	struct memory *m = ctx;
	(void)err;
	n = n < m->rest.n ? n : m->rest.n;
	if (n > 7)
		n = 7; /* in small pieces, as a network gives them */
	if (n)
		memcpy(p, m->rest.p, n);
	m->rest = str_of(m->rest.p + n, m->rest.n - n);
	return (ssize_t)n;
}

static struct tar reader(struct memory *m, const struct buf *b)
{
	m->rest = buf_view(b);
	return (struct tar){ .read = from_memory, .ctx = m };
}

static void entries_come_in_order_with_their_content(void **state)
{
	auto_buf b = { 0 };
	struct memory m;
	char text[64];
	auto_err err = { 0 };
	(void)state;
	tar_add(&b, &(struct tar_item){ .type = '5', .name = "dir/", .mode = 0755 });
	tar_add(&b, &(struct tar_item){ .type = '0',
					.name = "dir/file",
					.content = "hello",
					.mode = 04755,
					.uid = 1000 });
	tar_add(&b, &(struct tar_item){ .type = '2', .name = "link", .link = "dir/file" });
	tar_end(&b);
	struct tar t = reader(&m, &b);
	assert_int_equal(tar_next(&t, &err), 1);
	assert_int_equal(t.entry.type, TAR_DIR);
	assert_int_equal(tar_next(&t, &err), 1);
	assert_string_equal(t.entry.path, "dir/file");
	assert_int_equal(t.entry.mode, 04755);
	assert_int_equal(t.entry.uid, 1000);
	assert_int_equal(t.entry.mtime_s, 1000000000);
	size_t n = 0;
	for (ssize_t r; (r = tar_read(&t, text + n, sizeof(text) - n, &err)) > 0;)
		n += (size_t)r;
	assert_int_equal(n, 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(tar_next(&t, &err), 1);
	assert_int_equal(t.entry.type, TAR_SYMLINK);
	assert_string_equal(t.entry.link, "dir/file");
	assert_int_equal(tar_next(&t, &err), 0);
	assert_int_equal(tar_next(&t, &err), 0);
	tar_close(&t);
}

static void pax_and_gnu_headers_describe_the_next_entry_only(void **state)
{
	auto_buf b = { 0 };
	struct memory m;
	auto_err err = { 0 };
	char longer[300];
	(void)state;
	memset(longer, 'n', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	tar_pax(&b, "path", longer);
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "short" });
	tar_pax(&b, "SCHILY.xattr.user.k", "v");
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "second" });
	tar_add(&b, &(struct tar_item){ .type = 'L', .name = "././@LongLink", .content = longer });
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "short" });
	tar_end(&b);
	struct tar t = reader(&m, &b);
	assert_int_equal(tar_next(&t, &err), 1);
	assert_string_equal(t.entry.path, longer);
	assert_int_equal(tar_next(&t, &err), 1);
	assert_string_equal(t.entry.path, "second");
	assert_int_equal(t.entry.nxattrs, 1);
	assert_true(str_eqz(t.entry.xattrs[0].name, "user.k"));
	assert_true(str_eqz(t.entry.xattrs[0].value, "v"));
	assert_int_equal(tar_next(&t, &err), 1);
	assert_string_equal(t.entry.path, longer);
	assert_int_equal(t.entry.nxattrs, 0);
	tar_close(&t);
}

static void broken_archive_is_an_error(struct buf *b)
{
	struct memory m;
	auto_err err = { 0 };
	struct tar t = reader(&m, b);
	int r;
	while ((r = tar_next(&t, &err)) > 0)
		;
	assert_int_equal(r, -ERR_INVALID);
	tar_close(&t);
}

static void cut_or_changed_archives_are_refused(void **state)
{
	auto_buf b = { 0 };
	(void)state;
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "f", .content = "some content" });
	b.n = 700; /* within the content */
	broken_archive_is_an_error(&b);
	b.n = 100; /* within the header */
	broken_archive_is_an_error(&b);
	buf_reset(&b);
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "f" });
	b.p[0] = 'g'; /* no longer what the checksum is of */
	broken_archive_is_an_error(&b);
	buf_reset(&b);
	tar_add(&b, &(struct tar_item){ .type = 'S', .name = "sparse" });
	broken_archive_is_an_error(&b);
	buf_reset(&b);
	tar_add(&b,
		&(struct tar_item){ .type = 'x', .name = "pax", .content = "99999999 path=x\n" });
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "f" });
	broken_archive_is_an_error(&b);
	buf_reset(&b);
	tar_pax(&b, "size", "-1");
	tar_add(&b, &(struct tar_item){ .type = '0', .name = "f" });
	broken_archive_is_an_error(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_in_order_with_their_content),
		cmocka_unit_test(pax_and_gnu_headers_describe_the_next_entry_only),
		cmocka_unit_test(cut_or_changed_archives_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
