/* SPDX-License-Identifier: Apache-2.0 */
/* Attaching to a container's first process: a pipe per output stream goes to the server; stdin's own pipe end (or the
 * terminal's master) goes there, too, so that what is typed does not pass through the shim. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

/* Adds a reader of `o`; the descriptor for the server, or -1. */
static int tap(struct shim *s, struct output *o)
{
	int ends[2];
	if (o->watch.fd < 0 || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	if (sink_add(s, o, ends[1]))
		return ends[0];
	close(ends[0]);
	close(ends[1]);
	return -1;
}

struct reply {
	struct shim_message m;
	char names[SHIM_FDS_MAX + 1];
	bool ours[SHIM_FDS_MAX]; /* to be closed when sent */
};

static void give(struct reply *r, char name, int fd, bool ours)
{
	if (fd < 0)
		return;
	r->names[r->m.nfds] = name;
	r->ours[r->m.nfds] = ours;
	message_add_fd(&r->m, fd);
}

void container_attach(struct shim *s, int client, const struct shim_message *m)
{
	struct container *c = container_find(s, message_word(m, 2));
	struct reply r = { .names = "" };
	if (!c || c->exited || !c->pid) {
		reply_error(s, client, message_word(m, 1), "container is not running");
		return;
	}
	bool in = strchr(message_word(m, 3), 'i') != NULL;
	message_start(&r.m, "ok");
	message_add(&r.m, message_word(m, 1));
	give(&r, 'o', tap(s, &c->out), true);
	if (c->tty)
		give(&r, 't', c->out.watch.fd, false);
	else
		give(&r, 'e', tap(s, &c->err), true);
	if (in && !c->tty)
		give(&r, 'i', c->stdin_fd, false);
	message_add(&r.m, r.names);
	send_to(s, client, &r.m);
	for (size_t i = 0; i < r.m.nfds; i++)
		if (r.ours[i])
			close(r.m.fds[i]);
	if (in && !c->tty && c->stdin_once && c->stdin_fd >= 0) {
		close(c->stdin_fd); /* the client's copy is the last one: closing it ends the container's input */
		c->stdin_fd = -1;
	}
}
