/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the caches at start: live objects first, then the tail of history into the rings, so that watches of before a
 * restart go on where they were. Nobody else uses the set yet: no locks. Live objects and ring share one object per version. */
#include <time.h>

#include "base/mem.h"
#include "storage/cache/cache_set.h"

struct load {
	struct cache_set *set;
	uint64_t epoch;
	int64_t now_s;
	struct map newest; /* key → the last object (a reference) that the tail has shown */
	struct ring_dropped dropped;
};

static int on_kv(void *ctx, const struct store_kv *kv)
{
	struct load *l = ctx;
	struct cache *c = cache_find(l->set, kv->key);
	struct object *o;

	if (!c) {
		cache_unclaimed_put(l->set, kv->key, kv->value, kv->revision);
		return 0;
	}
	o = cache_object(c, kv->key, kv->value, kv->revision);
	if (o)
		object_unref(btree_put(&c->root, l->epoch, o));
	return 0;
}

static const struct object *version_of(struct load *l, struct cache *c,
				       const struct store_event *ev)
{
	const struct object *live = btree_get(c->root, ev->key);

	(void)l;
	if (live && live->revision == ev->revision)
		return object_ref(live);
	return cache_object(c, ev->key, ev->value, ev->revision);
}

static const struct object *previous_of(struct load *l, struct cache *c,
					const struct store_event *ev)
{
	const struct object *seen = map_get(&l->newest, ev->key);

	if (!ev->prev_revision)
		return NULL;
	if (seen && seen->revision == ev->prev_revision)
		return object_ref(seen);
	return cache_object(c, ev->key, ev->prev_value, ev->prev_revision);
}

static void on_event(void *ctx, const struct store_event *ev)
{
	struct load *l = ctx;
	struct cache *c = cache_find(l->set, ev->key);
	struct ring_event e = { .revision = ev->revision, .at_s = l->now_s };

	if (!c)
		return;
	e.previous = previous_of(l, c, ev);
	if (ev->type == STORE_DELETE) {
		e.type = CACHE_DELETED;
		e.object = e.previous ? object_with_revision(e.previous, ev->revision) : NULL;
	} else {
		e.type = e.previous ? CACHE_MODIFIED : CACHE_ADDED;
		e.object = version_of(l, c, ev);
	}
	if (!e.object || (ev->prev_revision &&
			  !e.previous)) { /* unreadable, logged: nobody may resume from before it */
		object_unref(e.object);
		object_unref(e.previous);
		c->ring.floor = ev->revision;
		return;
	}
	object_unref(map_put(&l->newest, ev->key, object_ref(e.object)));
	ring_append(&c->ring, e, &l->set->limits, &l->dropped);
}

static void unref(void *o)
{
	object_unref(o);
}

static int64_t tail_start(const struct cache_set *s, struct store *store)
{
	int64_t revision = store->ops->revision(store), compacted = store->ops->compacted(store);
	int64_t since = revision - (int64_t)s->limits.ring_events;

	return since > compacted ? since : compacted;
}

int cache_set_load(struct cache_set *s, struct store *store, struct err *err)
{
	struct load l = { .set = s, .epoch = cache_epoch(s) };
	int64_t since = tail_start(s, store);
	struct timespec now;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &now);
	l.now_s = now.tv_sec;
	r = store->ops->load(store, on_kv, &l, err);
	if (r == 0 && s->when_loaded)
		s->when_loaded(s->loaded_ctx);
	for (struct cache *c = s->caches; c; c = c->next)
		c->ring.floor = since;
	if (r == 0)
		r = store->ops->history(store, since, on_event, &l, err);
	s->revision = store->ops->revision(store);
	map_free(&l.newest, unref);
	ring_release(&l.dropped);
	if (r == 0)
		store->ops->subscribe(store, cache_on_commit, s);
	return r;
}
