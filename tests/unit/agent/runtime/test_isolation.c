/* SPDX-License-Identifier: Apache-2.0 */
/* What a container sees and may do, and how one attaches to it. This program is its own shim. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/unit/agent/runtime/runtime_host.h"

static struct host host;
static const char *why_not;
static const struct container_spec plain = { .run_as_user = -1, .run_as_group = -1 };
#define POD "21111111-2222-3333-4444-555555555555"

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

/* Runs the script to its end; its log. */
static char *output_of(const struct container_spec *spec, const char *script)
{
	struct container_status s;
	char id[65];
	assert_done(host_run(&host, POD, spec, script, id));
	assert_true(host_ended(&host, id, &s));
	char *log = host_log(&host, id);
	runtime_container_remove(host.rt, id, host_answer, &host);
	assert_done(host_result(&host));
	return log;
}

static void assert_says(const char *log, const char *text)
{
	if (!strstr(log, text))
		fail_msg("\"%s\" is not in:\n%s", text, log);
}

static void container_is_alone_in_its_namespaces(void **state)
{
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	auto_free char *log =
		output_of(&plain,
			  "echo pid=$$; ls /proc | grep -c '^[0-9]'; echo id=$(id -u):$(id -g); "
			  "cat /etc/hostname; "
			  "touch /proc/sys/kernel/panic 2>&1; echo x >/proc/sys/kernel/panic; "
			  "mount | grep ' / '; ls /dev/sda /dev/vda");
	assert_says(log, "pid=1\n");
	assert_says(log, "id=0:0\n");
	assert_says(log, "web-0\n");
	assert_says(log, "Read-only file system");
	assert_says(log, "overlay on / type overlay");
	assert_says(log, "/dev/vda: No such file or directory");
}

static void default_capabilities_are_the_usual_ones(void **state)
{
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	auto_free char *log =
		output_of(&plain, "grep Cap /proc/self/status; mount -t tmpfs x /tmp 2>&1; mknod "
				  "/tmp/d b 254 0 && dd if=/tmp/d of=/dev/null 2>&1");
	assert_says(log, "CapEff:\t00000000a80425fb\n");
	assert_says(log, "CapAmb:\t0000000000000000\n");
	assert_says(log, "permission denied");
	assert_says(log,
		    "Operation not permitted"); /* the node could be made; opening it is refused */
}

static void dropped_and_added_capabilities_count(void **state)
{
	const char *const drop[] = { "ALL", NULL }, *const add[] = { "NET_BIND_SERVICE", NULL },
			  *const bad[] = { "NOPE", NULL };
	struct container_spec spec = plain;
	char id[65];
	(void)state;
	need_host();
	spec.drop_capabilities = drop;
	spec.add_capabilities = add;
	assert_done(host_sandbox(&host, POD));
	auto_free char *log = output_of(&spec, "grep CapBnd /proc/self/status");
	assert_says(log, "CapBnd:\t0000000000000400\n");
	spec.add_capabilities = bad;
	assert_true(host_run(&host, POD, &spec, "true", id) < 0);
	assert_says(err_text(&host.err), "NOPE");
}

static void user_and_groups_are_those_asked_for(void **state)
{
	const int64_t groups[] = { 4000 };
	struct container_spec spec = plain;
	(void)state;
	need_host();
	spec.run_as_user = 1000; /* "tester" in the image, member of "extra" (2000) */
	spec.supplemental_groups = groups;
	spec.nsupplemental_groups = 1;
	assert_done(host_sandbox(&host, POD));
	auto_free char *log = output_of(&spec, "id; echo out >/dev/stdout");
	assert_says(log, "uid=1000(tester) gid=1000(tester)");
	assert_says(log, "2000(extra)");
	assert_says(log, "4000");
	assert_says(log, "F out\n");
}

static void assert_groups(const char *id, const int64_t *want, size_t n)
{
	struct container_status s;
	assert_true(runtime_container_status(host.rt, id, &s));
	assert_non_null(s.user);
	assert_int_equal(s.user->uid, 1000);
	assert_int_equal(s.user->gid, 1000);
	assert_int_equal(s.user->ngroups, n);
	assert_memory_equal(s.user->groups, want, n * sizeof(*want));
}

