/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/connect.h"
#include "net/listener.h"
#include "net/stream_wrap.h"

static void pair(struct stream **a, struct stream **b)
{
	int fd[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	*a = stream_from_fd(&test_loop, fd[0], NULL);
	*b = stream_from_fd(&test_loop, fd[1], NULL);
	assert_non_null(*a);
	assert_non_null(*b);
}

static int releases;
static void count_release(void *owner)
{
	free(owner);
	releases++;
}

static void large_write_arrives_whole_and_is_released(void **state)
{
	struct stream *a, *b;
	struct raw ra, rb;
	size_t n = 8 << 20;
	char *big = mem_alloc(n);
	(void)state;
	for (size_t i = 0; i < n; i++)
		big[i] = (char)(i * 7 + i / 4096);
	char *copy = memcpy(mem_alloc(n), big, n);
	pair(&a, &b);
	raw_init(&ra, a);
	raw_init(&rb, b);
	releases = 0;
	struct chunk c = { .p = big, .n = n, .release = count_release, .owner = big };
	stream_write(a, &c, 1);
	assert_true(a->queued_bytes > 0); /* more than a socket buffer */
	RUN_UNTIL(rb.got.n == n);
	assert_memory_equal(rb.got.p, copy, n);
	RUN_UNTIL(releases == 1);
	assert_int_equal(a->queued_bytes, 0);
	free(copy);
	raw_close(&ra);
	RUN_UNTIL(rb.ended);
	raw_close(&rb);
}

static void half_close_lets_the_other_side_answer(void **state)
{
	struct stream *a, *b;
	struct raw ra, rb;
	(void)state;
	pair(&a, &b);
	raw_init(&ra, a);
	raw_init(&rb, b);
	raw_send(&ra, "question");
	stream_shutdown(a);
	RUN_UNTIL(rb.ended);
	assert_true(raw_has(&rb, "question"));
	raw_send(&rb, "answer");
	RUN_UNTIL(raw_has(&ra, "answer"));
	raw_close(&ra);
	raw_close(&rb);
}

static void paused_stream_delivers_nothing(void **state)
{
	struct stream *a, *b;
	struct raw ra, rb;
	(void)state;
	pair(&a, &b);
	raw_init(&ra, a);
	raw_init(&rb, b);
	stream_read_stop(b);
	raw_send(&ra, "x");
	run_turns(5);
	assert_int_equal(rb.got.n, 0);
	stream_read_start(b);
	RUN_UNTIL(rb.got.n == 1);
	raw_close(&ra);
	raw_close(&rb);
}

static void write_to_a_closed_peer_closes_the_stream(void **state)
{
	struct stream *a, *b;
	struct raw ra, rb;
	(void)state;
	pair(&a, &b);
	raw_init(&ra, a);
	raw_init(&rb, b);
	stream_read_stop(a);
	raw_close(&rb);
	raw_send(&ra, "x");
	RUN_UNTIL(ra.closed);
	raw_close(&ra);
}

static void pty_master_reads_and_ends(void **state)
{
	int master, slave;
	struct raw r;
	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	raw_init(&r, stream_from_fd(&test_loop, master, NULL));
	assert_int_equal(write(slave, "hi", 2), 2);
	RUN_UNTIL(raw_has(&r, "hi"));
	raw_send(&r, "back\n");
	char line[8];
	run_turns(3);
	assert_int_equal(read(slave, line, sizeof(line)), 5);
	close(slave);
	RUN_UNTIL(r.ended);
	raw_close(&r);
}

static void pipe_write_end_closes_after_shutdown(void **state)
{
	int fd[2];
	struct raw r;
	char text[8];
	(void)state;
	assert_int_equal(pipe(fd), 0);
	struct stream *s = stream_from_fd(&test_loop, fd[1], NULL);
	raw_init(&r, s);
	raw_send(&r, "bye");
	stream_shutdown(s);
	RUN_UNTIL(r.closed);
	assert_int_equal(read(fd[0], text, sizeof(text)), 3);
	assert_int_equal(read(fd[0], text, sizeof(text)), 0);
	close(fd[0]);
	raw_close(&r);
}

static void regular_file_is_refused(void **state)
{
	struct err err = { 0 };
	(void)state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_null(stream_from_fd(&test_loop, fd, &err));
	assert_non_null(strstr(err.text, "not permitted"));
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* owned, so closed */
	err_clear(&err);
}

static bool splice_done;
static void on_splice_done(void *ctx)
{
	(void)ctx;
	splice_done = true;
}

static void splice_pumps_both_ways_until_both_ended(void **state)
{
	struct stream *a, *a2, *b, *b2;
	struct raw ra, rb;
	size_t n = 3 << 20;
	char *big = mem_zalloc(n);
	(void)state;
	splice_done = false;
	pair(&a, &a2);
	pair(&b, &b2);
	raw_init(&ra, a);
	raw_init(&rb, b);
	stream_splice(a2, b2, on_splice_done, NULL);
	raw_send(&ra, "to b");
	RUN_UNTIL(raw_has(&rb, "to b"));
	struct chunk c = chunk_take(big, n);
	stream_write(b, &c, 1);
	stream_shutdown(b);
	RUN_UNTIL(ra.ended);
	assert_int_equal(ra.got.n, n);
	assert_false(splice_done);
	raw_send(&ra, "still open");
	RUN_UNTIL(raw_has(&rb, "still open"));
	stream_shutdown(a);
	RUN_UNTIL(splice_done);
	raw_close(&ra);
	raw_close(&rb);
}

static void splice_holds_back_a_fast_side(void **state)
{
	struct stream *a, *a2, *b, *b2;
	struct raw ra, rb;
	size_t n = 16 << 20;
	(void)state;
	splice_done = false;
	pair(&a, &a2);
	pair(&b, &b2);
	raw_init(&ra, a);
	raw_init(&rb, b);
	stream_read_stop(b);
	stream_splice(a2, b2, on_splice_done, NULL);
	struct chunk c = chunk_take(mem_zalloc(n), n);
	stream_write(a, &c, 1);
	for (int i = 0; i < 200; i++)
		run_turns(1);
	assert_true(a->queued_bytes > n / 2);
	assert_true(b2->queued_bytes < (1 << 20));
	stream_read_start(b);
	RUN_UNTIL(rb.got.n == n);
	raw_close(&ra);
	RUN_UNTIL(rb.ended);
	raw_close(&rb);
	RUN_UNTIL(splice_done);
}

static void splice_ends_when_one_side_breaks(void **state)
{
	struct stream *a, *a2, *b, *b2;
	struct raw ra, rb;
	(void)state;
	splice_done = false;
	pair(&a, &a2);
	pair(&b, &b2);
	raw_init(&ra, a);
	raw_init(&rb, b);
	stream_splice(a2, b2, on_splice_done, NULL);
	run_turns(2);
	raw_close(&ra);
	raw_close(&rb);
	RUN_UNTIL(splice_done);
}

static void wrapped_stream_delivers_what_was_read_too_far_first(void **state)
{
	struct stream *a, *b;
	struct raw ra, rb;
	(void)state;
	pair(&a, &b);
	raw_init(&ra, a);
	raw_send(&ra, "-second");
	stream_shutdown(a);
	struct stream *w = stream_wrap(b, STR("first"), NULL, NULL);
	raw_init(&rb, w);
	RUN_UNTIL(rb.ended);
	assert_string_equal(rb.got.p, "first-second");
	raw_close(&rb);
	raw_close(&ra);
}

static struct raw accepted;
static void on_accept(void *ctx, int fd, const struct sockaddr_storage *peer)
{
	(void)ctx;
	(void)peer;
	raw_init(&accepted, stream_from_fd(&test_loop, fd, NULL));
}

struct connected {
	struct stream *s;
	bool called;
	struct err err;
};

static void on_connected(void *ctx, struct stream *s, const struct err *err)
{
	struct connected *c = ctx;
	c->called = true;
	c->s = s;
	if (err)
		err_copy(&c->err, err);
}

static void connects_by_name_and_by_address(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	struct listener *k;
	int port;
	(void)state;
	assert_int_equal(listener_tcp(&test_loop, "127.0.0.1", 0, on_accept, NULL, &k, &port, NULL),
			 0);
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		struct connected c = { 0 };
		struct raw r;
		connect_start(&test_loop, hosts[i], port, 5000, on_connected, &c);
		assert_false(c.called);
		RUN_UNTIL(c.called);
		assert_non_null(c.s);
		raw_init(&r, c.s);
		raw_send(&r, "hi");
		RUN_UNTIL(raw_has(&accepted, "hi"));
		raw_close(&r);
		raw_close(&accepted);
	}
	listener_close(k);
}

