/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   asked ─┬─ kept, and of this ETag ───────────────────────────────────────────────► answered at once
 *          ├─ being written, of this ETag ─► waits ──────────────────────┐
 *          └─ else ─► a writing: on a worker thread, its set held ─► kept ┴─► each who waits, on his loop
 *
 * A document of an older set that becomes ready later than one of a newer set answers those who wait for it and is not kept. */
#include "server/apiserver/pages/openapi_documents.h"

#include <pthread.h>

#include "api/openapi/openapi.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "server/apiserver/gzip.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/server.h"

#define FORGET_MS 60000

struct document {
	_Atomic int refs;
	struct chunk text;
};

struct waiter {
	struct waiter *next;
	struct api_request *request;
	struct writing *writing; /* a reference */
	void (*done)(struct api_request *r, struct chunk text, const struct err *err);
};

struct writing {
	_Atomic int refs; /* of its waiters, and one until it is done */
	struct openapi_documents *of;
	struct crd_set *set; /* a reference, until it is written */
	enum openapi_form form;
	bool packed;
	char *name; /* of its slot, which may have gone meanwhile */
	char *where, *etag;
	struct waiter *waiters; /* under the lock */
	struct document *made;  /* NULL: see err */
	struct err err;
};

struct slot { /* of one name; there while something is kept or the newest writing is under way */
	char *name, *etag;
	struct document *kept;
	struct writing *newest;
	int64_t asked_ms;
};

struct openapi_documents {
	struct apiserver *server;
	pthread_mutex_t lock; /* held for pointer work only */
	struct map slots;
	size_t bytes;
	struct loop_delay forget; /* on loops[0] */
	bool forgets;
};

/* ---- counting ---- */

static void document_unref(void *document)
{
	struct document *d = document;
	if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
		return;
	chunk_release(&d->text);
	free(d);
}

static struct chunk chunk_of_document(struct document *d)
{
	if (!d)
		return (struct chunk){ 0 };
	atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	return (struct chunk){ d->text.p, d->text.n, document_unref, d };
}

static void writing_unref(struct writing *w)
{
	if (atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) != 1)
		return;
	document_unref(w->made);
	err_clear(&w->err);
	free(w->name);
	free(w->where);
	free(w->etag);
	free(w);
}

static void slot_empty(struct openapi_documents *d, struct slot *s)
{
	if (s->kept)
		d->bytes -= s->kept->text.n;
	document_unref(TAKE(s->kept));
	free(TAKE(s->etag));
}

static void slot_free(void *slot)
{
	struct slot *s = slot;
	document_unref(s->kept);
	free(s->etag);
	free(s->name);
	free(s);
}

/* ---- keeping; under the lock ---- */

static void drop(struct openapi_documents *d, struct slot *s)
{
	slot_empty(d, s);
	if (s->newest)
		return;
	map_del(&d->slots, str_from(s->name));
	slot_free(s);
}

static struct slot *longest_unasked(struct openapi_documents *d)
{
	struct slot *oldest = NULL;
	struct map_entry *e;
	for (size_t i = 0; (e = map_next(&d->slots, &i));) {
		struct slot *s = e->value;
		if (s->kept && (!oldest || s->asked_ms < oldest->asked_ms))
			oldest = s;
	}
	return oldest;
}

static void keep(struct openapi_documents *d, struct slot *s, struct writing *w)
{
	slot_empty(d, s);
	if (w->made->text.n > OPENAPI_KEPT_BYTES)
		return;
	while (d->bytes + w->made->text.n > OPENAPI_KEPT_BYTES)
		drop(d, longest_unasked(d));
	chunk_of_document(w->made); /* the slot's reference */
	s->kept = w->made;
	s->etag = str_dup(str_from(w->etag));
	d->bytes += w->made->text.n;
}

static void on_forget(struct loop_delay *delay)
{
	struct openapi_documents *d = CONTAINER_OF(delay, struct openapi_documents, forget);
	struct slot *s;
	int64_t since = clock_mono_ms(d->server->clock) - FORGET_MS;
	pthread_mutex_lock(&d->lock);
	while ((s = longest_unasked(d)) && s->asked_ms <= since)
		drop(d, s);
	d->forgets = s != NULL;
	uint64_t ms = s ? (uint64_t)(s->asked_ms - since) : 0;
	pthread_mutex_unlock(&d->lock);
	if (s)
		loop_delay_start(d->server->loops[0], delay, ms);
}

static void forget_later(void *documents)
{
	struct openapi_documents *d = documents;
	loop_delay_start(d->server->loops[0], &d->forget, FORGET_MS);
}

/* ---- writing ---- */

/* What the stored definition says about this version. */
static json_t *schema_of(void *ctx, const struct api_resource *r)
{
	struct apiserver *s = ctx;
	auto_buf key = { 0 }, name = { 0 };
	const struct api_resource *definitions = API_APIEXTENSIONS_V1_CUSTOMRESOURCEDEFINITIONS;
	buf_printf(&name, "%s.%s", r->plural, r->group);
	object_key(definitions, STR(""), buf_view(&name), &key);
	const struct object *o = cache_get(server_cache(s, definitions), buf_view(&key));
	json_t *tree = o ? object_tree(o, NULL) : NULL, *schema = NULL, *version;
	size_t i;
	json_array_foreach (json_object_get(json_object_get(tree, "spec"), "versions"), i, version)
		if (strcmp(json_string_value(json_object_get(version, "name")), r->version) == 0)
			schema = json_incref(json_object_get(json_object_get(version, "schema"),
							     "openAPIV3Schema"));
	json_decref(tree);
	object_unref(o);
	return schema;
}

