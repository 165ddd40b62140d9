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

void sched_queue_init(struct sched_queue *q)
{
	*q = (struct sched_queue){ .active.before = more_urgent,
				   .backoff.before = due_earlier,
				   .errors.before = due_earlier };
	list_init(&q->parked);
	list_init(&q->gated);
}

static void pending_free(void *v)
{
	struct pending_pod *p = v;

	object_unref(p->object);
	pod_usage_free(&p->usage);
	arena_free(&p->arena);
	free(p);
}

void sched_queue_free(struct sched_queue *q)
{
	map_free(&q->pods, pending_free);
	free(q->active.items);
	free(q->backoff.items);
	free(q->errors.items);
}

/* Whom its plug-ins are counted for, while it is parked. */
static void count_parked(struct sched_queue *q, const struct pending_pod *p, int sign)
{
	q->nparked += (size_t)sign;
	if (p->gated) {
		q->ngated += (size_t)sign;
		return;
	}
	if (!p->rejected_by)
		q->parked_by[SCHED_PLUGINS_MAX] += (size_t)sign;
	for (size_t i = 0; i < SCHED_PLUGINS_MAX; i++)
		if (p->rejected_by >> i & 1)
			q->parked_by[i] += (size_t)sign;
}

static struct pod_heap *heap_of(struct sched_queue *q, enum pod_place place)
{
	return place == POD_ACTIVE    ? &q->active
	       : place == POD_BACKOFF ? &q->backoff
	       : place == POD_ERRORS  ? &q->errors
				      : NULL;
}

static void take_out(struct sched_queue *q, struct pending_pod *p)
{
	struct pod_heap *h = heap_of(q, p->place);

	if (h) {
		pod_heap_del(h, p);
	} else {
		if (p->place == POD_PARKED)
			count_parked(q, p, -1);
		list_del(&p->link);
	}
}

static void put_in(struct sched_queue *q, struct pending_pod *p, enum pod_place place)
{
	struct pod_heap *h = heap_of(q, place);

	p->place = place;
	if (h) {
		pod_heap_add(h, p);
	} else if (place == POD_PARKED) {
		count_parked(q, p, 1);
		list_add_tail(p->gated ? &q->gated : &q->parked, &p->link);
	}
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
	list_init(&p->link);
	put_in(q, p, POD_PARKED);
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

static bool helps(const struct pending_pod *p, const struct sched_event *e)
{
	if (p->held)
		return false;
	if (!p->rejected_by)
		return true;
	for (size_t i = 0; i < sched_plugin_count; i++)
		if (p->rejected_by >> i & 1 && sched_plugins[i]->events & e->what &&
		    (!sched_plugins[i]->hint || sched_plugins[i]->hint(&p->pod, e)))
			return true;
	return false;
}

void sched_queue_put(struct sched_queue *q, struct str key, const struct object *o,
		     struct arena *arena, const struct core_v1_pod *pod, bool gated, int64_t now_ms)
{
	struct pending_pod *p = map_get(&q->pods, key);
	const struct sched_event self = { .what = SCHED_EVENT_SELF, .pod = o };
	bool chance = true;

	if (!p)
		p = pending_new(q, key, now_ms);
	if (p->object && p->place == POD_PARKED)
		chance =
			p->gated != gated || (means_something_new(&p->pod, pod) && helps(p, &self));
	if (p->place == POD_PARKED)
		count_parked(q, p, -1); /* its turn among the parked ones stays */
	else if (p->place != POD_IN_FLIGHT)
		take_out(q, p); /* by its old priority */
	object_unref(p->object);
	arena_free(&p->arena);
	p->object = object_ref(o);
	p->arena = *arena;
	*arena = (struct arena){ 0 };
	p->pod = *pod;
	p->gated = gated;
	pod_usage_free(&p->usage);
	pod_usage_read(&p->pod, &p->usage);
	if (p->place == POD_IN_FLIGHT)
		return;
	if (p->place == POD_PARKED)
		count_parked(q, p, 1);
	else
		put_in(q, p, p->place);
	if (p->place == POD_PARKED && chance)
		give_chance(q, p, now_ms);
}

bool sched_queue_set(struct sched_queue *q, struct str key, const struct object *o, bool gated,
		     int64_t now_ms)
{
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };

	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0)
		return false;
	sched_queue_put(q, key, o, &arena, &pod, gated, now_ms);
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

