/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that are started in a running container. The server owns their stdio; the shim is their parent and tells the exit. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

struct exec *exec_find(struct shim *s, const char *id)
{
	for (struct exec *e = s->execs; e; e = e->next)
		if (strcmp(e->id, id) == 0)
			return e;
	return NULL;
}

static void drop(struct shim *s, struct exec *e)
{
	for (struct exec **at = &s->execs; *at; at = &(*at)->next) {
		if (*at != e)
			continue;
		*at = e->next;
		pages_free(e, sizeof(*e));
		return;
	}
}

static void log_path(const struct exec *e, char out[SHIM_PATH_MAX + 8])
{
	size_t n = strlen(e->bundle);
	memcpy(out, e->bundle, n);
	memcpy(out + n, "/log", 5);
}

static pid_t start(struct shim *s, struct exec *e, const struct shim_message *m)
{
	char log[SHIM_PATH_MAX + 8], process[SHIM_PATH_MAX + 16], pid_file[SHIM_PATH_MAX + 8];
	const char *console = message_word(m, 5);
	size_t n = strlen(e->bundle);
	int null[3] = { 0, 0, 0 };
	log_path(e, log);
	memcpy(process, e->bundle, n);
	memcpy(process + n, "/process.json", 14);
	memcpy(pid_file, e->bundle, n);
	memcpy(pid_file + n, "/pid", 5);
	const char *args[] = { "exec",
			       "--detach",
			       "--process",
			       process,
			       "--pid-file",
			       pid_file,
			       *console ? "--console-socket" : message_word(m, 3),
			       console,
			       message_word(m, 3),
			       NULL };
	if (!*console)
		args[7] = NULL;
	return crun_start(s, log, args, *console ? null : m->fds);
}

const char *exec_run(struct shim *s, int client, const struct shim_message *m)
{
	struct container *c = container_find(s, message_word(m, 3));
	if (!c || c->exited || !c->pid)
		return "container is not running";
	if (!*message_word(m, 5) && m->nfds != 3)
		return "three descriptors are wanted";
	struct exec *e = pages_new(sizeof(*e));
	if (!e)
		return "out of memory";
	if (!text_copy(e->id, sizeof(e->id), message_word(m, 2)) ||
	    !text_copy(e->bundle, sizeof(e->bundle), message_word(m, 4))) {
		pages_free(e, sizeof(*e));
		return "a name is too long";
	}
	text_copy(e->seq, sizeof(e->seq), message_word(m, 1));
	e->client = client;
	e->crun_pid = start(s, e, m);
	if (e->crun_pid < 0) {
		int r = -e->crun_pid;
		pages_free(e, sizeof(*e));
		return strerror(r);
	}
	e->next = s->execs;
	s->execs = e;
	return NULL;
}

void exec_crun_done(struct shim *s, struct exec *e, int status)
{
	char log[SHIM_PATH_MAX + 8], text[1024];
	struct shim_message m;
	e->crun_pid = 0;
	if (status != 0) {
		log_path(e, log);
		reply_error(s, e->client, e->seq, crun_error(log, text, sizeof(text)));
		drop(s, e);
		return;
	}
	e->pid = pid_file_read(e->bundle, "/pid");
	message_start(&m, "ok");
	message_add(&m, e->seq);
	message_add_i64(&m, e->pid);
	send_to(s, e->client, &m);
	if (unclaimed_take(s, e->pid, &status))
		exec_exited(s, e, status);
}

void exec_exited(struct shim *s, struct exec *e, int status)
{
	struct shim_message m;
	message_start(&m, "exec-exit");
	message_add(&m, e->id);
	message_add_i64(&m, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	message_add_i64(&m, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	send_to(s, e->client, &m);
	drop(s, e);
}
