/* SPDX-License-Identifier: Apache-2.0 */
/* The pod's namespaces: made by moving the shim itself into new ones, so that they live as long as it does and containers join
 * them through /proc/PID/ns. A shared pid namespace needs a first process of its own, which reaps orphans and can do nothing
 * else: no capabilities, an empty root, not dumpable, so that /proc/1 in a container leads nowhere. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

#define PAUSE_ID 65535 /* what the usual pause image runs as */

static bool set_sysctl(const char *setting)
{
	char path[SHIM_PATH_MAX];
	const char *eq = strchr(setting, '=');
	size_t n = eq ? (size_t)(eq - setting) : 0;
	if (!eq || n + sizeof("/proc/sys/") > sizeof(path) || memmem(setting, n, "..", 2))
		return false;
	memcpy(path, "/proc/sys/", 10);
	for (size_t i = 0; i < n; i++)
		path[10 + i] = setting[i] == '.' ? '/' : setting[i];
	path[10 + n] = '\0';
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t len = strlen(eq + 1);
	bool ok = write(fd, eq + 1, len) == (ssize_t)len;
	close(fd);
	return ok;
}

static void close_all(void)
{
	if (syscall(SYS_close_range, 0, ~0U, 0) == 0)
		return;
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
}

static _Noreturn void pause_main(const char *run_dir)
{
	sigset_t all;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "pause");
	if (chdir(run_dir) != 0 || (mkdir("pause", 0555) != 0 && errno != EEXIST) ||
	    chroot("pause") != 0 || chdir("/") != 0 || setgroups(0, NULL) != 0 ||
	    setgid(PAUSE_ID) != 0 || setuid(PAUSE_ID) != 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* changing the user dropped it */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	close_all();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		siginfo_t info;
		if (sigwaitinfo(&all, &info) == SIGCHLD)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
	}
}

static bool start_pause(struct shim *s)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		pause_main(s->run_dir);
	s->pause_pid = pid;
	return pid > 0;
}

const char *sandbox_enter(struct shim *s, const struct shim_message *m)
{
	const char *hostname = message_word(m, 2), *netns = message_word(m, 3),
		   *flags = message_word(m, 4);
	if (s->entered)
		return NULL;
	s->hide_unified = strchr(flags, 'u') != NULL;
	if (!strchr(flags, 'i') && unshare(CLONE_NEWIPC) != 0)
		return "make an IPC namespace";
	if (*netns) {
		int fd = open(netns, O_RDONLY | O_CLOEXEC);
		bool ok = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
		if (fd >= 0)
			close(fd);
		if (!ok)
			return "join the network namespace";
		if (unshare(CLONE_NEWUTS) != 0 || sethostname(hostname, strlen(hostname)) != 0)
			return "make a UTS namespace";
	}
	for (size_t i = 5; i < m->nwords; i++)
		if (!set_sysctl(m->words[i]))
			return m->words[i];
	if (strchr(flags, 'p') && !start_pause(s))
		return "start the first process of the pid namespace";
	s->entered = true;
	return NULL;
}
