/* SPDX-License-Identifier: Apache-2.0 */
/* image_import(): docker-archive (manifest.json) and OCI layout (index.json), in a tar or a directory.
 *
 *   open ─► what images are in it (struct found: name, manifest) ─► layers that are not here yet ─► sync ─► blobs ─► names
 * Names come last, so what fails half-way leaves nothing that anybody can see; its layers are collected. */
#include <stdio.h>

#include "agent/runtime/import_parts.h"
#include "agent/runtime/layer_add.h"
#include "agent/runtime/reference.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

#define IMAGES_MAX 1024

static void found_free(struct found *f)
{
	free(f->name);
	buf_free(&f->manifest);
	buf_free(&f->config);
	for (size_t i = 0; i < f->nlayers; i++)
		free(f->layer_files[i]);
	free(f->layer_files);
	free(f->stored);
	image_config_free(&f->parsed);
}

struct found *import_add(struct import *im)
{
	im->found = mem_array_grow(im->found, &im->cap, im->n + 1, sizeof(*im->found));
	im->found[im->n] = (struct found){ 0 };
	return &im->found[im->n++];
}

void import_alloc_layers(struct found *f, size_t n)
{
	f->layer_files = mem_zalloc(sizeof(char *) * (n + 1));
	f->stored = mem_zalloc(sizeof(*f->stored) * (n + 1));
	f->nlayers = n;
}

int import_parse_config(struct found *f, struct err *err)
{
	int r = image_config_parse(buf_view(&f->config), &f->parsed, err);
	if (r < 0)
		return r;
	if (f->parsed.ndiff_ids != f->nlayers)
		return err_set(err, ERR_INVALID,
			       "image has %zu layers, but its config speaks of %zu", f->nlayers,
			       f->parsed.ndiff_ids);
	return 0;
}

int64_t import_file_bytes(const struct archive *a, const char *name)
{
	struct blob_range r;
	int64_t n = 0;
	if (archive_file(a, name, &r, NULL) < 0)
		return 0;
	n = r.size >= 0 ? r.size : lseek(r.fd, 0, SEEK_END);
	archive_release(a, &r);
	return n < 0 ? 0 : n;
}

int import_name(struct import *im, size_t from, const char *name, struct err *err)
{
	char *text = NULL;
	int r = image_normalize(name, &text, err);
	if (r < 0)
		return r;
	if (!im->found[from].name) {
		im->found[from].name = text;
		return 0;
	}
	struct found *f = import_add(im);
	const struct found *old = &im->found[from];
	f->name = text;
	memcpy(f->target, old->target, sizeof(f->target));
	memcpy(f->manifest_digest, old->manifest_digest, sizeof(f->manifest_digest));
	return 0;
}

int import_name_after_file(struct import *im, size_t i, const char *tag, struct err *err)
{
	auto_free char *name = str_printf("localhost/%s:%s", im->base_name, tag);
	return import_name(im, i, name, err);
}

static json_t *read_json(const struct import *im, const char *file, struct err *err)
{
	auto_buf text = { 0 };
	json_error_t e;
	if (archive_read(im->a, file, BLOB_MAX, &text, err) < 0)
		return NULL;
	json_t *tree = json_loadb(text.p ? text.p : "", text.n, 0, &e);
	if (!tree)
		err_set(err, ERR_INVALID, "%s: %s", file, e.text);
	return tree;
}

/* Newer archives of Docker are both: then the layout counts if it has names. */
static int find_images(struct import *im, struct err *err)
{
	bool oci = archive_has(im->a, "index.json"), docker = archive_has(im->a, "manifest.json");
	json_t *index = oci ? read_json(im, "index.json", err) : NULL;
	json_t *list = json_object_get(index, "manifests"), *manifest = NULL;
	int r;
	if (!oci && !docker)
		r = err_set(err, ERR_INVALID,
			    "neither a docker-archive nor an OCI image: no manifest.json, no "
			    "index.json");
	else if (oci && (!docker || import_oci_has_names(list)))
		r = !index ? -ERR_INVALID
		    : json_array_size(list) > IMAGES_MAX
			    ? err_set(err, ERR_TOO_LARGE, "more than %d images", IMAGES_MAX)
			    : import_oci(im, list, err);
	else {
		manifest = read_json(im, "manifest.json", err);
		r = !manifest ? -ERR_INVALID
		    : !json_is_array(manifest) || json_array_size(manifest) > IMAGES_MAX ||
				    json_array_size(manifest) == 0
			    ? err_set(err, ERR_INVALID, "manifest.json lists no images")
			    : import_docker(im, manifest, err);
	}
	json_decref(index);
	json_decref(manifest);
	return r;
}

