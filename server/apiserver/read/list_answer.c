/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as answers. Objects are taken by reference and their bytes spliced into the answer; items of a built-in list carry no kind
 * and apiVersion, as upstream's don't, so their first bytes are left out. */
#include <stdio.h>

#include "api/codec.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/read/list_shape.h"
#include "server/apiserver/read/list_walk.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/wire.h"

static void list_head(const struct list_walk *w, struct buf *out)
{
	char version[256];
	api_version_text(w->r->resource, version, sizeof(version));
	buf_printf(
		out,
		"{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%lld\"",
		w->r->resource->list_kind, version, (long long)w->meta.revision);
	if (w->meta.continue_token.n ||
	    w->r->resource->crd) /* upstream's lists of them always have it */
		buf_printf(out, ",\"continue\":\"%.*s\"", STR_ARG(w->meta.continue_token));
	if (w->meta.remaining >= 0)
		buf_printf(out, ",\"remainingItemCount\":%lld", (long long)w->meta.remaining);
	buf_puts(out, "},\"items\":[");
}

/* How many bytes of each item's JSON are its kind and apiVersion; 0 when items keep them. */
static size_t type_bytes(const struct api_resource *res, char *text, size_t size)
{
	char version[256];
	api_version_text(res, version, sizeof(version));
	return (size_t)snprintf(text, size, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",", res->kind,
				version);
}

static void release_object(void *o)
{
	object_unref(o);
}

static void respond_spliced(struct list_walk *w)
{
	char skip[512];
	size_t nskip = type_bytes(w->r->resource, skip, sizeof(skip)), n = 0;
	struct buf head = { 0 };
	struct chunk *c = mem_alloc((2 * w->n + 2) * sizeof(*c));
	list_head(w, &head);
	c[n++] = chunk_of_buf(&head);
	for (size_t i = 0; i < w->n; i++) {
		const struct object *o = w->items[i];
		bool plain = o->json.n > nskip && memcmp(o->json.p, skip, nskip) == 0;
		if (plain)
			c[n++] = i ? CHUNK_STATIC(",{") : CHUNK_STATIC("{");
		else if (i)
			c[n++] = CHUNK_STATIC(",");
		size_t from = plain ? nskip : 0;
		c[n++] = (struct chunk){ o->json.p + from, o->json.n - from, release_object,
					 (void *)o }; /* takes the reference over */
	}
	w->n = 0;
	c[n++] = CHUNK_STATIC("]}\n");
	respond_chunks(w->r, 200, media_text(MEDIA_JSON), NULL, 0, c, n);
	free(c);
}

static void respond_protobuf(struct list_walk *w)
{
	auto_err err = { 0 };
	char version[256];
	size_t n = WIRE_LIST_CHUNKS(w->n);
	auto_free struct chunk *c = mem_alloc(n * sizeof(*c));
	api_version_text(w->r->resource, version, sizeof(version));
	if (wire_list_chunks(w->r->resource->list_kind, version, w->items, w->n, &w->meta, c,
			     &err) < 0) {
		respond_err(w->r, &err);
		return;
	}
	w->n = 0;
	respond_chunks(w->r, 200, media_text(MEDIA_PROTOBUF), NULL, 0, c, n);
}

/* Another version than the stored one, or YAML: through trees. */
static void respond_converted(struct list_walk *w)
{
	struct buf out = { 0 };
	auto_err err = { 0 };
	int e = 0;
	list_head(w, &out);
	for (size_t i = 0; i < w->n && e == 0; i++) {
		json_t *tree = object_tree(w->items[i], &err);
		if (tree && convert_needed(w->items[i]->resource, w->r->resource))
			convert_tree(w->items[i]->resource, w->r->resource, tree);
		if (!w->r->resource->crd) { /* items of custom resources keep them */
			json_object_del(tree, "kind");
			json_object_del(tree, "apiVersion");
		}
		if (i)
			buf_putc(&out, ',');
		e = tree ? api_json_write(w->r->resource->type, tree, false, &out, &err)
			 : -(int)ERR_INTERNAL;
		json_decref(tree);
	}
	buf_puts(&out, "]}\n");
	if (e < 0) {
		buf_free(&out);
		respond_err(w->r, &err);
		return;
	}
	respond_json(w->r, 200,
		     api_type_by_kind(w->r->group, w->r->version,
				      str_from(w->r->resource->list_kind)),
		     &out);
}

/* Objects of a custom resource stay in the version that they were written in. */
static bool walk_converts(const struct list_walk *w)
{
	const struct api_resource *res = w->r->resource;
	for (size_t i = 0; res->crd && i < w->n; i++)
		if (convert_needed(w->items[i]->resource, res))
			return true;
	return !res->crd && convert_needed(res->storage ? res->storage : res, res);
}

void list_walk_respond(struct list_walk *w)
{
	if (w->r->media.shape != SHAPE_OBJECT)
		list_shape_respond(w->r, w->items, w->n, &w->meta);
	else if (walk_converts(w) || w->r->media.format == MEDIA_YAML)
		respond_converted(w);
	else if (w->r->media.format == MEDIA_PROTOBUF)
		respond_protobuf(w);
	else
		respond_spliced(w);
}
