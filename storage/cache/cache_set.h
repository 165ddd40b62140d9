/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the object cache. Files in reading order: cache.c (set, look-ups, views), commit.c (what the store commits),
 * load.c (what it held at start), hub.c (watches), btree.c and ring.c (the two structures).
 *
 * Two locks. `writing` is held by who changes contents: the store's thread for a commit, and whoever adds a resource.
 * `lock` guards what readers pick up (roots, rings, the revision, the table of caches) and is only held for pointer work:
 * a commit builds its new trees without it, then publishes all of them and the revision at once, so that readers of
 * several resources see one state. Nothing is freed under it. Order: writing, lock. */
#ifndef STORAGE_CACHE_CACHE_SET_H
#define STORAGE_CACHE_CACHE_SET_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "storage/cache/btree.h"
#include "storage/cache/ring.h"

#define CACHE_HUBS_MAX 64 /* loops with watches */

struct cache {
	struct cache_set *set;
	struct cache *next;                  /* in the set; never removed */
	const struct api_resource *resource; /* a reference; NULL: its definition is gone */
	struct str prefix;                   /* owned */
	struct cache_node *root;
	struct ring ring;
	uint64_t hubs;           /* bit per hub that watches */
	_Atomic int64_t changed; /* revision of the newest event */
	/* of the commit under way, store's thread: */
	struct cache_node *work;
	uint64_t work_epoch; /* of `work`; another one: not touched by this commit */
};

struct watch_hub;
struct cache_set {
	pthread_mutex_t writing, lock;
	struct cache_limits limits;
	struct map by_prefix; /* struct cache; changed under both locks */
	struct cache *caches;
	struct map
		unclaimed; /* struct stored_value by key: no resource is known for them yet; under `writing` */
	void (*when_loaded)(void *ctx);
	void *loaded_ctx;
	struct watch_hub *hubs[CACHE_HUBS_MAX];
	unsigned nhubs;
	int64_t revision;
	_Atomic uint64_t epoch;
};

struct stored_value {
	int64_t revision;
	struct str value; /* behind it */
};

static inline uint64_t cache_epoch(struct cache_set *s)
{
	return atomic_fetch_add_explicit(&s->epoch, 1, memory_order_relaxed) + 1;
}
struct cache *cache_find(struct cache_set *s,
			 struct str key); /* under either lock; NULL: none claims it */
void cache_unclaimed_put(struct cache_set *s, struct str key, struct str value, int64_t revision);
void cache_unclaimed_del(struct cache_set *s, struct str key);
/* An object from what the store holds; NULL (logged) when it can't be read. */
struct object *cache_object(const struct cache *c, struct str key, struct str value,
			    int64_t revision);
struct cache *cache_add(struct cache_set *s, const struct api_resource *r);    /* under `writing` */
struct cache *cache_lookup(struct cache_set *s, const struct api_resource *r); /* NULL: none */
/* The objects of a resource that was redefined or retired. In redefine.c. */
void cache_claim(struct cache *c);
void cache_on_commit(void *set, const struct store_event *ev, size_t n);

/* Copies (with references) at most `max` events newer than `since`. `out_revision`: everything up to it is in the caches
 * as of now. ERR_EXPIRED without an err: since < floor. */
int cache_take(struct cache *c, int64_t since, struct ring_event *out, size_t max, size_t *out_n,
	       int64_t *out_revision);
void watch_hubs_wake(struct cache_set *s, uint64_t hubs); /* any thread, no lock held */
void watch_hubs_free(struct cache_set *s);

#endif
