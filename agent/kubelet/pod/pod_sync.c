/* SPDX-License-Identifier: Apache-2.0 */
/* View → pod_plan() → actions. Runs to its end before anything else of the pod; what asks for another sync meanwhile gets it
 * right after. */
#include "agent/kubelet/pod/pod.h"

#include "agent/kubelet/pod/refs.h"
#include "base/log.h"
#include "base/mem.h"

static struct container_view view_of(const struct pod_container *c)
{
	int64_t retry = c->retry_at_us > c->pull_retry_at_us ? c->retry_at_us : c->pull_retry_at_us;
	return (struct container_view){
		.role = c->role,
		.life = c->reset && c->life == LIFE_EXITED ? LIFE_NONE : c->life,
		.started = c->started,
		.unhealthy = c->kill_message != NULL,
		.exit_code = c->end.exit_code,
		.again = c->life == LIFE_EXITED && pod_container_verdict(c) != RESTART_NOT,
		.retry_at_us = retry,
	};
}

struct unknown {
	struct pod *p;
	bool any;
};

static void look(void *ctx, enum source_kind kind, struct str name)
{
	struct unknown *u = ctx;
	const struct object *o;
	u->any = u->any || sources_get(u->p->k->sources, kind, str_from(u->p->ns), name, &o) ==
				   SOURCE_UNKNOWN;
}

static bool sources_known(struct pod *p)
{
	struct unknown u = { .p = p };
	refs_each(&p->api, look, &u);
	return !u.any && informer_synced(p->k->services);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* The earliest of what the plan says and of what rests until then. */
static int64_t wake_time(const struct pod *p, const struct pod_plan *plan, bool terminating,
			 int64_t now_us)
{
	int64_t at = plan->wake_at_us;
	const int64_t rests[] = { p->sandbox_retry_us, p->status_retry_us, p->finish_retry_us,
				  p->resize.in_progress ? p->resize.retry_at_us : 0 };
	for (size_t i = 0; i < COUNT_OF(rests); i++)
		if (rests[i] > now_us)
			at = earlier(at, rests[i]);
	return terminating ? at : earlier(at, tokens_renew_at_us(p->tokens));
}

static void wake_at(struct pod *p, int64_t at_us, int64_t now_us)
{
	if (!at_us) {
		loop_timer_stop(&p->timer);
		return;
	}
	int64_t ms = (at_us - now_us + 999) / 1000;
	loop_timer_start(&p->timer, ms > 0 ? (uint64_t)ms : 1);
}

static void past_deadline(struct pod *p)
{
	p->stop_reason = str_dup(STR("DeadlineExceeded"));
	p->stop_message =
		str_dup(STR("Pod was active on the node longer than the specified deadline"));
	pod_event(p, NULL, false, "DeadlineExceeded", "%s", p->stop_message);
	p->sync_again = true;
}

static void kill_container(struct pod *p, struct pod_container *c)
{
	if (p->restart_all)
		c->kill_grace_us = 0;
	pod_container_stop(c, p->restart_all ? "killing" : c->kill_message);
}

static void carry_out(struct pod *p, const struct pod_action *a)
{
	switch (a->act) {
	case ACT_SANDBOX_START: pod_sandbox_start(p); break;
	case ACT_SANDBOX_REMOVE: pod_sandbox_remove(p); break;
	case ACT_START: pod_container_start(p->containers[a->container]); break;
	case ACT_KILL: kill_container(p, p->containers[a->container]); break;
	case ACT_RESET: pod_containers_reset(p); break;
	case ACT_DEADLINE: past_deadline(p); break;
	case ACT_FINISH: pod_finish(p); break;
	}
}

static void sync_once(struct pod *p)
{
	int64_t now_us = clock_wall_us(p->k->clock);
	struct container_view *views = mem_zalloc((p->ncontainers + 1) * sizeof(*views));
	bool known = sources_known(p);
	bool resting = p->sandbox_retry_us > now_us;
	struct pod_plan plan;
	for (size_t i = 0; i < p->ncontainers; i++) {
		if (pod_is_terminating(p))
			pod_container_start_not(p->containers[i]);
		views[i] = view_of(p->containers[i]);
	}
	struct pod_view v = {
		.sandbox = p->sandbox,
		.volumes_ready = known && !resting,
		.terminating = pod_is_terminating(p),
		.deleted = p->api.metadata.deletion_timestamp.set && !p->gone,
		.restart_all = p->restart_all,
		.containers = views,
		.n = p->ncontainers,
	};
	if (v.terminating && p->sandbox == SANDBOX_NONE && p->sandbox_tried)
		v.sandbox = SANDBOX_READY; /* half-made: to be removed all the same */
	if (p->api.spec.active_deadline_seconds)
		v.deadline_us = p->start_us + *p->api.spec.active_deadline_seconds * 1000000;
	if (p->sandbox == SANDBOX_READY && !v.terminating) {
		if (known && p->volumes_dirty && !p->volumes_busy)
			pod_volumes_refresh(p);
		v.volumes_ready = known && (p->volumes_ready || p->ended);
	}
	if (p->sandbox == SANDBOX_READY && !v.terminating)
		pod_resize_actuate(p);
	for (size_t i = 0; i < p->ncontainers; i++)
		views[i].unhealthy = p->containers[i]->kill_message != NULL;
	pod_plan(&v, now_us, &plan);
	p->initialized = plan.initialized;
	p->ended = plan.ended;
	p->failed = plan.failed;
	for (size_t i = 0; i < plan.n; i++)
		carry_out(p, &plan.actions[i]);
	free(views);
	wake_at(p, wake_time(p, &plan, v.terminating, now_us), now_us);
}

void pod_sync(struct pod *p)
{
	bool deleted = p->api.metadata.deletion_timestamp.set || p->gone;
	if (p->closing || !p->object || !p->tokens || p->k->stopping)
		return;
	if (p->syncing) {
		p->sync_again = true;
		return;
	}
	if (!pod_admit(p))
		return;
	p->syncing = true;
	tokens_renew(p->tokens);
	do {
		p->sync_again = false;
		if (!p->frozen || deleted)
			sync_once(p);
	} while (p->sync_again);
	p->syncing = false;
	if (!p->frozen)
		pod_status_sync(p);
	pod_close_if_through(p);
}
