/* SPDX-License-Identifier: Apache-2.0 */
/* Looking images up: name file → manifest → config → layers, each a file of the store. */
#include <stdio.h>

#include "agent/runtime/image_load.h"
#include "agent/runtime/reference.h"
#include "base/mem.h"

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void image_free(struct image *i)
{
	if (!i)
		return;
	free(i->name);
	free(i->digest);
	free_list(i->layer_dirs);
	free_list(i->entrypoint);
	free_list(i->cmd);
	free_list(i->env);
	free_list(i->names);
	free(i->working_dir);
	free(i->user);
	free(i->stop_signal);
	free(i);
}

bool name_text_parse(const char *text, struct name_target *out)
{
	struct str rest = str_trim(str_from(text)), manifest, target;
	if (!str_next(&rest, ' ', &manifest) || manifest.n >= DIGEST_TEXT)
		return false;
	target = rest.n ? str_trim(rest) : manifest;
	if (target.n >= DIGEST_TEXT)
		return false;
	snprintf(out->manifest, sizeof(out->manifest), "%.*s", STR_ARG(manifest));
	snprintf(out->target, sizeof(out->target), "%.*s", STR_ARG(target));
	return digest_valid(out->manifest) && digest_valid(out->target);
}

static int fill_layers(const struct image_store *s, const struct image_config *c, struct err *err)
{
	c->image->layer_dirs = mem_zalloc(sizeof(char *) * (c->ndiff_ids + 1));
	for (size_t i = 0; i < c->ndiff_ids; i++) {
		const char *hex = digest_hex(c->diff_ids[i]);
		if (!store_has_layer(s, hex))
			return err_set(err, ERR_NOT_FOUND,
				       "a layer of the image is missing: pull it again");
		c->image->layer_dirs[i] = str_printf("%s/layers/%s/fs", s->dir, hex);
	}
	return 0;
}

static int64_t size_of(const struct manifest *m)
{
	int64_t size = m->config.size_bytes;
	for (size_t i = 0; i < m->nlayers && size < INT64_MAX / 2; i++)
		size += m->layers[i].size_bytes < INT64_MAX / 4 ? m->layers[i].size_bytes : 0;
	return size;
}

static int load(const struct image_store *s, const struct name_target *t, struct image **out,
		struct err *err)
{
	auto_buf manifest_text = { 0 };
	auto_buf config_text = { 0 };
	struct manifest m;
	struct image_config c = { .image = NULL };
	int r = store_read_blob(s, digest_hex(t->manifest), &manifest_text, err);
	if (r == 0)
		r = manifest_parse(buf_view(&manifest_text), &m, err);
	if (r < 0)
		return r;
	r = store_read_blob(s, digest_hex(m.config.digest), &config_text, err);
	if (r == 0)
		r = image_config_parse(buf_view(&config_text), &c, err);
	if (r == 0)
		r = fill_layers(s, &c, err);
	if (r == 0) {
		c.image->digest = str_dup(str_from(t->target));
		c.image->size_bytes = size_of(&m);
		c.image->stored_s = store_blob_time_s(s, digest_hex(t->manifest));
		*out = TAKE(c.image);
	}
	image_config_free(&c);
	manifest_free(&m);
	return r;
}

/* All names of one target. */
struct collect {
	const char *target;
	struct buf names; /* char * each */
};

static bool is_listed(const struct collect *c, const char *name)
{
	for (size_t i = 0; i < c->names.n / sizeof(char *); i++)
		if (strcmp(((char **)(void *)c->names.p)[i], name) == 0)
			return true;
	return false;
}

static void add_name(struct collect *c, const char *name)
{
	char *copy = str_dup(str_from(name));
	buf_add(&c->names, &copy, sizeof(copy));
}

static int collect_name(void *ctx, const char *name, const char *text)
{
	struct collect *c = ctx;
	struct name_target t;
	if (name_text_parse(text, &t) && strcmp(t.target, c->target) == 0 && !is_listed(c, name))
		add_name(c, name);
	return 0;
}

/* REPOSITORY@DIGEST of each tag, as others know the image. */
static void add_digest_names(struct collect *c)
{
	size_t n = c->names.n / sizeof(char *);
	for (size_t i = 0; i < n; i++) {
		struct image_ref ref;
		char text[REFERENCE_TEXT];
		if (image_ref_parse(((char **)(void *)c->names.p)[i], &ref, NULL) < 0)
			continue;
		snprintf(ref.digest, sizeof(ref.digest), "%s", c->target);
		image_ref_text(&ref, text);
		if (!is_listed(c, text))
			add_name(c, text);
	}
}

