/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent/runtime/runtime_host.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/runtime/cgroup.h"
#include "agent/runtime/root_path.h"
#include "base/file.h"
#include "base/mem.h"

#define LIMIT_MS 20000

static void on_exit_event(void *ctx, const char *pod_uid, const char *container_id)
{
	struct host *h = ctx;
	(void)pod_uid;
	snprintf(h->exited, sizeof(h->exited), "%s", container_id ? container_id : "sandbox");
}

static int open_runtime(struct host *h)
{
	struct runtime_config c = {
		&h->loop, h->root_dir, h->run_dir, h->cgroup, on_exit_event, h
	};
	return runtime_new(&c, &h->rt, &h->err);
}

#ifdef __aarch64__
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "amd64"
#endif

/* BUSYBOX_IMAGE names one that was made before, for machines without Debian's archive. */
static char *busybox_tar(struct host *h)
{
	const char *made = getenv("BUSYBOX_IMAGE");
	if (made)
		return str_dup(str_from(made));
	char *tar = str_printf("%s/busybox.tar", h->run_dir);
	auto_free char *command = str_printf("%s/tests/images/make-busybox " ARCHITECTURE
					     " %s busybox:test >%s/log 2>&1",
					     TEST_SOURCE_DIR, tar, h->run_dir);
	if (system(command) != 0)
		free(TAKE(tar));
	return tar;
}

static const char *make_image(struct host *h)
{
	static char why[512];
	auto_free char *tar = busybox_tar(h);
	struct image *image;
	if (!tar)
		return "the busybox image can't be made here";
	if (image_import(runtime_images(h->rt), tar, NULL, NULL, NULL, &h->err) < 0 ||
	    image_find(runtime_images(h->rt), "busybox:test", &image, &h->err) < 0) {
		snprintf(why, sizeof(why), "%s", err_text(&h->err));
		return why;
	}
	snprintf(h->image, sizeof(h->image), "%s", image->id);
	image_free(image);
	return NULL;
}

const char *host_open(struct host *h)
{
	static char why[512];
	*h = (struct host){ 0 };
	if (geteuid() != 0)
		return "needs root";
	auto_fd int probe = root_open(AT_FDCWD, "/", O_PATH | O_CLOEXEC);
	if (probe < 0)
		return "needs openat2, which emulated processors don't have";
	snprintf(h->root_dir, sizeof(h->root_dir), "/var/tmp/allinone-test-XXXXXX");
	snprintf(h->run_dir, sizeof(h->run_dir), "/tmp/ait-XXXXXX");
	if (!mkdtemp(h->root_dir) || !mkdtemp(h->run_dir))
		return "no directories";
	snprintf(h->cgroup, sizeof(h->cgroup), "allinone-test-%d", (int)getpid());
	snprintf(h->log_dir, sizeof(h->log_dir), "%s/logs", h->run_dir);
	if (loop_init(&h->loop, "node", &h->err) < 0)
		return "no loop";
	if (open_runtime(h) < 0) {
		snprintf(why, sizeof(why), "%s", err_text(&h->err));
		return why;
	}
	return make_image(h);
}

int host_reopen(struct host *h)
{
	runtime_free(TAKE(h->rt));
	return open_runtime(h);
}

void host_close(struct host *h)
{
	if (!h->loop.name) /* not even begun */
		return;
	runtime_free(h->rt);
	loop_close(&h->loop);
	struct cgroup_host cgroups;
	if (cgroup_open(h->cgroup, &cgroups, NULL) == 0)
		cgroup_remove(&cgroups, h->cgroup);
	err_clear(&h->err);
	dir_remove(h->root_dir, NULL);
	dir_remove(h->run_dir, NULL);
}

void host_answer(void *ctx, const struct err *err)
{
	struct host *h = ctx;
	err_clear(&h->err);
	if (err)
		err_copy(&h->err, err);
	h->answered = true;
}

static bool has_answered(struct host *h)
{
	return h->answered;
}

struct waiting {
	struct loop_timer limit;
	bool late;
};

static void on_limit(struct loop_timer *t)
{
	CONTAINER_OF(t, struct waiting, limit)->late = true;
}

static void free_waiting(struct loop_timer *t)
{
	free(CONTAINER_OF(t, struct waiting, limit));
}

bool host_wait(struct host *h, bool (*until)(struct host *h))
{
	struct waiting *w = NEW(struct waiting);
	loop_timer_init(&h->loop, &w->limit, on_limit);
	loop_timer_start(&w->limit, LIMIT_MS);
	while (!until(h) && !w->late)
		uv_run(&h->loop.uv, UV_RUN_ONCE);
	bool ok = !w->late;
	loop_timer_close(&w->limit, free_waiting);
	return ok;
}

int host_result(struct host *h)
{
	bool ok = host_wait(h, has_answered);
	h->answered = false;
	if (!ok)
		return err_set(&h->err, ERR_TIMEOUT, "no answer");
	return h->err.reason ? -(int)h->err.reason : 0;
}

