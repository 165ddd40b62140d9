/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves hold objects; inner nodes hold kids, the smallest key below each (borrowed from the object there, which the kid
 * keeps alive) and counts. A node that becomes small is joined with a neighbour; a full one splits in the middle, or at its
 * end when keys come in order, so that loading leaves full nodes. */
#include "storage/cache/btree.h"

#include <stdatomic.h>

#include "base/mem.h"

#define FAN   32
#define SMALL (FAN / 4)

struct cache_node {
	_Atomic int refs;
	uint16_t n;
	bool leaf;
	uint64_t epoch;
	size_t count; /* objects below */
	union {
		const struct object *items[FAN];
		struct cache_node *kids[FAN];
	};
	struct str keys[]; /* inner: FAN of them */
};

static struct cache_node *node_new(bool leaf, uint64_t epoch)
{
	struct cache_node *n = mem_alloc(sizeof(*n) + (leaf ? 0 : FAN * sizeof(n->keys[0])));

	atomic_init(&n->refs, 1);
	n->n = 0;
	n->leaf = leaf;
	n->epoch = epoch;
	n->count = 0;
	return n;
}

struct cache_node *btree_ref(struct cache_node *root)
{
	if (root)
		atomic_fetch_add_explicit(&root->refs, 1, memory_order_relaxed);
	return root;
}

