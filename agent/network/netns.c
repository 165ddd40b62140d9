/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/log.h"

#define OWN "/proc/thread-self/ns/net"

static int home_open(struct err *err)
{
	int fd = open(OWN, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open " OWN) : fd;
}

static void home_return(int fd)
{
	if (setns(fd, CLONE_NEWNET) == 0)
		return;
	log_error("a thread cannot leave a pod's network namespace");
	abort();
}

static int pin(const char *path, struct err *err)
{
	auto_fd int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "create %s", path);
	if (mount(OWN, path, NULL, MS_BIND, NULL) < 0)
		return err_sys(err, "pin a network namespace at %s", path);
	return 0;
}

int netns_create(const char *path, int (*inside)(void *ctx, struct err *err), void *ctx,
		 struct err *err)
{
	auto_fd int home = home_open(err);
	if (home < 0)
		return home;
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(err, "make a network namespace");
	int r = pin(path, err);
	if (r == 0 && inside)
		r = inside(ctx, err);
	home_return(home);
	if (r < 0)
		netns_remove(path, NULL);
	return r;
}

int netns_run(const char *path, int (*inside)(void *ctx, struct err *err), void *ctx,
	      struct err *err)
{
	auto_fd int home = home_open(err);
	if (home < 0)
		return home;
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open network namespace %s", path);
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_sys(err, "enter network namespace %s", path);
	int r = inside(ctx, err);
	home_return(home);
	return r;
}

bool netns_pinned(const char *path)
{
	struct statfs s;
	return statfs(path, &s) == 0 && s.f_type == NSFS_MAGIC;
}

int netns_remove(const char *path, struct err *err)
{
	if (umount2(path, MNT_DETACH) < 0 && errno != ENOENT && errno != EINVAL)
		return err_sys(err, "unmount %s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", path);
	return 0;
}
