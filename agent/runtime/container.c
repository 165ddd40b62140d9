/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that are made (container_create.c): started by the shim, told to end, removed on the pool. */
#include <signal.h>
#include <stdio.h>

#include "agent/runtime/cleanup.h"
#include "agent/runtime/container_spec.h"
#include "agent/runtime/op.h"
#include "base/clock.h"

#define EXIT_NOT_STARTED 128 /* what containerd reports for a process that could not be started */

/* Start. */

struct starting {
	struct runtime *rt;
	char id[65];
	runtime_done done;
	void *ctx;
};

static void start_failed(struct ctr *c)
{
	c->state = CONTAINER_EXITED;
	c->exit_code = EXIT_NOT_STARTED;
	c->started_us = c->finished_us = clock_wall_us(clock_real());
	ctr_exited(c, false);
}

static void start_answered(void *ctx, struct shim_message *m)
{
	struct starting *st = ctx;
	struct ctr *c = ctr_find(st->rt, st->id);
	auto_err err = { 0 };
	bool refused = shim_refused(m, &err);
	if (c) {
		c->starting = false;
		if (refused) {
			start_failed(c);
		} else if (c->state == CONTAINER_CREATED) {
			c->state = CONTAINER_RUNNING;
			c->pid = (int)message_i64(m, 2);
			c->started_us = message_i64(m, 3);
		}
		if (!list_empty(&c->waiters)) /* removed meanwhile */
			runtime_container_kill(st->rt, st->id, SIGKILL);
	}
	if (st->done)
		st->done(st->ctx, refused ? &err : NULL);
	free(st);
}

static void send_run(struct ctr *c, struct starting *st)
{
	char oom_file[CGROUP_PATH_MAX], flags[4] = "", *f = flags;
	struct shim_message m;
	cgroup_oom_file(&st->rt->cgroups, c->cgroup_path, oom_file);
	if (c->tty)
		*f++ = 't';
	if (c->stdin_open)
		*f++ = 'i';
	if (c->stdin_once)
		*f++ = 'o';
	shim_request(c->sandbox->conn, &m, "run");
	message_add(&m, c->id);
	message_add(&m, c->dir);
	message_add(&m, c->log_path);
	message_add(&m, oom_file);
	message_add(&m, flags);
	shim_send(c->sandbox->conn, &m, start_answered, st);
}

void runtime_container_start(struct runtime *rt, const char *id, runtime_done done, void *ctx)
{
	struct ctr *c = ctr_find(rt, id);
	auto_err err = { 0 };
	if (!c || !c->sandbox->conn || c->state != CONTAINER_CREATED || c->starting) {
		err_set(&err, ERR_CONFLICT,
			c ? "container %s can't be started" : "container %s not found", id);
		done_later(rt->loop, done, ctx, &err);
		return;
	}
	struct starting *st = NEW(struct starting);
	st->rt = rt;
	snprintf(st->id, sizeof(st->id), "%s", id);
	st->done = done;
	st->ctx = ctx;
	c->starting = true;
	send_run(c, st);
}

void runtime_container_kill(struct runtime *rt, const char *id, int signal)
{
	struct ctr *c = ctr_find(rt, id);
	struct shim_message m;
	if (!c || !c->sandbox->conn || c->state != CONTAINER_RUNNING)
		return;
	shim_request(c->sandbox->conn, &m, "kill");
	message_add(&m, c->id);
	message_add_i64(&m, signal ? signal : c->stop_signal ? c->stop_signal : SIGTERM);
	shim_send(c->sandbox->conn, &m, NULL, NULL);
}

/* Removal. */

struct removal {
	struct op op;
	struct exit_waiter waiter;
	struct ctr *c;
};

static void remove_work(struct op *op)
{
	cleanup_container(CONTAINER_OF(op, struct removal, op)->c);
}

static void remove_finish(struct op *op)
{
	struct removal *r = CONTAINER_OF(op, struct removal, op);
	ctr_free(r->c);
	op_done(op);
	free(r);
}

static void remove_exited(struct exit_waiter *w, bool removed)
{
	struct removal *r = CONTAINER_OF(w, struct removal, waiter);
	struct sandbox *s = r->c->sandbox;
	struct shim_message m;
	if (removed) {
		op_done(&r->op);
		free(r);
		return;
	}
	if (s->conn) {
		shim_request(s->conn, &m, "forget");
		message_add(&m, r->c->id);
		shim_send(s->conn, &m, NULL, NULL);
	}
	op_queue(s, &r->op);
}

void runtime_container_remove(struct runtime *rt, const char *id, runtime_done done, void *ctx)
{
	struct ctr *c = ctr_find(rt, id);
	if (!c || c->removing || c->sandbox->removing) {
		done_later(rt->loop, done, ctx, NULL);
		return;
	}
	struct removal *r = NEW(struct removal);
	r->op = (struct op){
		.work = remove_work, .finish = remove_finish, .done = done, .ctx = ctx
	};
	r->waiter.fn = remove_exited;
	r->c = c;
	c->removing = true;
	if (c->state != CONTAINER_RUNNING && !c->starting) {
		remove_exited(&r->waiter, false);
		return;
	}
	list_add_tail(&c->waiters, &r->waiter.link);
	runtime_container_kill(rt, id, SIGKILL);
}

/* Log files and limits. */

static void reopened(void *ctx, struct shim_message *m)
{
	struct starting *st = ctx;
	auto_err err = { 0 };
	bool refused = shim_refused(m, &err);
	if (st->done)
		st->done(st->ctx, refused ? &err : NULL);
	free(st);
}

void runtime_container_reopen_log(struct runtime *rt, const char *id, runtime_done done, void *ctx)
{
	struct ctr *c = ctr_find(rt, id);
	struct shim_message m;
	if (!c || !c->sandbox->conn || c->state != CONTAINER_RUNNING) {
		done_later(rt->loop, done, ctx, NULL);
		return;
	}
	struct starting *st = NEW(struct starting);
	st->done = done;
	st->ctx = ctx;
	shim_request(c->sandbox->conn, &m, "reopen");
	message_add(&m, c->id);
	shim_send(c->sandbox->conn, &m, reopened, st);
}

bool runtime_container_status(struct runtime *rt, const char *id, struct container_status *out)
{
	struct ctr *c = ctr_find(rt, id);
	if (c)
		ctr_status(c, out);
	return c != NULL;
}

int runtime_usage(struct runtime *rt, const char *id, struct runtime_usage *out, struct err *err)
{
	struct ctr *c = ctr_find(rt, id);
	if (!c || !c->cgroup_path)
		return err_set(err, ERR_NOT_FOUND, "container %s not found", id);
	return cgroup_usage(&rt->cgroups, c->cgroup_path, out, err);
}
