/* SPDX-License-Identifier: Apache-2.0 */
/* The view: a map of references by "ns/name", and indexes (value → objects) that follow each change. Index 0 is the
 * namespace of namespaced resources, so that walking one namespace costs what is in it. Hooks run after map and indexes
 * show the change. */
#include "client/informer.h"

#include "base/map.h"
#include "base/mem.h"

#define INDEXES_MAX 4
#define VALUES_MAX  16 /* index values of one object */

struct bucket {
	const struct object **items;
	size_t n, cap;
};
struct index {
	size_t (*keys)(const struct object *o, struct str *out, size_t max);
	struct map buckets; /* struct bucket */
};
struct hook {
	informer_hook on_change;
	void (*on_synced)(void *ctx);
	void *ctx;
};
struct informer {
	struct client *client;
	const struct api_resource *resource;
	char *ns, *labels, *fields;
	struct reflector *reflector;
	struct map objects; /* const struct object */
	struct hook *hooks;
	size_t nhooks, hooks_cap;
	struct index by_ns, indexes[INDEXES_MAX];
	int nindexes;
	bool synced;
};

static size_t ns_of(const struct object *o, struct str *out, size_t max)
{
	(void)max;
	out[0] = o->ns;
	return o->ns.n ? 1 : 0;
}

struct informer *informer_new(struct client *c, const struct api_resource *r, struct str ns,
			      struct str label_selector, struct str field_selector)
{
	struct informer *i = NEW(struct informer);

	i->client = c;
	i->resource = r;
	i->ns = str_dup(ns);
	i->labels = str_dup(label_selector);
	i->fields = str_dup(field_selector);
	i->by_ns.keys = ns_of;
	return i;
}

static void unref(void *o)
{
	object_unref(o);
}

static void bucket_free(void *b)
{
	free(((struct bucket *)b)->items);
	free(b);
}

void informer_free(struct informer *i)
{
	if (!i)
		return;
	if (i->reflector)
		client_unwatch(i->client, i->reflector);
	map_free(&i->by_ns.buckets, bucket_free);
	for (int k = 0; k < i->nindexes; k++)
		map_free(&i->indexes[k].buckets, bucket_free);
	map_free(&i->objects, unref);
	free(i->ns);
	free(i->labels);
	free(i->fields);
	free(i->hooks);
	free(i);
}

void informer_hook_add(struct informer *i, informer_hook on_change, void (*on_synced)(void *ctx),
		       void *ctx)
{
	if (i->reflector)
		abort(); /* hooks are added by the program's start, not by its users */
	i->hooks = mem_array_grow(i->hooks, &i->hooks_cap, i->nhooks + 1, sizeof(*i->hooks));
	i->hooks[i->nhooks++] = (struct hook){ on_change, on_synced, ctx };
}

int informer_index_add(struct informer *i,
		       size_t (*keys)(const struct object *o, struct str *out, size_t max))
{
	for (int k = 0; k < i->nindexes; k++)
		if (i->indexes[k].keys == keys)
			return k;
	if (i->nindexes == INDEXES_MAX || i->reflector)
		abort();
	i->indexes[i->nindexes].keys = keys;
	return i->nindexes++;
}

static void bucket_add(struct map *buckets, struct str value, const struct object *o)
{
	struct bucket *b = map_get(buckets, value);

	if (!b) {
		b = NEW(struct bucket);
		map_put(buckets, value, b);
	}
	b->items = mem_array_grow(b->items, &b->cap, b->n + 1, sizeof(*b->items));
	b->items[b->n++] = o;
}

static void bucket_del(struct map *buckets, struct str value, const struct object *o)
{
	struct bucket *b = map_get(buckets, value);

	for (size_t k = 0; b && k < b->n; k++) {
		if (b->items[k] != o)
			continue;
		b->items[k] = b->items[--b->n];
		if (!b->n)
			bucket_free(map_del(buckets, value));
		return;
	}
}

static void index_change(struct index *x, const struct object *old, const struct object *new)
{
	struct str values[VALUES_MAX];
	size_t n = old ? x->keys(old, values, VALUES_MAX) : 0;

	for (size_t k = 0; k < n; k++)
		bucket_del(&x->buckets, values[k], old);
	n = new ? x->keys(new, values, VALUES_MAX) : 0;
	for (size_t k = 0; k < n; k++)
		bucket_add(&x->buckets, values[k], new);
}

static void make_key(struct str ns, struct str name, struct buf *out)
{
	if (ns.n) {
		buf_str(out, ns);
		buf_putc(out, '/');
	}
	buf_str(out, name);
}

static void on_change(void *ctx, const struct object *reported_old, const struct object *new)
{
	struct informer *i = ctx;
	const struct object *o = new ? new : reported_old, *old;
	auto_buf key = { 0 };

	make_key(o->ns, o->name, &key);
	if (new)
		old = map_put(&i->objects, buf_view(&key), object_ref(new));
	else
		old = map_del(&i->objects, buf_view(&key));
	if (!old && !new)
		return;
	index_change(&i->by_ns, old, new);
	for (int k = 0; k < i->nindexes; k++)
		index_change(&i->indexes[k], old, new);
	for (size_t k = 0; k < i->nhooks; k++)
		if (i->hooks[k].on_change)
			i->hooks[k].on_change(i->hooks[k].ctx, old, new);
	object_unref(old);
}

static void on_synced(void *ctx)
{
	struct informer *i = ctx;

	i->synced = true;
	for (size_t k = 0; k < i->nhooks; k++)
		if (i->hooks[k].on_synced)
			i->hooks[k].on_synced(i->hooks[k].ctx);
}

void informer_start(struct informer *i)
{
	const struct watch_handler h = { .resource = i->resource,
					 .ns = str_from(i->ns),
					 .label_selector = str_from(i->labels),
					 .field_selector = str_from(i->fields),
					 .on_change = on_change,
					 .on_synced = on_synced,
					 .ctx = i };

	if (!i->reflector)
		i->reflector = client_watch(i->client, &h);
}

bool informer_synced(const struct informer *i)
{
	return i->synced;
}

const struct object *informer_get(const struct informer *i, struct str ns, struct str name)
{
	auto_buf key = { 0 };

	make_key(ns, name, &key);
	return map_get(&i->objects, buf_view(&key));
}

static void each_in_bucket(const struct index *x, struct str value,
			   bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	const struct bucket *b = map_get(&x->buckets, value);

	for (size_t k = 0; b && k < b->n; k++)
		if (!fn(ctx, b->items[k]))
			return;
}

void informer_each(const struct informer *i, struct str ns,
		   bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	struct map_entry *e;

	if (ns.n) {
		each_in_bucket(&i->by_ns, ns, fn, ctx);
		return;
	}
	for (size_t at = 0; (e = map_next(&i->objects, &at));)
		if (!fn(ctx, e->value))
			return;
}

void informer_each_indexed(const struct informer *i, int index, struct str value,
			   bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	each_in_bucket(&i->indexes[index], value, fn, ctx);
}

size_t informer_count(const struct informer *i)
{
	return i->objects.count;
}
