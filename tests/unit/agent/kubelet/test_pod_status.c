/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/kubelet/pod/container_report.h"
#include "agent/kubelet/pod/pod_status.h"

static const char *const host_ips[] = { "192.0.2.1", NULL };
static struct kubelet kubelet = { .host_ips = host_ips };

struct fixture {
	struct arena a;
	struct pod pod;
	struct pod_container c[2];
	struct pod_container *list[2];
};

static void make(struct fixture *f, const char *policy)
{
	*f = (struct fixture){ 0 };
	f->pod.k = &kubelet;
	f->pod.api = *pod_from(
		&f->a, arena_printf(&f->a,
				    "{\"metadata\":{\"generation\":3},\"spec\":{\"restartPolicy\":"
				    "\"%s\",\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}",
				    policy));
	for (int i = 0; i < 2; i++) {
		f->c[i] = (struct pod_container){ .pod = &f->pod,
						  .role = ROLE_MAIN,
						  .spec = &f->pod.api.spec.containers.items[i] };
		f->c[i].name = (char *)f->c[i].spec->name.p;
		f->list[i] = &f->c[i];
	}
	f->pod.containers = f->list;
	f->pod.ncontainers = 2;
	f->pod.sandbox = SANDBOX_READY;
	f->pod.initialized = true;
}

static void set_life(struct pod_container *c, enum container_life life, int exit_code)
{
	c->life = life;
	c->started = c->ready = life == LIFE_RUNNING;
	c->end = (struct container_end){ .valid = life == LIFE_EXITED,
					 .exit_code = exit_code,
					 .id = "x" };
}

static void phases_follow_the_containers(void **state)
{
	(void)state;
	static const struct {
		const char *policy;
		enum container_life life[2];
		int exit_code[2];
		bool ended;
		const char *phase;
	} rows[] = {
		{ "Always", { LIFE_NONE, LIFE_NONE }, { 0, 0 }, false, "Pending" },
		{ "Always", { LIFE_RUNNING, LIFE_NONE }, { 0, 0 }, false, "Pending" },
		{ "Always", { LIFE_RUNNING, LIFE_RUNNING }, { 0, 0 }, false, "Running" },
		{ "Always", { LIFE_EXITED, LIFE_EXITED }, { 0, 1 }, false, "Running" },
		{ "OnFailure", { LIFE_EXITED, LIFE_RUNNING }, { 0, 0 }, false, "Running" },
		{ "OnFailure", { LIFE_EXITED, LIFE_EXITED }, { 0, 1 }, false, "Running" },
		{ "OnFailure", { LIFE_EXITED, LIFE_EXITED }, { 0, 0 }, true, "Succeeded" },
		{ "Never", { LIFE_EXITED, LIFE_EXITED }, { 0, 0 }, true, "Succeeded" },
		{ "Never", { LIFE_EXITED, LIFE_EXITED }, { 0, 2 }, true, "Failed" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct fixture f;
		make(&f, rows[i].policy);
		for (int k = 0; k < 2; k++)
			set_life(&f.c[k], rows[i].life[k], rows[i].exit_code[k]);
		f.pod.ended = rows[i].ended;
		assert_string_equal(pod_phase(&f.pod), rows[i].phase);
		arena_free(&f.a);
	}
}

static const struct core_v1_pod_condition *condition(const struct core_v1_pod_status *s,
						     const char *type)
{
	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eqz(s->conditions.items[i].type, type))
			return &s->conditions.items[i];
	fail_msg("no condition %s", type);
	return NULL;
}

static void unready_containers_are_named(void **state)
{
	(void)state;
	struct fixture f;
	struct core_v1_pod_status s;
	make(&f, "Always");
	set_life(&f.c[0], LIFE_RUNNING, 0);
	set_life(&f.c[1], LIFE_RUNNING, 0);
	f.c[1].ready = false;
	pod_status_build(&f.pod, 5000000, &f.a, &s);
	assert_true(str_eqz(condition(&s, "Ready")->status, "False"));
	assert_true(str_eqz(condition(&s, "Ready")->reason, "ContainersNotReady"));
	assert_true(
		str_eqz(condition(&s, "Ready")->message, "containers with unready status: [b]"));
	assert_true(str_eqz(condition(&s, "Initialized")->status, "True"));
	assert_int_equal(condition(&s, "Ready")->observed_generation, 3);
	arena_free(&f.a);
}

static void a_condition_keeps_the_time_of_its_last_change(void **state)
{
	(void)state;
	struct fixture f;
	struct core_v1_pod_status s, t;
	make(&f, "Always");
	pod_status_build(&f.pod, 5000000, &f.a, &s);
	f.pod.conditions = s.conditions.items;
	f.pod.nconditions = s.conditions.n;
	set_life(&f.c[0], LIFE_RUNNING, 0);
	set_life(&f.c[1], LIFE_RUNNING, 0);
	pod_status_build(&f.pod, 9000000, &f.a, &t);
	assert_int_equal(condition(&t, "PodScheduled")->last_transition_time.us, 5000000);
	assert_int_equal(condition(&t, "Ready")->last_transition_time.us, 9000000);
	arena_free(&f.a);
}