static void move_due(struct sched_queue *q, struct pod_heap *from, int64_t now_ms)
{
	while (from->n && backoff_end(from->items[0]) <= now_ms) {
		struct pending_pod *p = from->items[0];

		take_out(q, p);
		put_in(q, p, POD_ACTIVE);
	}
}

/* They stand in the order in which they were parked. */
static void move_forgotten(struct sched_queue *q, int64_t now_ms)
{
	LIST_EACH_SAFE(&q->parked, it)
	{
		struct pending_pod *p = LIST_ITEM(it, struct pending_pod, link);

		if (p->held)
			continue;
		if (now_ms - p->failed_ms < SCHED_PARKED_MAX_MS)
			break;
		give_chance(q, p, now_ms);
	}
}

struct pending_pod *sched_queue_pop(struct sched_queue *q, int64_t now_ms)
{
	struct pending_pod *p;

	move_due(q, &q->backoff, now_ms);
	move_due(q, &q->errors, now_ms);
	move_forgotten(q, now_ms);
	p = q->active.n ? q->active.items[0] : q->backoff.n ? q->backoff.items[0] : NULL;
	if (!p)
		return NULL;
	take_out(q, p);
	p->place = POD_IN_FLIGHT;
	p->attempts++;
	return p;
}

void sched_queue_park(struct sched_queue *q, struct pending_pod *p, uint32_t rejected_by,
		      int64_t now_ms)
{
	p->failed_ms = now_ms;
	p->rejected_by = rejected_by;
	put_in(q, p, POD_PARKED);
}

void sched_queue_retry(struct sched_queue *q, struct pending_pod *p, int64_t now_ms)
{
	p->failed_ms = now_ms;
	p->rejected_by = 0;
	put_in(q, p, p->gated ? POD_PARKED : POD_ERRORS);
}

static bool concerns_somebody(const struct sched_queue *q, const struct sched_event *e)
{
	for (size_t i = 0; i < sched_plugin_count; i++)
		if (q->parked_by[i] && sched_plugins[i]->events & e->what)
			return true;
	return q->parked_by[SCHED_PLUGINS_MAX] > 0;
}

void sched_queue_event(struct sched_queue *q, const struct sched_event *e, int64_t now_ms)
{
	if (!e->what || !concerns_somebody(q, e))
		return;
	LIST_EACH_SAFE(&q->parked, it)
	{
		struct pending_pod *p = LIST_ITEM(it, struct pending_pod, link);

		if (helps(p, e))
			give_chance(q, p, now_ms);
	}
}

void sched_queue_release(struct sched_queue *q, struct pending_pod *p, bool now_helped,
			 int64_t now_ms)
{
	p->held = false;
	if (now_helped && p->place == POD_PARKED)
		give_chance(q, p, now_ms);
}

static int64_t earliest(const struct pod_heap *h)
{
	return h->n ? backoff_end(h->items[0]) : INT64_MAX;
}

int64_t sched_queue_next_ms(const struct sched_queue *q)
{
	int64_t next = earliest(&q->backoff), other = earliest(&q->errors);

	next = other < next ? other : next;
	if (!list_empty(&q->parked)) {
		const struct pending_pod *p = LIST_ITEM(q->parked.next, struct pending_pod, link);

		if (p->failed_ms + SCHED_PARKED_MAX_MS < next)
			next = p->failed_ms + SCHED_PARKED_MAX_MS;
	}
	return next;
}
