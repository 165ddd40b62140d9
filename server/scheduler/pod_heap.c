/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/pod_heap.h"

#include "base/mem.h"
#include "server/scheduler/queue.h"

static void heap_place(struct pod_heap *h, size_t at, struct pending_pod *p)
{
	h->items[at] = p;
	p->at = at;
}

static void heap_up(struct pod_heap *h, size_t at)
{
	struct pending_pod *p = h->items[at];

	for (; at > 0 && h->before(p, h->items[(at - 1) / 2]); at = (at - 1) / 2)
		heap_place(h, at, h->items[(at - 1) / 2]);
	heap_place(h, at, p);
}

static void heap_down(struct pod_heap *h, size_t at)
{
	struct pending_pod *p = h->items[at];

	for (size_t kid; (kid = 2 * at + 1) < h->n; at = kid) {
		if (kid + 1 < h->n && h->before(h->items[kid + 1], h->items[kid]))
			kid++;
		if (!h->before(h->items[kid], p))
			break;
		heap_place(h, at, h->items[kid]);
	}
	heap_place(h, at, p);
}

void pod_heap_add(struct pod_heap *h, struct pending_pod *p)
{
	h->items = mem_array_grow(h->items, &h->cap, h->n + 1, sizeof(*h->items));
	h->items[h->n] = p;
	heap_up(h, h->n++);
}

void pod_heap_del(struct pod_heap *h, struct pending_pod *p)
{
	size_t at = p->at;
	struct pending_pod *last = h->items[--h->n];

	if (last == p)
		return;
	heap_place(h, at, last);
	heap_up(h, at);
	heap_down(h, last->at);
}