/* Into the store. */

static void taken(void *ctx, int64_t bytes)
{
	struct import *im = ctx;
	im->done += bytes;
	if (im->progress)
		im->progress(im->ctx, im->what, im->done, im->total);
}

static int add_layers(struct import *im, const struct found *f, struct err *err)
{
	im->what = f->name;
	for (size_t i = 0; i < f->nlayers; i++) {
		struct blob_range range;
		if (store_has_layer(im->s, digest_hex(f->parsed.diff_ids[i]))) {
			taken(im, import_file_bytes(im->a, f->layer_files[i]));
			continue;
		}
		int r = archive_file(im->a, f->layer_files[i], &range, err);
		if (r < 0)
			return r;
		struct layer_source from = { range, f->stored[i][0] ? f->stored[i] : NULL,
					     f->parsed.diff_ids[i], taken, im };
		r = layer_add(im->s, &from, err);
		archive_release(im->a, &range);
		if (r < 0)
			return err_wrap(err, r, "layer %zu of %s", i + 1, f->name);
	}
	return 0;
}

static int add_blobs(struct import *im, const struct found *f, struct err *err)
{
	char config[DIGEST_TEXT];
	if (!f->manifest.n)
		return 0; /* one more name of another */
	digest_of(f->config.p, f->config.n, config);
	int r = store_add_blob(im->s, digest_hex(config), buf_view(&f->config), err);
	return r < 0 ? r
		     : store_add_blob(im->s, digest_hex(f->manifest_digest), buf_view(&f->manifest),
				      err);
}

static int add_all(struct import *im, struct err *err)
{
	int r = 0;
	for (size_t i = 0; i < im->n; i++)
		for (size_t k = 0; k < im->found[i].nlayers; k++)
			im->total += import_file_bytes(im->a, im->found[i].layer_files[k]);
	for (size_t i = 0; r == 0 && i < im->n; i++)
		r = add_layers(im, &im->found[i], err);
	for (size_t i = 0; r == 0 && i < im->n; i++)
		r = add_blobs(im, &im->found[i], err);
	if (r == 0)
		r = store_sync(im->s, err);
	for (size_t i = 0; r == 0 && i < im->n; i++) {
		auto_free char *text =
			str_printf("%s %s\n", im->found[i].manifest_digest, im->found[i].target);
		r = store_set_name(im->s, im->found[i].name, text, err);
	}
	return r;
}

static char **names_of(const struct import *im)
{
	char **names = mem_zalloc(sizeof(char *) * (im->n + 1));
	for (size_t i = 0; i < im->n; i++)
		names[i] = str_dup(str_from(im->found[i].name));
	return names;
}

/* "/tmp/My-App.tar.gz" → "my-app", something that may stand in a name. */
static char *base_name(const char *path)
{
	struct str s = str_from(path);
	while (s.n > 1 && s.p[s.n - 1] == '/')
		s.n--;
	size_t slash = str_rfind(s, '/');
	if (slash < s.n)
		s = str_of(s.p + slash + 1, s.n - slash - 1);
	char *out = str_dup(str_of(s.p, str_find(s, '.')));
	size_t n = 0;
	for (char *p = out; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (fine || (c == '-' && n && p[1]))
			out[n++] = c;
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	if (n)
		return out;
	free(out);
	return str_dup(STR("image"));
}

int image_import(struct image_store *s, const char *path, image_progress progress, void *ctx,
		 char ***out_names, struct err *err)
{
	struct import im = {
		.s = s, .progress = progress, .ctx = ctx, .base_name = base_name(path)
	};
	auto_free char *tmp = store_path(s, "tmp", "");
	auto_fd int lock = -1;
	int r = store_lock(s, false, &lock, err);
	if (r == 0)
		r = archive_open(path, tmp, &im.a, err);
	if (r == 0)
		r = find_images(&im, err);
	if (r == 0)
		r = add_all(&im, err);
	if (r == 0 && out_names)
		*out_names = names_of(&im);
	for (size_t i = 0; i < im.n; i++)
		found_free(&im.found[i]);
	free(im.found);
	free(im.base_name);
	archive_free(im.a);
	if (lock >= 0)
		close(TAKE_FD(lock));
	if (r < 0)
		store_collect(s);
	return r;
}