static int write_text(struct writing *w, struct buf *out)
{
	struct discovery d = crd_set_discovery(w->set);
	auto_buf json = { 0 };
	d.schema_of = schema_of;
	d.ctx = w->of->server;
	switch (w->form) {
	case OPENAPI_V2: openapi_v2(&d, out); return 0;
	case OPENAPI_V2_PROTOBUF:
		openapi_v2(&d, &json);
		return openapi_v2_protobuf(buf_view(&json), out, &w->err);
	case OPENAPI_V3_INDEX: openapi_v3_index(&d, out); return 0;
	case OPENAPI_V3: openapi_v3(&d, str_from(w->where), out); return 0;
	}
	return 0;
}

static int make(struct writing *w, struct chunk *out)
{
	struct buf text = { 0 };
	struct chunk plain;
	int r = write_text(w, &text);
	plain = chunk_of_buf(&text);
	if (r < 0 || !w->packed) {
		*out = plain;
		return r;
	}
	if (!gzip_chunks(&plain, 1, out))
		r = err_set(&w->err, ERR_INTERNAL, "no memory to compress a document");
	chunk_release(&plain);
	return r;
}

static void work(void *writing)
{
	struct writing *w = writing;
	struct document *d = NEW(struct document);
	atomic_init(&d->refs, 1);
	if (make(w, &d->text) == 0)
		w->made = d;
	else
		document_unref(d);
	crd_set_unref(TAKE(w->set));
}

static void answer(void *waiter)
{
	struct waiter *a = waiter;
	a->done(a->request, chunk_of_document(a->writing->made), &a->writing->err);
	writing_unref(a->writing);
	free(a);
}

/* Under the lock. True: the first one is kept, which somebody has to forget. */
static bool settle(struct openapi_documents *d, struct writing *w)
{
	struct slot *s = map_get(&d->slots, str_from(w->name));
	if (!s || s->newest != w)
		return false;
	s->newest = NULL;
	if (w->made)
		keep(d, s, w);
	if (!s->kept)
		drop(d, s);
	bool first = !d->forgets && d->bytes > 0;
	d->forgets |= first;
	return first;
}

static void written(void *writing)
{
	struct writing *w = writing;
	struct openapi_documents *d = w->of;
	pthread_mutex_lock(&d->lock);
	struct waiter *waiters = TAKE(w->waiters);
	bool first = settle(d, w);
	pthread_mutex_unlock(&d->lock);
	if (first)
		loop_call(d->server->loops[0], forget_later, d);
	while (waiters) {
		struct waiter *a = waiters;
		waiters = a->next;
		loop_call(a->request->loop, answer, a);
	}
	writing_unref(w);
}

static struct writing *writing_new(struct openapi_documents *d, const struct slot *s,
				   const struct openapi_wish *wish)
{
	struct writing *w = NEW(struct writing);
	atomic_init(&w->refs, 1);
	w->of = d;
	w->name = str_dup(str_from(s->name));
	w->set = crd_set_ref(wish->set);
	w->form = wish->form;
	w->packed = wish->packed;
	w->where = str_dup(wish->where);
	w->etag = str_dup(str_from(wish->etag));
	return w;
}

/* ---- asking ---- */

static struct slot *slot_of(struct openapi_documents *d, const struct openapi_wish *wish)
{
	auto_buf name = { 0 };
	buf_printf(&name, "%d%s%.*s", (int)wish->form, wish->packed ? "z/" : "/",
		   STR_ARG(wish->where));
	struct slot *s = map_get(&d->slots, buf_view(&name));
	if (!s) {
		s = NEW(struct slot);
		s->name = str_dup(buf_view(&name));
		map_put(&d->slots, buf_view(&name), s);
	}
	s->asked_ms = clock_mono_ms(d->server->clock);
	return s;
}

/* Under the lock. True: the caller has to set it to work. */
static bool wait_for(struct openapi_documents *d, struct slot *s, const struct openapi_wish *wish,
		     struct waiter *a)
{
	bool begins = !s->newest || strcmp(s->newest->etag, wish->etag) != 0;
	if (begins)
		s->newest = writing_new(d, s, wish);
	a->writing = s->newest;
	atomic_fetch_add_explicit(&a->writing->refs, 1, memory_order_relaxed);
	a->next = a->writing->waiters;
	a->writing->waiters = a;
	return begins;
}

void openapi_documents_get(struct openapi_documents *d, struct api_request *r,
			   const struct openapi_wish *wish,
			   void (*done)(struct api_request *r, struct chunk text,
					const struct err *err))
{
	struct chunk kept = { 0 };
	struct writing *begun = NULL;
	pthread_mutex_lock(&d->lock);
	struct slot *s = slot_of(d, wish);
	if (s->kept && strcmp(s->etag, wish->etag) == 0) {
		kept = chunk_of_document(s->kept);
	} else {
		struct waiter *a = NEW(struct waiter);
		a->request = r;
		a->done = done;
		if (wait_for(d, s, wish, a))
			begun = s->newest;
	}
	pthread_mutex_unlock(&d->lock);
	if (kept.n)
		done(r, kept, NULL);
	else if (begun)
		loop_work(r->loop, work, written, begun);
}

/* ---- life ---- */

struct openapi_documents *openapi_documents_new(struct apiserver *s)
{
	struct openapi_documents *d = NEW(struct openapi_documents);
	d->server = s;
	pthread_mutex_init(&d->lock, NULL);
	loop_delay_init(&d->forget, on_forget);
	return d;
}

void openapi_documents_free(struct openapi_documents *d)
{
	if (!d)
		return;
	loop_delay_cancel(&d->forget);
	map_free(&d->slots, slot_free);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
