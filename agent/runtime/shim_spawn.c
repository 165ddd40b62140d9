/* SPDX-License-Identifier: Apache-2.0 */
/* The socket listens before the shim runs, so the first request needs no waiting. The process has many threads: between vfork (or
 * clone3 into the target cgroup, which costs no migration later) and exec there are system calls only. */
#include "agent/runtime/shim_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"
#include "base/file.h"

#define BACKLOG       4
#define CLOSE_ON_EXEC 4  /* CLOSE_RANGE_CLOEXEC */
#define FD_ABOVE      16 /* sources stay clear of the numbers that they are copied to */

static int address(const char *run_dir, struct sockaddr_un *a, struct err *err)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (snprintf(a->sun_path, sizeof(a->sun_path), "%s/socket", run_dir) >=
	    (int)sizeof(a->sun_path))
		return err_set(err, ERR_INVALID, "the path of %s/socket is too long for a socket",
			       run_dir);
	return 0;
}

static int listen_on(const char *run_dir, int *out, struct err *err)
{
	struct sockaddr_un a;
	int r = address(run_dir, &a, err);
	if (r < 0)
		return r;
	unlink(a.sun_path);
	auto_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, BACKLOG) != 0)
		return err_sys(err, "listen on %s", a.sun_path);
	*out = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);
	return *out < 0 ? err_sys(err, "copy a descriptor") : 0;
}

struct start {
	char *const *argv, *const *env;
	int null_fd, listen_fd, crun_fd, shim_fd;
};

static void child(const struct start *s)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(s->null_fd, i);
	dup2(s->listen_fd, SHIM_FD_LISTEN);
	dup2(s->crun_fd, SHIM_FD_CRUN);
	syscall(SYS_close_range, SHIM_FD_CRUN + 1, ~0U,
		CLOSE_ON_EXEC); /* what others opened without it; Linux 5.11 */
	sigaction(SIGPIPE, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, s->shim_fd, "", s->argv, s->env, AT_EMPTY_PATH);
	_exit(127);
}

static pid_t start(const struct start *s, int cgroup_fd)
{
	struct clone_args args = { .flags = CLONE_VFORK | CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (unsigned)cgroup_fd };
	sigset_t all, old;
	pid_t pid = -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (cgroup_fd >= 0 && (pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args))) == 0)
		child(s);
	if (pid < 0 && (pid = vfork()) == 0)
		child(s);
	int saved = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return pid;
}

int shim_spawn(const char *pod_uid, const char *run_dir, const struct shim_program *program,
	       const char *cgroup_dir, pid_t *out, struct err *err)
{
	static char *const env[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	char *argv[] = { (char *)"allinone-shim", (char *)(uintptr_t)pod_uid,
			 (char *)(uintptr_t)run_dir, NULL };
	auto_fd int listen_fd = -1;
	int r = listen_on(run_dir, &listen_fd, err);
	if (r < 0)
		return r;
	auto_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	auto_fd int cgroup_fd =
		cgroup_dir ? open(cgroup_dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	auto_fd int crun_copy = fcntl(program->crun_fd, F_DUPFD_CLOEXEC, FD_ABOVE);
	auto_fd int shim_copy = fcntl(program->shim_fd, F_DUPFD_CLOEXEC, FD_ABOVE);
	struct start s = { argv, env, null_fd, listen_fd, crun_copy, shim_copy };
	if (null_fd < 0 || crun_copy < 0 || shim_copy < 0)
		return err_sys(err, "open descriptors for a shim");
	pid_t pid = start(&s, cgroup_fd);
	if (pid < 0)
		return err_sys(err, "start a shim");
	*out = pid;
	return 0;
}

int shim_connect(const char *run_dir, int *out_fd, struct err *err)
{
	struct sockaddr_un a;
	int r = address(run_dir, &a, err);
	if (r < 0)
		return r;
	auto_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, "make a socket");
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return err_set(err, ERR_UNAVAILABLE, "shim %s does not listen: %s", run_dir,
			       strerror(errno));
	*out_fd = TAKE_FD(fd);
	return 0;
}
