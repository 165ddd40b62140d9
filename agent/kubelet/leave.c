/* SPDX-License-Identifier: Apache-2.0 */
/* sandboxes found again ─► each removed ─► (worker) network ─► mounts that are left ─► directories and logs ─► done
 * Nothing is removed below a mount: behind it may lie what is the user's. */
#include "agent/kubelet/leave.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "agent/kubelet/pod/log_link.h"
#include "agent/network/leave.h"
#include "agent/runtime/runtime.h"
#include "base/file.h"
#include "base/mem.h"

#define LOGS          "/var/log/pods"
#define MOUNTINFO_MAX (64u << 20)

struct leave {
	struct leave_config config;
	char *data_dir, *run_dir;
	struct runtime *runtime;
	char **uids;
	size_t nuids, gone;
	struct err err; /* the first */
};

static void keep_first(struct leave *l, struct err *err)
{
	if (!l->err.reason)
		err_move(&l->err, err);
	else
		err_clear(err);
}

/* --- mounts --- */

/* mountinfo writes a space as \040, and so on. */
static void unescape(char *path)
{
	char *to = path;
	for (const char *p = path; *p;) {
		if (p[0] == '\\' && p[1] && p[2] && p[3]) {
			*to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to++ = *p++;
		}
	}
	*to = '\0';
}

/* The last mount point below `dir` (a real path), which is inside of all others there; NULL: there is none. */
static char *last_mount(const char *dir, struct err *err)
{
	auto_buf text = { 0 };
	char *found = NULL;
	auto_free char *below = str_printf("%s/", dir);
	if (file_read("/proc/self/mountinfo", MOUNTINFO_MAX, &text, err) < 0)
		return NULL;
	struct str rest = buf_view(&text), line, point = { 0 };
	while (str_next(&rest, '\n', &line)) {
		for (int i = 0; i < 5; i++)
			str_next(&line, ' ', &point);
		auto_free char *path = str_dup(point);
		unescape(path);
		if (!str_starts(str_from(path), str_from(below)))
			continue;
		free(found);
		found = TAKE(path);
	}
	return found;
}

/* The kernel names mounts by their real paths; ours may lead through links. */
static int unmount_below(const char *dir, struct err *err)
{
	auto_free char *real = realpath(dir, NULL);
	if (!real)
		return errno == ENOENT ? 0 : err_sys(err, "find %s", dir);
	for (;;) {
		auto_err own = { 0 };
		auto_free char *point = last_mount(real, &own);
		if (!point) {
			err_move(err, &own);
			return err->reason ? -(int)err->reason : 0;
		}
		if (umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return err_sys(err, "unmount %s", point);
	}
}

/* --- files --- */

static int remove_in(const char *dir, const char *const *names, size_t n, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		auto_free char *path = str_printf("%s/%s", dir, names[i]);
		r = unmount_below(path, err);
		if (r == 0)
			r = dir_remove(path, err);
	}
	return r;
}

static int remove_files(struct leave *l, struct err *err)
{
	static const char *const of_run[] = { "pods",      "netns",    "kubelet",
					      "addresses", "crun.bin", "shim.bin" };
	static const char *const of_node[] = { "containers", "kubelet/pods", "network",
					       "images/pins" };
	auto_free char *agent = str_printf("%s/agent", l->data_dir);
	int r = remove_in(l->run_dir, of_run, COUNT_OF(of_run), err);
	if (r == 0)
		r = remove_in(agent, of_node, COUNT_OF(of_node), err);
	rmdir(l->run_dir);
	log_links_remove(LOG_LINKS, LOGS "/");
	rmdir(LOG_LINKS);
	return r == 0 ? dir_remove(LOGS, err) : r;
}

/* --- steps --- */

static void finish_work(void *ctx)
{
	struct leave *l = ctx;
	auto_err network = { 0 }, files = { 0 };
	if (network_leave(l->run_dir, &network) < 0)
		keep_first(l, &network);
	if (remove_files(l, &files) < 0)
		keep_first(l, &files);
}

static void finished(void *ctx)
{
	struct leave *l = ctx;
	const struct leave_config c = l->config;
	runtime_leave(l->runtime);
	runtime_free(l->runtime);
	c.done(c.ctx, l->nuids, l->err.reason ? &l->err : NULL);
	for (size_t i = 0; i < l->nuids; i++)
		free(l->uids[i]);
	free(l->uids);
	free(l->data_dir);
	free(l->run_dir);
	err_clear(&l->err);
	free(l);
}

static void on_removed(void *ctx, const struct err *err)
{
	struct leave *l = ctx;
	if (err && !l->err.reason)
		err_copy(&l->err, err);
	if (++l->gone == l->nuids)
		loop_work(l->config.loop, finish_work, finished, l);
}

static void on_found(void *ctx, const char *pod_uid, const char *netns_path)
{
	struct leave *l = ctx;
	(void)netns_path;
	l->uids = mem_realloc(l->uids, (l->nuids + 1) * sizeof(*l->uids));
	l->uids[l->nuids++] = str_dup(str_from(pod_uid));
}

static void on_exit_of(void *ctx, const char *pod_uid, const char *container_id)
{
	(void)ctx;
	(void)pod_uid;
	(void)container_id;
}

static void begin(void *ctx)
{
	struct leave *l = ctx;
	if (l->nuids == 0)
		loop_work(l->config.loop, finish_work, finished, l);
	for (size_t i = 0, n = l->nuids; i < n; i++)
		runtime_sandbox_remove(l->runtime, l->uids[i], on_removed, l);
}

int kubelet_leave(const struct leave_config *c, struct err *err)
{
	struct leave *l = NEW(struct leave);
	auto_free char *root = str_printf("%s/agent", c->data_dir);
	const struct runtime_config rc = { .loop = c->loop,
					   .root_dir = root,
					   .run_dir = c->run_dir,
					   .cgroup_root = "kubepods",
					   .on_exit = on_exit_of,
					   .ctx = l };
	int r = runtime_new(&rc, &l->runtime, err);
	if (r == 0)
		r = runtime_restore(l->runtime, on_found, l, err);
	if (r < 0) {
		runtime_free(l->runtime);
		free(l);
		return r;
	}
	l->config = *c;
	l->data_dir = str_dup(str_from(c->data_dir));
	l->run_dir = str_dup(str_from(c->run_dir));
	loop_call(c->loop, begin, l);
	return 0;
}
