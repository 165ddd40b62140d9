/* SPDX-License-Identifier: Apache-2.0 */
/* Custom resources come, change and go while the server runs. Their caches stay, since watchers point to them; what is in them
 * is exchanged as a commit does it: built beside the old state under `writing`, published under `lock`. */
#include "api/crd/crd.h"
#include "base/mem.h"
#include "storage/cache/cache_set.h"

void cache_set_when_loaded(struct cache_set *s, void (*fn)(void *ctx), void *ctx)
{
	s->when_loaded = fn;
	s->loaded_ctx = ctx;
}

struct keys {
	struct str *items;
	size_t n, cap;
};

static struct keys keys_below(const struct map *m, struct str prefix)
{
	struct keys k = { 0 };
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(m, &i));) {
		if (!str_starts(e->key, prefix))
			continue;
		k.items = mem_array_grow(k.items, &k.cap, k.n + 1, sizeof(*k.items));
		k.items[k.n++] = str_from(str_dup(e->key));
	}
	return k;
}

void cache_claim(struct cache *c)
{
	struct cache_set *s = c->set;
	struct keys k = keys_below(&s->unclaimed, c->prefix);
	uint64_t epoch = cache_epoch(s);

	for (size_t i = 0; i < k.n; i++) {
		struct stored_value *v = map_del(&s->unclaimed, k.items[i]);
		struct object *o = cache_object(c, k.items[i], v->value, v->revision);

		if (o)
			object_unref(btree_put(&c->root, epoch, o));
		free(v);
		free((char *)k.items[i].p);
	}
	free(k.items);
}

struct rebuild {
	struct cache *cache;
	struct cache_node *root;
	uint64_t epoch;
};

/* The store's form again: without the revision. */
static bool rebuild_one(void *ctx, const struct object *o)
{
	struct rebuild *b = ctx;
	struct object *now = cache_object(b->cache, o->key, o->json, o->revision);

	if (now)
		object_unref(btree_put(&b->root, b->epoch, now));
	return true;
}

/* What the cache had, to be released without a lock. */
struct past {
	struct cache_node *root;
	struct ring ring;
	const struct api_resource *resource;
};

static struct past exchange(struct cache *c, struct cache_node *root,
			    const struct api_resource *resource)
{
	struct past p;

	pthread_mutex_lock(&c->set->lock);
	p = (struct past){ c->root, c->ring, resource };
	c->root = root;
	c->ring = (struct ring){ .floor = ring_newest(&p.ring) };
	pthread_mutex_unlock(&c->set->lock);
	return p;
}

static void past_release(struct past *p)
{
	btree_unref(p->root);
	ring_free(&p->ring);
	api_resource_unref(p->resource);
}

void cache_redefine(struct cache_set *s, const struct api_resource *r)
{
	struct past past = { 0 };

	pthread_mutex_lock(&s->writing);
	struct cache *c = cache_lookup(s, r);
	if (!c) {
		cache_add(s, r);
	} else if (c->resource != r) {
		const struct api_resource *old = c->resource;
		struct rebuild b = { .cache = c, .epoch = cache_epoch(s) };
		c->resource = api_resource_ref(r);
		btree_each(c->root, (struct btree_bound){ c->prefix, BTREE_BEFORE }, rebuild_one,
			   &b);
		past = exchange(c, b.root, old);
		if (!old)
			cache_claim(c);
	}
	pthread_mutex_unlock(&s->writing);
	past_release(&past);
}

static bool give_back(void *ctx, const struct object *o)
{
	struct cache *c = ctx;
	auto_buf json = { 0 };

	const struct api_resource *version;

	if (crd_stored_form(c->resource->crd, o->json, &json, &version, NULL) == 0)
		cache_unclaimed_put(c->set, o->key, buf_view(&json), o->revision);
	return true;
}

void cache_retire(struct cache_set *s, const struct api_resource *r)
{
	struct past past = { 0 };

	pthread_mutex_lock(&s->writing);
	struct cache *c = cache_lookup(s, r);
	if (c && c->resource && c->resource->crd) {
		const struct api_resource *old = c->resource;
		btree_each(c->root, (struct btree_bound){ c->prefix, BTREE_BEFORE }, give_back, c);
		c->resource = NULL;
		past = exchange(c, NULL, old);
	}
	pthread_mutex_unlock(&s->writing);
	past_release(&past);
}
