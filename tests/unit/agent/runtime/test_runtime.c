/* SPDX-License-Identifier: Apache-2.0 */
/* Real pods: this program is its own shim. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/agent/runtime/runtime_host.h"

static struct host host;
static const char *why_not;
static const struct container_spec plain = { .run_as_user = -1, .run_as_group = -1 };
#define POD "11111111-2222-3333-4444-555555555555"

static int setup(void **state)
{
	(void)state;
	why_not = host_open(&host);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (host.rt)
		host_remove(&host, POD);
	host_close(&host);
	return 0;
}

static void need_host(void)
{
	if (why_not) {
		print_message("skipped: %s\n", why_not);
		skip();
	}
}

#define assert_done(call)                                               \
	do {                                                            \
		int done_ = (call);                                     \
		if (done_ < 0)                                          \
			fail_msg("%s: %s", #call, err_text(&host.err)); \
	} while (0)

static void exit_code_and_log_of_a_container_are_kept(void **state)
{
	char id[65];
	struct container_status s;
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain,
			     "echo hello; echo oops >&2; hostname; printf end; exit 7", id));
	assert_true(host_ended(&host, id, &s));
	assert_int_equal(s.exit_code, 7);
	assert_int_equal(s.signal, 0);
	assert_string_equal(host.exited, id);
	auto_free char *log = host_log(&host, id);
	assert_non_null(strstr(log, " stdout F hello\n"));
	assert_non_null(strstr(log, " stderr F oops\n"));
	assert_non_null(strstr(log, " stdout P end\n"));
	assert_done(host_remove(&host, POD));
}

static void command_that_is_not_there_says_so(void **state)
{
	const char *command[] = { "/nope", NULL };
	struct container_spec spec = plain;
	char id[65];
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	spec.command = command;
	assert_true(host_run(&host, POD, &spec, NULL, id) < 0);
	assert_non_null(strstr(err_text(&host.err), "/nope"));
	assert_done(host_remove(&host, POD));
}

static void exec_runs_beside_and_gives_its_exit_code(void **state)
{
	const char *argv[] = { "sh", "-c", "cat; echo e >&2; exit 3", NULL };
	char id[65];
	auto_buf out = { 0 };
	int code = -1;
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain, "sleep 1000", id));
	assert_done(host_exec(&host, id, argv, false, "typed\n", &out, &code));
	assert_int_equal(code, 3);
	assert_non_null(strstr(out.p, "typed\n"));
	assert_non_null(strstr(out.p, "e\n"));
	assert_done(host_remove(&host, POD));
}

static void exec_with_a_terminal_has_one(void **state)
{
	const char *argv[] = { "sh", "-c", "tty; stty size", NULL };
	char id[65];
	auto_buf out = { 0 };
	int code = -1;
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain, "sleep 1000", id));
	assert_done(host_exec(&host, id, argv, true, NULL, &out, &code));
	assert_int_equal(code, 0);
	assert_non_null(strstr(out.p, "/dev/pts/"));
	assert_done(host_remove(&host, POD));
}

static void container_over_its_memory_limit_is_oom_killed(void **state)
{
	struct container_spec spec = plain;
	struct container_status s;
	char id[65];
	(void)state;
	need_host();
	spec.resources.memory_limit_bytes = 32 << 20;
	assert_done(host_sandbox(&host, POD));
	assert_done(
		host_run(&host, POD, &spec, "dd if=/dev/zero of=/dev/null bs=200M count=1", id));
	assert_true(host_ended(&host, id, &s));
	assert_true(s.oom_killed);
	assert_int_not_equal(s.exit_code, 0);
	assert_done(host_remove(&host, POD));
}

static void stop_signal_reaches_the_first_process(void **state)
{
	struct container_status s;
	char id[65];
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain,
			     "trap 'exit 42' TERM; touch /tmp/ready; while :; do sleep 0.05; done",
			     id));
	const char *wait_for_trap[] = { "sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.02; done",
					NULL };
	auto_buf out = { 0 };
	int code;
	assert_done(host_exec(&host, id, wait_for_trap, false, NULL, &out, &code));
	runtime_container_kill(host.rt, id, 0);
	assert_true(host_ended(&host, id, &s));
	assert_int_equal(s.exit_code, 42);
	assert_done(host_remove(&host, POD));
}

/* A signal that comes earlier is lost: crun has no handler for it, and the kernel drops it for the first process of a namespace.
 * On one processor crun ends well before the process it leaves gets its turn. */
static void container_that_runs_is_the_program_and_not_crun_any_more(void **state)
{
	struct container_spec spec = plain;
	char id[65], name[16];
	cpu_set_t all, one;
	(void)state;
	need_host();
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_getaffinity(0, sizeof(all), &all);
	sched_setaffinity(0, sizeof(one), &one);
	assert_done(host_sandbox(&host, POD));
	for (int i = 0; i < 20; i++) {
		struct container_status s;
		auto_buf words = { 0 };
		snprintf(name, sizeof(name), "c%d", i);
		spec.name = name;
		assert_done(host_run(&host, POD, &spec, "sleep 1000", id));
		assert_true(runtime_container_status(host.rt, id, &s));
		auto_free char *path = str_printf("/proc/%d/cmdline", s.pid);
		assert_int_equal(file_read(path, 4096, &words, NULL), 0);
		assert_string_not_equal(words.p, "crun");
	}
	assert_done(host_remove(&host, POD));
	sched_setaffinity(0, sizeof(all), &all);
}

