/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of processes in a container.
 *
 *   exec:   (pool) process.json; for a terminal a socket where crun leaves its master ──► (loop) `exec` to the shim ──► runs
 *           ──► `exec-exit` from the shim ──► on_exit
 *   attach: `attach` to the shim, whose answer brings the pipes ──► runs until the container exits or somebody cancels
 * The streams are handed out at once and open late where they must. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "agent/runtime/late_stream.h"
#include "agent/runtime/oci_config.h"
#include "agent/runtime/state.h"
#include "base/file.h"

struct runtime_exec {
	struct list link; /* in the container's execs; alone once that is gone */
	struct runtime *rt;
	struct ctr *c; /* NULL once that is gone */
	char name[24];
	char *dir, *config_path;
	char **argv;
	bool attach, tty, in, started, canceled, finished;
	int child_fds[3];          /* what the process gets; -1 when sent */
	int console_fd, master_fd; /* tty: where crun connects to; kept for resizing */
	uint16_t rows, columns;
	struct late_stream *late_in, *late_out, *late_err;
	struct err err;     /* of the work on the pool */
	bool working, dead; /* dead: freed when the work is done */
	runtime_exec_exit on_exit;
	void *ctx;
	struct loop_later cancel;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void remove_dir_work(void *ctx)
{
	dir_remove(ctx, NULL);
}

static void exec_free(struct runtime_exec *e)
{
	if (e->working) {
		e->dead = true;
		return;
	}
	for (int i = 0; i < 3; i++)
		close_fd(&e->child_fds[i]);
	close_fd(&e->console_fd);
	close_fd(&e->master_fd);
	loop_later_cancel(&e->cancel);
	for (char **a = e->argv; a && *a; a++)
		free(*a);
	free(e->argv);
	free(e->config_path);
	err_clear(&e->err);
	if (e->dir)
		loop_work(e->rt->loop, remove_dir_work, free, e->dir);
	free(e);
}

/* The last call. */
static void finish(struct runtime_exec *e, int code, const struct err *err)
{
	if (e->finished)
		return;
	e->finished = true;
	list_del(&e->link);
	e->c = NULL;
	struct late_stream *late[] = { e->late_in, e->late_out, e->late_err };
	for (size_t i = 0; i < COUNT_OF(late); i++) {
		late_stream_end(late[i]);
		late_stream_detach(late[i]); /* the streams outlive us */
	}
	e->on_exit(e->ctx, code, err);
	exec_free(e);
}

static void resize_now(struct runtime_exec *e)
{
	struct winsize size = { .ws_row = e->rows, .ws_col = e->columns };
	if (e->master_fd >= 0 && e->rows && e->columns)
		ioctl(e->master_fd, TIOCSWINSZ, &size);
}

void runtime_exec_resize(struct runtime_exec *e, uint16_t rows, uint16_t columns)
{
	e->rows = rows;
	e->columns = columns;
	resize_now(e);
}

/* The terminal: one descriptor to read, one to write, one to resize. */
static void open_terminal(struct runtime_exec *e, int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	e->master_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	resize_now(e);
	if (e->in)
		late_stream_open(e->late_in, fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (e->attach)
		close(fd); /* its output comes through the shim, which logs it */
	else
		late_stream_open(e->late_out, fd);
}

static int take_console(struct runtime_exec *e)
{
	struct shim_message m = { .nfds = 0 };
	auto_fd int conn = accept4(e->console_fd, NULL, NULL, SOCK_CLOEXEC);
	close_fd(&e->console_fd);
	if (conn < 0 || message_receive(conn, &m) <= 0 || m.nfds == 0)
		return -1;
	int fd = m.fds[0];
	m.fds[0] = m.fds[--m.nfds];
	message_close_fds(&m);
	return fd;
}

static void exec_answered(void *ctx, struct shim_message *m)
{
	struct runtime_exec *e = ctx;
	auto_err err = { 0 };
	e->working = false;
	if (e->dead) {
		exec_free(e);
		return;
	}
	if (shim_refused(m, &err)) {
		finish(e, -1, &err);
		return;
	}
	e->started = true;
	if (e->tty) {
		int fd = take_console(e);
		if (fd >= 0)
			open_terminal(e, fd);
	}
	if (e->canceled)
		runtime_exec_cancel(e);
}

static void send_exec(struct runtime_exec *e)
{
	struct shim_conn *conn = e->c->sandbox->conn;
	auto_free char *console = str_printf("%s/s", e->dir);
	struct shim_message m;
	shim_request(conn, &m, "exec");
	message_add(&m, e->name);
	message_add(&m, e->c->id);
	message_add(&m, e->dir);
	message_add(&m, e->tty ? console : "");
	for (int i = 0; i < 3 && !e->tty; i++)
		message_add_fd(&m, e->child_fds[i]);
	e->working = true; /* until it is answered, e has to stay */
	shim_send(conn, &m, exec_answered, e);
	for (int i = 0; i < 3; i++)
		close_fd(&e->child_fds[i]);
}

static int listen_console(struct runtime_exec *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s/s", e->dir) >= (int)sizeof(a.sun_path))
		return err_set(&e->err, ERR_INVALID, "%s is too long for a socket", e->dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	e->console_fd = fd;
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 1) != 0)
		return err_sys(&e->err, "listen on %s", a.sun_path);
	return 0;
}

static void exec_work(void *ctx)
{
	struct runtime_exec *e = ctx;
	auto_buf process = { 0 };
	auto_free char *path = str_printf("%s/process.json", e->dir);
	int r = mkdir(e->dir, 0700) == 0 || errno == EEXIST ? 0
							    : err_sys(&e->err, "make %s", e->dir);
	if (r == 0)
		r = oci_exec_process(e->config_path, (const char *const *)e->argv, e->tty, &process,
				     &e->err);
	if (r == 0)
		r = file_write_plain(path, process.p, process.n, 0600, &e->err);
	if (r == 0 && e->tty)
		listen_console(e);
}

static void exec_prepared(void *ctx)
{
	struct runtime_exec *e = ctx;
	auto_err err = { 0 };
	e->working = false;
	if (e->dead) {
		exec_free(e);
		return;
	}
	if (e->err.reason) {
		err_copy(&err, &e->err);
		finish(e, -1, &err);
	} else if (e->canceled || !e->c || !e->c->sandbox->conn) {
		err_set(&err, ERR_UNAVAILABLE, "canceled");
		finish(e, -1, &err);
	} else {
		send_exec(e);
	}
}

static void run_cancel(struct loop_later *l)
{
	struct runtime_exec *e = CONTAINER_OF(l, struct runtime_exec, cancel);
	auto_err err = { 0 };
	err_set(&err, ERR_UNAVAILABLE, "detached");
	finish(e, -1, &err);
}

static struct runtime_exec *exec_new(struct ctr *c, bool in, runtime_exec_exit on_exit, void *ctx)
{
	struct runtime_exec *e = NEW(struct runtime_exec);
	e->rt = c->sandbox->rt;
	e->c = c;
	e->in = in;
	e->console_fd = e->master_fd = e->child_fds[0] = e->child_fds[1] = e->child_fds[2] = -1;
	e->on_exit = on_exit;
	e->ctx = ctx;
	snprintf(e->name, sizeof(e->name), "%llx", (unsigned long long)++e->rt->next_exec);
	loop_later_init(&e->cancel, run_cancel);
	list_add_tail(&c->execs, &e->link);
	return e;
}

/* A pipe of which we keep one end as a stream, the process gets the other. */
static struct stream *pipe_stream(struct runtime_exec *e, int slot, bool ours_reads,
				  struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		err_sys(err, "make a pipe");
		return NULL;
	}
	e->child_fds[slot] = ends[ours_reads];
	return stream_from_fd(e->rt->loop, ends[!ours_reads], err);
}

