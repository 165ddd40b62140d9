/* SPDX-License-Identifier: Apache-2.0 */
/* The object cache: for each stored resource, one index of objects in key order and one ring of recent events. The store's
 * thread is the only writer (as its commit subscriber); readers on any thread.
 *
 * The index is a copy-on-write B-tree with counts: a view is a reference to one root, so a LIST iterates a consistent state
 * without locks, knows exactly how many items remain, and an older state (continue tokens, resourceVersionMatch=Exact) is
 * the newest root with the ring's events undone. Older than the ring: ERR_EXPIRED.
 *
 * Watches: a watcher belongs to one loop. Each loop has a hub (LOOP_SLOT_WATCH_HUB) that takes new events of a ring once and
 * walks its own watchers. Events are borrowed for the call; ref the objects to keep them. */
#ifndef STORAGE_CACHE_CACHE_H
#define STORAGE_CACHE_CACHE_H

#include "api/object/object.h"
#include "net/loop.h"
#include "storage/store.h"

struct cache_set;
struct cache; /* one stored resource */

struct cache_limits {
	size_t ring_events; /* per resource; 0: 4096 */
	size_t ring_bytes;  /* per resource, of objects that only the ring still holds; 0: 2 MiB */
	int64_t ring_age_s; /* older events go, but for the last 64; 0: 300 */
};
struct cache_set *cache_set_new(const struct cache_limits *limits);
/* After the store is closed and its watchers are gone, before the loops that watched are. */
void cache_set_free(struct cache_set *s);
/* The cache of a resource, made when first asked for (built-in ones before cache_set_load, custom ones at any time). */
struct cache *cache_of(struct cache_set *s, const struct api_resource *r);
int cache_set_load(struct cache_set *s, struct store *store, struct err *err); /* and subscribes */
/* Called by cache_set_load() when all live objects are there, before the tail of history is read: the time to make the caches
 * of custom resources, whose definitions are objects themselves. */
void cache_set_when_loaded(struct cache_set *s, void (*fn)(void *ctx), void *ctx);
/* A custom resource has a new definition: its objects are read anew, as the new tables say. Who has seen its last event goes on
 * watching; older states are gone. Made when it isn't there. */
void cache_redefine(struct cache_set *s, const struct api_resource *r);
/* Its definition is gone: what is still stored under its prefix waits for another one. */
void cache_retire(struct cache_set *s, const struct api_resource *r);
int64_t
cache_set_revision(struct cache_set *s); /* every event up to here has been applied to all caches */

struct object *cache_get(struct cache *c, struct str key); /* a reference, or NULL */
size_t cache_count(struct cache *c);

struct cache_view {
	struct cache_node *root; /* referenced */
	int64_t revision;        /* of the store when the view was taken */
};
void cache_view_now(struct cache *c, struct cache_view *out);
int cache_view_at(struct cache *c, int64_t revision, struct cache_view *out, struct err *err);
void cache_view_close(struct cache_view *v);
/* Objects whose key has `prefix`, after key `after` (empty: from the start), in key order, until fn returns false. */
void cache_view_each(const struct cache_view *v, struct str prefix, struct str after,
		     bool (*fn)(void *ctx, const struct object *o), void *ctx);
size_t cache_view_count(const struct cache_view *v, struct str prefix,
			struct str after); /* O(log n) */

enum cache_event_type { CACHE_ADDED, CACHE_MODIFIED, CACHE_DELETED };
struct cache_event {
	enum cache_event_type type;
	int64_t revision;
	const struct object
		*object; /* of a DELETED event: the last state under the deletion's revision */
	const struct object *previous; /* NULL for ADDED */
};

struct cache_watcher {     /* embedded by the subscriber */
	struct str prefix; /* key range; borrowed, set before the add */
	void (*on_event)(struct cache_watcher *, const struct cache_event *);
	/* After each batch: every event up to `revision` has been delivered (bookmarks, write-outs). May be NULL. */
	void (*on_batch_end)(struct cache_watcher *, int64_t revision);
	void (*on_expired)(
		struct cache_watcher
			*);        /* last call: fell out of the ring. cache_unwatch() not needed */
	struct list link;          /* private */
	struct watch_group *group; /* private: its resource on its loop */
	uint64_t wrote;            /* private: pass in which it last wrote */
	int64_t seen;              /* private: last revision delivered */
	bool closed;               /* private */
};
/* Events after `since` are delivered, the first ones soon (never from inside this call); then on_batch_end, also when there
 * were none. ERR_EXPIRED: the ring no longer has them. Loop thread. */
int cache_watch(struct loop *l, struct cache *c, struct cache_watcher *w, int64_t since,
		struct err *err);
/* The same with what comes after this call, which the ring always has. Who needs what there is as well looks after it, not before: a revision
 * that was read first may have left the ring by now. */
void cache_watch_from_now(struct loop *l, struct cache *c, struct cache_watcher *w);
void cache_unwatch(struct cache_watcher *w); /* no call after this one; safe inside on_event */

/* Reading along without a watch, from any thread: the revision of the newest event, which costs next to nothing, and the events
 * after *since, which moves on. ERR_EXPIRED (without an err): the ring no longer has them; take a view. */
int64_t cache_changed(const struct cache *c);
int cache_events(struct cache *c, int64_t *since,
		 void (*fn)(void *ctx, const struct cache_event *e), void *ctx);

/* The subscriber sends something that costs a system call because of this batch: paces the hub (hub.c). Inside on_event. */
void cache_watch_wrote(struct cache_watcher *w);

/* Every event up to here has been delivered: what a bookmark may say at this moment. Loop thread. */
int64_t cache_watch_progress(struct cache_watcher *w);

#endif
