/* SPDX-License-Identifier: Apache-2.0 */
/* One container: started by crun (which leaves its first process to us), its stdio, its exit. Its state is also kept in the
 * bundle's file `state`, so that an exit is known even if the shim is gone when somebody asks. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

struct container *container_find(struct shim *s, const char *id)
{
	for (struct container *c = s->containers; c; c = c->next)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}

static void in_bundle(const struct container *c, const char *name, char out[SHIM_PATH_MAX + 32])
{
	size_t n = strlen(c->bundle);
	memcpy(out, c->bundle, n);
	memcpy(out + n, name, strlen(name) + 1);
}

static void describe(const struct container *c, struct shim_message *m)
{
	message_start(m, "state");
	message_add(m, c->id);
	message_add_i64(m, c->pid);
	message_add_i64(m, c->exited);
	message_add_i64(m, c->code);
	message_add_i64(m, c->signal);
	message_add_i64(m, c->oom_killed);
	message_add_i64(m, c->started_us);
	message_add_i64(m, c->finished_us);
}

void container_tell(struct shim *s, int client, const struct container *c)
{
	struct shim_message m;
	describe(c, &m);
	for (int i = 0; i < SHIM_CLIENTS; i++)
		if (client < 0 || i == client)
			send_to(s, i, &m);
}

/* The words of the `state` message from PID on, one a line. */
static void save(const struct container *c)
{
	char path[SHIM_PATH_MAX + 32], temporary[SHIM_PATH_MAX + 32];
	struct shim_message m;
	describe(c, &m);
	size_t skip = sizeof("state") + strlen(c->id) + 1;
	for (size_t i = skip; i < m.n; i++)
		if (!m.text[i])
			m.text[i] = '\n';
	in_bundle(c, "/state", path);
	in_bundle(c, "/state.new", temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	bool ok = write(fd, m.text + skip, m.n - skip) == (ssize_t)(m.n - skip);
	close(fd);
	if (ok)
		rename(temporary, path);
}

static int console_listen(struct shim *s, struct container *c, char path[SHIM_PATH_MAX])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(s->run_dir);
	if (n + 20 > sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, s->run_dir, n);
	memcpy(a.sun_path + n, "/c", 2);
	memcpy(a.sun_path + n + 2, c->id, 16);
	memcpy(path, a.sun_path, sizeof(a.sun_path));
	unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 1) != 0) {
		int r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	c->console_fd = fd;
	return 0;
}

/* crun has sent the terminal's master to the socket before it ended. */
static int console_take(struct container *c)
{
	struct shim_message m;
	int conn = accept4(c->console_fd, NULL, NULL, SOCK_CLOEXEC), fd = -1;
	if (conn < 0)
		return -1;
	m.nfds = 0;
	if (message_receive(conn, &m) > 0 && m.nfds) {
		fd = m.fds[0];
		m.fds[0] = m.fds[--m.nfds];
		message_close_fds(&m);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	}
	close(conn);
	return fd;
}

static void console_close(struct shim *s, struct container *c)
{
	char path[SHIM_PATH_MAX];
	if (c->console_fd < 0)
		return;
	close(c->console_fd);
	c->console_fd = -1;
	size_t n = strlen(s->run_dir);
	memcpy(path, s->run_dir, n);
	memcpy(path + n, "/c", 2);
	memcpy(path + n + 2, c->id, 16);
	path[n + 18] = '\0';
	unlink(path);
}

