/* SPDX-License-Identifier: Apache-2.0 */
/* A container on its way down, and what is known of it afterwards:
 *   stop: Killing → preStop hook → stop signal → grace is over → SIGKILL → ended
 *   ended: exit code, termination message, when to start again
 *   adopt: the same knowledge after a restart of ours, from the runtime and from the API's status */
#include <stdio.h>

#include "agent/kubelet/pod/handler.h"
#include "agent/kubelet/pod/log_link.h"
#include "agent/kubelet/pod/pod.h"
#include "agent/kubelet/pod/pod_status.h"
#include "agent/kubelet/pod/probe.h"
#include "agent/kubelet/pod/termination.h"
#include "agent/kubelet/serve/log_rotate.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define RESET_REASON  "RestartingAllContainers"
#define RESET_MESSAGE "The container is removed because RestartAllContainers in place"

static char *copy(struct str s)
{
	return s.n ? str_dup(s) : NULL;
}

/* --- stop --- */

static void on_grace(struct loop_timer *t)
{
	struct pod_container *c = CONTAINER_OF(t, struct pod_container, grace);
	if (c->life != LIFE_STOPPING)
		return;
	c->killed_hard = true;
	runtime_container_kill(c->pod->k->runtime, c->id, 9);
}

static void arm_grace(struct pod_container *c, int64_t us)
{
	if (!c->grace_open) {
		loop_timer_init(c->pod->k->loop, &c->grace, on_grace);
		c->grace_open = true;
	}
	loop_timer_start(&c->grace, (uint64_t)(us / 1000));
}

static void on_pre_stop(void *ctx, enum handler_result r, const char *output)
{
	struct pod_container *c = ctx;
	struct pod *p = c->pod;
	(void)output;
	if (r != HANDLER_SUCCESS)
		pod_event(p, c, true, "FailedPreStopHook", "PreStopHook failed");
	if (c->life == LIFE_STOPPING)
		runtime_container_kill(p->k->runtime, c->id, 0);
	pod_unhold(p);
}

static void signal_stop(struct pod_container *c, int64_t grace_us)
{
	const struct core_v1_lifecycle *hooks = c->spec->lifecycle;
	if (!hooks || !hooks->pre_stop || !grace_us) {
		runtime_container_kill(c->pod->k->runtime, c->id, 0);
		return;
	}
	const struct core_v1_lifecycle_handler *h = hooks->pre_stop;
	struct handler_spec s = {
		.exec = h->exec,
		.http_get = h->http_get,
		.tcp_socket = h->tcp_socket,
		.sleep = h->sleep,
		.timeout_ms = (uint64_t)grace_us / 1000,
		.purpose = "lifecycle",
	};
	pod_hold(c->pod);
	handler_start(c, &s, on_pre_stop, c);
}

void pod_container_stop(struct pod_container *c, const char *message)
{
	int64_t grace_us = c->kill_grace_us >= 0 && !pod_is_terminating(c->pod)
				   ? c->kill_grace_us
				   : pod_grace_us(c->pod);
	c->life = LIFE_STOPPING;
	c->killed_hard = false;
	probes_stop(c);
	if (message)
		pod_event(c->pod, c, false, "Killing", "%s", message);
	else
		pod_event(c->pod, c, false, "Killing", "Stopping container %s", c->name);
	arm_grace(c, grace_us);
	signal_stop(c, grace_us);
}

/* --- ended --- */

enum restart pod_container_verdict(const struct pod_container *c)
{
	return restart_after(&c->pod->api.spec, c->spec, c->role, c->end.exit_code);
}

void pod_containers_reset(struct pod *p)
{
	for (size_t i = 0; i < p->ncontainers; i++) {
		struct pod_container *c = p->containers[i];
		if (c->role == ROLE_EPHEMERAL || c->life != LIFE_EXITED)
			continue;
		c->reset = true;
		c->retry_at_us = 0;
		pod_container_waits(c, RESET_REASON, RESET_MESSAGE);
	}
	p->restart_all = false;
	p->initialized = false;
	p->sync_again = true;
}

static void schedule_restart(struct pod_container *c, int64_t now_us)
{
	struct pod *p = c->pod;
	int64_t ran_us = c->end.started_us ? c->end.finished_us - c->end.started_us : 0;
	if (pod_is_terminating(p) || p->restart_all || pod_container_verdict(c) != RESTART_ITSELF) {
		pod_container_waits(c, NULL, NULL);
		return;
	}
	int64_t wait_us =
		ran_us >= BACKOFF_RESET_US ? 0 : c->backoff_us; /* the first restart is immediate */
	c->backoff_us = backoff_next_us(c->backoff_us, ran_us);
	c->retry_at_us = now_us + wait_us;
	if (!wait_us)
		return;
	auto_free char *message =
		str_printf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
			   termination_duration(wait_us / 1000000, (char[32]){ 0 }), c->name,
			   p->name, p->ns, p->uid);
	pod_container_waits(c, "CrashLoopBackOff", message);
	pod_event(p, c, true, "BackOff", "Back-off restarting failed container %s in pod %s_%s(%s)",
		  c->name, p->name, p->ns, p->uid);
}

