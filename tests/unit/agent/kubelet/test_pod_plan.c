/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <stdio.h>
#include <string.h>

#include "agent/kubelet/pod/pod_plan.h"

#define NOW 1000000000ll

/* The plan as text: "start 0, kill 2" */
static const char *plan_text(const struct pod_view *v, struct pod_plan *plan)
{
	static char text[512];
	static const char *const names[] = { "sandbox", "remove",   "start", "kill",
					     "reset",   "deadline", "finish" };
	pod_plan(v, NOW, plan);
	text[0] = '\0';
	for (size_t i = 0; i < plan->n; i++) {
		size_t n = strlen(text);
		const struct pod_action *a = &plan->actions[i];
		bool numbered = a->act == ACT_START || a->act == ACT_KILL;
		snprintf(text + n, sizeof(text) - n, numbered ? "%s%s %zu" : "%s%s", i ? ", " : "",
			 names[a->act], a->container);
	}
	return text;
}

static struct pod_view view(const struct container_view *c, size_t n)
{
	return (struct pod_view){
		.sandbox = SANDBOX_READY, .volumes_ready = true, .containers = c, .n = n
	};
}

static void nothing_starts_before_the_sandbox(void **state)
{
	(void)state;
	struct container_view c[] = { { .role = ROLE_MAIN } };
	struct pod_view v = view(c, 1);
	struct pod_plan plan;
	v.sandbox = SANDBOX_NONE;
	assert_string_equal(plan_text(&v, &plan), "sandbox");
	v.volumes_ready = false;
	assert_string_equal(plan_text(&v, &plan), "");
	v.sandbox = SANDBOX_STARTING;
	assert_string_equal(plan_text(&v, &plan), "");
}

static void init_containers_run_one_after_another(void **state)
{
	(void)state;
	struct container_view c[] = { { .role = ROLE_INIT },
				      { .role = ROLE_INIT },
				      { .role = ROLE_MAIN },
				      { .role = ROLE_MAIN } };
	struct pod_view v = view(c, 4);
	struct pod_plan plan;
	assert_string_equal(plan_text(&v, &plan), "start 0");
	c[0].life = LIFE_RUNNING;
	assert_string_equal(plan_text(&v, &plan), "");
	c[0].life = LIFE_EXITED;
	assert_string_equal(plan_text(&v, &plan), "start 1");
	c[1].life = LIFE_EXITED;
	assert_string_equal(plan_text(&v, &plan), "start 2, start 3");
	assert_true(plan.initialized);
}

static void a_failed_init_container_is_retried_or_fails_the_pod(void **state)
{
	(void)state;
	struct container_view c[] = {
		{ .role = ROLE_INIT, .life = LIFE_EXITED, .exit_code = 1, .again = true },
		{ .role = ROLE_MAIN }
	};
	struct pod_view v = view(c, 2);
	struct pod_plan plan;
	assert_string_equal(plan_text(&v, &plan), "start 0");
	c[0].again = false;
	assert_string_equal(plan_text(&v, &plan), "remove");
	assert_true(plan.failed);
}

static void a_sidecar_must_have_started_before_what_follows(void **state)
{
	(void)state;
	struct container_view c[] = { { .role = ROLE_SIDECAR }, { .role = ROLE_MAIN } };
	struct pod_view v = view(c, 2);
	struct pod_plan plan;
	assert_string_equal(plan_text(&v, &plan), "start 0");
	c[0].life = LIFE_RUNNING;
	assert_string_equal(plan_text(&v, &plan), "");
	c[0].started = true;
	assert_string_equal(plan_text(&v, &plan), "start 1");
}

static void sidecars_stop_after_the_containers_they_serve(void **state)
{
	(void)state;
	struct container_view c[] = {
		{ .role = ROLE_SIDECAR, .life = LIFE_RUNNING, .started = true },
		{ .role = ROLE_MAIN, .life = LIFE_RUNNING }
	};
	struct pod_view v = view(c, 2);
	struct pod_plan plan;
	v.terminating = true;
	assert_string_equal(plan_text(&v, &plan), "kill 1");
	c[1].life = LIFE_EXITED;
	assert_string_equal(plan_text(&v, &plan), "kill 0");
	c[0].life = LIFE_EXITED;
	assert_string_equal(plan_text(&v, &plan), "remove");
}

