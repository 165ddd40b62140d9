/* SPDX-License-Identifier: Apache-2.0 */
/* Starting crun: vfork and execveat of the descriptor that the server gave us (a sealed memory file, or a crun on disk).
 *
 * On hosts where cgroup v2 is mounted beside v1 and holds controllers of its own, crun refuses to work. There, and only there,
 * it gets a mount namespace in which v2 looks empty. Only that one mount is made private, so that volumes propagate as usual. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/runtime/shim/shim.h"

#define UNIFIED  "/sys/fs/cgroup/unified"
#define ARGS_MAX 24

static void hide_unified(const char *empty)
{
	if (unshare(CLONE_NEWNS) != 0)
		return;
	mount(NULL, UNIFIED, NULL, MS_PRIVATE, NULL);
	mount(empty, UNIFIED "/cgroup.controllers", NULL, MS_BIND, NULL);
}

static void child(const struct shim *s, char *const *argv, const char *empty, const int stdio[3])
{
	sigset_t none;
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	for (int i = 0; i < 3; i++)
		if (dup2(stdio[i], i) < 0)
			_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &dfl, NULL);
	if (s->hide_unified)
		hide_unified(empty);
	syscall(SYS_execveat, SHIM_FD_CRUN, "", argv, environ, AT_EMPTY_PATH);
	_exit(127);
}

static bool path_join(char out[SHIM_PATH_MAX], const char *prefix, const char *dir,
		      const char *name)
{
	size_t a = strlen(prefix), b = strlen(dir), c = strlen(name);
	if (a + b + c + 1 > SHIM_PATH_MAX)
		return false;
	memcpy(out, prefix, a);
	memcpy(out + a, dir, b);
	memcpy(out + a + b, name, c + 1);
	return true;
}

pid_t crun_start(struct shim *s, const char *log, const char *const *args, const int stdio[3])
{
	char root[SHIM_PATH_MAX], log_arg[SHIM_PATH_MAX], empty[SHIM_PATH_MAX];
	const char *argv[ARGS_MAX] = { "crun", "--cgroup-manager=cgroupfs", root, log_arg };
	size_t n = 4;
	if (!path_join(root, "--root=", s->run_dir, "/crun") ||
	    !path_join(log_arg, "--log=", log, "") || !path_join(empty, "", s->run_dir, "/empty"))
		return -ENAMETOOLONG;
	while (*args && n < ARGS_MAX - 1)
		argv[n++] = *args++;
	unlink(log);
	if (s->hide_unified)
		close(open(empty, O_CREAT | O_RDONLY | O_CLOEXEC, 0444));
	pid_t pid = vfork();
	if (pid == 0)
		child(s, (char *const *)(uintptr_t)argv, empty, stdio);
	return pid < 0 ? -errno : pid;
}

/* The last line of the log, without its line end. */
const char *crun_error(const char *log, char *out, size_t size)
{
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		n = 0;
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
	char *line = strrchr(out, '\n');
	return line ? line + 1 : out;
}

pid_t pid_file_read(const char *bundle, const char *name)
{
	char path[SHIM_PATH_MAX], text[16];
	if (!path_join(path, "", bundle, name))
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}
