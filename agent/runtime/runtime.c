/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime as a whole: what it needs of the host is checked when it is made. */
#include "agent/runtime/runtime.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/runtime/overlay.h"
#include "agent/runtime/program.h"
#include "agent/runtime/state.h"
#include "base/encode.h"
#include "base/file.h"

#define CAP_SYS_RESOURCE_BIT 24
#define OOM_SCORE_MIN        -1000

/* Without CAP_SYS_RESOURCE a process can't be made less likely to be killed than we are. */
static int oom_score_floor(void)
{
	auto_buf status = { 0 };
	auto_buf own = { 0 };
	int64_t score = 0;
	if (file_read("/proc/self/status", 65536, &status, NULL) == 0) {
		const char *at = strstr(status.p, "CapEff:\t");
		if (at && (strtoull(at + 8, NULL, 16) >> CAP_SYS_RESOURCE_BIT & 1))
			return OOM_SCORE_MIN;
	}
	if (file_read("/proc/self/oom_score_adj", 64, &own, NULL) == 0)
		str_to_i64(str_trim(buf_view(&own)), &score);
	return (int)score;
}

static int make_dirs(const struct runtime *rt, struct err *err)
{
	auto_free char *containers = str_printf("%s/containers", rt->root_dir);
	auto_free char *pods = str_printf("%s/pods", rt->run_dir);
	int r = dir_make(containers, 0711, err);
	if (r == 0)
		r = dir_make(pods, 0711, err);
	return r == 0 ? overlay_check(containers, err) : r;
}

/* v2: a leaf where shims are born, outside of what a service manager would kill together with us. */
static void make_shim_cgroup(struct runtime *rt)
{
	if (!rt->cgroups.v2)
		return;
	rt->shim_cgroup =
		str_printf("%s%s/allinone/shims", rt->cgroups.mounts[0], rt->cgroups.base);
	if (dir_make(rt->shim_cgroup, 0755, NULL) < 0)
		free(TAKE(rt->shim_cgroup));
}

int runtime_new(const struct runtime_config *c, struct runtime **out, struct err *err)
{
	struct runtime *rt = NEW(struct runtime);
	rt->loop = c->loop;
	rt->root_dir = str_dup(str_from(c->root_dir));
	rt->run_dir = str_dup(str_from(c->run_dir));
	rt->cgroup_name =
		str_dup(str_from(c->cgroup_root && *c->cgroup_root ? c->cgroup_root : "kubepods"));
	rt->on_exit = c->on_exit;
	rt->ctx = c->ctx;
	rt->crun_fd = rt->shim_fd = -1;
	rt->next_exec = rand_u64() & 0xffffffff;
	rt->oom_score_floor = oom_score_floor();
	auto_free char *images = str_printf("%s/images", rt->root_dir);
	int r = make_dirs(rt, err);
	if (r == 0)
		r = cgroup_open(rt->cgroup_name, &rt->cgroups, err);
	if (r == 0)
		r = program_open("crun", rt->run_dir, &rt->crun_fd, err);
	if (r == 0)
		r = program_open("shim", rt->run_dir, &rt->shim_fd, err);
	if (r == 0)
		r = image_store_open(images, &rt->images, err);
	if (r < 0) {
		runtime_free(rt);
		return r;
	}
	make_shim_cgroup(rt);
	*out = rt;
	return 0;
}

void runtime_leave(struct runtime *rt)
{
	if (rt->sandboxes.count == 0) /* else: a pod between two containers has an empty group */
		cgroup_leave(&rt->cgroups, rt->cgroup_name);
}

void runtime_free(struct runtime *rt)
{
	size_t i = 0;
	struct map_entry *e;
	if (!rt)
		return;
	while ((e = map_next(&rt->sandboxes, &i))) {
		struct sandbox *s = e->value;
		if (s->op_runs)
			return; /* work on the pool still looks at it: the process is about to end anyway */
		sandbox_free(s);
		i = 0;
	}
	map_free(&rt->sandboxes, NULL);
	map_free(&rt->containers, NULL);
	image_store_free(rt->images);
	if (rt->crun_fd >= 0)
		close(rt->crun_fd);
	if (rt->shim_fd >= 0)
		close(rt->shim_fd);
	free(rt->root_dir);
	free(rt->run_dir);
	free(rt->shim_cgroup);
	free(rt->cgroup_name);
	free(rt);
}

struct image_store *runtime_images(struct runtime *rt)
{
	return rt->images;
}

void runtime_each_container(struct runtime *rt, const char *pod_uid,
			    void (*fn)(void *ctx, const struct container_status *s), void *ctx)
{
	size_t i = 0;
	struct map_entry *e;
	while ((e = map_next(&rt->containers, &i))) {
		const struct ctr *c = e->value;
		struct container_status status;
		if (pod_uid && strcmp(pod_uid, c->sandbox->uid) != 0)
			continue;
		ctr_status(c, &status);
		fn(ctx, &status);
	}
}