static void the_status_says_who_runs(void **state)
{
	static const int64_t merged[] = { 1000, 2000, 4000 }, strict[] = { 1000, 4000 },
			     groups[] = { 4000 };
	struct container_spec spec = plain;
	char id[65];
	(void)state;
	need_host();
	spec.run_as_user = 1000;
	spec.supplemental_groups = groups;
	spec.nsupplemental_groups = 1;
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &spec, "true", id));
	assert_groups(id, merged, COUNT_OF(merged));
	spec.strict_groups = true;
	spec.name = "strict";
	assert_done(host_run(&host, POD, &spec, "true", id));
	assert_groups(id, strict, COUNT_OF(strict));
}

static void root_is_refused_where_it_must_not_run(void **state)
{
	struct container_spec spec = plain;
	char id[65];
	(void)state;
	need_host();
	spec.run_as_non_root = true;
	assert_done(host_sandbox(&host, POD));
	assert_true(host_run(&host, POD, &spec, "true", id) < 0);
	assert_says(err_text(&host.err), "container has runAsNonRoot and image will run as root");
}

static void default_seccomp_profile_lets_programs_run_and_stops_others(void **state)
{
	struct container_spec spec = plain;
	const char *const add[] = { "SYS_PTRACE", NULL };
	(void)state;
	need_host();
	spec.seccomp = "RuntimeDefault";
	spec.add_capabilities = add;
	assert_done(host_sandbox(&host, POD));
	auto_free char *log =
		output_of(&spec,
			  "grep Seccomp: /proc/self/status; unshare -U true 2>&1; echo fine");
	assert_says(log, "Seccomp:\t2\n");
	assert_says(log, "Operation not permitted");
	assert_says(log, "F fine\n");
}

static void limits_become_the_cgroups(void **state)
{
	struct container_spec spec = plain;
	struct container_resources more = { .memory_limit_bytes = 96 << 20 };
	struct runtime_usage usage;
	char id[65];
	const char *argv[] = { "sh", "-c",
			       "cat /sys/fs/cgroup/memory.max "
			       "/sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null",
			       NULL };
	auto_buf out = { 0 };
	int code;
	(void)state;
	need_host();
	spec.resources = (struct container_resources){ .memory_limit_bytes = 64 << 20,
						       .cpu_limit_milli = 500,
						       .pids_limit = 100 };
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &spec, "sleep 1000", id));
	assert_done(runtime_usage(host.rt, id, &usage, &host.err));
	assert_true(usage.memory_bytes > 0 && usage.memory_bytes < 64 << 20);
	assert_true(usage.pids >= 1);
	assert_done(host_exec(&host, id, argv, false, NULL, &out, &code));
	assert_says(out.p, "67108864");
	runtime_container_update(host.rt, id, &more, host_answer, &host);
	assert_done(host_result(&host));
	buf_reset(&out);
	assert_done(host_exec(&host, id, argv, false, NULL, &out, &code));
	assert_says(out.p, "100663296");
}

static void shared_pid_namespace_has_one_first_process(void **state)
{
	(void)state;
	need_host();
	assert_done(host_sandbox_like(&host, POD, &(struct sandbox_spec){ .share_pid = true }));
	auto_free char *log =
		output_of(&plain, "cat /proc/1/comm; ls /proc/1/root/ 2>&1; grep CapEff "
				  "/proc/1/status; (sleep 0.01 &); sleep 0.1; ps | grep -c Z");
	assert_says(log, "F pause\n");
	assert_says(log, "ermission denied");
	assert_says(log, "CapEff:\t0000000000000000\n");
}