static int null_fd(int flags)
{
	return open("/dev/null", flags | O_CLOEXEC);
}

static void drop_streams(struct runtime_io *io)
{
	struct stream *all[] = { io->in, io->out, io->err_out };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i])
			stream_close(all[i]);
	*io = (struct runtime_io){ 0 };
}

static bool open_pipes(struct runtime_exec *e, struct runtime_io *io, struct err *err)
{
	if (e->in)
		io->in = pipe_stream(e, 0, false, err);
	else
		e->child_fds[0] = null_fd(O_RDONLY);
	io->out = pipe_stream(e, 1, true, err);
	io->err_out = pipe_stream(e, 2, true, err);
	if (io->out && io->err_out && (io->in || !e->in))
		return true;
	drop_streams(io);
	return false;
}

static char **copy_argv(const char *const *argv)
{
	size_t n = 0;
	while (argv[n])
		n++;
	char **out = mem_zalloc(sizeof(*out) * (n + 1));
	for (size_t i = 0; i < n; i++)
		out[i] = str_dup(str_from(argv[i]));
	return out;
}

static struct ctr *running(struct runtime *rt, const char *id, struct err *err)
{
	struct ctr *c = ctr_find(rt, id);
	if (!c)
		err_set(err, ERR_NOT_FOUND, "container %s not found", id);
	else if (c->state != CONTAINER_RUNNING || !c->sandbox->conn)
		err_set(err, ERR_CONFLICT, "container %s is not running", c->name);
	else
		return c;
	return NULL;
}