static void refused_connection_says_so(void **state)
{
	struct listener *k;
	struct connected c = { 0 };
	int port;
	(void)state;
	assert_int_equal(listener_tcp(&test_loop, "127.0.0.1", 0, on_accept, NULL, &k, &port, NULL),
			 0);
	listener_close(k);
	run_turns(3);
	connect_start(&test_loop, "127.0.0.1", port, 5000, on_connected, &c);
	RUN_UNTIL(c.called);
	assert_null(c.s);
	assert_non_null(strstr(c.err.text, "connection refused"));
	err_clear(&c.err);
}

static void cancelled_connect_stays_silent(void **state)
{
	struct connected c = { 0 };
	(void)state;
	struct connect *k = connect_start(&test_loop, "127.0.0.1", 1, 5000, on_connected, &c);
	connect_cancel(k);
	run_turns(10);
	assert_false(c.called);
}

static void port_in_use_is_a_conflict(void **state)
{
	struct listener *k, *again;
	struct err err = { 0 };
	int port;
	(void)state;
	assert_int_equal(listener_tcp(&test_loop, "127.0.0.1", 0, on_accept, NULL, &k, &port, NULL),
			 0);
	assert_int_equal(listener_tcp(&test_loop, "127.0.0.1", port, on_accept, NULL, &again, NULL,
				      &err),
			 -ERR_CONFLICT);
	assert_non_null(strstr(err.text, "in use"));
	err_clear(&err);
	listener_close(k);
}

