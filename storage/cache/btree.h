/* SPDX-License-Identifier: Apache-2.0 */
/* A copy-on-write B-tree of objects in key order, with counts. Nodes are counted atomically and immutable once their root
 * is published. A writer works under an epoch of its own: nodes that it made under that epoch are nobody else's and are
 * changed in place, all others are copied first. A NULL root is the empty tree. */
#ifndef STORAGE_CACHE_BTREE_H
#define STORAGE_CACHE_BTREE_H

#include "api/object/object.h"

struct cache_node;

struct cache_node *btree_ref(struct cache_node *root);
void btree_unref(struct cache_node *root);

/* Takes over the reference to `o`. Returns the object of the same key that it replaced (reference to the caller). */
const struct object *btree_put(struct cache_node **root, uint64_t epoch, const struct object *o);
/* Returns what was removed (reference to the caller), or NULL. */
const struct object *btree_del(struct cache_node **root, uint64_t epoch, struct str key);

/* A place between keys. */
enum btree_side {
	BTREE_BEFORE,       /* in front of `key` */
	BTREE_AFTER,        /* behind `key` */
	BTREE_AFTER_PREFIX, /* behind all keys that start with `key` */
};
struct btree_bound {
	struct str key;
	enum btree_side side;
};

const struct object *btree_get(const struct cache_node *root,
			       struct str key); /* borrowed, or NULL */
size_t btree_count(const struct cache_node *root);
size_t btree_rank(const struct cache_node *root,
		  struct btree_bound b); /* objects on the left of it */
/* From the bound to the right until fn returns false. */
void btree_each(const struct cache_node *root, struct btree_bound from,
		bool (*fn)(void *ctx, const struct object *o), void *ctx);

#endif