void btree_unref(struct cache_node *root)
{
	if (!root || atomic_fetch_sub_explicit(&root->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (int i = 0; i < root->n; i++) {
		if (root->leaf)
			object_unref(root->items[i]);
		else
			btree_unref(root->kids[i]);
	}
	free(root);
}

/* Makes *slot a node that this epoch may change. */
static struct cache_node *own(struct cache_node **slot, uint64_t epoch)
{
	struct cache_node *old = *slot, *n;

	if (old->epoch == epoch)
		return old;
	n = node_new(old->leaf, epoch);
	n->n = old->n;
	n->count = old->count;
	memcpy(n->items, old->items, old->n * sizeof(old->items[0]));
	if (!n->leaf)
		memcpy(n->keys, old->keys, old->n * sizeof(old->keys[0]));
	for (int i = 0; i < n->n; i++) {
		if (n->leaf)
			object_ref(n->items[i]);
		else
			btree_ref(n->kids[i]);
	}
	*slot = n;
	btree_unref(old);
	return n;
}

static struct str smallest(const struct cache_node *n)
{
	return n->leaf ? n->items[0]->key : n->keys[0];
}

static bool is_left(struct str key, struct btree_bound b)
{
	int c;

	if (b.side == BTREE_AFTER_PREFIX && key.n > b.key.n)
		key.n = b.key.n;
	c = str_cmp(key, b.key);
	return b.side == BTREE_BEFORE ? c < 0 : c <= 0;
}

/* How many of the node's entries begin on the left of the bound. */
static int entries_left(const struct cache_node *n, struct btree_bound b)
{
	int low = 0, high = n->n;

	while (low < high) {
		int mid = (low + high) / 2;

		if (is_left(n->leaf ? n->items[mid]->key : n->keys[mid], b))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The kid in which `key` is or would be. */
static int kid_of(const struct cache_node *n, struct str key)
{
	int i = entries_left(n, (struct btree_bound){ key, BTREE_AFTER });

	return i > 0 ? i - 1 : 0;
}

static void recount(struct cache_node *n)
{
	n->count = 0;
	for (int i = 0; i < n->n; i++)
		n->count += n->leaf ? 1 : n->kids[i]->count;
}

static void insert_at(struct cache_node *n, int at, void *entry)
{
	size_t tail = (size_t)(n->n - at);

	memmove(&n->kids[at + 1], &n->kids[at], tail * sizeof(n->kids[0]));
	if (n->leaf) {
		n->items[at] = entry;
	} else {
		memmove(&n->keys[at + 1], &n->keys[at], tail * sizeof(n->keys[0]));
		n->kids[at] = entry;
		n->keys[at] = smallest(n->kids[at]);
	}
	n->n++;
}

static void remove_at(struct cache_node *n, int at)
{
	size_t tail = (size_t)(n->n - at - 1);

	memmove(&n->kids[at], &n->kids[at + 1], tail * sizeof(n->kids[0]));
	if (!n->leaf)
		memmove(&n->keys[at], &n->keys[at + 1], tail * sizeof(n->keys[0]));
	n->n--;
}

static void move_tail(struct cache_node *to, struct cache_node *from, int at)
{
	size_t tail = (size_t)(from->n - at);

	memcpy(&to->kids[to->n], &from->kids[at], tail * sizeof(to->kids[0]));
	if (!to->leaf)
		memcpy(&to->keys[to->n], &from->keys[at], tail * sizeof(to->keys[0]));
	to->n = (uint16_t)(to->n + tail);
	from->n = (uint16_t)at;
}

/* Returns the new right neighbour when the node had to split. */
static struct cache_node *insert_entry(struct cache_node *n, int at, void *entry, uint64_t epoch)
{
	struct cache_node *right;

	if (n->n < FAN) {
		insert_at(n, at, entry);
		recount(n);
		return NULL;
	}
	right = node_new(n->leaf, epoch);
	move_tail(right, n, at == FAN ? FAN : FAN / 2);
	if (at > n->n || n->n == FAN)
		insert_at(right, at - n->n, entry);
	else
		insert_at(n, at, entry);
	recount(n);
	recount(right);
	return right;
}

static struct cache_node *put(struct cache_node **slot, uint64_t epoch, const struct object *o,
			      const struct object **replaced)
{
	struct cache_node *n = own(slot, epoch), *right;
	int at;

	if (n->leaf) {
		at = entries_left(n, (struct btree_bound){ o->key, BTREE_BEFORE });
		if (at == n->n || !str_eq(n->items[at]->key, o->key))
			return insert_entry(n, at, (void *)(uintptr_t)o, epoch);
		*replaced = n->items[at];
		n->items[at] = o;
		return NULL;
	}
	at = kid_of(n, o->key);
	right = put(&n->kids[at], epoch, o, replaced);
	n->keys[at] = smallest(n->kids[at]);
	if (right)
		return insert_entry(n, at + 1, right, epoch);
	recount(n);
	return NULL;
}

const struct object *btree_put(struct cache_node **root, uint64_t epoch, const struct object *o)
{
	const struct object *replaced = NULL;
	struct cache_node *right, *top;

	if (!*root)
		*root = node_new(true, epoch);
	right = put(root, epoch, o, &replaced);
	if (right) {
		top = node_new(false, epoch);
		insert_at(top, 0, *root);
		insert_at(top, 1, right);
		recount(top);
		*root = top;
	}
	return replaced;
}

/* The kid at `at` has become small: away with it, or together with a neighbour. */
static void tidy(struct cache_node *n, int at, uint64_t epoch)
{
	int left = at > 0 ? at - 1 : at;
	struct cache_node *a, *b;

	if (n->kids[at]->n == 0) {
		btree_unref(n->kids[at]);
		remove_at(n, at);
		return;
	}
	if (n->kids[at]->n > SMALL || n->n < 2 ||
	    n->kids[left]->n + n->kids[left + 1]->n > FAN * 3 / 4)
		return;
	a = own(&n->kids[left], epoch);
	b = own(&n->kids[left + 1], epoch);
	move_tail(a, b, 0);
	recount(a);
	btree_unref(b);
	remove_at(n, left + 1);
}

static const struct object *del(struct cache_node **slot, uint64_t epoch, struct str key)
{
	struct cache_node *n = own(slot, epoch);
	const struct object *removed;
	int at;

	if (n->leaf) {
		at = entries_left(n, (struct btree_bound){ key, BTREE_BEFORE });
		removed = n->items[at];
		remove_at(n, at);
	} else {
		at = kid_of(n, key);
		removed = del(&n->kids[at], epoch, key);
		if (n->kids[at]->n)
			n->keys[at] = smallest(n->kids[at]);
		tidy(n, at, epoch);
	}
	recount(n);
	return removed;
}

const struct object *btree_del(struct cache_node **root, uint64_t epoch, struct str key)
{
	const struct object *removed;

	if (!btree_get(*root, key))
		return NULL;
	removed = del(root, epoch, key);
	while (*root && ((*root)->n == 0 || (!(*root)->leaf && (*root)->n == 1))) {
		struct cache_node *top = *root;

		*root = top->n ? btree_ref(top->kids[0]) : NULL;
		btree_unref(top);
	}
	return removed;
}

const struct object *btree_get(const struct cache_node *root, struct str key)
{
	int at;

	if (!root)
		return NULL;
	while (!root->leaf)
		root = root->kids[kid_of(root, key)];
	at = entries_left(root, (struct btree_bound){ key, BTREE_BEFORE });
	return at < root->n && str_eq(root->items[at]->key, key) ? root->items[at] : NULL;
}

size_t btree_count(const struct cache_node *root)
{
	return root ? root->count : 0;
}

size_t btree_rank(const struct cache_node *root, struct btree_bound b)
{
	size_t rank = 0;
	int left;

	while (root && !root->leaf) {
		left = entries_left(root, b);
		if (left == 0)
			return rank;
		for (int i = 0; i < left - 1; i++)
			rank += root->kids[i]->count;
		root = root->kids[left - 1];
	}
	return rank + (root ? (size_t)entries_left(root, b) : 0);
}

static bool each(const struct cache_node *n, const struct btree_bound *from,
		 bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	int i = from ? entries_left(n, *from) : 0;

	if (n->leaf) {
		for (; i < n->n; i++)
			if (!fn(ctx, n->items[i]))
				return false;
		return true;
	}
	if (i > 0 && !each(n->kids[i - 1], from, fn, ctx))
		return false;
	for (; i < n->n; i++)
		if (!each(n->kids[i], NULL, fn, ctx))
			return false;
	return true;
}

void btree_each(const struct cache_node *root, struct btree_bound from,
		bool (*fn)(void *ctx, const struct object *o), void *ctx)
{
	if (root)
		each(root, &from, fn, ctx);
}
