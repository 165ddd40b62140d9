/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a pod object: what it holds is released, its timers are closed, what it left on the disk is removed. */
#include "agent/kubelet/pod/pod.h"

#include "agent/kubelet/pod/log_link.h"
#include "agent/kubelet/pod/probe.h"
#include "base/file.h"
#include "base/mem.h"

static void container_free(struct pod_container *c)
{
	container_end_clear(&c->end);
	container_end_clear(&c->last);
	arena_free(&c->actuated_arena);
	free(c->name);
	free(c->waiting_reason);
	free(c->waiting_message);
	free(c->image);
	free(c->image_ref);
	free(c->user);
	free(c->image_wanted);
	free(c->termination_log);
	free(c->kill_message);
	free(c);
}

void container_end_clear(struct container_end *e)
{
	free(e->reason);
	free(e->message);
	*e = (struct container_end){ 0 };
}

static void free_now(struct loop_timer *t)
{
	struct pod *p = CONTAINER_OF(t, struct pod, timer);
	for (size_t i = 0; i < p->ncontainers; i++)
		container_free(p->containers[i]);
	tokens_free(p->tokens);
	pod_resize_free(p);
	object_unref(p->object);
	arena_free(&p->arena);
	arena_free(&p->conditions_arena);
	free(p->containers);
	free((char *)p->dirs.data);
	free((char *)p->dirs.run);
	free(p->log_dir);
	free(p->status_sent);
	free(p->stop_reason);
	free(p->stop_message);
	free(p->uid);
	free(p->ns);
	free(p->name);
	free(p);
}

static void free_after_graces(struct pod *p);

static void grace_closed(struct loop_timer *t)
{
	struct pod_container *c = CONTAINER_OF(t, struct pod_container, grace);
	c->grace_open = false;
	free_after_graces(c->pod);
}

static void free_after_graces(struct pod *p)
{
	for (size_t i = 0; i < p->ncontainers; i++)
		if (p->containers[i]->grace_open)
			return;
	loop_timer_close(&p->timer, free_now);
}

/* What a finished pod left on disk: its logs, mostly. Detached: the pod itself is no more. */
struct leftovers {
	char *data, *run, *logs;
};

static void remove_leftovers(void *ctx)
{
	struct leftovers *l = ctx;
	struct pod_dirs dirs = { l->data, l->run };
	auto_free char *logs = str_printf("%s/", l->logs);
	pod_dirs_remove(&dirs, NULL);
	log_links_remove(LOG_LINKS, logs);
	dir_remove(l->logs, NULL);
}

static void leftovers_gone(void *ctx)
{
	struct leftovers *l = ctx;
	free(l->data);
	free(l->run);
	free(l->logs);
	free(l);
}

static void drop_leftovers(const struct pod *p)
{
	struct leftovers *l = NEW(struct leftovers);
	l->data = str_dup(str_from(p->dirs.data));
	l->run = str_dup(str_from(p->dirs.run));
	l->logs = str_dup(str_from(p->log_dir));
	loop_work(p->k->loop, remove_leftovers, leftovers_gone, l);
}

static void pod_close(struct pod *p)
{
	bool waits = false;
	if (p->gone)
		drop_leftovers(p);
	p->closing = true;
	certificates_forget(p->k->certificates, p->uid);
	map_del(&p->k->pods, str_from(p->uid));
	pod_resize_retry_all(p->k);
	if (p->object)
		pod_refs_release(p, &p->api);
	for (size_t i = 0; i < p->ncontainers; i++) {
		probes_stop(p->containers[i]);
		if (p->containers[i]->grace_open) {
			waits = true;
			loop_timer_close(&p->containers[i]->grace, grace_closed);
		}
	}
	if (!waits)
		loop_timer_close(&p->timer, free_now);
}

void pod_hold(struct pod *p)
{
	p->pending++;
}

void pod_unhold(struct pod *p)
{
	p->pending--;
	if (!p->closing)
		pod_sync(p);
}

/* Called at the end of each sync. */
static bool is_through(const struct pod *p)
{
	bool idle = p->pending == 0 && !p->syncing && !p->status_busy && !p->finishing;
	bool clean = p->sandbox == SANDBOX_NONE || p->sandbox == SANDBOX_REMOVED;
	return p->gone && idle && clean;
}

void pod_close_if_through(struct pod *p)
{
	if (!p->closing && is_through(p))
		pod_close(p);
}