int host_sandbox(struct host *h, const char *uid)
{
	return host_sandbox_like(h, uid, &(struct sandbox_spec){ 0 });
}

int host_sandbox_like(struct host *h, const char *uid, const struct sandbox_spec *more)
{
	auto_free char *cgroup = str_printf("burstable/pod%s", uid);
	struct sandbox_spec s = *more;
	s.pod_uid = uid;
	s.pod_name = "p";
	s.pod_ns = "default";
	s.hostname = "web-0";
	s.log_dir = h->log_dir;
	s.cgroup_path = cgroup;
	runtime_sandbox_start(h->rt, &s, host_answer, h);
	return host_result(h);
}

int host_remove(struct host *h, const char *uid)
{
	runtime_sandbox_remove(h->rt, uid, host_answer, h);
	return host_result(h);
}

int host_run(struct host *h, const char *uid, const struct container_spec *more, const char *script,
	     char id[65])
{
	const char *command[] = { "sh", "-c", script, NULL };
	struct container_spec s = *more;
	s.pod_uid = uid;
	s.name = s.name ? s.name : "c";
	s.image = h->image;
	s.command = s.command ? s.command : command;
	runtime_container_create(h->rt, &s, id, host_answer, h);
	int r = host_result(h);
	if (r < 0)
		return r;
	runtime_container_start(h->rt, id, host_answer, h);
	return host_result(h);
}

static char wanted[65];
static bool has_ended(struct host *h)
{
	struct container_status s;
	return runtime_container_status(h->rt, wanted, &s) && s.state == CONTAINER_EXITED;
}

bool host_ended(struct host *h, const char *id, struct container_status *out)
{
	snprintf(wanted, sizeof(wanted), "%s", id);
	return host_wait(h, has_ended) && runtime_container_status(h->rt, id, out);
}

char *host_log(struct host *h, const char *id)
{
	struct container_status s;
	auto_buf text = { 0 };
	if (!runtime_container_status(h->rt, id, &s) ||
	    file_read(s.log_path, 1 << 20, &text, NULL) < 0)
		return str_dup(STR(""));
	buf_puts(&text, "");
	return buf_take(&text);
}

struct gather {
	struct host *h;
	struct buf *out;
	struct stream *in;
	int open, code;
	bool ended;
	struct err err;
};

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct gather *g = s->ctx;
	buf_add(g->out, p, n);
}

static void on_end(struct stream *s)
{
	stream_close(s);
}

static void on_close(struct stream *s)
{
	struct gather *g = s->ctx;
	g->open--;
}

static void on_in_close(struct stream *s)
{
	struct gather *g = s->ctx;
	g->in = NULL;
}

static void on_exec_exit(void *ctx, int code, const struct err *err)
{
	struct gather *g = ctx;
	g->code = code;
	g->ended = true;
	if (err)
		err_copy(&g->err, err);
}

static void own(struct gather *g, struct stream *s)
{
	if (!s)
		return;
	s->ctx = g;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_close = on_close;
	g->open++;
	stream_read_start(s);
}

static struct gather *present;
static bool gathered(struct host *h)
{
	(void)h;
	return present->ended && present->open == 0;
}

static bool in_closed(struct host *h)
{
	(void)h;
	return present->in == NULL;
}

static int gather(struct host *h, struct gather *g, struct runtime_io *io, bool tty, const char *in,
		  int *code)
{
	if (io->in) { /* only written to; without a terminal its end is sent at once */
		io->in->ctx = g;
		io->in->on_close = on_in_close;
		g->in = io->in;
		stream_write_copy(io->in, in, strlen(in));
		if (!tty)
			stream_shutdown(io->in);
	}
	own(g, io->out);
	own(g, io->err_out);
	if (!host_wait(h, gathered))
		return err_set(&h->err, ERR_TIMEOUT, "the command does not end");
	if (g->in)
		stream_close(g->in);
	if (!host_wait(h, in_closed))
		return err_set(&h->err, ERR_TIMEOUT, "the input does not close");
	*code = g->code;
	err_move(&h->err, &g->err);
	return h->err.reason ? -(int)h->err.reason : 0;
}

int host_exec(struct host *h, const char *id, const char *const *argv, bool tty, const char *in,
	      struct buf *out, int *code)
{
	struct gather g = { .h = h, .out = out };
	struct runtime_io io;
	present = &g;
	if (!runtime_exec(h->rt, id, argv, tty, in != NULL, &io, on_exec_exit, &g, &h->err))
		return -(int)h->err.reason;
	return gather(h, &g, &io, tty, in, code);
}

int host_attach(struct host *h, const char *id, const char *in, struct buf *out, int *code)
{
	struct gather g = { .h = h, .out = out };
	struct runtime_io io;
	present = &g;
	if (!runtime_attach(h->rt, id, in != NULL, &io, on_exec_exit, &g, &h->err))
		return -(int)h->err.reason;
	return gather(h, &g, &io, io.err_out == NULL, in, code);
}
