/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container, on the pool: its root mounted, its config.json written. */
#include "agent/runtime/container_spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "agent/runtime/cleanup.h"
#include "agent/runtime/oci_config.h"
#include "agent/runtime/op.h"
#include "agent/runtime/overlay.h"
#include "agent/runtime/signals.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"

struct create {
	struct op op;
	struct arena arena;
	struct container_spec *spec;
	struct ctr *c; /* nobody else's until finish */
	pid_t shim_pid, pause_pid, target_pid;
};

static int make_dirs(const struct ctr *c, struct err *err)
{
	static const char *const below[] = { "upper", "work", "rootfs" };
	int r = dir_make(c->dir, 0711, err);
	for (size_t i = 0; i < COUNT_OF(below) && r == 0; i++) {
		auto_free char *path = str_printf("%s/%s", c->dir, below[i]);
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			r = err_sys(err, "make %s", path);
	}
	return r;
}

static int mount_root(const struct ctr *c, const struct image *image, const char *rootfs,
		      struct err *err)
{
	auto_free char *upper = str_printf("%s/upper", c->dir);
	auto_free char *work = str_printf("%s/work", c->dir);
	auto_free char *none = str_printf("%s/none", c->dir);
	const char *nothing[] = { none, NULL }; /* an image without layers */
	struct overlay o = { (const char *const *)image->layer_dirs, upper, work, rootfs };
	if (!image->layer_dirs || !image->layer_dirs[0]) {
		o.lower = nothing;
		if (mkdir(none, 0755) != 0 && errno != EEXIST)
			return err_sys(err, "make %s", none);
	}
	return overlay_mount(&o, err);
}

static int make_log_dir(const struct ctr *c, struct err *err)
{
	if (!c->log_path)
		return 0;
	auto_free char *dir = str_dup(str_of(c->log_path, str_rfind(str_from(c->log_path), '/')));
	return dir_make(dir, 0755, err);
}

static const char *ns_path(struct arena *a, pid_t pid, const char *name)
{
	return arena_printf(a, "/proc/%d/ns/%s", (int)pid, name);
}

static void describe_sandbox(struct create *cr, struct oci_sandbox *out)
{
	const struct sandbox *s = cr->op.sandbox;
	struct arena *a = &cr->arena;
	*out = (struct oci_sandbox){
		.hostname = s->hostname,
		.net_path = s->netns_path,
		.uts_path = s->netns_path ? ns_path(a, cr->shim_pid, "uts") : NULL,
		.ipc_path = s->host_ipc ? NULL : ns_path(a, cr->shim_pid, "ipc"),
		.pid_path = cr->target_pid > 0                  ? ns_path(a, cr->target_pid, "pid")
			    : s->share_pid && cr->pause_pid > 0 ? ns_path(a, cr->pause_pid, "pid")
								: NULL,
		.host_pid = s->host_pid,
		.shm_path = s->host_ipc ? "/dev/shm" : arena_printf(a, "%s/shm", s->run_dir),
		.hostname_file = arena_printf(a, "%s/hostname", s->run_dir),
	};
}

static int write_config(struct create *cr, const struct image *image, const char *rootfs)
{
	struct ctr *c = cr->c;
	struct runtime *rt = cr->op.sandbox->rt;
	struct err *err = &cr->op.err;
	struct oci_sandbox sandbox;
	struct oci_user user;
	auto_buf config = { 0 };
	auto_free char *path = str_printf("%s/config.json", c->dir);
	auto_fd int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, "open %s", rootfs);
	describe_sandbox(cr, &sandbox);
	struct oci_input in = { cr->spec,       image,  &sandbox, &rt->cgroups,
				c->cgroup_path, rootfs, root,     rt->oom_score_floor };
	int r = oci_config(&in, &config, &user, err);
	if (r < 0)
		return r;
	c->user = container_user_new(user.uid, user.gid, user.groups, user.ngroups);
	return file_write_plain(path, config.p, config.n, 0600, err);
}