static void pods_survive_a_restart_of_the_server(void **state)
{
	struct container_status s;
	char running[65], ended[65];
	(void)state;
	need_host();
	struct container_spec second = plain;
	second.name = "d";
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain, "sleep 1000", running));
	assert_done(host_run(&host, POD, &second, "read x </dev/zero; exit 5", ended));
	assert_true(runtime_container_status(host.rt, running, &s));
	int pid = s.pid;
	runtime_free(TAKE(host.rt));
	/* exits while nobody looks: its state file tells */
	assert_done(host_reopen(&host));
	assert_done(runtime_restore(host.rt, NULL, NULL, &host.err));
	assert_true(runtime_sandbox_alive(host.rt, POD));
	assert_true(runtime_container_status(host.rt, running, &s));
	assert_int_equal(s.state, CONTAINER_RUNNING);
	assert_int_equal(s.pid, pid);
	assert_int_equal(kill(pid, 0), 0);
	assert_non_null(s.user);
	assert_int_equal(s.user->uid, 0);
	runtime_container_kill(host.rt, running, SIGKILL);
	assert_true(host_ended(&host, running, &s));
	assert_int_equal(s.exit_code, 137);
	assert_int_equal(s.signal, SIGKILL);
	assert_done(host_remove(&host, POD));
}

/* The parent, once what the runtime put between is gone. */
static int shim_of(int pid)
{
	auto_free char *status = str_printf("/proc/%d/status", pid);
	for (;;) {
		auto_buf text = { 0 };
		auto_buf name = { 0 };
		assert_int_equal(file_read(status, 65536, &text, NULL), 0);
		int parent = atoi(strstr(text.p, "PPid:") + 5);
		auto_free char *comm = str_printf("/proc/%d/comm", parent);
		if (file_read(comm, 64, &name, NULL) == 0 && strcmp(name.p, "allinone-shim\n") == 0)
			return parent;
	}
}

static void killed_shim_ends_its_sandbox(void **state)
{
	struct container_status s;
	char id[65];
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain, "sleep 1000", id));
	assert_true(runtime_container_status(host.rt, id, &s));
	auto_buf stat = { 0 };
	auto_free char *path = str_printf("/proc/%d/status", s.pid);
	kill(shim_of(s.pid), SIGKILL);
	assert_true(host_ended(&host, id, &s));
	assert_false(runtime_sandbox_alive(host.rt, POD));
	assert_done(host_remove(&host, POD));
	buf_reset(&stat);
	assert_true(file_read(path, 65536, &stat, NULL) < 0 ||
		    strstr(stat.p, "State:\tZ")); /* init may be slow to reap */
}

static void long_lines_are_logged_in_parts(void **state)
{
	struct container_status s;
	char id[65];
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(
		&host, POD, &plain,
		"dd if=/dev/zero bs=20000 count=1 2>/dev/null | tr '\\0' x; echo; echo next", id));
	assert_true(host_ended(&host, id, &s));
	auto_free char *log = host_log(&host, id);
	char *part = strstr(log, " stdout P x");
	assert_non_null(part);
	assert_int_equal(strspn(part + 10, "x"), 16384);
	char *rest = strstr(part, " stdout F x");
	assert_non_null(rest);
	assert_int_equal(strspn(rest + 10, "x"), 20000 - 16384);
	assert_non_null(strstr(rest, " stdout F next\n"));
	assert_done(host_remove(&host, POD));
}

static void removal_leaves_nothing(void **state)
{
	char id[65];
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain, "sleep 1000", id));
	assert_done(host_remove(&host, POD));
	auto_buf mounts = { 0 };
	assert_int_equal(file_read("/proc/self/mountinfo", 1 << 20, &mounts, NULL), 0);
	assert_null(strstr(mounts.p, host.run_dir));
	assert_null(strstr(mounts.p, host.root_dir));
	auto_free char *dir = str_printf("%s/containers/%s", host.root_dir, id);
	auto_free char *pod = str_printf("%s/pods/%s", host.run_dir, POD);
	assert_false(file_exists(dir));
	assert_false(file_exists(pod));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(exit_code_and_log_of_a_container_are_kept, setup,
						teardown),
		cmocka_unit_test_setup_teardown(command_that_is_not_there_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(exec_runs_beside_and_gives_its_exit_code, setup,
						teardown),
		cmocka_unit_test_setup_teardown(exec_with_a_terminal_has_one, setup, teardown),
		cmocka_unit_test_setup_teardown(container_over_its_memory_limit_is_oom_killed,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			container_that_runs_is_the_program_and_not_crun_any_more, setup, teardown),
		cmocka_unit_test_setup_teardown(stop_signal_reaches_the_first_process, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pods_survive_a_restart_of_the_server, setup,
						teardown),
		cmocka_unit_test_setup_teardown(killed_shim_ends_its_sandbox, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines_are_logged_in_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(removal_leaves_nothing, setup, teardown),
	};
	if (strcmp(argv[0], "allinone-shim") == 0)
		return shim_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