static void unix_socket_connects(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct raw r;
	char name[64];
	(void)state;
	int n = snprintf(name, sizeof(name), "@allinone-test-%d", (int)getpid());
	memcpy(a.sun_path + 1, name + 1, (size_t)n - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
			 0);
	assert_int_equal(listen(fd, 4), 0);
	struct listener *k = listener_from_fd(&test_loop, fd, on_accept, NULL);
	raw_init(&r, stream_connect_unix(&test_loop, name, NULL));
	raw_send(&r, "hi");
	RUN_UNTIL(accepted.got.n == 2);
	raw_close(&r);
	raw_close(&accepted);
	listener_close(k);
	struct err err = { 0 };
	assert_null(stream_connect_unix(&test_loop, "/nowhere/at/all", &err));
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	err_clear(&err);
}

#define ON_LOOP(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LOOP(large_write_arrives_whole_and_is_released),
		ON_LOOP(half_close_lets_the_other_side_answer),
		ON_LOOP(paused_stream_delivers_nothing),
		ON_LOOP(write_to_a_closed_peer_closes_the_stream),
		ON_LOOP(pty_master_reads_and_ends),
		ON_LOOP(pipe_write_end_closes_after_shutdown),
		ON_LOOP(regular_file_is_refused),
		ON_LOOP(splice_pumps_both_ways_until_both_ended),
		ON_LOOP(splice_holds_back_a_fast_side),
		ON_LOOP(splice_ends_when_one_side_breaks),
		ON_LOOP(wrapped_stream_delivers_what_was_read_too_far_first),
		ON_LOOP(connects_by_name_and_by_address),
		ON_LOOP(refused_connection_says_so),
		ON_LOOP(cancelled_connect_stays_silent),
		ON_LOOP(port_in_use_is_a_conflict),
		ON_LOOP(unix_socket_connects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