static void removed(void *ctx, const struct err *err)
{
	(void)ctx;
	if (err)
		log_debug("a former container is left", LOG_S("error", err_text(err)));
}

/* Of two containers ago nothing is kept; of the one before its end and its log. */
static void drop_older(struct pod_container *c)
{
	if (c->last.valid && c->last.id[0])
		runtime_container_remove(c->pod->k->runtime, c->last.id, removed, NULL);
	if (c->restart_count >= 2) {
		auto_free char *log =
			str_printf("%s/%s/%d.log", c->pod->log_dir, c->name, c->restart_count - 2);
		log_links_remove(LOG_LINKS, log);
		unlink(log);
	}
	container_end_clear(&c->last);
}

static bool remembers(const struct pod_container *c, const char *id)
{
	return c->end.valid && !strcmp(c->end.id, id);
}

void pod_container_ended(struct pod_container *c, const struct container_status *s,
			 const char *reason, const char *message)
{
	int64_t now_us = clock_wall_us(c->pod->k->clock);
	if (remembers(c, s->id))
		return; /* told twice: by the start and by the exit */
	if (!reason && c->pod->restart_all && c->life == LIFE_STOPPING) {
		reason = RESET_REASON;
		message = RESET_MESSAGE;
	}
	if (c->grace_open)
		loop_timer_stop(&c->grace);
	probes_stop(c);
	if (c->life == LIFE_STARTING) {
		drop_older(c);
		c->last = c->end;
	} else {
		container_end_clear(&c->end);
	}
	c->end = (struct container_end){
		.valid = true,
		.exit_code = s->exit_code,
		.signal = s->signal,
		.oom_killed = s->oom_killed,
		.reason = copy(str_from(reason)),
		.message = copy(str_from(message)),
		.started_us = s->started_us,
		.finished_us = s->finished_us ? s->finished_us : now_us,
	};
	snprintf(c->end.id, sizeof(c->end.id), "%s", s->id);
	if (!message)
		c->end.message = termination_message(c, s);
	c->life = LIFE_EXITED;
	c->reset = c->started = c->ready = false;
	c->replaces = c->kill_message != NULL;
	free(c->kill_message);
	c->kill_message = NULL;
	c->kill_grace_us = -1;
	pod_container_waits(c, NULL, NULL);
	if (!pod_is_terminating(c->pod) && pod_container_verdict(c) == RESTART_ALL)
		c->pod->restart_all = true;
	schedule_restart(c, now_us);
}

/* --- adopt --- */

struct search {
	struct pod_container *c;
	struct container_status now, before; /* the newest two of that name */
	bool has_now, has_before;
};

static void look(void *ctx, const struct container_status *s)
{
	struct search *f = ctx;
	if (strcmp(s->name, f->c->name) != 0)
		return;
	if (!f->has_now || s->attempt > f->now.attempt) {
		f->before = f->now;
		f->has_before = f->has_now;
		f->now = *s;
		f->has_now = true;
	} else if (!f->has_before || s->attempt > f->before.attempt) {
		f->before = *s;
		f->has_before = true;
	}
}

static struct container_end end_of(const struct container_status *s)
{
	struct container_end e = {
		.valid = true,
		.exit_code = s->exit_code,
		.signal = s->signal,
		.oom_killed = s->oom_killed,
		.started_us = s->started_us,
		.finished_us = s->finished_us,
	};
	snprintf(e.id, sizeof(e.id), "%s", s->id);
	return e;
}

static struct container_end end_from_api(const struct core_v1_container_state_terminated *t)
{
	struct str id = t->container_id;
	struct container_end e = {
		.valid = true,
		.exit_code = t->exit_code,
		.reason = copy(t->reason),
		.message = copy(t->message),
		.started_us = t->started_at.us,
		.finished_us = t->finished_at.us,
	};
	if (str_cut_prefix(&id, STR(CONTAINER_ID_SCHEME)))
		snprintf(e.id, sizeof(e.id), "%.*s", STR_ARG(id));
	return e;
}

