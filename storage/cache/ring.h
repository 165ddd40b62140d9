/* SPDX-License-Identifier: Apache-2.0 */
/* Recent events of one resource, oldest first. Bounded by number, by the bytes of objects that nothing but the ring still
 * holds (those that an event replaced), and by age. `floor` is the revision up to which events may be missing: who has seen
 * everything up to `floor` or later can go on from the ring. The owner serialises access. */
#ifndef STORAGE_CACHE_RING_H
#define STORAGE_CACHE_RING_H

#include "storage/cache/cache.h"

struct ring_event {
	int64_t revision;
	const struct object *object, *previous; /* references */
	int64_t at_s;
	enum cache_event_type type;
};
struct ring {
	struct ring_event *items; /* circular, cap is a power of two */
	size_t cap, first, n;
	size_t bytes;
	int64_t floor;
};
struct ring_dropped { /* what fell out; released by the owner outside of its lock */
	struct ring_event *items;
	size_t n, cap;
};

void ring_append(struct ring *r, struct ring_event ev, const struct cache_limits *limits,
		 struct ring_dropped *dropped);
/* How many events at the end are newer than `revision`; ring_at(r, r->n - that) is the first of them. */
size_t ring_after(const struct ring *r, int64_t revision);
const struct ring_event *ring_at(const struct ring *r, size_t i);
int64_t ring_newest(const struct ring *r); /* revision of the last event, or floor */
void ring_release(struct ring_dropped *d);
void ring_free(struct ring *r);

#endif
