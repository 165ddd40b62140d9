/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/etcd/expiry.h"

#include "base/mem.h"

static void swap(struct expiry *x, size_t a, size_t b)
{
	struct expiry_item t = x->items[a];

	x->items[a] = x->items[b];
	x->items[b] = t;
}

void expiry_add(struct expiry *x, int64_t deadline_us, int64_t revision)
{
	size_t i = x->n;

	x->items = mem_array_grow(x->items, &x->cap, x->n + 1, sizeof(*x->items));
	x->items[x->n++] = (struct expiry_item){ deadline_us, revision };
	for (; i > 0 && x->items[(i - 1) / 2].deadline_us > x->items[i].deadline_us;
	     i = (i - 1) / 2)
		swap(x, i, (i - 1) / 2);
}

int64_t expiry_next_us(const struct expiry *x)
{
	return x->n ? x->items[0].deadline_us : INT64_MAX;
}

bool expiry_take(struct expiry *x, int64_t now_us, int64_t *out_revision)
{
	if (!x->n || x->items[0].deadline_us > now_us)
		return false;
	*out_revision = x->items[0].revision;
	x->items[0] = x->items[--x->n];
	for (size_t i = 0;;) {
		size_t least = i;

		for (size_t kid = 2 * i + 1; kid <= 2 * i + 2 && kid < x->n; kid++)
			if (x->items[kid].deadline_us < x->items[least].deadline_us)
				least = kid;
		if (least == i)
			return true;
		swap(x, i, least);
		i = least;
	}
}

void expiry_free(struct expiry *x)
{
	free(x->items);
	*x = (struct expiry){ 0 };
}