/* Three pipes; stdio[] gets the container's ends. */
static int open_pipes(struct shim *s, struct container *c, int stdio[3])
{
	int in[2] = { -1, -1 }, out[2], err[2];
	if (pipe2(out, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return -EMFILE;
	}
	if (c->open_stdin && pipe2(in, O_CLOEXEC) == 0) {
		c->stdin_fd = in[1];
		fcntl(in[1], F_SETFL, O_NONBLOCK);
	}
	stdio[0] = in[0];
	stdio[1] = out[1];
	stdio[2] = err[1];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	output_open(s, c, &c->out, out[0]);
	output_open(s, c, &c->err, err[0]);
	return 0;
}

static struct container *new_container(const struct shim_message *m, int client)
{
	struct container *c = pages_new(sizeof(*c));
	if (!c)
		return NULL;
	const char *flags = message_word(m, 6);
	c->log_fd = c->stdin_fd = c->console_fd = c->out.watch.fd = c->err.watch.fd = -1;
	for (int i = 0; i < SHIM_ATTACHERS; i++)
		c->out.sinks[i].watch.fd = c->err.sinks[i].watch.fd = -1;
	c->out.name = "stdout";
	c->err.name = "stderr";
	c->out.container = c->err.container = c;
	c->tty = strchr(flags, 't') != NULL;
	c->open_stdin = strchr(flags, 'i') != NULL;
	c->stdin_once = strchr(flags, 'o') != NULL;
	c->run_client = client;
	text_copy(c->run_seq, sizeof(c->run_seq), message_word(m, 1));
	if (!text_copy(c->id, sizeof(c->id), message_word(m, 2)) ||
	    !text_copy(c->bundle, sizeof(c->bundle), message_word(m, 3)) ||
	    !text_copy(c->log_path, sizeof(c->log_path), message_word(m, 4)) ||
	    !text_copy(c->oom_file, sizeof(c->oom_file), message_word(m, 5)) ||
	    strlen(c->id) < 16) {
		pages_free(c, sizeof(*c));
		return NULL;
	}
	return c;
}

static pid_t start_crun(struct shim *s, struct container *c, const char *console,
			const int stdio[3])
{
	char log[SHIM_PATH_MAX + 32], pid_file[SHIM_PATH_MAX + 32];
	const char *args[] = { "run",
			       "--detach",
			       "--bundle",
			       c->bundle,
			       "--pid-file",
			       pid_file,
			       console ? "--console-socket" : c->id,
			       console ? console : NULL,
			       c->id,
			       NULL };
	in_bundle(c, "/log", log);
	in_bundle(c, "/pid", pid_file);
	return crun_start(s, log, args, stdio);
}

static int launch(struct shim *s, struct container *c)
{
	char console[SHIM_PATH_MAX];
	int stdio[3] = { -1, -1, -1 };
	int r = c->tty ? console_listen(s, c, console) : open_pipes(s, c, stdio);
	if (r < 0)
		return r;
	int given[3];
	for (int i = 0; i < 3; i++)
		given[i] = stdio[i] < 0 ? 0 : stdio[i]; /* our own is /dev/null */
	pid_t pid = start_crun(s, c, c->tty ? console : NULL, given);
	for (int i = 0; i < 3; i++)
		if (stdio[i] >= 0)
			close(stdio[i]);
	if (pid < 0)
		return pid;
	c->crun_pid = pid;
	return 0;
}

const char *container_run(struct shim *s, int client, const struct shim_message *m)
{
	if (!s->entered)
		return "the sandbox is not set up";
	if (container_find(s, message_word(m, 2)))
		return "the container is there already";
	struct container *c = new_container(m, client);
	if (!c)
		return "a name is too long";
	c->next = s->containers;
	s->containers = c;
	int r = *c->log_path ? shim_log_open(c) : 0;
	if (r == 0)
		r = launch(s, c);
	if (r < 0) {
		c->exited = true;
		container_forget(s, c);
		return strerror(-r);
	}
	return NULL;
}

static void run_failed(struct shim *s, struct container *c)
{
	char log[SHIM_PATH_MAX + 32], text[1024];
	in_bundle(c, "/log", log);
	const char *line = crun_error(log, text, sizeof(text));
	reply_error(s, c->run_client, c->run_seq, *line ? line : "crun failed without a word");
	c->exited = true;
	container_forget(s, c);
}

static void started(struct shim *s, struct container *c)
{
	struct shim_message m;
	c->executing = false;
	c->started_us = wall_us();
	save(c);
	container_tell(s, -1,
		       c); /* also to a server that has not asked for it, because it came later */
	message_start(&m, "ok");
	message_add(&m, c->run_seq);
	message_add_i64(&m, c->pid);
	message_add_i64(&m, c->started_us);
	send_to(s, c->run_client, &m);
}

static bool is_crun(pid_t pid)
{
	char path[64] = "/proc/", digits[I64_DIGITS];
	struct stat crun, program;
	text_copy(path + 6, 32, i64_digits(pid, digits));
	text_copy(path + strlen(path), 5, "/exe");
	return stat(path, &program) == 0 && fstat(SHIM_FD_CRUN, &crun) == 0 &&
	       program.st_dev == crun.st_dev && program.st_ino == crun.st_ino;
}

/* crun ends before what it leaves has called execve, up to some 100 ms before on a busy machine. Whoever were told so early that
 * the container runs could send it a signal that the kernel drops: the first process of a namespace has no handler for it yet. */
bool container_await_exec(struct shim *s)
{
	bool more = false;
	for (struct container *c = s->containers; c; c = c->next) {
		if (!c->executing)
			continue;
		if (is_crun(c->pid))
			more = true;
		else
			started(s, c);
	}
	return more;
}

void container_crun_done(struct shim *s, struct container *c, int status)
{
	c->crun_pid = 0;
	if (status != 0) {
		run_failed(s, c);
		return;
	}
	c->pid = pid_file_read(c->bundle, "/pid");
	c->started_us = wall_us();
	if (c->tty) {
		int fd = console_take(c);
		if (fd >= 0)
			output_open(s, c, &c->out, fd);
		console_close(s, c);
	}
	c->executing = true;
	if (unclaimed_take(s, c->pid, &status))
		container_exited(s, c, status);
	else if (s->quitting)
		kill(c->pid, SIGKILL);
}

/* "oom_kill N" in memory.events (v2) or memory.oom_control (v1). */
static bool was_oom_killed(const struct container *c)
{
	char text[1024];
	int fd = *c->oom_file ? open(c->oom_file, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *at = strstr(text, "oom_kill ");
	return at && at[9] != '0';
}

void container_exited(struct shim *s, struct container *c, int status)
{
	if (c->executing)
		started(s, c);
	c->exited = true;
	c->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	c->code = c->signal ? 128 + c->signal : WEXITSTATUS(status);
	c->finished_us = wall_us();
	c->oom_killed = was_oom_killed(c);
	output_drain(s, &c->out);
	output_drain(s, &c->err);
	if (c->stdin_fd >= 0)
		close(c->stdin_fd);
	if (c->log_fd >= 0)
		close(c->log_fd);
	c->stdin_fd = c->log_fd = -1;
	save(c);
	container_tell(s, -1, c);
}

void container_forget(struct shim *s, struct container *c)
{
	struct container **at = &s->containers;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	console_close(s, c);
	output_close(s, &c->out);
	output_close(s, &c->err);
	output_drop_stalled(s, &c->out, INT64_MAX);
	output_drop_stalled(s, &c->err, INT64_MAX);
	if (c->log_fd >= 0)
		close(c->log_fd);
	if (c->stdin_fd >= 0)
		close(c->stdin_fd);
	if (c->out.partial)
		pages_free(c->out.partial, SHIM_LINE_BYTES);
	if (c->err.partial)
		pages_free(c->err.partial, SHIM_LINE_BYTES);
	pages_free(c, sizeof(*c));
}
