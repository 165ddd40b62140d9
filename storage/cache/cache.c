/* SPDX-License-Identifier: Apache-2.0 */
/* The set of caches, look-ups and views. */
#include "api/crd/crd.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "storage/cache/cache_set.h"

struct cache_set *cache_set_new(const struct cache_limits *limits)
{
	struct cache_set *s = NEW(struct cache_set);

	pthread_mutex_init(&s->writing, NULL);
	pthread_mutex_init(&s->lock, NULL);
	if (limits)
		s->limits = *limits;
	if (!s->limits.ring_events)
		s->limits.ring_events = 4096;
	if (!s->limits.ring_bytes)
		s->limits.ring_bytes = 2u << 20;
	if (!s->limits.ring_age_s)
		s->limits.ring_age_s = 300;
	return s;
}

void cache_set_free(struct cache_set *s)
{
	if (!s)
		return;
	watch_hubs_free(s);
	for (struct cache *c = s->caches, *next; c; c = next) {
		next = c->next;
		btree_unref(c->root);
		ring_free(&c->ring);
		api_resource_unref(c->resource);
		free((char *)c->prefix.p);
		free(c);
	}
	map_free(&s->by_prefix, NULL);
	map_free(&s->unclaimed, free);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->writing);
	free(s);
}

/* "/registry/pods/default/web": the resource's prefix ends at one of the slashes. */
struct cache *cache_find(struct cache_set *s, struct str key)
{
	for (size_t i = 1; i < key.n; i++) {
		struct cache *c =
			key.p[i] == '/' ? map_get(&s->by_prefix, str_of(key.p, i + 1)) : NULL;

		if (c)
			return c;
	}
	return NULL;
}

void cache_unclaimed_put(struct cache_set *s, struct str key, struct str value, int64_t revision)
{
	struct stored_value *v = mem_alloc(sizeof(*v) + value.n + 1);
	char *copy = (char *)(v + 1);

	memcpy(copy, value.p, value.n);
	*v = (struct stored_value){ revision, str_of(copy, value.n) };
	free(map_put(&s->unclaimed, key, v));
}

void cache_unclaimed_del(struct cache_set *s, struct str key)
{
	free(map_del(&s->unclaimed, key));
}

struct object *cache_object(const struct cache *c, struct str key, struct str value,
			    int64_t revision)
{
	struct object *o = NULL;
	auto_err err = { 0 };

	auto_buf now = { 0 };

	const struct api_resource *r =
		c->resource; /* of a custom one: as its definition has it today */
	if (r->crd && crd_stored_form(r->crd, value, &now, &r, &err) == 0)
		value = buf_view(&now);
	err_clear(&err);
	if (object_new(r, key, value, &o, &err) < 0) {
		log_error("an object in the store cannot be read", LOG_STR("key", key),
			  LOG_S("error", err_text(&err)));
		return NULL;
	}
	object_seal(o, revision);
	return o;
}

struct cache *cache_add(struct cache_set *s, const struct api_resource *r)
{
	struct cache *c = NEW(struct cache);

	c->set = s;
	c->resource = api_resource_ref(r);
	c->prefix = str_from(str_dup(str_from(r->storage_prefix)));
	c->ring.floor = s->revision;
	cache_claim(c);
	pthread_mutex_lock(&s->lock);
	map_put(&s->by_prefix, c->prefix, c);
	c->next = s->caches;
	s->caches = c;
	pthread_mutex_unlock(&s->lock);
	return c;
}

struct cache *cache_lookup(struct cache_set *s, const struct api_resource *r)
{
	struct cache *c;

	pthread_mutex_lock(&s->lock);
	c = map_get(&s->by_prefix, str_from(r->storage_prefix));
	pthread_mutex_unlock(&s->lock);
	return c;
}

struct cache *cache_of(struct cache_set *s, const struct api_resource *r)
{
	struct cache *c;

	if (r->storage)
		r = r->storage;
	c = cache_lookup(s, r);
	if (c)
		return c;
	pthread_mutex_lock(&s->writing);
	c = cache_lookup(s, r);
	if (!c)
		c = cache_add(s, r);
	pthread_mutex_unlock(&s->writing);
	return c;
}