static void containers_of_a_pod_share_memory_and_hostname(void **state)
{
	struct container_spec first = plain, second = plain;
	char id[65];
	(void)state;
	need_host();
	first.name = "first";
	second.name = "second";
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &first,
			     "echo shared >/dev/shm/x; touch /dev/shm/ready; sleep 1000", id));
	auto_free char *log = output_of(
		&second,
		"until [ -e /dev/shm/ready ]; do sleep 0.02; done; cat /dev/shm/x; hostname");
	assert_says(log, "F shared\n");
}

static void attached_client_types_and_reads(void **state)
{
	struct container_spec spec = plain;
	char id[65];
	auto_buf out = { 0 };
	int code = -1;
	(void)state;
	need_host();
	spec.stdin_open = spec.stdin_once = true;
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &spec, "cat; echo done >&2; exit 9", id));
	assert_done(host_attach(&host, id, "typed\n", &out, &code));
	assert_int_equal(code, 9);
	assert_says(out.p, "typed\n");
	assert_says(out.p, "done\n");
	auto_free char *log = host_log(&host, id);
	assert_says(log, "stdout F typed\n");
}

static void terminal_of_a_container_is_attached_to(void **state)
{
	struct container_spec spec = plain;
	char id[65];
	auto_buf out = { 0 };
	int code = -1;
	(void)state;
	need_host();
	spec.stdin_open = spec.tty = true;
	assert_done(host_sandbox(&host, POD));
	assert_done(
		host_run(&host, POD, &spec, "read x; echo got $x on $(tty) as $TERM; exit 4", id));
	assert_done(host_attach(&host, id, "word\n", &out, &code));
	assert_int_equal(code, 4);
	auto_free char *log = host_log(&host, id);
	assert_says(log, "got word on /dev/pts/0 as xterm");
}

static void log_goes_on_in_a_new_file_after_rotation(void **state)
{
	struct container_status s;
	char id[65];
	const char *go[] = { "touch", "/tmp/go", NULL };
	const char *said[] = { "sh", "-c", "until [ -e /tmp/said ]; do sleep 0.02; done", NULL };
	auto_buf out = { 0 };
	int code;
	(void)state;
	need_host();
	assert_done(host_sandbox(&host, POD));
	assert_done(host_run(&host, POD, &plain,
			     "echo before; touch /tmp/said; until [ -e /tmp/go ]; do sleep 0.02; "
			     "done; echo after",
			     id));
	assert_done(host_exec(&host, id, said, false, NULL, &out, &code));
	assert_true(runtime_container_status(host.rt, id, &s));
	auto_free char *old = str_printf("%s.old", s.log_path);
	assert_int_equal(rename(s.log_path, old), 0);
	runtime_container_reopen_log(host.rt, id, host_answer, &host);
	assert_done(host_result(&host));
	assert_done(host_exec(&host, id, go, false, NULL, &out, &code));
	assert_true(host_ended(&host, id, &s));
	auto_free char *log = host_log(&host, id);
	assert_says(log, "F after\n");
	assert_null(strstr(log, "before"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(container_is_alone_in_its_namespaces, setup,
						teardown),
		cmocka_unit_test_setup_teardown(default_capabilities_are_the_usual_ones, setup,
						teardown),
		cmocka_unit_test_setup_teardown(dropped_and_added_capabilities_count, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_status_says_who_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(user_and_groups_are_those_asked_for, setup,
						teardown),
		cmocka_unit_test_setup_teardown(root_is_refused_where_it_must_not_run, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			default_seccomp_profile_lets_programs_run_and_stops_others, setup,
			teardown),
		cmocka_unit_test_setup_teardown(limits_become_the_cgroups, setup, teardown),
		cmocka_unit_test_setup_teardown(shared_pid_namespace_has_one_first_process, setup,
						teardown),
		cmocka_unit_test_setup_teardown(containers_of_a_pod_share_memory_and_hostname,
						setup, teardown),
		cmocka_unit_test_setup_teardown(attached_client_types_and_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(terminal_of_a_container_is_attached_to, setup,
						teardown),
		cmocka_unit_test_setup_teardown(log_goes_on_in_a_new_file_after_rotation, setup,
						teardown),
	};
	if (strcmp(argv[0], "allinone-shim") == 0)
		return shim_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
