/* SPDX-License-Identifier: Apache-2.0 */
/* Exits of children. The shim is subreaper of all that its crun calls leave behind, so a container's first process may be seen
 * to exit before crun has told its pid: such exits are kept until no crun runs any more. */
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

bool unclaimed_take(struct shim *s, pid_t pid, int *out_status)
{
	for (unsigned i = 0; i < s->nunclaimed; i++) {
		if (s->unclaimed[i].pid != pid)
			continue;
		*out_status = s->unclaimed[i].status;
		s->unclaimed[i] = s->unclaimed[--s->nunclaimed];
		return true;
	}
	return false;
}

static bool crun_runs(const struct shim *s)
{
	for (const struct container *c = s->containers; c; c = c->next)
		if (c->crun_pid)
			return true;
	for (const struct exec *e = s->execs; e; e = e->next)
		if (e->crun_pid)
			return true;
	return false;
}

static void keep(struct shim *s, pid_t pid, int status)
{
	unsigned i = s->nunclaimed;
	if (i < SHIM_UNCLAIMED)
		s->nunclaimed++;
	else
		i = (unsigned)pid % SHIM_UNCLAIMED;
	s->unclaimed[i].pid = pid;
	s->unclaimed[i].status = status;
}

static bool container_takes(struct shim *s, pid_t pid, int status)
{
	for (struct container *c = s->containers; c; c = c->next) {
		if (c->crun_pid == pid) {
			container_crun_done(s, c, status);
			return true;
		}
		if (c->pid == pid && !c->exited) {
			container_exited(s, c, status);
			return true;
		}
	}
	return false;
}

static bool exec_takes(struct shim *s, pid_t pid, int status)
{
	for (struct exec *e = s->execs; e; e = e->next) {
		if (e->crun_pid == pid) {
			exec_crun_done(s, e, status);
			return true;
		}
		if (e->pid == pid) {
			exec_exited(s, e, status);
			return true;
		}
	}
	return false;
}

void reap_ready(struct shim *s, struct watch *w, uint32_t events)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;
	(void)events;
	while (read(w->fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!container_takes(s, pid, status) && !exec_takes(s, pid, status))
			keep(s, pid, status);
	if (!crun_runs(s))
		s->nunclaimed = 0;
}
