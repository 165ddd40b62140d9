/* SPDX-License-Identifier: Apache-2.0 */
/* inotify doesn't look below a directory, so each directory has a watch of its own. One that is watched only since the last look may
 * have changed in between: then there is another look.
 *
 *	event ─► timer (QUIET_MS) ─► look at the tree (worker) ─► compare, tell, watch new directories ─┐
 *	             ▲                                                                                  │
 *	             └──────────────────── a directory is new ◄─────────────────────────────────────────┘ */
#include "server/controllers/manifests/manifest_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/manifests/manifest_file.h"

#define QUIET_MS  100
#define DEPTH_MAX 8
#define SKIP      ".skip"

struct seen { /* of a file, or of a directory: how it was at the last look */
	struct timespec changed;
	off_t size;
	ino_t inode;
	bool skipped;
};
struct watch {
	uv_fs_event_t uv;
	ino_t inode;
	struct manifest_dir *dir;
};
struct manifest_dir {
	struct loop *loop;
	char *path;
	void (*on_file)(void *ctx, struct str path);
	void *ctx;
	struct loop_timer timer;
	struct map files, found;      /* path → struct seen */
	struct map watches, found_in; /* directory → struct watch; → its inode */
	int refs;                     /* the timer's, and that of a look */
	bool looking, again, closed;
};

static void look_dir(struct manifest_dir *d, struct str below, int depth);

static void look_entry(struct manifest_dir *d, struct str path, struct str name, int depth)
{
	struct stat st, skip;
	auto_free char *full = str_printf("%s/%.*s", d->path, STR_ARG(path));

	if (lstat(full, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		look_dir(d, path, depth + 1);
	if (!manifest_is_file(name) || stat(full, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	auto_free char *mark = str_printf("%s" SKIP, full);
	struct seen *s = NEW(struct seen);
	*s = (struct seen){ .changed = st.st_mtim,
			    .size = st.st_size,
			    .inode = st.st_ino,
			    .skipped = stat(mark, &skip) == 0 };
	free(map_put(&d->found, path, s));
}

static void look_dir(struct manifest_dir *d, struct str below, int depth)
{
	auto_free char *full = str_printf("%s/%.*s", d->path, STR_ARG(below));
	DIR *dir = opendir(full);
	struct stat st;

	if (!dir && !below.n && mkdir(full, 0700) == 0)
		dir = opendir(full); /* somebody has removed all of it */
	if (!dir)
		return;
	if (fstat(dirfd(dir), &st) == 0) {
		ino_t *inode = NEW(ino_t);

		*inode = st.st_ino;
		free(map_put(&d->found_in, below, inode));
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		auto_free char *path =
			str_printf("%.*s%s%s", STR_ARG(below), below.n ? "/" : "", e->d_name);
		look_entry(d, str_from(path), str_from(e->d_name), depth);
	}
	closedir(dir);
}

static void look(void *ctx) /* worker thread: only `found` and `found_in` are its own meanwhile */
{
	look_dir(ctx, STR(""), 0);
}

static bool is_same(const struct seen *a, const struct seen *b)
{
	return a && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec && a->size == b->size &&
	       a->inode == b->inode && a->skipped == b->skipped;
}

static void tell(struct manifest_dir *d)
{
	struct map old = d->files;
	size_t at = 0;

	d->files = d->found;
	d->found = (struct map){ 0 };
	for (struct map_entry *e; (e = map_next(&d->files, &at));)
		if (!is_same(map_get(&old, e->key), e->value))
			d->on_file(d->ctx, e->key);
	at = 0;
	for (struct map_entry *e; (e = map_next(&old, &at));)
		if (!map_get(&d->files, e->key))
			d->on_file(d->ctx, e->key);
	map_free(&old, free);
}

static void on_event(uv_fs_event_t *h, const char *name, int events, int status)
{
	struct watch *w = h->data;

	(void)name;
	(void)events;
	(void)status;
	if (!w->dir->closed)
		loop_timer_start(&w->dir->timer, QUIET_MS);
}

static void free_watch(uv_handle_t *h)
{
	free(h->data);
}

static void close_watch(void *watch)
{
	struct watch *w = watch;

	uv_close((uv_handle_t *)&w->uv, free_watch);
}

static bool watch_dir(struct manifest_dir *d, struct str below, ino_t inode)
{
	auto_free char *full = str_printf("%s/%.*s", d->path, STR_ARG(below));
	struct watch *w = NEW(struct watch);
	int r;

	w->dir = d;
	w->inode = inode;
	uv_fs_event_init(&d->loop->uv, &w->uv);
	w->uv.data = w;
	r = uv_fs_event_start(&w->uv, on_event, full, 0);
	if (r < 0) {
		log_warn("directory is not watched", LOG_S("path", full),
			 LOG_S("error", uv_strerror(r)));
		close_watch(w);
		return false;
	}
	map_put(&d->watches, below, w);
	return true;
}

/* Whether a directory is new: what happened in it before it was watched has to be looked for. */
static bool watch_all(struct manifest_dir *d)
{
	struct map old = d->watches;
	bool more = false;
	size_t at = 0;

	d->watches = (struct map){ 0 };
	for (struct map_entry *e; (e = map_next(&d->found_in, &at));) {
		struct watch *w = map_get(&old, e->key);
		ino_t inode = *(const ino_t *)e->value;

		if (w && w->inode == inode)
			map_put(&d->watches, e->key, map_del(&old, e->key));
		else
			more |= watch_dir(d, e->key, inode);
	}
	map_free(&old, close_watch);
	map_free(&d->found_in, free);
	return more;
}

static void drop(struct manifest_dir *d)
{
	if (--d->refs)
		return;
	map_free(&d->found, free);
	map_free(&d->found_in, free);
	map_free(&d->files, free);
	free(d->path);
	free(d);
}

static void start_look(struct manifest_dir *d);

static void looked(void *ctx)
{
	struct manifest_dir *d = ctx;
	bool again = d->again;

	d->looking = d->again = false;
	if (!d->closed) {
		again |= watch_all(d);
		tell(d);
		if (again)
			start_look(d);
	}
	drop(d);
}

static void start_look(struct manifest_dir *d)
{
	d->again = d->looking; /* under way: another one after it */
	if (d->looking)
		return;
	d->looking = true;
	d->refs++;
	loop_work(d->loop, look, looked, d);
}

static void on_timer(struct loop_timer *t)
{
	start_look(CONTAINER_OF(t, struct manifest_dir, timer));
}

struct manifest_dir *manifest_dir_new(struct loop *l, const char *dir,
				      void (*on_file)(void *ctx, struct str path), void *ctx)
{
	struct manifest_dir *d = NEW(struct manifest_dir);

	d->loop = l;
	d->refs = 1;
	d->path = str_dup(str_from(dir));
	d->on_file = on_file;
	d->ctx = ctx;
	loop_timer_init(l, &d->timer, on_timer);
	start_look(d);
	return d;
}

static void on_timer_closed(struct loop_timer *t)
{
	drop(CONTAINER_OF(t, struct manifest_dir, timer));
}

void manifest_dir_free(struct manifest_dir *d)
{
	if (!d)
		return;
	d->closed = true;
	map_free(&d->watches, close_watch);
	loop_timer_close(&d->timer, on_timer_closed);
}