static char *image_reference(const struct image *i)
{
	size_t repo = str_rfind(str_from(i->name), '/');
	size_t end = i->name ? strcspn(i->name + (repo < strlen(i->name) ? repo : 0), ":@") : 0;
	if (!i->name || !i->digest)
		return str_printf("sha256:%s", i->id);
	return str_printf("%.*s@%s", (int)(end + (repo < strlen(i->name) ? repo : 0)), i->name,
			  i->digest);
}

static int make(struct create *cr, const struct image *image)
{
	struct ctr *c = cr->c;
	struct err *err = &cr->op.err;
	auto_free char *rootfs = str_printf("%s/rootfs", c->dir);
	c->image = str_dup(str_from(image->id));
	c->image_ref = image_reference(image);
	if (!c->stop_signal)
		c->stop_signal = signal_from_text(image->stop_signal);
	int r = image_pin(c->sandbox->rt->images, image->id, c->id, err);
	if (r == 0)
		r = make_dirs(c, err);
	if (r == 0)
		r = mount_root(c, image, rootfs, err);
	if (r == 0)
		r = write_config(cr, image, rootfs);
	if (r == 0)
		r = make_log_dir(c, err);
	return r == 0 ? ctr_save(c, err) : r;
}

static void create_work(struct op *op)
{
	struct create *cr = CONTAINER_OF(op, struct create, op);
	struct image *image = NULL;
	int r = image_find(op->sandbox->rt->images, cr->spec->image, &image, &op->err);
	if (r == 0)
		r = make(cr, image);
	image_free(image);
	if (r < 0)
		cleanup_container(cr->c);
}

static void create_finish(struct op *op)
{
	struct create *cr = CONTAINER_OF(op, struct create, op);
	if (op->err.reason) {
		ctr_free(cr->c);
	} else {
		cr->c->created_us = clock_wall_us(clock_real());
		ctr_link(cr->c);
	}
	op_done(op);
	arena_free(&cr->arena);
	free(cr);
}

static struct ctr *new_ctr(struct sandbox *s, const struct container_spec *spec, const char *id)
{
	struct ctr *c = ctr_alloc(s, id);
	c->name = str_dup(str_from(spec->name));
	c->attempt = spec->attempt;
	c->tty = spec->tty;
	c->stdin_open = spec->stdin_open;
	c->stdin_once = spec->stdin_once;
	c->stop_signal = spec->stop_signal;
	c->created_us = clock_wall_us(clock_real());
	c->cgroup_path = str_printf("%s/%s", s->cgroup_path, id);
	if (s->log_dir)
		c->log_path = str_printf("%s/%s/%d.log", s->log_dir, spec->name, spec->attempt);
	return c;
}

static void new_id(char out[65])
{
	unsigned char bytes[32];
	rand_bytes(bytes, sizeof(bytes));
	hex_encode(out, bytes, sizeof(bytes));
}

static pid_t pid_of(struct runtime *rt, const char *id)
{
	const struct ctr *c = id ? ctr_find(rt, id) : NULL;
	return c && c->state == CONTAINER_RUNNING ? c->pid : 0;
}

void runtime_container_create(struct runtime *rt, const struct container_spec *spec,
			      char out_id[65], runtime_done done, void *ctx)
{
	struct sandbox *s = sandbox_find(rt, spec->pod_uid);
	auto_err err = { 0 };
	new_id(out_id);
	if (!s || !s->alive || s->removing) {
		err_set(&err, ERR_UNAVAILABLE, "pod %s has no sandbox", spec->pod_uid);
		done_later(rt->loop, done, ctx, &err);
		return;
	}
	struct create *cr = NEW(struct create);
	cr->op.work = create_work;
	cr->op.finish = create_finish;
	cr->op.done = done;
	cr->op.ctx = ctx;
	cr->spec = container_spec_copy(&cr->arena, spec);
	cr->c = new_ctr(s, spec, out_id);
	cr->shim_pid = s->shim_pid;
	cr->pause_pid = s->pause_pid;
	cr->target_pid = pid_of(rt, spec->pid_target);
	op_queue(s, &cr->op);
}
