/* SPDX-License-Identifier: Apache-2.0 */
/* Pod sandboxes.
 *
 *   start:   (pool) directories, cgroup, /dev/shm, hostname, the shim's process ──► (loop) connect, `init` ──► done
 *   remove:  `quit` to the shim (kills what runs) ──► (pool) unmount and delete everything ──► done
 * Either works on what an interrupted start left behind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/runtime/cleanup.h"
#include "agent/runtime/op.h"
#include "agent/runtime/shim_spawn.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define SHM_BYTES     (64LL * 1024 * 1024)
#define QUIT_LIMIT_MS 10000

struct start {
	struct op op;
	struct container_resources resources;
	char **sysctls;
	int fd; /* connected to the shim */
	pid_t pid;
};

static char *copy(const char *text)
{
	return text && *text ? str_dup(str_from(text)) : NULL;
}

static char **copy_list(const char *const *list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	char **out = mem_zalloc(sizeof(*out) * (n + 1));
	for (size_t i = 0; i < n; i++)
		out[i] = str_dup(str_from(list[i]));
	return out;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static int mount_shm(const struct sandbox *s, struct err *err)
{
	auto_free char *path = str_printf("%s/shm", s->run_dir);
	char options[64];
	if (s->host_ipc)
		return 0;
	int r = dir_make(path, 0755, err);
	if (r < 0)
		return r;
	umount2(path, MNT_DETACH);
	snprintf(options, sizeof(options), "mode=1777,size=%lld", (long long)s->shm_bytes);
	if (mount("shm", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0)
		return err_sys(err, "mount %s", path);
	return 0;
}

static int write_hostname(const struct sandbox *s, struct err *err)
{
	auto_free char *path = str_printf("%s/hostname", s->run_dir);
	auto_free char *text = str_printf("%s\n", s->hostname ? s->hostname : "localhost");
	return file_write_plain(path, text, strlen(text), 0644, err);
}

static int spawn(const struct sandbox *s, pid_t *out, struct err *err)
{
	const struct shim_program program = { s->rt->shim_fd, s->rt->crun_fd };
	return shim_spawn(s->uid, s->run_dir, &program, s->rt->shim_cgroup, out, err);
}

static int prepare(struct start *st)
{
	struct sandbox *s = st->op.sandbox;
	struct err *err = &st->op.err;
	auto_free char *crun = str_printf("%s/crun", s->run_dir);
	int r = dir_make(crun, 0700, err);
	if (r == 0)
		r = sandbox_save(s, err);
	if (r == 0)
		r = cgroup_create(&s->rt->cgroups, s->cgroup_path, &st->resources, err);
	if (r == 0)
		r = mount_shm(s, err);
	if (r == 0)
		r = write_hostname(s, err);
	if (r == 0)
		r = spawn(s, &st->pid, err);
	if (r == 0)
		r = shim_connect(s->run_dir, &st->fd, err);
	return r;
}

static void start_work(struct op *op)
{
	struct start *st = CONTAINER_OF(op, struct start, op);
	if (prepare(st) < 0)
		err_wrap(&op->err, 0, "start sandbox");
}

static void start_free(struct start *st)
{
	free_list(st->sysctls);
	free(st);
}

/* After the pod was told that it is there: the shim leaves our own cgroup (v1; on v2 it was born elsewhere). */
struct join {
	struct runtime *rt;
	pid_t pid;
};

static void join_run(void *ctx)
{
	struct join *j = ctx;
	cgroup_join(&j->rt->cgroups, "allinone/shims", j->pid);
}

static void start_answered(void *ctx, struct shim_message *m)
{
	struct start *st = ctx;
	struct sandbox *s = st->op.sandbox;
	if (!shim_refused(m, &st->op.err)) {
		s->alive = true;
		s->shim_pid = (pid_t)message_i64(m, 2);
		s->pause_pid = (pid_t)message_i64(m, 3);
		if (!s->rt->shim_cgroup) {
			struct join *j = NEW(struct join);
			j->rt = s->rt;
			j->pid = s->shim_pid;
			loop_work(s->rt->loop, join_run, free, j);
		}
	} else {
		err_wrap(&st->op.err, 0, "start sandbox");
	}
	op_done(&st->op);
	start_free(st);
}

static void start_finish(struct op *op)
{
	struct start *st = CONTAINER_OF(op, struct start, op);
	struct sandbox *s = op->sandbox;
	struct shim_message m;
	char flags[4] = "", *f = flags;
	if (op->err.reason) {
		op_done(op);
		start_free(st);
		return;
	}
	s->shim_pid = st->pid;
	sandbox_adopt(s, st->fd);
	if (s->host_ipc)
		*f++ = 'i';
	if (s->share_pid && !s->host_pid)
		*f++ = 'p';
	if (s->rt->cgroups.hide_unified)
		*f++ = 'u';
	shim_request(s->conn, &m, "init");
	message_add(&m, s->hostname ? s->hostname : "localhost");
	message_add(&m, s->netns_path);
	message_add(&m, flags);
	for (char **sysctl = st->sysctls; *sysctl; sysctl++)
		message_add(&m, *sysctl);
	shim_send(s->conn, &m, start_answered, st);
}

static void fill(struct sandbox *s, const struct sandbox_spec *spec)
{
	s->hostname = copy(spec->hostname);
	s->log_dir = copy(spec->log_dir);
	s->netns_path = copy(spec->netns_path);
	s->cgroup_path = str_printf("%s/%s", s->rt->cgroup_name, spec->cgroup_path);
	s->host_pid = spec->host_pid;
	s->host_ipc = spec->host_ipc;
	s->share_pid = spec->share_pid;
	s->shm_bytes = spec->shm_bytes > 0 ? spec->shm_bytes : SHM_BYTES;
}

void runtime_sandbox_start(struct runtime *rt, const struct sandbox_spec *spec, runtime_done done,
			   void *ctx)
{
	auto_err err = { 0 };
	if (sandbox_find(rt, spec->pod_uid) || strchr(spec->pod_uid, '/') || !*spec->pod_uid) {
		err_set(&err, ERR_ALREADY_EXISTS, "sandbox of pod %s is there already",
			spec->pod_uid);
		done_later(rt->loop, done, ctx, &err);
		return;
	}
	struct sandbox *s = sandbox_new(rt, spec->pod_uid);
	fill(s, spec);
	struct start *st = NEW(struct start);
	st->op.work = start_work;
	st->op.finish = start_finish;
	st->op.done = done;
	st->op.ctx = ctx;
	st->resources = spec->resources;
	st->sysctls = copy_list(spec->sysctls);
	st->fd = -1;
	op_queue(s, &st->op);
}

bool runtime_sandbox_alive(struct runtime *rt, const char *pod_uid)
{
	struct sandbox *s = sandbox_find(rt, pod_uid);
	return s && s->alive && !s->removing;
}

/* What the shim tells. */

static void told(void *ctx, const struct shim_message *m)
{
	struct sandbox *s = ctx;
	if (strcmp(message_word(m, 0), "state") == 0) {
		struct ctr *c = ctr_find(s->rt, message_word(m, 1));
		if (c && c->sandbox == s && ctr_apply(c, m))
			ctr_exited(c, true);
		return;
	}
	LIST_EACH(&s->containers, it)
	execs_told(LIST_ITEM(it, struct ctr, link), m);
}

static void gone(void *ctx)
{
	struct sandbox *s = ctx;
	shim_conn_close(TAKE(s->conn));
	if (s->removing)
		return;
	log_warn("a pod's shim is gone", LOG_S("pod", s->uid), LOG_I("pid", s->shim_pid));
	sandbox_lost(s);
}

void sandbox_adopt(struct sandbox *s, int fd)
{
	static const struct shim_conn_ops ops = { .told = told, .gone = gone };
	s->conn = shim_conn_new(s->rt->loop, fd, &ops, s);
}

static void lost_work(struct op *op)
{
	cgroup_kill(&op->sandbox->rt->cgroups, op->sandbox->cgroup_path);
}

static void lost_finish(struct op *op)
{
	struct sandbox *s = op->sandbox;
	free(op);
	if (s->rt->on_exit && !s->removing)
		s->rt->on_exit(s->rt->ctx, s->uid, NULL);
}

void sandbox_lost(struct sandbox *s)
{
	s->alive = false;
	LIST_EACH_SAFE(&s->containers, it)
	{
		struct ctr *c = LIST_ITEM(it, struct ctr, link);
		if (c->state == CONTAINER_EXITED)
			continue;
		if (!ctr_read_state(c) || c->state != CONTAINER_EXITED) {
			c->state = CONTAINER_EXITED;
			c->exit_code = 128 + SIGKILL;
			c->signal = SIGKILL;
			c->finished_us = clock_wall_us(clock_real());
		}
		ctr_exited(c, true);
	}
	struct op *op = NEW(struct op);
	op->work = lost_work;
	op->finish = lost_finish;
	op_queue(s, op);
}

/* Removal. */

struct removal {
	struct op op;
	struct loop_timer limit;
	bool queued;
};

static void removal_work(struct op *op)
{
	struct sandbox *s = op->sandbox;
	LIST_EACH(&s->containers, it)
	cleanup_container(LIST_ITEM(it, struct ctr, link));
	cleanup_sandbox(s);
}

static void limit_closed(struct loop_timer *t)
{
	free(CONTAINER_OF(t, struct removal, limit));
}

static void removal_finish(struct op *op)
{
	struct removal *r = CONTAINER_OF(op, struct removal, op);
	struct sandbox *s = op->sandbox;
	runtime_done done = op->done;
	void *ctx = op->ctx;
	list_init(&op->link);
	sandbox_free(s);
	loop_timer_close(&r->limit, limit_closed);
	if (done)
		done(ctx, NULL);
}

static void removal_go(struct removal *r)
{
	struct sandbox *s = r->op.sandbox;
	if (r->queued)
		return;
	r->queued = true;
	loop_timer_stop(&r->limit);
	shim_conn_close(TAKE(s->conn));
	op_queue(s, &r->op);
}

static void quit_answered(void *ctx, struct shim_message *m)
{
	(void)m; /* gone is as good as done */
	removal_go(ctx);
}

static void quit_late(struct loop_timer *t)
{
	struct removal *r = CONTAINER_OF(t, struct removal, limit);
	log_warn("a pod's shim does not end", LOG_S("pod", r->op.sandbox->uid));
	removal_go(r);
}

void runtime_sandbox_remove(struct runtime *rt, const char *pod_uid, runtime_done done, void *ctx)
{
	struct sandbox *s = sandbox_find(rt, pod_uid);
	struct shim_message m;
	if (!s || s->removing) {
		done_later(rt->loop, done, ctx, NULL);
		return;
	}
	struct removal *r = NEW(struct removal);
	r->op = (struct op){ .sandbox = s,
			     .work = removal_work,
			     .finish = removal_finish,
			     .done = done,
			     .ctx = ctx };
	s->removing = true;
	loop_timer_init(rt->loop, &r->limit, quit_late);
	if (!s->conn) {
		removal_go(r);
		return;
	}
	loop_timer_start(&r->limit, QUIT_LIMIT_MS);
	shim_request(s->conn, &m, "quit");
	shim_send(s->conn, &m, quit_answered, r);
}
