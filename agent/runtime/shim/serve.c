/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's socket: who connects (only root can reach it), what they ask, by a table. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

void send_to(struct shim *s, int client, const struct shim_message *m)
{
	if (client < 0 || client >= SHIM_CLIENTS || s->clients[client].watch.fd < 0)
		return;
	if (message_send(s->clients[client].watch.fd, m) < 0)
		watch_close(s, &s->clients[client].watch);
}

void reply_ok(struct shim *s, int client, const char *seq)
{
	struct shim_message m;
	message_start(&m, "ok");
	message_add(&m, seq);
	message_add_i64(&m, getpid());
	message_add_i64(&m, s->pause_pid);
	message_add_i64(&m, s->entered);
	send_to(s, client, &m);
}

void reply_error(struct shim *s, int client, const char *seq, const char *text)
{
	struct shim_message m;
	message_start(&m, "error");
	message_add(&m, seq);
	message_add(&m, text);
	send_to(s, client, &m);
}

static void on_init(struct shim *s, int client, const struct shim_message *m)
{
	char text[256];
	errno = 0;
	const char *failed = sandbox_enter(s, m);
	if (!failed) {
		reply_ok(s, client, message_word(m, 1));
		return;
	}
	text_copy(text, sizeof(text), failed);
	text_copy(text + strlen(text), sizeof(text) - strlen(text), ": ");
	text_copy(text + strlen(text), sizeof(text) - strlen(text), strerror(errno));
	reply_error(s, client, message_word(m, 1), text);
}

static void on_run(struct shim *s, int client, const struct shim_message *m)
{
	const char *failed = container_run(s, client, m);
	if (failed)
		reply_error(s, client, message_word(m, 1), failed);
}

static void on_exec(struct shim *s, int client, const struct shim_message *m)
{
	const char *failed = exec_run(s, client, m);
	if (failed)
		reply_error(s, client, message_word(m, 1), failed);
}

static void on_kill(struct shim *s, int client, const struct shim_message *m)
{
	struct container *c = container_find(s, message_word(m, 2));
	if (!c || c->exited || c->pid <= 0 || kill(c->pid, (int)message_i64(m, 3)) != 0)
		reply_error(s, client, message_word(m, 1), "container is not running");
	else
		reply_ok(s, client, message_word(m, 1));
}

static void on_exec_kill(struct shim *s, int client, const struct shim_message *m)
{
	struct exec *e = exec_find(s, message_word(m, 2));
	if (e && e->pid > 0)
		kill(e->pid, (int)message_i64(m, 3));
	reply_ok(s, client, message_word(m, 1));
}

static void on_reopen(struct shim *s, int client, const struct shim_message *m)
{
	struct container *c = container_find(s, message_word(m, 2));
	int r = c && !c->exited ? shim_log_open(c) : 0;
	if (r < 0)
		reply_error(s, client, message_word(m, 1), strerror(-r));
	else
		reply_ok(s, client, message_word(m, 1));
}

static void on_forget(struct shim *s, int client, const struct shim_message *m)
{
	struct container *c = container_find(s, message_word(m, 2));
	if (c && c->exited)
		container_forget(s, c);
	reply_ok(s, client, message_word(m, 1));
}

static void on_list(struct shim *s, int client, const struct shim_message *m)
{
	for (struct container *c = s->containers; c; c = c->next)
		if (c->pid > 0)
			container_tell(s, client, c);
	reply_ok(s, client, message_word(m, 1));
}

static void on_quit(struct shim *s, int client, const struct shim_message *m)
{
	s->quitting = true;
	s->quit_client = client;
	text_copy(s->quit_seq, sizeof(s->quit_seq), message_word(m, 1));
	for (struct exec *e = s->execs; e; e = e->next)
		if (e->pid > 0)
			kill(e->pid, SIGKILL);
	for (struct container *c = s->containers; c; c = c->next)
		if (!c->exited && c->pid > 0)
			kill(c->pid, SIGKILL);
}

static const struct verb {
	const char *name;
	void (*fn)(struct shim *s, int client, const struct shim_message *m);
} verbs[] = {
	{ "init", on_init },     { "run", on_run },
	{ "kill", on_kill },     { "reopen", on_reopen },
	{ "forget", on_forget }, { "attach", container_attach },
	{ "exec", on_exec },     { "exec-kill", on_exec_kill },
	{ "list", on_list },     { "quit", on_quit },
};

static void dispatch(struct shim *s, int client, struct shim_message *m)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, message_word(m, 0)) == 0) {
			verbs[i].fn(s, client, m);
			return;
		}
	}
	reply_error(s, client, message_word(m, 1), "unknown verb");
}

static void client_ready(struct shim *s, struct watch *w, uint32_t events)
{
	struct shim_message m;
	int client = (int)((struct client *)(void *)w - s->clients);
	(void)events;
	int r = message_receive(w->fd, &m);
	if (r == -EAGAIN)
		return;
	if (r <= 0) {
		watch_close(s, w);
		return;
	}
	dispatch(s, client, &m);
	message_close_fds(&m);
}

void serve_ready(struct shim *s, struct watch *w, uint32_t events)
{
	(void)events;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	for (int i = 0; i < SHIM_CLIENTS; i++) {
		if (s->clients[i].watch.fd >= 0)
			continue;
		s->clients[i].watch = (struct watch){ .fd = fd, .ready = client_ready };
		watch_start(s, &s->clients[i].watch, EPOLLIN);
		return;
	}
	close(fd);
}