static void fill_names(const struct image_store *s, struct image *i)
{
	struct collect c = { .target = i->digest };
	char *end = NULL;
	store_each_name(s, collect_name, &c);
	add_digest_names(&c);
	if (!i->name && c.names.n)
		i->name = str_dup(str_from(*(char **)(void *)c.names.p));
	buf_add(&c.names, &end, sizeof(end));
	i->names = (char **)(void *)buf_take(&c.names);
}

int image_load(const struct image_store *s, const char *name, const struct name_target *t,
	       struct image **out, struct err *err)
{
	struct image *i = NULL;
	int r = load(s, t, &i, err);
	if (r < 0)
		return err_wrap(err, r, "image %s", name);
	i->name = str_dup(str_from(name));
	fill_names(s, i);
	*out = i;
	return 0;
}

/* By something that is no name file: an id, or a digest of a known repository. */
struct search {
	const struct image_store *s;
	const char *id;       /* of the config, or NULL */
	struct image_ref ref; /* with a digest */
	char *name;
	struct name_target target;
};

static bool has_config(const struct image_store *s, const char *manifest, const char *id)
{
	auto_buf text = { 0 };
	struct manifest m;
	if (store_read_blob(s, digest_hex(manifest), &text, NULL) < 0 ||
	    manifest_parse(buf_view(&text), &m, NULL) < 0)
		return false;
	bool same = strcmp(digest_hex(m.config.digest), id) == 0;
	manifest_free(&m);
	return same;
}

static bool same_digest(const struct search *q, const char *name, const struct name_target *t)
{
	struct image_ref ref;
	return image_ref_parse(name, &ref, NULL) == 0 && strcmp(ref.domain, q->ref.domain) == 0 &&
	       strcmp(ref.path, q->ref.path) == 0 &&
	       (strcmp(t->target, q->ref.digest) == 0 || strcmp(t->manifest, q->ref.digest) == 0);
}

static int match(void *ctx, const char *name, const char *text)
{
	struct search *q = ctx;
	struct name_target t;
	if (!name_text_parse(text, &t))
		return 0;
	if (q->id ? !has_config(q->s, t.manifest, q->id) : !same_digest(q, name, &t))
		return 0;
	q->name = str_dup(str_from(name));
	q->target = t;
	return 1;
}

static const char *as_id(const char *text)
{
	if (strncmp(text, "sha256:", 7) == 0)
		text += 7;
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64 ? text : NULL;
}

int image_locate(const struct image_store *s, const char *text, char **out_name,
		 struct name_target *out, struct err *err)
{
	struct search q = { .s = s, .id = as_id(text) };
	auto_buf entry = { 0 };
	char name[REFERENCE_TEXT] = "";
	if (!q.id) {
		int r = image_ref_parse(text, &q.ref, err);
		if (r < 0)
			return r;
		image_ref_text(&q.ref, name);
		if (store_get_name(s, name, &entry, NULL) == 0 && name_text_parse(entry.p, out)) {
			*out_name = str_dup(str_from(name));
			return 0;
		}
	}
	if ((q.id || q.ref.digest[0]) && store_each_name(s, match, &q)) {
		*out_name = q.name;
		*out = q.target;
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "image \"%s\" not found", text);
}

int image_find(struct image_store *s, const char *reference_or_id, struct image **out,
	       struct err *err)
{
	char *name = NULL;
	struct name_target t;
	int r = image_locate(s, reference_or_id, &name, &t, err);
	if (r == 0)
		r = image_load(s, name, &t, out, err);
	free(name);
	return r;
}

struct listing {
	struct image_store *s;
	struct image **images;
	size_t n, cap;
};

static int list_one(void *ctx, const char *name, const char *text)
{
	struct listing *l = ctx;
	struct name_target t;
	struct image *i;
	if (!name_text_parse(text, &t))
		return 0;
	for (size_t k = 0; k < l->n; k++)
		if (strcmp(l->images[k]->digest, t.target) == 0)
			return 0; /* another name of one that is listed */
	if (image_load(l->s, name, &t, &i, NULL) < 0)
		return 0;
	l->images = mem_array_grow(l->images, &l->cap, l->n + 1, sizeof(struct image *));
	l->images[l->n++] = i;
	return 0;
}

int image_list(struct image_store *s, struct image ***out, size_t *n, struct err *err)
{
	struct listing l = { .s = s };
	(void)err;
	store_each_name(s, list_one, &l);
	*out = l.images;
	*n = l.n;
	return 0;
}
