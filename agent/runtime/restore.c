/* SPDX-License-Identifier: Apache-2.0 */
/* After a start: what an earlier process left. Shims that answer are adopted with their containers; without a shim (a reboot, a
 * kill) what the state files say is the truth, and what was running is over. */
#include <dirent.h>
#include <poll.h>

#include "agent/runtime/overlay.h"
#include "agent/runtime/shim_spawn.h"
#include "agent/runtime/state.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define ANSWER_MS    2000
#define EXIT_UNKNOWN 255

static void each_dir(const char *path, void (*fn)(struct runtime *rt, const char *name),
		     struct runtime *rt)
{
	DIR *d = opendir(path);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			fn(rt, e->d_name);
	closedir(d);
}

static void restore_sandbox(struct runtime *rt, const char *uid)
{
	struct sandbox *s;
	auto_err err = { 0 };
	if (sandbox_find(rt, uid) || sandbox_load(rt, uid, &s, &err) == 0)
		return;
	sandbox_new(rt, uid); /* half made: it is there to be removed */
}

static void restore_container(struct runtime *rt, const char *id)
{
	struct ctr *c;
	auto_err err = { 0 };
	if (ctr_find(rt, id) || ctr_load(rt, id, &c, &err) == 0)
		return;
	auto_free char *dir = str_printf("%s/containers/%s", rt->root_dir, id);
	log_warn("dropping a half-made container", LOG_S("id", id), LOG_S("error", err_text(&err)));
	auto_free char *rootfs = str_printf("%s/rootfs", dir);
	overlay_unmount(rootfs);
	dir_remove(dir, NULL);
	image_unpin(rt->images, id);
}

/* false: the answer is complete. */
static bool take(struct sandbox *s, const struct shim_message *m)
{
	if (strcmp(message_word(m, 0), "state") == 0) {
		struct ctr *c = ctr_find(s->rt, message_word(m, 1));
		if (c && c->sandbox == s)
			ctr_apply(c, m);
		return true;
	}
	s->shim_pid = (pid_t)message_i64(m, 2);
	s->pause_pid = (pid_t)message_i64(m, 3);
	s->alive = message_i64(m, 4) != 0;
	return false;
}

static bool ask(struct sandbox *s, int fd)
{
	struct shim_message m;
	message_start(&m, "list");
	message_add(&m, "0");
	if (message_send(fd, &m) < 0)
		return false;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, ANSWER_MS) <= 0 || message_receive(fd, &m) <= 0)
			return false;
		message_close_fds(&m);
		if (!take(s, &m))
			return true;
	}
}

static void adopt(struct sandbox *s)
{
	int fd;
	auto_err err = { 0 };
	if (shim_connect(s->run_dir, &fd, &err) < 0)
		return;
	if (ask(s, fd)) {
		sandbox_adopt(s, fd);
		return;
	}
	log_warn("a pod's shim does not answer", LOG_S("pod", s->uid));
	close(fd);
}

static void settle(struct ctr *c)
{
	if (c->state == CONTAINER_CREATED)
		ctr_read_state(c);
	if (c->state == CONTAINER_EXITED || c->sandbox->alive)
		return;
	c->state = CONTAINER_EXITED;
	c->exit_code = EXIT_UNKNOWN;
	c->finished_us = clock_wall_us(clock_real());
}

int runtime_restore(struct runtime *rt,
		    void (*fn)(void *ctx, const char *pod_uid, const char *netns_path), void *ctx,
		    struct err *err)
{
	auto_free char *pods = str_printf("%s/pods", rt->run_dir);
	auto_free char *containers = str_printf("%s/containers", rt->root_dir);
	struct map_entry *e;
	(void)err;
	each_dir(pods, restore_sandbox, rt);
	each_dir(containers, restore_container, rt);
	for (size_t i = 0; (e = map_next(&rt->sandboxes, &i));)
		adopt(e->value);
	for (size_t i = 0; (e = map_next(&rt->containers, &i));)
		settle(e->value);
	for (size_t i = 0; fn && (e = map_next(&rt->sandboxes, &i));) {
		const struct sandbox *s = e->value;
		fn(ctx, s->uid, s->netns_path);
	}
	return 0;
}
