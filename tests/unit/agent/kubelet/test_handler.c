/* SPDX-License-Identifier: Apache-2.0 */
/* Commands in real pods: this program is its own shim. */
#include "tests/unit/agent/runtime/runtime_host.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "agent/kubelet/pod/handler.h"
#include "agent/kubelet/pod/pod.h"

#define POD "11111111-2222-3333-4444-555555555555"

static struct host host;
static const char *why_not;

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

static size_t descriptors(void)
{
	size_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static struct {
	bool told;
	enum handler_result result;
	char output[64];
	size_t descriptors; /* before it began */
} seen;

static void on_done(void *ctx, enum handler_result r, const char *output)
{
	(void)ctx;
	seen.told = true;
	seen.result = r;
	snprintf(seen.output, sizeof(seen.output), "%s", output);
}

static bool told_and_closed(struct host *h)
{
	(void)h;
	return seen.told && descriptors() <= seen.descriptors;
}

static void run(const char *script, uint64_t timeout_ms)
{
	const struct container_spec plain = { .run_as_user = -1, .run_as_group = -1 };
	struct str words[] = { STR("sh"), STR("-c"), str_from(script) };
	const struct core_v1_exec_action exec = { .command = { words, COUNT_OF(words) } };
	const struct handler_spec spec = { .exec = &exec,
					   .timeout_ms = timeout_ms,
					   .purpose = "probe" };
	struct kubelet kubelet = { .loop = &host.loop, .runtime = host.rt };
	struct pod pod = { .k = &kubelet };
	struct pod_container c = { .pod = &pod };
	const char *const first[] = { "true", NULL }; /* the loop's own descriptors come with it */
	auto_buf out = { 0 };
	int code;
	if (host_sandbox(&host, POD) < 0 || host_run(&host, POD, &plain, "sleep 1000", c.id) < 0 ||
	    host_exec(&host, c.id, first, false, NULL, &out, &code) < 0)
		fail_msg("%s", err_text(&host.err));
	memset(&seen, 0, sizeof(seen));
	seen.descriptors = descriptors();
	handler_start(&c, &spec, on_done, NULL);
	if (!host_wait(&host, told_and_closed))
		fail_msg("told: %d (%s); %zu descriptors, %zu before", seen.told, seen.output,
			 descriptors(), seen.descriptors);
}

static void need_host(void)
{
	if (why_not) {
		print_message("skipped: %s\n", why_not);
		skip();
	}
}

static void output_that_somebody_holds_is_let_go_when_the_command_has_ended(void **state)
{
	(void)state;
	need_host();
	run("echo fine; sleep 900 &", 10000);
	assert_int_equal(seen.result, HANDLER_SUCCESS);
	assert_string_equal(seen.output, "fine\n");
}

static void output_that_somebody_holds_is_let_go_when_the_time_is_over(void **state)
{
	(void)state;
	need_host();
	run("sleep 900; true", 1000);
	assert_int_equal(seen.result, HANDLER_FAILURE);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			output_that_somebody_holds_is_let_go_when_the_command_has_ended, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			output_that_somebody_holds_is_let_go_when_the_time_is_over, setup,
			teardown),
	};
	if (strcmp(argv[0], "allinone-shim") == 0)
		return shim_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
