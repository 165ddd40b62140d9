/* SPDX-License-Identifier: Apache-2.0 */
/* What the store commits becomes visible. Store's thread: seal the objects, build the new trees beside the old ones, then
 * publish trees, ring events and revision in one short section, free what fell out, wake the loops that watch. */
#include <time.h>

#include "base/mem.h"
#include "storage/cache/cache_set.h"

struct change {
	struct cache *cache;
	struct ring_event ev;
};
struct commit {
	struct cache_set *set;
	uint64_t epoch;
	int64_t now_s;
	struct change *changes;
	size_t n;
	int64_t revision;
};

static struct cache_node **work_of(struct commit *m, struct cache *c)
{
	if (c->work_epoch != m->epoch) {
		c->work_epoch = m->epoch;
		c->work = btree_ref(c->root);
	}
	return &c->work;
}

static void add_change(struct commit *m, struct cache *c, enum cache_event_type type,
		       const struct object *o, const struct object *previous)
{
	m->changes[m->n++] = (struct change){ c,
					      { .revision = o->revision,
						.object = o,
						.previous = previous,
						.at_s = m->now_s,
						.type = type } };
}

static void apply_put(struct commit *m, struct cache *c, const struct store_event *ev)
{
	struct object *o =
		ev->item ? object_ref(ev->item) : cache_object(c, ev->key, ev->value, ev->revision);
	const struct object *old;

	if (!o)
		return;
	if (ev->item)
		object_seal(o, ev->revision);
	if (o->resource->crd != c->resource->crd) { /* written by the definition before this one */
		object_unref(o);
		o = cache_object(c, ev->key, ev->value, ev->revision);
		if (!o)
			return;
	}
	old = btree_put(work_of(m, c), m->epoch, object_ref(o));
	add_change(m, c, old ? CACHE_MODIFIED : CACHE_ADDED, o, old);
}

static void apply_delete(struct commit *m, struct cache *c, const struct store_event *ev)
{
	const struct object *old = btree_del(work_of(m, c), m->epoch, ev->key);

	if (old)
		add_change(m, c, CACHE_DELETED, object_with_revision(old, ev->revision), old);
}

static void apply(struct commit *m, const struct store_event *ev)
{
	struct cache *c = cache_find(m->set, ev->key);

	if (c && !c->resource)
		c = NULL;
	if (!c && ev->item && ev->type == STORE_PUT)
		object_seal(ev->item, ev->revision);
	if (!c && ev->type == STORE_PUT)
		cache_unclaimed_put(m->set, ev->key, ev->value, ev->revision);
	else if (!c)
		cache_unclaimed_del(m->set, ev->key);
	else if (ev->type == STORE_PUT)
		apply_put(m, c, ev);
	else
		apply_delete(m, c, ev);
	m->revision = ev->revision;
}

/* Returns the hubs to wake; `dropped` and the caches' `work` (now the old roots) are to be released. */
static uint64_t publish(struct commit *m, struct ring_dropped *dropped)
{
	uint64_t hubs = 0;

	pthread_mutex_lock(&m->set->lock);
	for (size_t i = 0; i < m->n; i++) {
		struct cache *c = m->changes[i].cache;

		ring_append(&c->ring, m->changes[i].ev, &m->set->limits, dropped);
		hubs |= c->hubs;
		atomic_store_explicit(&c->changed, m->changes[i].ev.revision, memory_order_release);
		if (c->work_epoch == m->epoch) {
			struct cache_node *old = c->root;

			c->root = c->work;
			c->work = old;
			c->work_epoch = 0;
		}
	}
	m->set->revision = m->revision;
	pthread_mutex_unlock(&m->set->lock);
	return hubs;
}

static void release_old_roots(struct commit *m)
{
	for (size_t i = 0; i < m->n; i++) {
		btree_unref(m->changes[i].cache->work);
		m->changes[i].cache->work = NULL;
	}
	for (struct cache *c = m->set->caches; c; c = c->next)
		if (c->work_epoch == m->epoch) { /* touched, but nothing came of it */
			btree_unref(c->work);
			c->work = NULL;
			c->work_epoch = 0;
		}
}

void cache_on_commit(void *ctx, const struct store_event *ev, size_t n)
{
	struct commit m = { .set = ctx };
	struct ring_dropped dropped = { 0 };
	struct timespec now;
	uint64_t hubs;

	clock_gettime(CLOCK_MONOTONIC, &now);
	m.now_s = now.tv_sec;
	m.epoch = cache_epoch(m.set);
	m.changes = mem_alloc(n * sizeof(*m.changes) + 1);
	pthread_mutex_lock(&m.set->writing);
	for (size_t i = 0; i < n; i++)
		apply(&m, &ev[i]);
	hubs = publish(&m, &dropped);
	release_old_roots(&m);
	pthread_mutex_unlock(&m.set->writing);
	ring_release(&dropped);
	free(m.changes);
	watch_hubs_wake(m.set, hubs);
}

int cache_take(struct cache *c, int64_t since, struct ring_event *out, size_t max, size_t *out_n,
	       int64_t *out_revision)
{
	size_t n;

	pthread_mutex_lock(&c->set->lock);
	if (since < c->ring.floor) {
		*out_revision = c->ring.floor;
		pthread_mutex_unlock(&c->set->lock);
		return -ERR_EXPIRED;
	}
	n = ring_after(&c->ring, since);
	*out_revision = c->set->revision;
	*out_n = n < max ? n : max;
	for (size_t i = 0; i < *out_n; i++) {
		out[i] = *ring_at(&c->ring, c->ring.n - n + i);
		object_ref(out[i].object);
		if (out[i].previous)
			object_ref(out[i].previous);
	}
	pthread_mutex_unlock(&c->set->lock);
	return 0;
}

int64_t cache_changed(const struct cache *c)
{
	return atomic_load_explicit(&c->changed, memory_order_acquire);
}

#define PORTION 64

int cache_events(struct cache *c, int64_t *since,
		 void (*fn)(void *ctx, const struct cache_event *e), void *ctx)
{
	struct ring_event events[PORTION];
	size_t n = PORTION;
	int64_t revision = 0;

	while (n == PORTION) {
		if (cache_take(c, *since, events, PORTION, &n, &revision) < 0)
			return -ERR_EXPIRED;
		for (size_t i = 0; i < n; i++) {
			const struct ring_event *r = &events[i];
			const struct cache_event e = { r->type, r->revision, r->object,
						       r->previous };

			fn(ctx, &e);
			*since = r->revision;
			object_unref(r->object);
			object_unref(r->previous);
		}
	}
	*since = revision;
	return 0;
}