int64_t cache_set_revision(struct cache_set *s)
{
	int64_t revision;

	pthread_mutex_lock(&s->lock);
	revision = s->revision;
	pthread_mutex_unlock(&s->lock);
	return revision;
}

void cache_view_now(struct cache *c, struct cache_view *out)
{
	pthread_mutex_lock(&c->set->lock);
	*out = (struct cache_view){ .root = btree_ref(c->root), .revision = c->set->revision };
	pthread_mutex_unlock(&c->set->lock);
}

struct object *cache_get(struct cache *c, struct str key)
{
	struct cache_view v;
	const struct object *found;
	struct object *o = NULL;

	cache_view_now(c, &v);
	found = btree_get(v.root, key);
	if (found)
		o = object_ref(found);
	cache_view_close(&v);
	return o;
}

size_t cache_count(struct cache *c)
{
	size_t n;

	pthread_mutex_lock(&c->set->lock);
	n = btree_count(c->root);
	pthread_mutex_unlock(&c->set->lock);
	return n;
}

/* Takes events back, newest first, in a copy that only the caller sees. */
static void undo(struct cache_node **root, uint64_t epoch, const struct ring_event *events,
		 size_t n)
{
	while (n-- > 0) {
		const struct ring_event *ev = &events[n];

		if (ev->type == CACHE_ADDED)
			object_unref(btree_del(root, epoch, ev->object->key));
		else
			object_unref(btree_put(root, epoch, object_ref(ev->previous)));
	}
}

int cache_view_at(struct cache *c, int64_t revision, struct cache_view *out, struct err *err)
{
	struct ring_dropped later = { 0 };
	struct cache_view v;
	int64_t floor;

	pthread_mutex_lock(&c->set->lock);
	v = (struct cache_view){ .root = btree_ref(c->root), .revision = c->set->revision };
	floor = c->ring.floor;
	if (revision >= floor && revision <= v.revision) {
		later.n = later.cap = ring_after(&c->ring, revision);
		later.items = mem_alloc(later.n * sizeof(*later.items) + 1);
		for (size_t i = 0; i < later.n; i++) {
			later.items[i] = *ring_at(&c->ring, c->ring.n - later.n + i);
			object_ref(later.items[i].object);
			if (later.items[i].previous)
				object_ref(later.items[i].previous);
		}
	}
	pthread_mutex_unlock(&c->set->lock);
	if (revision < floor || revision > v.revision) {
		int64_t now = v.revision;

		cache_view_close(&v);
		if (revision > now)
			return err_set(err, ERR_TIMEOUT,
				       "Too large resource version: %lld, current: %lld",
				       (long long)revision, (long long)now);
		return err_set(err, ERR_EXPIRED, "The provided resource version is too old: %lld",
			       (long long)revision);
	}
	undo(&v.root, cache_epoch(c->set), later.items, later.n);
	ring_release(&later);
	v.revision = revision;
	*out = v;
	return 0;
}

void cache_view_close(struct cache_view *v)
{
	btree_unref(v->root);
	v->root = NULL;
}

static struct btree_bound view_start(struct str prefix, struct str after)
{
	if (after.n > 0 && str_cmp(after, prefix) >= 0)
		return (struct btree_bound){ after, BTREE_AFTER };
	return (struct btree_bound){ prefix, BTREE_BEFORE };
}

struct each {
	struct str prefix;
	bool (*fn)(void *ctx, const struct object *o);
	void *ctx;
};

static bool each_in_prefix(void *ctx, const struct object *o)
{
	struct each *e = ctx;

	return str_starts(o->key, e->prefix) && e->fn(e->ctx, o);
}

void cache_view_each(const struct cache_view *v, struct str prefix, struct str after,
		     bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	struct each e = { prefix, fn, ctx };

	btree_each(v->root, view_start(prefix, after), each_in_prefix, &e);
}

size_t cache_view_count(const struct cache_view *v, struct str prefix, struct str after)
{
	size_t from = btree_rank(v->root, view_start(prefix, after));
	size_t to = btree_rank(v->root, (struct btree_bound){ prefix, BTREE_AFTER_PREFIX });

	return to > from ? to - from : 0;
}