static void what_starts_no_more_ends_the_pod(void **state)
{
	(void)state;
	static const struct {
		bool again;
		int exit_code;
		const char *plan;
		bool ended, failed;
	} rows[] = {
		{ true, 0, "start 0", false, false },
		{ true, 1, "start 0", false, false },
		{ false, 0, "remove", true, false },
		{ false, 3, "remove", true, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct container_view c[] = { { .role = ROLE_MAIN,
						.life = LIFE_EXITED,
						.exit_code = rows[i].exit_code,
						.again = rows[i].again } };
		struct pod_view v = view(c, 1);
		struct pod_plan plan;
		assert_string_equal(plan_text(&v, &plan), rows[i].plan);
		assert_int_equal(plan.ended, rows[i].ended);
		assert_int_equal(plan.failed, rows[i].failed);
	}
}

static void all_end_before_all_begin_anew(void **state)
{
	(void)state;
	struct container_view c[] = {
		{ .role = ROLE_INIT, .life = LIFE_EXITED },
		{ .role = ROLE_MAIN, .life = LIFE_EXITED, .exit_code = 42, .again = true },
		{ .role = ROLE_MAIN, .life = LIFE_RUNNING },
		{ .role = ROLE_EPHEMERAL, .life = LIFE_RUNNING },
	};
	struct pod_view v = view(c, 4);
	struct pod_plan plan;
	v.restart_all = true;
	assert_string_equal(plan_text(&v, &plan), "kill 2");
	c[2].life = LIFE_STOPPING;
	assert_string_equal(plan_text(&v, &plan), "");
	c[2].life = LIFE_EXITED;
	assert_string_equal(plan_text(&v, &plan), "reset");
	assert_false(plan.ended);
}

static void a_container_in_back_off_waits_for_its_time(void **state)
{
	(void)state;
	struct container_view c[] = {
		{ .role = ROLE_MAIN, .life = LIFE_EXITED, .again = true, .retry_at_us = NOW + 5 }
	};
	struct pod_view v = view(c, 1);
	struct pod_plan plan;
	assert_string_equal(plan_text(&v, &plan), "");
	assert_int_equal(plan.wake_at_us, NOW + 5);
	c[0].retry_at_us = NOW;
	assert_string_equal(plan_text(&v, &plan), "start 0");
}

static void deletion_ends_with_the_object(void **state)
{
	(void)state;
	struct container_view c[] = { { .role = ROLE_MAIN, .life = LIFE_RUNNING } };
	struct pod_view v = view(c, 1);
	struct pod_plan plan;
	v.terminating = v.deleted = true;
	assert_string_equal(plan_text(&v, &plan), "kill 0");
	c[0].life = LIFE_STOPPING;
	assert_string_equal(plan_text(&v, &plan), "");
	c[0].life = LIFE_EXITED;
	assert_string_equal(plan_text(&v, &plan), "remove");
	v.sandbox = SANDBOX_REMOVING;
	assert_string_equal(plan_text(&v, &plan), "");
	v.sandbox = SANDBOX_REMOVED;
	assert_string_equal(plan_text(&v, &plan), "finish");
}

static void a_container_that_is_starting_is_not_left_behind(void **state)
{
	(void)state;
	struct container_view c[] = { { .role = ROLE_MAIN, .life = LIFE_STARTING } };
	struct pod_view v = view(c, 1);
	struct pod_plan plan;
	v.terminating = v.deleted = true;
	assert_string_equal(plan_text(&v, &plan), "");
}

static void a_deadline_is_waited_for_and_then_acted_on(void **state)
{
	(void)state;
	struct container_view c[] = { { .role = ROLE_MAIN, .life = LIFE_RUNNING } };
	struct pod_view v = view(c, 1);
	struct pod_plan plan;
	v.deadline_us = NOW + 1;
	assert_string_equal(plan_text(&v, &plan), "");
	assert_int_equal(plan.wake_at_us, NOW + 1);
	v.deadline_us = NOW;
	assert_string_equal(plan_text(&v, &plan), "deadline");
}

static void an_unhealthy_container_is_killed_to_be_restarted(void **state)
{
	(void)state;
	struct container_view c[] = {
		{ .role = ROLE_MAIN, .life = LIFE_RUNNING, .unhealthy = true }
	};
	struct pod_view v = view(c, 1);
	struct pod_plan plan;
	assert_string_equal(plan_text(&v, &plan), "kill 0");
	assert_false(plan.ended);
}

static void back_off_doubles_to_five_minutes_and_starts_over(void **state)
{
	(void)state;
	int64_t us = 0;
	static const int seconds[] = { 10, 20, 40, 80, 160, 300, 300 };
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		us = backoff_next_us(us, 0);
		assert_int_equal(us, seconds[i] * 1000000ll);
	}
	assert_int_equal(backoff_next_us(us, BACKOFF_RESET_US), BACKOFF_FIRST_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_starts_before_the_sandbox),
		cmocka_unit_test(init_containers_run_one_after_another),
		cmocka_unit_test(a_failed_init_container_is_retried_or_fails_the_pod),
		cmocka_unit_test(a_sidecar_must_have_started_before_what_follows),
		cmocka_unit_test(sidecars_stop_after_the_containers_they_serve),
		cmocka_unit_test(what_starts_no_more_ends_the_pod),
		cmocka_unit_test(all_end_before_all_begin_anew),
		cmocka_unit_test(a_container_in_back_off_waits_for_its_time),
		cmocka_unit_test(deletion_ends_with_the_object),
		cmocka_unit_test(a_container_that_is_starting_is_not_left_behind),
		cmocka_unit_test(a_deadline_is_waited_for_and_then_acted_on),
		cmocka_unit_test(an_unhealthy_container_is_killed_to_be_restarted),
		cmocka_unit_test(back_off_doubles_to_five_minutes_and_starts_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