static void back_off_shows_the_end_as_the_last_state(void **state)
{
	(void)state;
	struct fixture f;
	struct core_v1_pod_status s;
	make(&f, "Always");
	set_life(&f.c[0], LIFE_EXITED, 3);
	f.c[0].waiting_reason = (char *)"CrashLoopBackOff";
	pod_status_build(&f.pod, 5000000, &f.a, &s);
	const struct core_v1_container_status *c = &s.container_statuses.items[0];
	assert_non_null(c->state.waiting);
	assert_true(str_eqz(c->state.waiting->reason, "CrashLoopBackOff"));
	assert_int_equal(c->last_state.terminated->exit_code, 3);
	assert_true(str_eqz(c->last_state.terminated->container_id, "allinone://x"));
	assert_true(
		str_eqz(s.container_statuses.items[1].state.waiting->reason, "ContainerCreating"));
	arena_free(&f.a);
}

static void ends_have_their_reasons(void **state)
{
	(void)state;
	struct container_end e = { .exit_code = 137, .oom_killed = true };
	assert_string_equal(container_end_reason(&e), "OOMKilled");
	e.oom_killed = false;
	assert_string_equal(container_end_reason(&e), "Error");
	e.exit_code = 0;
	assert_string_equal(container_end_reason(&e), "Completed");
	e.reason = (char *)"StartError";
	assert_string_equal(container_end_reason(&e), "StartError");
}

static void a_status_says_who_runs_and_what_is_read_only(void **state)
{
	(void)state;
	static const int64_t groups[] = { 3000, 4000 };
	struct fixture f;
	struct core_v1_pod_status s;
	make(&f, "Always");
	f.pod.api =
		*pod_from(&f.a, "{\"spec\":{\"containers\":[{\"name\":\"a\",\"volumeMounts\":["
				"{\"name\":\"w\",\"mountPath\":\"/w\"},"
				"{\"name\":\"r\",\"mountPath\":\"/r\",\"readOnly\":true},"
				"{\"name\":\"e\",\"mountPath\":\"/"
				"e\",\"readOnly\":true,\"recursiveReadOnly\":\"Enabled\"},"
				"{\"name\":\"p\",\"mountPath\":\"/"
				"p\",\"readOnly\":true,\"recursiveReadOnly\":\"IfPossible\"}]}]}}");
	f.c[0].spec = &f.pod.api.spec.containers.items[0];
	f.c[1].spec = f.c[0].spec;
	f.c[0].user = container_user_new(1000, 3000, groups, COUNT_OF(groups));
	pod_status_build(&f.pod, 5000000, &f.a, &s);
	const struct core_v1_container_status *c = &s.container_statuses.items[0];
	assert_int_equal(c->user->linux_->uid, 1000);
	assert_int_equal(c->user->linux_->gid, 3000);
	assert_int_equal(c->user->linux_->supplemental_groups.n, 2);
	assert_int_equal(c->user->linux_->supplemental_groups.items[1], 4000);
	assert_null(s.container_statuses.items[1].user);
	static const char *const modes[] = { "", "Disabled", "Enabled", "Enabled" };
	for (size_t i = 0; i < COUNT_OF(modes); i++)
		assert_true(str_eqz(c->volume_mounts.items[i].recursive_read_only, modes[i]));
	free(f.c[0].user);
	arena_free(&f.a);
}

static bool has_condition(const struct core_v1_pod_status *s, const char *type)
{
	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eqz(s->conditions.items[i].type, type))
			return true;
	return false;
}

static void why_a_pod_was_evicted_is_said_when_its_containers_have_ended(void **state)
{
	(void)state;
	struct fixture f;
	struct core_v1_pod_status s;
	make(&f, "Always");
	f.pod.stop_reason = (char *)"Evicted";
	f.pod.disrupted = true;
	set_life(&f.c[0], LIFE_RUNNING, 0);
	set_life(&f.c[1], LIFE_EXITED, 0);
	pod_status_build(&f.pod, 5000000, &f.a, &s);
	assert_true(str_eqz(s.phase, "Running"));
	assert_int_equal(s.reason.n, 0);
	assert_false(has_condition(&s, "DisruptionTarget"));
	set_life(&f.c[0], LIFE_EXITED, 143);
	f.pod.sandbox = SANDBOX_REMOVED;
	pod_status_build(&f.pod, 5000000, &f.a, &s);
	assert_true(str_eqz(s.phase, "Failed"));
	assert_true(str_eqz(s.reason, "Evicted"));
	assert_true(has_condition(&s, "DisruptionTarget"));
	arena_free(&f.a);
}

static void a_grace_may_be_as_long_as_a_client_likes(void **state)
{
	(void)state;
	static const int64_t given[] = { 0, 30, 18446744073710, INT64_MAX };
	static const int64_t want_s[] = { 1, 30, INT32_MAX, INT32_MAX };
	for (size_t i = 0; i < COUNT_OF(given); i++) {
		int64_t s = given[i];
		struct pod pod = { 0 };
		pod.api.spec.termination_grace_period_seconds = &s;
		assert_int_equal(pod_grace_us(&pod), want_s[i] * 1000000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_follow_the_containers),
		cmocka_unit_test(unready_containers_are_named),
		cmocka_unit_test(a_condition_keeps_the_time_of_its_last_change),
		cmocka_unit_test(back_off_shows_the_end_as_the_last_state),
		cmocka_unit_test(ends_have_their_reasons),
		cmocka_unit_test(a_status_says_who_runs_and_what_is_read_only),
		cmocka_unit_test(why_a_pod_was_evicted_is_said_when_its_containers_have_ended),
		cmocka_unit_test(a_grace_may_be_as_long_as_a_client_likes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