static const struct core_v1_container_status *api_status(const struct pod_container *c)
{
	const struct core_v1_pod_status *s = &c->pod->api.status;
	const struct {
		const struct core_v1_container_status *items;
		size_t n;
	} lists[] = {
		{ s->init_container_statuses.items, s->init_container_statuses.n },
		{ s->container_statuses.items, s->container_statuses.n },
		{ s->ephemeral_container_statuses.items, s->ephemeral_container_statuses.n },
	};
	for (size_t l = 0; l < COUNT_OF(lists); l++)
		for (size_t i = 0; i < lists[l].n; i++)
			if (str_eqz(lists[l].items[i].name, c->name))
				return &lists[l].items[i];
	return NULL;
}

/* The API says that it ran, the runtime knows nothing: the machine was off, or its state is lost. */
static void adopt_lost(struct pod_container *c, const struct core_v1_container_status *s)
{
	struct str id = s->container_id;
	if (s->state.terminated) {
		c->end = end_from_api(s->state.terminated);
	} else if (s->state.running) {
		c->end = (struct container_end){
			.valid = true,
			.exit_code = 137,
			.reason = str_dup(STR("ContainerStatusUnknown")),
			.message = str_dup(STR(
				"The container could not be located when the pod was terminated")),
			.started_us = s->state.running->started_at.us,
			.finished_us = clock_wall_us(c->pod->k->clock),
		};
		if (str_cut_prefix(&id, STR(CONTAINER_ID_SCHEME)))
			snprintf(c->end.id, sizeof(c->end.id), "%.*s", STR_ARG(id));
	}
	if (c->end.valid)
		c->life = LIFE_EXITED;
	snprintf(c->id, sizeof(c->id), "%s", c->end.id);
}

static struct container_user *user_from_api(const struct core_v1_container_user *u)
{
	const struct core_v1_linux_container_user *l = u ? u->linux_ : NULL;
	return l ? container_user_new(l->uid, l->gid, l->supplemental_groups.items,
				      l->supplemental_groups.n)
		 : NULL;
}

static void adopt_from_api(struct pod_container *c, const struct core_v1_container_status *s,
			   bool known)
{
	c->restart_count =
		c->restart_count > s->restart_count ? c->restart_count : s->restart_count;
	c->image = copy(s->image_id.n ? s->image : (struct str){ 0 });
	c->image_ref = copy(s->image_id);
	if (!known)
		c->user = user_from_api(s->user);
	if (s->last_state.terminated && !c->last.valid)
		c->last = end_from_api(s->last_state.terminated);
	if (!known)
		adopt_lost(c, s);
	if (s->state.waiting && s->state.waiting->reason.n && s->last_state.terminated &&
	    c->life == LIFE_EXITED)
		pod_container_waits(c, s->state.waiting->reason.p, s->state.waiting->message.p);
	if (s->state.waiting && s->last_state.terminated &&
	    !known) { /* it was in back-off: what it did last is its end */
		container_end_clear(&c->end);
		c->end = c->last;
		c->last = (struct container_end){ 0 };
		c->life = LIFE_EXITED;
	}
}

static void adopt_running(struct pod_container *c, const struct container_status *s,
			  const struct core_v1_container_status *api)
{
	c->life = LIFE_RUNNING;
	c->started = api && api->started && *api->started;
	c->ready = api && api->ready;
	c->started_us = s->started_us;
	c->usage.newer.at_us = s->started_us;
	c->image_wanted = copy(c->spec->image);
	probes_start(c, true);
}

void pod_container_adopt(struct pod_container *c)
{
	struct search f = { .c = c };
	const struct core_v1_container_status *api = api_status(c);
	runtime_each_container(c->pod->k->runtime, c->pod->uid, look, &f);
	if (f.has_now &&
	    f.now.state == CONTAINER_CREATED) { /* cut off in the middle of a start: done again */
		runtime_container_remove(c->pod->k->runtime, f.now.id, removed, NULL);
		f.now = f.before;
		f.has_now = f.has_before;
		f.has_before = false;
	}
	if (f.has_before)
		c->last = end_of(&f.before);
	if (f.has_now) {
		snprintf(c->id, sizeof(c->id), "%s", f.now.id);
		c->restart_count = f.now.attempt;
		pod_container_user_set(c, f.now.user);
		c->termination_log = str_printf("%s/containers/%s/%d", c->pod->dirs.data, c->name,
						f.now.attempt);
	}
	if (api)
		adopt_from_api(c, api, f.has_now);
	if (!f.has_now)
		return;
	if (f.now.state == CONTAINER_EXITED) {
		c->end = end_of(&f.now);
		c->end.message = termination_message(c, &f.now);
		c->life = LIFE_EXITED;
		c->retry_at_us = 0;
	} else {
		adopt_running(c, &f.now, api);
	}
}
