/* SPDX-License-Identifier: Apache-2.0 */
/* Log records of a stream that comes in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"
#include "base/file.h"
#include "base/mem.h"

static struct container *container;

static int setup(void **state)
{
	(void)state;
	container = NEW(struct container);
	container->out.container = container;
	container->out.name = "stdout";
	container->log_fd = -1;
	snprintf(container->log_path, sizeof(container->log_path), "/tmp/allinone-log-XXXXXX");
	int fd = mkstemp(container->log_path);
	assert_true(fd >= 0);
	close(fd);
	return shim_log_open(container);
}

static int teardown(void **state)
{
	(void)state;
	unlink(container->log_path);
	close(container->log_fd);
	if (container->out.partial)
		pages_free(container->out.partial, SHIM_LINE_BYTES);
	free(container);
	return 0;
}

static void feed(const char *text)
{
	log_write(&container->out, text, strlen(text));
}

/* The records without their times, which are checked for their form. */
static char *records(void)
{
	auto_buf text = { 0 };
	struct buf out = { 0 };
	assert_int_equal(file_read(container->log_path, 1 << 24, &text, NULL), 0);
	struct str rest = buf_view(&text), line;
	while (str_next(&rest, '\n', &line) && line.n) {
		assert_int_equal(str_find(line, ' '), sizeof("2026-01-02T03:04:05.000000006Z") - 1);
		buf_add(&out, line.p + 31, line.n - 31);
		buf_putc(&out, '|');
	}
	buf_puts(&out, "");
	return buf_take(&out);
}

static void lines_in_pieces_are_one_record(void **state)
{
	(void)state;
	feed("a");
	feed("b\nc\n\n");
	feed("d");
	auto_free char *before = records();
	assert_string_equal(before, "stdout F ab|stdout F c|stdout F |");
	log_flush(&container->out);
	auto_free char *after = records();
	assert_string_equal(after, "stdout F ab|stdout F c|stdout F |stdout P d|");
}

static void line_as_long_as_a_record_is_whole(void **state)
{
	char *line = malloc(SHIM_LINE_BYTES + 2);
	(void)state;
	memset(line, 'x', SHIM_LINE_BYTES);
	strcpy(line + SHIM_LINE_BYTES, "\n");
	feed(line);
	auto_free char *got = records();
	assert_int_equal(strlen(got), sizeof("stdout F |") - 1 + SHIM_LINE_BYTES);
	assert_memory_equal(got, "stdout F x", 10);
	free(line);
}

static void longer_line_comes_in_parts_that_join_to_it(void **state)
{
	size_t n = 3 * SHIM_LINE_BYTES + 5;
	char *line = malloc(n + 2);
	auto_buf joined = { 0 };
	(void)state;
	for (size_t i = 0; i < n; i++)
		line[i] = (char)('a' + i % 26);
	strcpy(line + n, "\n");
	for (size_t at = 0; at < n + 1; at += 1000) /* in pieces that fit no border */
		log_write(&container->out, line + at, n + 1 - at < 1000 ? n + 1 - at : 1000);
	auto_free char *got = records();
	struct str rest = str_from(got), record;
	for (int i = 0; str_next(&rest, '|', &record) && record.n; i++) {
		assert_memory_equal(record.p, i < 3 ? "stdout P " : "stdout F ", 9);
		buf_add(&joined, record.p + 9, record.n - 9);
	}
	assert_int_equal(joined.n, n);
	assert_memory_equal(joined.p, line, n);
	free(line);
}

static void many_short_lines_are_all_there(void **state)
{
	auto_buf text = { 0 };
	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_printf(&text, "%d\n", i);
	feed(text.p);
	auto_free char *got = records();
	size_t n = 0;
	for (const char *p = got; (p = strchr(p, '|')); p++)
		n++;
	assert_int_equal(n, 3000);
	assert_non_null(strstr(got, "stdout F 2999|"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_in_pieces_are_one_record, setup, teardown),
		cmocka_unit_test_setup_teardown(line_as_long_as_a_record_is_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(longer_line_comes_in_parts_that_join_to_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_short_lines_are_all_there, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
