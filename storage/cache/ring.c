/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/cache/ring.h"

#include "base/mem.h"

#define RING_CAP_MIN     16
#define RING_KEPT_ANYHOW 64 /* however old they are */

const struct ring_event *ring_at(const struct ring *r, size_t i)
{
	return &r->items[(r->first + i) & (r->cap - 1)];
}

static size_t held_bytes(const struct ring_event *ev)
{
	size_t n = ev->previous ? ev->previous->size_bytes : 0;

	return ev->type == CACHE_DELETED ? n + ev->object->size_bytes : n;
}

static void grow(struct ring *r)
{
	size_t cap = r->cap ? r->cap * 2 : RING_CAP_MIN;
	struct ring_event *items = mem_alloc(cap * sizeof(*items));

	for (size_t i = 0; i < r->n; i++)
		items[i] = *ring_at(r, i);
	free(r->items);
	r->items = items;
	r->cap = cap;
	r->first = 0;
}

static bool oldest_goes(const struct ring *r, const struct cache_limits *limits, int64_t now_s)
{
	if (r->n > limits->ring_events || (r->n > 1 && r->bytes > limits->ring_bytes))
		return true;
	return r->n > RING_KEPT_ANYHOW && now_s - ring_at(r, 0)->at_s > limits->ring_age_s;
}

void ring_append(struct ring *r, struct ring_event ev, const struct cache_limits *limits,
		 struct ring_dropped *dropped)
{
	if (r->n == r->cap)
		grow(r);
	r->items[(r->first + r->n++) & (r->cap - 1)] = ev;
	r->bytes += held_bytes(&ev);
	while (oldest_goes(r, limits, ev.at_s)) {
		struct ring_event old = *ring_at(r, 0);

		dropped->items =
			mem_array_grow(dropped->items, &dropped->cap, dropped->n + 1, sizeof(old));
		dropped->items[dropped->n++] = old;
		r->first = (r->first + 1) & (r->cap - 1);
		r->n--;
		r->bytes -= held_bytes(&old);
		r->floor = old.revision;
	}
}

size_t ring_after(const struct ring *r, int64_t revision)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (ring_at(r, mid)->revision <= revision)
			low = mid + 1;
		else
			high = mid;
	}
	return r->n - low;
}

int64_t ring_newest(const struct ring *r)
{
	return r->n ? ring_at(r, r->n - 1)->revision : r->floor;
}

void ring_release(struct ring_dropped *d)
{
	for (size_t i = 0; i < d->n; i++) {
		object_unref(d->items[i].object);
		object_unref(d->items[i].previous);
	}
	free(d->items);
	*d = (struct ring_dropped){ 0 };
}

void ring_free(struct ring *r)
{
	for (size_t i = 0; i < r->n; i++) {
		object_unref(ring_at(r, i)->object);
		object_unref(ring_at(r, i)->previous);
	}
	free(r->items);
	*r = (struct ring){ 0 };
}
