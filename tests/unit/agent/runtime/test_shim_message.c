/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/runtime/cgroup.h"
#include "agent/runtime/shim/message.h"
#include "agent/runtime/signals.h"

static int ends[2];

static int setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void words_and_descriptors_arrive(void **state)
{
	struct shim_message sent, got;
	int pipe_ends[2];
	char byte;
	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	message_start(&sent, "exec");
	message_add_i64(&sent, INT64_MIN + 1);
	message_add(&sent, "");
	message_add(&sent, "two words");
	message_add_fd(&sent, pipe_ends[1]);
	assert_int_equal(message_send(ends[0], &sent), 0);
	assert_int_equal(message_receive(ends[1], &got), 1);
	assert_int_equal(got.nwords, 4);
	assert_string_equal(message_word(&got, 0), "exec");
	assert_string_equal(message_word(&got, 2), "");
	assert_string_equal(message_word(&got, 3), "two words");
	assert_string_equal(message_word(&got, 4), "");
	assert_int_equal(got.nfds, 1);
	assert_true(fcntl(got.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(got.fds[0], "x", 1), 1);
	assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
	message_close_fds(&got);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void numbers_are_read_back(void **state)
{
	static const int64_t rows[] = { 0, 1, -1, 137, 1700000000000000, -42 };
	struct shim_message m, got;
	(void)state;
	message_start(&m, "n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		message_add_i64(&m, rows[i]);
	assert_int_equal(message_send(ends[0], &m), 0);
	assert_int_equal(message_receive(ends[1], &got), 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(message_i64(&got, i + 1), rows[i]);
}

static void too_long_a_message_is_cut_not_overrun(void **state)
{
	static char word[SHIM_MESSAGE_MAX + 100];
	struct shim_message m;
	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	message_start(&m, "a");
	message_add(&m, word);
	message_add(&m, "more");
	assert_true(m.n <= SHIM_MESSAGE_MAX);
	for (int i = 0; i < SHIM_WORDS_MAX + 10; i++)
		message_add(&m, "");
	assert_true(m.nwords <= SHIM_WORDS_MAX);
}

static void nothing_there_and_nobody_there_differ(void **state)
{
	struct shim_message m;
	(void)state;
	assert_int_equal(message_receive(ends[1], &m), -EAGAIN);
	close(ends[0]);
	assert_int_equal(message_receive(ends[1], &m), 0);
	ends[0] = dup(ends[1]);
}

static void signal_names_are_known(void **state)
{
	(void)state;
	assert_int_equal(signal_from_text("SIGTERM"), 15);
	assert_int_equal(signal_from_text("term"), 15);
	assert_int_equal(signal_from_text("9"), 9);
	assert_int_equal(signal_from_text("SIGRTMIN+3"), 37);
	assert_int_equal(signal_from_text("SIGRTMAX-1"), 63);
	assert_int_equal(signal_from_text("SIGNOPE"), 0);
	assert_int_equal(signal_from_text("-3"), 0);
	assert_int_equal(signal_from_text(NULL), 0);
}

static void cpu_amounts_become_what_the_kernel_counts_in(void **state)
{
	(void)state;
	assert_int_equal(cgroup_shares(0), 2);
	assert_int_equal(cgroup_shares(1000), 1024);
	assert_int_equal(cgroup_shares(1000000), 262144);
	assert_int_equal(cgroup_weight(2), 1);
	assert_int_equal(cgroup_weight(1024), 39);
	assert_int_equal(cgroup_weight(262144), 10000);
	assert_int_equal(cgroup_quota_us(0), 0);
	assert_int_equal(cgroup_quota_us(1), 1000);
	assert_int_equal(cgroup_quota_us(1500), 150000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_and_descriptors_arrive, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_read_back, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long_a_message_is_cut_not_overrun, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_there_and_nobody_there_differ, setup,
						teardown),
		cmocka_unit_test(signal_names_are_known),
		cmocka_unit_test(cpu_amounts_become_what_the_kernel_counts_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
