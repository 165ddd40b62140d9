/* SPDX-License-Identifier: Apache-2.0 */
/* Removal: a name goes at once; what no name and no container refers to any more goes when nobody is adding. */
#include <dirent.h>
#include <stdio.h>

#include "agent/runtime/image_load.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

struct marks {
	struct image_store *s;
	struct map used; /* hex -> itself: blobs and layers */
	bool unsure;     /* something could not be read: then nothing is removed */
};

static void mark(struct marks *m, const char *hex)
{
	map_put(&m->used, str_from(hex), m);
}

static void mark_config(struct marks *m, const char *hex)
{
	auto_buf text = { 0 };
	struct image_config c;
	mark(m, hex);
	if (store_read_blob(m->s, hex, &text, NULL) < 0 ||
	    image_config_parse(buf_view(&text), &c, NULL) < 0) {
		m->unsure = true;
		return;
	}
	for (size_t i = 0; i < c.ndiff_ids; i++)
		mark(m, digest_hex(c.diff_ids[i]));
	image_config_free(&c);
}

static int mark_name(void *ctx, const char *name, const char *text)
{
	struct marks *m = ctx;
	struct name_target t;
	struct manifest manifest;
	auto_buf bytes = { 0 };
	(void)name;
	if (!name_text_parse(text, &t) ||
	    store_read_blob(m->s, digest_hex(t.manifest), &bytes, NULL) < 0 ||
	    manifest_parse(buf_view(&bytes), &manifest, NULL) < 0)
		return 0; /* a name that leads nowhere keeps nothing */
	mark(m, digest_hex(t.manifest));
	mark_config(m, digest_hex(manifest.config.digest));
	manifest_free(&manifest);
	return 0;
}

static void mark_pins(struct marks *m)
{
	auto_free char *dir = store_path(m->s, "pins", "");
	DIR *d = opendir(dir);
	if (!d)
		m->unsure = true;
	for (struct dirent *e; d && (e = readdir(d));) {
		auto_free char *path = store_path(m->s, "pins", e->d_name);
		auto_buf id = { 0 };
		if (e->d_name[0] != '.' && file_read(path, 128, &id, NULL) == 0 && id.n == 64)
			mark_config(m, id.p);
	}
	if (d)
		closedir(d);
}

static void sweep(struct marks *m, const char *kind)
{
	auto_free char *dir = store_path(m->s, kind, "");
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		auto_free char *path = store_path(m->s, kind, e->d_name);
		auto_free char *doomed = store_tmp(m->s);
		if (e->d_name[0] == '.' || map_get(&m->used, str_from(e->d_name)))
			continue;
		if (rename(path, doomed) == 0) /* gone at once; the files follow */
			dir_remove(doomed, NULL);
	}
	if (d)
		closedir(d);
}

void store_collect(struct image_store *s)
{
	struct marks m = { .s = s };
	auto_fd int lock = -1;
	if (store_lock(s, true, &lock, NULL) < 0)
		return; /* who is adding collects at the end */
	store_each_name(s, mark_name, &m);
	mark_pins(&m);
	if (!m.unsure) {
		sweep(&m, "layers");
		sweep(&m, "blobs");
		sweep(&m, "partial");
	}
	map_free(&m.used, NULL);
}

struct doomed {
	const struct image_store *s;
	const char *target;
	struct err *err;
};

static int drop_if_same(void *ctx, const char *name, const char *text)
{
	struct doomed *d = ctx;
	struct name_target t;
	if (!name_text_parse(text, &t) || strcmp(t.target, d->target) != 0)
		return 0;
	return store_drop_name(d->s, name, d->err);
}

static bool is_id(const char *text)
{
	if (strncmp(text, "sha256:", 7) == 0)
		text += 7;
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

int image_remove(struct image_store *s, const char *reference_or_id, struct err *err)
{
	char *name = NULL;
	struct name_target t;
	int r = image_locate(s, reference_or_id, &name, &t, err);
	if (r < 0)
		return r;
	struct doomed d = { s, t.target, err };
	r = is_id(reference_or_id) ? store_each_name(s, drop_if_same, &d)
				   : store_drop_name(s, name, err);
	free(name);
	if (r < 0)
		return r;
	store_collect(s);
	return 0;
}