struct runtime_exec *runtime_exec(struct runtime *rt, const char *id, const char *const *argv,
				  bool tty, bool in, struct runtime_io *io,
				  runtime_exec_exit on_exit, void *ctx, struct err *err)
{
	struct ctr *c = running(rt, id, err);
	*io = (struct runtime_io){ 0 };
	if (!c)
		return NULL;
	if (!argv || !argv[0]) {
		err_set(err, ERR_BAD_REQUEST, "no command");
		return NULL;
	}
	struct runtime_exec *e = exec_new(c, in, on_exit, ctx);
	e->tty = tty;
	if (tty) {
		io->out = late_stream_new(rt->loop, &e->late_out);
		io->in = in ? late_stream_new(rt->loop, &e->late_in) : NULL;
	} else if (!open_pipes(e, io, err)) {
		list_del(&e->link);
		exec_free(e);
		return NULL;
	}
	e->argv = copy_argv(argv);
	e->dir = str_printf("%s/e%s", c->sandbox->run_dir, e->name);
	e->config_path = str_printf("%s/config.json", c->dir);
	e->working = true;
	loop_work(rt->loop, exec_work, exec_prepared, e);
	return e;
}

static void attach_answered(void *ctx, struct shim_message *m)
{
	struct runtime_exec *e = ctx;
	auto_err err = { 0 };
	e->working = false;
	if (e->dead) {
		if (m)
			message_close_fds(m);
		exec_free(e);
		return;
	}
	if (shim_refused(m, &err)) {
		finish(e, -1, &err);
		return;
	}
	e->started = true;
	const char *names = message_word(m, 2);
	for (size_t i = 0; i < m->nfds && names[i]; i++) {
		if (names[i] == 'o')
			late_stream_open(e->late_out, m->fds[i]);
		else if (names[i] == 'e')
			late_stream_open(e->late_err, m->fds[i]);
		else if (names[i] == 'i')
			late_stream_open(e->late_in, m->fds[i]);
		else
			open_terminal(e, m->fds[i]);
	}
	m->nfds = 0;
	if (!strchr(names, 'i') && !strchr(names, 't'))
		late_stream_end(e->late_in);
}

struct runtime_exec *runtime_attach(struct runtime *rt, const char *id, bool in,
				    struct runtime_io *io, runtime_exec_exit on_exit, void *ctx,
				    struct err *err)
{
	struct ctr *c = running(rt, id, err);
	struct shim_message m;
	*io = (struct runtime_io){ 0 };
	if (!c)
		return NULL;
	struct runtime_exec *e = exec_new(c, in, on_exit, ctx);
	e->attach = true;
	e->tty = c->tty;
	io->out = late_stream_new(rt->loop, &e->late_out);
	io->err_out = c->tty ? NULL : late_stream_new(rt->loop, &e->late_err);
	io->in = in ? late_stream_new(rt->loop, &e->late_in) : NULL;
	e->working = true;
	shim_request(c->sandbox->conn, &m, "attach");
	message_add(&m, c->id);
	message_add(&m, in ? "i" : "");
	shim_send(c->sandbox->conn, &m, attach_answered, e);
	return e;
}

void runtime_exec_cancel(struct runtime_exec *e)
{
	struct shim_message m;
	e->canceled = true;
	if (e->attach) {
		loop_later(e->rt->loop, &e->cancel);
		return;
	}
	if (!e->started || !e->c || !e->c->sandbox->conn)
		return;
	shim_request(e->c->sandbox->conn, &m, "exec-kill");
	message_add(&m, e->name);
	message_add_i64(&m, SIGKILL);
	shim_send(e->c->sandbox->conn, &m, NULL, NULL);
}

void execs_told(struct ctr *c, const struct shim_message *m)
{
	LIST_EACH_SAFE(&c->execs, it)
	{
		struct runtime_exec *e = LIST_ITEM(it, struct runtime_exec, link);
		if (e->attach || strcmp(e->name, message_word(m, 1)) != 0)
			continue;
		finish(e, (int)message_i64(m, 2), NULL);
		return;
	}
}

/* Attached clients get the container's own exit code; what was executed in it died with it. */
void execs_end(struct ctr *c)
{
	LIST_EACH_SAFE(&c->execs, it)
	{
		struct runtime_exec *e = LIST_ITEM(it, struct runtime_exec, link);
		bool known = c->state == CONTAINER_EXITED;
		finish(e, e->attach && known ? c->exit_code : 128 + SIGKILL, NULL);
	}
}
