/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/queue.h"

#include "base/mem.h"

static int32_t priority(const struct pending_pod *p)
{
	return p->pod.spec.priority ? *p->pod.spec.priority : 0;
}

static bool more_urgent(const struct pending_pod *a, const struct pending_pod *b)
{
	if (priority(a) != priority(b))
		return priority(a) > priority(b);
	return a->added_ms < b->added_ms;
}

static int64_t backoff_end(const struct pending_pod *p)
{
	int64_t ms = SCHED_BACKOFF_MIN_MS;

	for (int i = 1; i < p->attempts && ms < SCHED_BACKOFF_MAX_MS; i++)
		ms *= 2;
	return p->failed_ms + (ms < SCHED_BACKOFF_MAX_MS ? ms : SCHED_BACKOFF_MAX_MS);
}

static bool due_earlier(const struct pending_pod *a, const struct pending_pod *b)
{
	return backoff_end(a) < backoff_end(b);
}

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

static void heap_add(struct pod_heap *h, struct pending_pod *p)
{
	h->items = mem_array_grow(h->items, &h->cap, h->n + 1, sizeof(*h->items));
	h->items[h->n] = p;
	heap_up(h, h->n++);
}

static void heap_del(struct pod_heap *h, struct pending_pod *p)
{
	size_t at = p->at;
	struct pending_pod *last = h->items[--h->n];

	if (last == p)
		return;
	heap_place(h, at, last);
	heap_up(h, at);
	heap_down(h, last->at);
}

void sched_queue_init(struct sched_queue *q)
{
	*q = (struct sched_queue){ .active.before = more_urgent, .backoff.before = due_earlier };
	list_init(&q->parked);
}

static void pending_free(void *v)
{
	struct pending_pod *p = v;

	object_unref(p->object);
	arena_free(&p->arena);
	free(p);
}

void sched_queue_free(struct sched_queue *q)
{
	map_free(&q->pods, pending_free);
	free(q->active.items);
	free(q->backoff.items);
}

static void take_out(struct sched_queue *q, struct pending_pod *p)
{
	if (p->place == POD_ACTIVE)
		heap_del(&q->active, p);
	else if (p->place == POD_BACKOFF)
		heap_del(&q->backoff, p);
	else
		list_del(&p->link);
}

static void put_in(struct sched_queue *q, struct pending_pod *p, enum pod_place place)
{
	p->place = place;
	if (place == POD_ACTIVE)
		heap_add(&q->active, p);
	else if (place == POD_BACKOFF)
		heap_add(&q->backoff, p);
	else if (place == POD_PARKED)
		list_add_tail(&q->parked, &p->link);
}

static void give_chance(struct sched_queue *q, struct pending_pod *p, int64_t now_ms)
{
	take_out(q, p);
	put_in(q, p,
	       p->gated                                 ? POD_PARKED
	       : p->attempts && backoff_end(p) > now_ms ? POD_BACKOFF
							: POD_ACTIVE);
}

static struct pending_pod *pending_new(struct sched_queue *q, struct str key, int64_t now_ms)
{
	struct pending_pod *p = mem_zalloc(sizeof(*p) + key.n + 1);

	memcpy(p + 1, key.p, key.n);
	p->key = str_of(p + 1, key.n);
	p->added_ms = now_ms;
	p->place = POD_PARKED;
	list_init(&p->link);
	list_add_tail(&q->parked, &p->link);
	map_put(&q->pods, p->key, p);
	return p;
}

/* Status and bookkeeping don't make a pod fit. */
static bool means_something_new(const struct core_v1_pod *a, const struct core_v1_pod *b)
{
	struct meta_v1_object_meta x = { .labels = a->metadata.labels },
				   y = { .labels = b->metadata.labels };
	auto_buf ta = { 0 }, tb = { 0 };

	struct_write_json(api_struct_core_v1_pod_spec, &a->spec, &ta);
	struct_write_json(api_struct_meta_v1_object_meta, &x, &ta);
	struct_write_json(api_struct_core_v1_pod_spec, &b->spec, &tb);
	struct_write_json(api_struct_meta_v1_object_meta, &y, &tb);
	return !str_eq(buf_view(&ta), buf_view(&tb));
}

