/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/mem.h"
#include "tests/unit/storage/store_fixture.h"

#define KILLS 6

/* A process writes keys one after the other and tells each acknowledged one through a pipe, until it is killed. */
static void writer_process(const char *path, int64_t start, int pipe_fd)
{
	const struct log_config config = { .path = path };
	struct store *s = NULL;

	if (log_open(&config, &s, NULL) < 0)
		_exit(1);
	for (int64_t i = start;; i++) {
		char key[32];

		snprintf(key, sizeof(key), "/k/%lld", (long long)i);
		if (store_put(s, key, key, STORE_ABSENT).failed_op != -1)
			_exit(2);
		if (i % 3 == 0)
			store_put(s, "/hot", key, STORE_ANY);
		if (write(pipe_fd, &i, sizeof(i)) != (ssize_t)sizeof(i))
			_exit(3);
	}
}

static int64_t run_and_kill(const char *path, int64_t start, int64_t acknowledgements)
{
	int fds[2], status;
	int64_t last = start - 1, got;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		writer_process(path, start, fds[1]);
	}
	close(fds[1]);
	while (acknowledgements-- > 0 && read(fds[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
		last = got;
	kill(pid, SIGKILL);
	while (read(fds[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
		last = got;
	waitpid(pid, &status, 0);
	close(fds[0]);
	assert_true(WIFSIGNALED(status));
	return last;
}

static void a_killed_writer_loses_nothing_acknowledged(void **state)
{
	struct store_fixture *f = *state;
	int64_t next = 0;

	f->store->ops->close(f->store);
	f->store = NULL;
	for (int round = 0; round < KILLS; round++) {
		int64_t last = run_and_kill(f->path, next, 20 + (int64_t)(rand_u64() % 200));
		struct answer a;

		store_fixture_reopen(f);
		for (int64_t i = 0; i <= last; i++) {
			char key[32];

			snprintf(key, sizeof(key), "/k/%lld", (long long)i);
			a = store_put(f->store, key, "", STORE_ABSENT);
			if (a.failed_op != 0)
				fail_msg("%s of %lld acknowledged ones is missing after kill %d",
					 key, (long long)last, round);
		}
		next = last + 4; /* beyond what was written but not acknowledged */
		for (int64_t i = last + 1; i < next; i++) {
			char key[32];

			snprintf(key, sizeof(key), "/k/%lld", (long long)i);
			struct store_op op = { .type = STORE_PUT,
					       .key = str_from(key),
					       .value = STR("filled"),
					       .expect = STORE_ANY };

			store_do(f->store, &op, 1);
		}
		f->store->ops->close(f->store);
		f->store = NULL;
	}
}

#define LEASE "/registry/leases/kube-node-lease/n"

/* Renews a node's lease again and again, with another write at first and whenever it is the `other`th time. */
static void renewing_process(const char *path, int64_t other, int pipe_fd)
{
	const struct log_config config = { .path = path };
	struct store *s = NULL;

	if (log_open(&config, &s, NULL) < 0)
		_exit(1);
	store_put(s, LEASE, "made", STORE_ABSENT);
	for (int64_t i = 1;; i++) {
		struct answer a = store_put(s, i % other ? LEASE : "/k", "again", STORE_ANY);

		if (a.failed_op != -1 || a.reason ||
		    write(pipe_fd, &a.revision, sizeof(a.revision)) != (ssize_t)sizeof(a.revision))
			_exit(3);
	}
}

static int64_t renew_and_kill(const char *path, int64_t other, int64_t acknowledgements)
{
	int fds[2], status;
	int64_t last = 0, got;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		renewing_process(path, other, fds[1]);
	}
	close(fds[1]);
	while (acknowledgements-- > 0 && read(fds[0], &got, sizeof(got)) == (ssize_t)sizeof(got)) {
		assert_true(got > last);
		last = got;
	}
	kill(pid, SIGKILL);
	while (read(fds[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
		last = got;
	waitpid(pid, &status, 0);
	close(fds[0]);
	assert_true(WIFSIGNALED(status));
	return last;
}

/* Renewals are not written one by one, but the revisions that they were given are never given again: not after one crash, nor after one
 * more in which nothing else was written. */
static void a_revision_of_a_lost_heartbeat_is_never_given_again(void **state)
{
	static const int64_t others[] = { 1000000, 1000000, 7, 1000000, 40 };
	struct store_fixture *f = *state;
	int64_t seen = 0;

	f->store->ops->close(f->store);
	f->store = NULL;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		int64_t last =
			renew_and_kill(f->path, others[i], 50 + (int64_t)(rand_u64() % 1500));

		assert_true(last > seen);
		seen = last;
	}
	store_fixture_reopen(f);
	assert_true(f->store->ops->revision(f->store) >= seen);
	assert_true(store_put(f->store, "/new", "", STORE_ABSENT).revision > seen);
	seen = store_put(f->store, LEASE, "last", STORE_ANY).revision;
	store_fixture_reopen(f);
	assert_int_equal(f->store->ops->revision(f->store), seen); /* a clean end leaves no gap */
	assert_true(store_put(f->store, LEASE, "", seen).revision > seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing_acknowledged,
						store_fixture_setup, store_fixture_teardown),
		cmocka_unit_test_setup_teardown(a_revision_of_a_lost_heartbeat_is_never_given_again,
						store_fixture_setup, store_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
