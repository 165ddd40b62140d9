/* SPDX-License-Identifier: Apache-2.0 */
/* One allocation per object version:
 *
 *	struct object | labels | fields | key \0 | decoded texts | head room | json
 *
 * A scan (scan.c) finds what is wanted without a tree; slices point into the JSON, or to a decoded copy where the text
 * holds escapes. The seal moves all that stands before the end of metadata.uid into the head room and shifts the slices that
 * point there. */
#include "api/object/object.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/codec.h"
#include "api/crd/crd.h"
#include "api/object/scan.h"
#include "base/mem.h"

#define HEAD_ROOM 48 /* ,"resourceVersion":"9223372036854775807" */

struct object_encoding {
	size_t n;
	uint32_t raw_at, raw_n; /* the object itself, without the envelope */
	char bytes[];
};

struct whole { /* what the header shows, and what the seal needs */
	struct object o;
	uint32_t head, seal_at;   /* bytes of head room; offset in json where the revision goes */
	uint32_t meta_at, meta_n; /* metadata, in json as it is */
	bool seal_first,
		seal_last; /* there is no uid: it becomes the first member; of an empty object */
};

static struct whole *whole_of(const struct object *o)
{
	return CONTAINER_OF((struct object *)o, struct whole, o);
}

/* A slice of the scanned text becomes one of our copy; a decoded one is copied to *texts. */
static struct str rebase(struct str s, struct str from, const char *to, char **texts)
{
	if (!s.p || (s.p >= from.p && s.p <= from.p + from.n))
		return s.p ? str_of(to + (s.p - from.p), s.n) : s;
	char *copy = memcpy(*texts, s.p, s.n);
	copy[s.n] = '\0';
	*texts += s.n + 1;
	return str_of(copy, s.n);
}

static size_t fill_key(struct object *o, struct str key, char *room)
{
	memcpy(room, key.p, key.n);
	room[key.n] = '\0';
	o->key = str_of(room, key.n);
	struct str rest = o->key;
	size_t slash = str_rfind(rest, '/');
	o->name = slash < rest.n ? str_of(rest.p + slash + 1, rest.n - slash - 1) : rest;
	o->ns = str_of(o->key.p, 0);
	if (o->resource->namespaced && slash < rest.n) {
		rest.n = slash;
		size_t before = str_rfind(rest, '/');
		if (before < rest.n)
			o->ns = str_of(rest.p + before + 1, rest.n - before - 1);
	}
	return key.n + 1;
}

int object_new(const struct api_resource *r, struct str key, struct str json, struct object **out,
	       struct err *err)
{
	struct object_scan scan;
	object_scan_init(&scan);
	int code = object_scan_run(&scan, r, json, err);
	if (code < 0) {
		object_scan_free(&scan);
		return err_wrap(err, code, "object %.*s", STR_ARG(key));
	}
	size_t labels = scan.nlabels * sizeof(struct object_label),
	       fields = r->nselectable * sizeof(struct str);
	size_t bytes = sizeof(struct whole) + labels + fields + key.n + 1 + scan.text_bytes +
		       HEAD_ROOM + json.n + 1;
	struct whole *w = mem_try_alloc(bytes);
	if (!w) {
		object_scan_free(&scan);
		return err_set(err, ERR_INTERNAL, "out of memory for an object of %zu bytes",
			       json.n);
	}
	*w = (struct whole){ .head = HEAD_ROOM,
			     .seal_at = (uint32_t)scan.seal_at,
			     .meta_at = (uint32_t)scan.meta_at,
			     .meta_n = (uint32_t)scan.meta_n,
			     .seal_first = scan.seal_first,
			     .seal_last = scan.seal_last };
	struct object *o = &w->o;
	atomic_init(&o->refs, 1);
	o->resource = api_resource_ref(r);
	o->deleting = scan.deleting;
	o->size_bytes = bytes;
	o->nlabels = scan.nlabels;
	char *at = (char *)(w + 1);
	struct object_label *own_labels = (struct object_label *)at;
	struct str *own_fields = (struct str *)(at + labels);
	at += labels + fields;
	at += fill_key(o, key, at);
	char *texts = at, *body = at + scan.text_bytes + HEAD_ROOM;
	memcpy(body, json.p, json.n);
	body[json.n] = '\0';
	o->json = str_of(body, json.n);
	o->uid = rebase(scan.uid, json, body, &texts);
	for (size_t i = 0; i < scan.nlabels; i++)
		own_labels[i] =
			(struct object_label){ rebase(scan.labels[i].key, json, body, &texts),
					       rebase(scan.labels[i].value, json, body, &texts) };
	for (size_t i = 0; i < r->nselectable; i++)
		own_fields[i] = scan.fields[i].p ? rebase(scan.fields[i], json, body, &texts)
						 : str_from(r->selectable[i].default_value
								    ? r->selectable[i].default_value
								    : "");
	o->labels = own_labels;
	o->fields = own_fields;
	object_scan_free(&scan);
	*out = o;
	return 0;
}