bool sched_queue_set(struct sched_queue *q, struct str key, const struct object *o, bool gated,
		     int64_t now_ms)
{
	struct pending_pod *p = map_get(&q->pods, key);
	struct arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	bool chance = true;

	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0) {
		arena_free(&arena);
		return false;
	}
	if (!p)
		p = pending_new(q, key, now_ms);
	if (p->object && p->place == POD_PARKED)
		chance = means_something_new(&p->pod, &pod);
	if (p->place != POD_IN_FLIGHT)
		take_out(q, p); /* by its old priority */
	object_unref(p->object);
	arena_free(&p->arena);
	p->object = object_ref(o);
	p->arena = arena;
	p->pod = pod;
	p->gated = gated;
	if (p->place == POD_IN_FLIGHT)
		return true;
	put_in(q, p, p->place);
	if (p->place == POD_PARKED && chance)
		give_chance(q, p, now_ms);
	return true;
}

void sched_queue_del(struct sched_queue *q, struct str key)
{
	struct pending_pod *p = map_del(&q->pods, key);

	if (!p)
		return;
	take_out(q, p);
	pending_free(p);
}

struct pending_pod *sched_queue_find(const struct sched_queue *q, struct str key)
{
	return map_get(&q->pods, key);
}

static void move_due(struct sched_queue *q, int64_t now_ms)
{
	while (q->backoff.n && backoff_end(q->backoff.items[0]) <= now_ms) {
		struct pending_pod *p = q->backoff.items[0];

		take_out(q, p);
		put_in(q, p, POD_ACTIVE);
	}
	LIST_EACH_SAFE(&q->parked, it)
	{
		struct pending_pod *p = LIST_ITEM(it, struct pending_pod, link);

		if (!p->gated && now_ms - p->failed_ms >= SCHED_PARKED_MAX_MS)
			give_chance(q, p, now_ms);
	}
}

struct pending_pod *sched_queue_pop(struct sched_queue *q, int64_t now_ms)
{
	struct pending_pod *p;

	move_due(q, now_ms);
	if (!q->active.n)
		return NULL;
	p = q->active.items[0];
	take_out(q, p);
	p->place = POD_IN_FLIGHT;
	p->attempts++;
	return p;
}

void sched_queue_park(struct sched_queue *q, struct pending_pod *p, int64_t now_ms)
{
	p->failed_ms = now_ms;
	put_in(q, p, POD_PARKED);
}

void sched_queue_retry(struct sched_queue *q, struct pending_pod *p, int64_t now_ms)
{
	p->failed_ms = now_ms;
	put_in(q, p, p->gated ? POD_PARKED : POD_BACKOFF);
}

void sched_queue_wake(struct sched_queue *q, int64_t now_ms)
{
	struct list woken;

	list_init(&woken);
	while (!list_empty(&q->parked)) { /* those held by gates come back to `parked` */
		struct list *it = q->parked.next;

		list_del(it);
		list_add_tail(&woken, it);
	}
	while (!list_empty(&woken))
		give_chance(q, LIST_ITEM(woken.next, struct pending_pod, link), now_ms);
}

int64_t sched_queue_next_ms(const struct sched_queue *q)
{
	int64_t next = q->backoff.n ? backoff_end(q->backoff.items[0]) : INT64_MAX;

	LIST_EACH(&q->parked, it)
	{
		const struct pending_pod *p = LIST_ITEM(it, struct pending_pod, link);

		if (!p->gated && p->failed_ms + SCHED_PARKED_MAX_MS < next)
			next = p->failed_ms + SCHED_PARKED_MAX_MS;
	}
	return next;
}
