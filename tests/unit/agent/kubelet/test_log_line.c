/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/kubelet/serve/log_line.h"

static const struct log_options all = {
	.tail_lines = -1, .limit_bytes = -1, .out = true, .err_out = true
};

static void parts_of_a_line_join(void **state)
{
	(void)state;
	struct log_line l;
	auto_buf b = { 0 };
	struct log_options o = all;
	o.timestamps = true;
	assert_true(log_line_parse(STR("2026-01-02T03:04:05.000000001Z stdout P one "), &l));
	log_line_write(&o, &l, false, &b);
	assert_true(log_line_parse(STR("2026-01-02T03:04:05.000000002Z stdout F two"), &l));
	log_line_write(&o, &l, true, &b);
	assert_string_equal(b.p, "2026-01-02T03:04:05.000000001Z one two\n");
}

static void an_empty_line_is_a_line(void **state)
{
	(void)state;
	struct log_line l;
	auto_buf b = { 0 };
	assert_true(log_line_parse(STR("2026-01-02T03:04:05Z stderr F "), &l));
	log_line_write(&all, &l, false, &b);
	assert_string_equal(b.p, "\n");
	assert_false(log_line_parse(STR("nonsense"), &l));
}

static void streams_and_times_filter(void **state)
{
	(void)state;
	struct log_line l;
	struct log_options o = all;
	assert_true(log_line_parse(STR("1970-01-01T00:00:10Z stderr F x"), &l));
	o.since_us = 10000000;
	assert_true(log_line_wanted(&o, &l));
	o.since_us = 10000001;
	assert_false(log_line_wanted(&o, &l));
	o = all;
	o.err_out = false;
	assert_false(log_line_wanted(&o, &l));
}

static void the_tail_begins_at_the_nth_line_from_the_end(void **state)
{
	(void)state;
	char name[] = "/tmp/test-log-XXXXXX";
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(write(fd, "a\nbb\nccc\n", 9), 9);
	assert_int_equal(log_tail_offset(fd, 0), 9);
	assert_int_equal(log_tail_offset(fd, 1), 5);
	assert_int_equal(log_tail_offset(fd, 2), 2);
	assert_int_equal(log_tail_offset(fd, 3), 0);
	assert_int_equal(log_tail_offset(fd, 99), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_a_line_join),
		cmocka_unit_test(an_empty_line_is_a_line),
		cmocka_unit_test(streams_and_times_filter),
		cmocka_unit_test(the_tail_begins_at_the_nth_line_from_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