static void shift(struct str *s, const char *from, const char *to, size_t by)
{
	if (s->p >= from && s->p < to)
		s->p -= by;
}

void object_seal(struct object *o, int64_t revision)
{
	struct whole *w = whole_of(o);
	char text[HEAD_ROOM];
	const char *format = !w->seal_first ? ",\"resourceVersion\":\"%lld\""
			     : w->seal_last ? "\"resourceVersion\":\"%lld\""
					    : "\"resourceVersion\":\"%lld\",";
	size_t n = (size_t)snprintf(text, sizeof text, format, (long long)revision);
	char *start = (char *)o->json.p, *split = start + w->seal_at;
	memmove(start - n, start, w->seal_at);
	memcpy(split - n, text, n);
	shift(&o->uid, start, split, n);
	for (size_t i = 0; i < o->nlabels; i++) {
		struct object_label *l = (struct object_label *)&o->labels[i];
		shift(&l->key, start, split, n);
		shift(&l->value, start, split, n);
	}
	for (size_t i = 0; i < o->resource->nselectable; i++)
		shift((struct str *)&o->fields[i], start, split, n);
	o->json = str_of(start - n, o->json.n + n);
	w->meta_n += (uint32_t)n;
	o->revision = revision;
}

struct object *object_ref(const struct object *o)
{
	struct object *mine = (struct object *)o;
	atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
	return mine;
}

void object_unref(const struct object *o)
{
	struct object *mine = (struct object *)o;
	if (!mine || atomic_fetch_sub_explicit(&mine->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(atomic_load_explicit(&mine->protobuf, memory_order_relaxed));
	api_resource_unref(mine->resource);
	free(whole_of(mine));
}

struct object *object_with_revision(const struct object *o, int64_t revision)
{
	char text[HEAD_ROOM];
	auto_buf json = { 0 };
	size_t n = (size_t)snprintf(text, sizeof text, "\"resourceVersion\":\"%lld\"",
				    (long long)o->revision);
	const struct whole *w = whole_of(o);
	size_t at = w->seal_at;                             /* where the seal wrote it, */
	size_t skip = n + !(w->seal_first && w->seal_last); /* and a comma with it */
	buf_add(&json, o->json.p, at);
	buf_add(&json, o->json.p + at + skip, o->json.n - at - skip);
	struct object *copy = NULL;
	if (object_new(o->resource, o->key, buf_view(&json), &copy, NULL) < 0)
		abort(); /* the same bytes were scanned before */
	object_seal(copy, revision);
	return copy;
}

struct str object_metadata(const struct object *o)
{
	const struct whole *w = whole_of(o);
	return str_of(o->json.p + w->meta_at, w->meta_n);
}

json_t *object_tree(const struct object *o, struct err *err)
{
	json_t *tree = NULL;
	return api_json_parse(o->json, &tree, NULL, err) < 0 ? NULL : tree;
}

static struct object_encoding *encode(const struct object *o, struct err *err)
{
	json_t *tree = object_tree(o, err);
	auto_buf b = { 0 };
	struct str version, kind, raw = { 0 };
	int r = tree ? api_protobuf_write(o->resource->type, tree, &b, err) : -ERR_INTERNAL;
	json_decref(tree);
	if (r == 0)
		r = api_protobuf_envelope(buf_view(&b), &version, &kind, &raw, err);
	if (r < 0)
		return NULL;
	struct object_encoding *e = mem_alloc(sizeof *e + b.n);
	*e = (struct object_encoding){ .n = b.n,
				       .raw_at = (uint32_t)(raw.p - b.p),
				       .raw_n = (uint32_t)raw.n };
	memcpy(e->bytes, b.p, b.n);
	return e;
}

static struct object_encoding *encoding_of(const struct object *o, struct err *err)
{
	struct object *mine = (struct object *)o;
	struct object_encoding *e = atomic_load_explicit(&mine->protobuf, memory_order_acquire),
			       *other = NULL;
	if (e)
		return e;
	e = encode(o, err);
	if (!e ||
	    atomic_compare_exchange_strong_explicit(&mine->protobuf, &other, e,
						    memory_order_acq_rel, memory_order_acquire))
		return e;
	free(e);
	return other; /* another thread was first */
}

int object_protobuf(const struct object *o, struct str *out, struct err *err)
{
	const struct object_encoding *e = encoding_of(o, err);
	if (!e)
		return -ERR_INTERNAL;
	*out = str_of(e->bytes, e->n);
	return 0;
}

int object_protobuf_raw(const struct object *o, struct str *out, struct err *err)
{
	const struct object_encoding *e = encoding_of(o, err);
	if (!e)
		return -ERR_INTERNAL;
	*out = str_of(e->bytes + e->raw_at, e->raw_n);
	return 0;
}

void object_key(const struct api_resource *r, struct str ns, struct str name, struct buf *out)
{
	buf_puts(out, r->storage_prefix);
	if (r->namespaced) {
		buf_str(out, ns);
		buf_putc(out, '/');
	}
	buf_str(out, name);
}
