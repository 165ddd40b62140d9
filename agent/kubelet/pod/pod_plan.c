/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/kubelet/pod/pod_plan.h"

#include <string.h>

int64_t backoff_next_us(int64_t last_us, int64_t ran_us)
{
	if (last_us == 0 || ran_us >= BACKOFF_RESET_US)
		return BACKOFF_FIRST_US;
	return last_us * 2 < BACKOFF_MAX_US ? last_us * 2 : BACKOFF_MAX_US;
}

static void act(struct pod_plan *out, enum pod_act what, size_t container)
{
	if (out->n < POD_ACTIONS_MAX)
		out->actions[out->n++] = (struct pod_action){ what, container };
}

static void wake(struct pod_plan *out, int64_t at_us)
{
	if (at_us && (!out->wake_at_us || at_us < out->wake_at_us))
		out->wake_at_us = at_us;
}

static bool lives(const struct container_view *c)
{
	return c->life == LIFE_STARTING || c->life == LIFE_RUNNING || c->life == LIFE_STOPPING;
}

/* Starts it, now or when its back-off is over. */
static void start(const struct pod_view *v, size_t i, int64_t now_us, struct pod_plan *out)
{
	if (v->containers[i].retry_at_us > now_us)
		wake(out, v->containers[i].retry_at_us);
	else
		act(out, ACT_START, i);
}

static bool wants_start(const struct container_view *c)
{
	return c->life == LIFE_NONE || (c->life == LIFE_EXITED && c->again);
}

/* Everything stops; sidecars last, in reverse order, each when what came after it is gone. */
static void plan_stop(const struct pod_view *v, struct pod_plan *out)
{
	bool alive = false;
	for (size_t i = v->n; i > 0; i--) {
		const struct container_view *c = &v->containers[i - 1];
		bool waits = c->role == ROLE_SIDECAR && alive;
		if (c->life == LIFE_RUNNING && !waits)
			act(out, ACT_KILL, i - 1);
		alive = alive || lives(c);
	}
	if (alive || v->sandbox == SANDBOX_STARTING || v->sandbox == SANDBOX_REMOVING)
		return;
	if (v->sandbox == SANDBOX_READY)
		act(out, ACT_SANDBOX_REMOVE, 0);
	else if (v->deleted)
		act(out, ACT_FINISH, 0);
}

/* Init containers up to the first that is not through. Returns whether all are. */
static bool plan_init(const struct pod_view *v, int64_t now_us, struct pod_plan *out)
{
	bool through = true;
	for (size_t i = 0; i < v->n; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role == ROLE_SIDECAR) {
			if (through && wants_start(c))
				start(v, i, now_us, out);
			else if (c->life == LIFE_RUNNING && c->unhealthy)
				act(out, ACT_KILL, i);
			through = through && c->life == LIFE_RUNNING && c->started;
		} else if (c->role == ROLE_INIT && through) {
			if (c->life == LIFE_EXITED && c->exit_code == 0)
				continue;
			through = false;
			if (wants_start(c))
				start(v, i, now_us, out);
			else if (c->life == LIFE_EXITED)
				out->ended = out->failed = true;
		}
	}
	return through;
}

/* Was a main container ever started? Then sidecars that fall over don't hold the others back. */
static bool mains_began(const struct pod_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->containers[i].role == ROLE_MAIN && v->containers[i].life != LIFE_NONE)
			return true;
	return false;
}

static void plan_main(const struct pod_view *v, int64_t now_us, struct pod_plan *out)
{
	bool ended = true, failed = false;
	for (size_t i = 0; i < v->n; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role == ROLE_EPHEMERAL && c->life == LIFE_NONE)
			start(v, i, now_us, out);
		if (c->role != ROLE_MAIN)
			continue;
		if (wants_start(c))
			start(v, i, now_us, out);
		else if (c->life == LIFE_RUNNING && c->unhealthy)
			act(out, ACT_KILL, i);
		bool over = c->life == LIFE_EXITED && !c->again;
		ended = ended && over;
		failed = failed || (over && c->exit_code != 0);
	}
	out->ended = ended;
	out->failed = ended && failed;
}

/* Ephemeral containers are nobody's to restart. */
static void plan_reset(const struct pod_view *v, struct pod_plan *out)
{
	bool alive = false;
	for (size_t i = 0; i < v->n; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role == ROLE_EPHEMERAL)
			continue;
		if (c->life == LIFE_RUNNING)
			act(out, ACT_KILL, i);
		alive = alive || lives(c);
	}
	if (!alive)
		act(out, ACT_RESET, 0);
}

/* All that ran is over: sidecars are told to stop, the sandbox goes. */
static void plan_end(const struct pod_view *v, struct pod_plan *out)
{
	out->n = 0;
	out->wake_at_us = 0;
	plan_stop(v, out);
}

static bool all_exited(const struct pod_view *v, bool *failed)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role != ROLE_MAIN)
			continue;
		if (c->life != LIFE_EXITED)
			return false;
		*failed = *failed || c->exit_code != 0;
	}
	return v->n > 0;
}

static bool init_through(const struct pod_view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct container_view *c = &v->containers[i];
		if (c->role == ROLE_INIT && (c->life != LIFE_EXITED || c->exit_code != 0))
			return false;
	}
	return true;
}

void pod_plan(const struct pod_view *v, int64_t now_us, struct pod_plan *out)
{
	memset(out, 0, sizeof(*out));
	if (v->terminating) {
		out->initialized = mains_began(v) || init_through(v);
		out->ended = all_exited(v, &out->failed);
		plan_stop(v, out);
		return;
	}
	if (v->deadline_us && v->deadline_us <= now_us) {
		act(out, ACT_DEADLINE, 0);
		return;
	}
	wake(out, v->deadline_us);
	if (v->sandbox == SANDBOX_READY && !v->volumes_ready)
		return; /* after a restart: what changed meanwhile is laid out first */
	if (v->restart_all) {
		out->initialized = mains_began(v);
		plan_reset(v, out);
		return;
	}
	bool began = mains_began(v);
	out->initialized = plan_init(v, now_us, out) || (began && init_through(v));
	if (out->initialized)
		plan_main(v, now_us, out);
	if (out->ended) {
		plan_end(v, out);
		return;
	}
	if (v->sandbox == SANDBOX_READY)
		return;
	out->n = 0; /* nothing starts without a sandbox */
	if (v->sandbox == SANDBOX_NONE && v->volumes_ready)
		act(out, ACT_SANDBOX_START, 0);
}
