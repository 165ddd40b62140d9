/* SPDX-License-Identifier: Apache-2.0 */
/* Set operations: merges of sorted arrays, recursive. What is not changed is shared with the inputs. */
#include "api/apply/fieldset_node.h"

#include "base/mem.h"

static int cmp_i64(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

static int cmp_double(double x, double y)
{
	return (x > y) - (x < y);
}

static int cmp_text(struct str x, struct str y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int c = n ? memcmp(x.p, y.p, n) : 0;
	return c ? c : cmp_i64((int64_t)x.n, (int64_t)y.n);
}

static bool numeric(const struct scalar *s)
{
	return s->kind == SCALAR_INT || s->kind == SCALAR_FLOAT;
}

static int scalar_cmp(const struct scalar *x, const struct scalar *y)
{
	if (x->kind == SCALAR_INT && y->kind == SCALAR_INT)
		return cmp_i64(x->i, y->i);
	if (numeric(x) && numeric(y))
		return cmp_double(x->kind == SCALAR_INT ? (double)x->i : x->d,
				  y->kind == SCALAR_INT ? (double)y->i : y->d);
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return x->kind == SCALAR_BOOL ? cmp_i64(x->i, y->i) : cmp_text(x->s, y->s);
}

static int keys_cmp(const struct element *x, const struct element *y)
{
	for (size_t i = 0; i < x->nkeys && i < y->nkeys; i++) {
		int c = cmp_text(x->keys[i].name, y->keys[i].name);
		if (c == 0)
			c = scalar_cmp(&x->keys[i].value, &y->keys[i].value);
		if (c)
			return c;
	}
	return cmp_i64((int64_t)x->nkeys, (int64_t)y->nkeys);
}

int element_cmp(const struct element *x, const struct element *y)
{
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	if (x->kind == ELEMENT_FIELD)
		return cmp_text(x->name, y->name);
	return x->kind == ELEMENT_INDEX ? cmp_i64(x->index, y->index) : keys_cmp(x, y);
}

/* ---- building ---- */

void set_add(struct set_builder *b, struct element e, bool member, const struct fieldset *below)
{
	if (!member && !below)
		return;
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 8;
		struct entry *more = ARENA_ARRAY(b->a, struct entry, cap);
		if (b->n)
			memcpy(more, b->entries, b->n * sizeof(*more));
		b->entries = more;
		b->cap = cap;
	}
	b->entries[b->n++] = (struct entry){ e, member, below };
}

static int by_element(const void *x, const void *y)
{
	return element_cmp(&((const struct entry *)x)->e, &((const struct entry *)y)->e);
}

static bool is_sorted(const struct set_builder *b)
{
	for (size_t i = 1; i < b->n; i++)
		if (by_element(&b->entries[i - 1], &b->entries[i]) >= 0)
			return false;
	return true;
}

/* Equal neighbours become one; of items that occur twice upstream keeps only the member itself. */
static void join_equal(struct set_builder *b, bool doubles_are_leaves)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct entry *last = n ? &b->entries[n - 1] : NULL;
		if (last && by_element(last, &b->entries[i]) == 0) {
			last->member = last->member || b->entries[i].member;
			last->below = doubles_are_leaves ? NULL
							 : fieldset_union(b->a, last->below,
									  b->entries[i].below);
		} else {
			b->entries[n++] = b->entries[i];
		}
	}
	b->n = n;
}

static const struct fieldset *finish(struct set_builder *b, bool doubles_are_leaves)
{
	if (b->n == 0)
		return NULL;
	if (!is_sorted(b)) {
		qsort(b->entries, b->n, sizeof(*b->entries), by_element);
		join_equal(b, doubles_are_leaves);
	}
	struct fieldset *s = ARENA_NEW(b->a, struct fieldset);
	*s = (struct fieldset){ b->n, b->entries };
	return s;
}

const struct fieldset *set_finish(struct set_builder *b)
{
	return finish(b, false);
}

const struct fieldset *set_finish_items(struct set_builder *b)
{
	return finish(b, true);
}

/* ---- looking ---- */

const struct entry *set_find(const struct fieldset *s, const struct element *e)
{
	if (!s)
		return NULL;
	for (size_t lo = 0, hi = s->n; lo < hi;) {
		size_t mid = (lo + hi) / 2;
		int c = element_cmp(e, &s->entries[mid].e);
		if (c == 0)
			return &s->entries[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool fieldset_empty(const struct fieldset *s)
{
	return !s;
}

size_t fieldset_count(const struct fieldset *s)
{
	size_t n = 0;
	for (size_t i = 0; s && i < s->n; i++)
		n += (s->entries[i].member ? 1 : 0) + fieldset_count(s->entries[i].below);
	return n;
}

bool fieldset_equal(const struct fieldset *x, const struct fieldset *y)
{
	if (x == y)
		return true;
	if (!x || !y || x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (by_element(&x->entries[i], &y->entries[i]) != 0 ||
		    x->entries[i].member != y->entries[i].member ||
		    !fieldset_equal(x->entries[i].below, y->entries[i].below))
			return false;
	return true;
}

/* ---- operations ---- */

/* Walks two sets in order; calls `both` for equal elements, `left` and `right` tell whether lone ones stay. */
typedef void (*join_fn)(struct set_builder *b, const struct entry *x, const struct entry *y);

static const struct fieldset *zip(struct arena *a, const struct fieldset *x,
				  const struct fieldset *y, bool left, bool right, join_fn both)
{
	size_t i = 0, j = 0;
	struct set_builder b = { .a = a };
	while (i < x->n || j < y->n) {
		int c = i >= x->n ? 1 : j >= y->n ? -1 : by_element(&x->entries[i], &y->entries[j]);
		if (c == 0)
			both(&b, &x->entries[i++], &y->entries[j++]);
		else if (c < 0) {
			if (left)
				set_add(&b, x->entries[i].e, x->entries[i].member,
					x->entries[i].below);
			i++;
		} else {
			if (right)
				set_add(&b, y->entries[j].e, y->entries[j].member,
					y->entries[j].below);
			j++;
		}
	}
	return set_finish(&b);
}

static void join_union(struct set_builder *b, const struct entry *x, const struct entry *y)
{
	set_add(b, x->e, x->member || y->member, fieldset_union(b->a, x->below, y->below));
}

static void join_intersection(struct set_builder *b, const struct entry *x, const struct entry *y)
{
	set_add(b, x->e, x->member && y->member, fieldset_intersection(b->a, x->below, y->below));
}

static void join_difference(struct set_builder *b, const struct entry *x, const struct entry *y)
{
	set_add(b, x->e, x->member && !y->member, fieldset_difference(b->a, x->below, y->below));
}

static void join_subtract(struct set_builder *b, const struct entry *x, const struct entry *y)
{
	if (!y->member)
		set_add(b, x->e, x->member, fieldset_subtract(b->a, x->below, y->below));
}

const struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x,
				      const struct fieldset *y)
{
	if (!x || !y || x == y)
		return x ? x : y;
	return zip(a, x, y, true, true, join_union);
}

const struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
					     const struct fieldset *y)
{
	if (!x || !y || x == y)
		return x && y ? x : NULL;
	return zip(a, x, y, false, false, join_intersection);
}

const struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
					   const struct fieldset *y)
{
	if (!x || !y)
		return x;
	return zip(a, x, y, true, false, join_difference);
}

const struct fieldset *fieldset_subtract(struct arena *a, const struct fieldset *x,
					 const struct fieldset *y)
{
	if (!x || !y)
		return x;
	return zip(a, x, y, true, false, join_subtract);
}
