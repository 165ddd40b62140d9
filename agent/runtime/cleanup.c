/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/cleanup.h"

#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "agent/runtime/overlay.h"
#include "base/file.h"
#include "base/log.h"

#define GONE_LIMIT_MS 5000
#define GONE_STEP_US  1000

static void remove_tree(const char *path)
{
	auto_err err = { 0 };
	if (dir_remove(path, &err) < 0)
		log_warn("files stay behind", LOG_S("path", path), LOG_S("error", err_text(&err)));
}

/* Kills, and waits until nobody is left: files can't be unmounted and groups not removed before. */
static void kill_group(const struct cgroup_host *h, const char *path)
{
	for (int waited = 0; !cgroup_empty(h, path) && waited < GONE_LIMIT_MS; waited++) {
		if (waited % 100 == 0)
			cgroup_kill(h, path);
		usleep(GONE_STEP_US);
	}
}

void cleanup_container(const struct ctr *c)
{
	const struct sandbox *s = c->sandbox;
	auto_free char *rootfs = str_printf("%s/rootfs", c->dir);
	auto_free char *crun = str_printf("%s/crun/%s", s->run_dir, c->id);
	if (c->cgroup_path) {
		kill_group(&s->rt->cgroups, c->cgroup_path);
		cgroup_remove(&s->rt->cgroups, c->cgroup_path);
	}
	overlay_unmount(rootfs);
	remove_tree(crun);
	remove_tree(c->dir);
	image_unpin(s->rt->images, c->id);
}

/* The shim has answered `quit` and is about to exit, or it does not answer. A pidfd tells which without trusting the number. */
static void end_shim(const struct sandbox *s)
{
	if (s->shim_pid <= 1)
		return;
	auto_fd int fd = (int)syscall(SYS_pidfd_open, s->shim_pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (fd >= 0 && poll(&p, 1, 1000) == 0) {
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
		poll(&p, 1, GONE_LIMIT_MS);
	}
	waitpid(s->shim_pid, NULL, WNOHANG); /* ours, unless an earlier process started it */
}

void cleanup_sandbox(const struct sandbox *s)
{
	auto_free char *shm = str_printf("%s/shm", s->run_dir);
	end_shim(s);
	if (s->cgroup_path) {
		kill_group(&s->rt->cgroups, s->cgroup_path);
		cgroup_remove(&s->rt->cgroups, s->cgroup_path);
	}
	umount2(shm, MNT_DETACH);
	remove_tree(s->run_dir);
}
