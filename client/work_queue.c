/* SPDX-License-Identifier: Apache-2.0 */
/* One item per key that is anything but forgotten:
 *
 *	       add                    work                done
 *	idle ───────► queued (FIFO) ───────► at work ───────────► idle, or queued again when `dirty` (added meanwhile)
 *	                  ▲                     │ done(retry)
 *	                  └──── delayed ◄───────┘ back-off: a heap of deadlines under one timer
 *
 * Work starts at the end of the loop's turn, so a burst of adds for a key is one piece of work. */
#include "client/work_queue.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/pace.h"
#include "client/queue_metrics.h"

#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS (1000 * 1000)

struct item {
	struct list link; /* in the FIFO, then among those at work */
	struct str key;   /* behind it */
	bool queued, working, dirty, delayed;
	int failures;
	int64_t queued_us, started_us;
};
struct delay {
	int64_t at_ms;
	struct item *item;
};
struct work_queue {
	struct work_queue_config c;
	struct map items;
	struct list fifo, at_work; /* the longest first */
	size_t depth;
	int working;
	struct delay *delays; /* heap, the nearest first */
	size_t ndelays, delays_cap;
	struct loop_timer timer;
	struct loop_later later;
	bool closed;
	struct pace pace;
	struct queue_metrics *metrics;
};

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_real());
}

static int64_t now_us(void)
{
	return clock_real()->mono_us(clock_real());
}

static struct item *item_of(struct work_queue *q, struct str key)
{
	struct item *i = map_get(&q->items, key);

	if (i)
		return i;
	i = mem_zalloc(sizeof(*i) + key.n + 1);
	memcpy(i + 1, key.p, key.n);
	i->key = str_of(i + 1, key.n);
	list_init(&i->link);
	map_put(&q->items, i->key, i);
	return i;
}

static void forget_if_idle(struct work_queue *q, struct item *i)
{
	if (i->queued || i->working || i->delayed || i->failures)
		return;
	map_del(&q->items, i->key);
	free(i);
}

static void enqueue(struct work_queue *q, struct item *i)
{
	if (i->queued)
		return;
	if (i->working) {
		i->dirty = true;
		return;
	}
	i->queued = true;
	i->queued_us = now_us();
	list_add_tail(&q->fifo, &i->link);
	queue_metrics_depth(q->metrics, ++q->depth);
	loop_later(q->c.loop, &q->later);
}

static int64_t oldest_us(const struct work_queue *q)
{
	return list_empty(&q->at_work) ? 0
				       : LIST_ITEM(q->at_work.next, struct item, link)->started_us;
}

static void start_one(struct work_queue *q)
{
	struct item *i = LIST_ITEM(q->fifo.next, struct item, link);

	list_del(&i->link);
	i->queued = false;
	i->working = true;
	i->started_us = now_us();
	q->working++;
	queue_metrics_depth(q->metrics, --q->depth);
	list_add_tail(&q->at_work, &i->link);
	queue_metrics_started(q->metrics, i->queued_us, i->started_us, oldest_us(q));
	pace_count(&q->pace, i->key, i->started_us);
	q->c.work(q->c.ctx, i->key);
}

static void drain(struct loop_later *l)
{
	struct work_queue *q = CONTAINER_OF(l, struct work_queue, later);

	while (!q->closed && q->working < q->c.workers && !list_empty(&q->fifo))
		start_one(q);
}

static void delay_swap(struct work_queue *q, size_t a, size_t b)
{
	struct delay t = q->delays[a];

	q->delays[a] = q->delays[b];
	q->delays[b] = t;
}

static void delay_push(struct work_queue *q, struct delay d)
{
	size_t i = q->ndelays;

	q->delays = mem_array_grow(q->delays, &q->delays_cap, q->ndelays + 1, sizeof(d));
	q->delays[q->ndelays++] = d;
	for (; i > 0 && q->delays[(i - 1) / 2].at_ms > q->delays[i].at_ms; i = (i - 1) / 2)
		delay_swap(q, i, (i - 1) / 2);
}

static void delay_sink(struct work_queue *q, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t kid = 2 * i + 1; kid <= 2 * i + 2 && kid < q->ndelays; kid++)
			if (q->delays[kid].at_ms < q->delays[least].at_ms)
				least = kid;
		if (least == i)
			return;
		delay_swap(q, i, least);
		i = least;
	}
}

static void arm(struct work_queue *q)
{
	int64_t ms;

	if (!q->ndelays) {
		loop_timer_stop(&q->timer);
		return;
	}
	ms = q->delays[0].at_ms - now_ms();
	loop_timer_start(&q->timer, ms > 0 ? (uint64_t)ms : 0);
}

static void on_timer(struct loop_timer *t)
{
	struct work_queue *q = CONTAINER_OF(t, struct work_queue, timer);

	while (q->ndelays && q->delays[0].at_ms <= now_ms()) {
		struct item *i = q->delays[0].item;

		q->delays[0] = q->delays[--q->ndelays];
		delay_sink(q, 0);
		i->delayed = false;
		enqueue(q, i);
	}
	arm(q);
}

/* An item waits at most once: the earlier of two deadlines stands. */
static void delay(struct work_queue *q, struct item *i, int64_t ms)
{
	int64_t at = now_ms() + ms;

	if (i->delayed) {
		for (size_t k = 0; k < q->ndelays; k++) {
			if (q->delays[k].item != i || q->delays[k].at_ms <= at)
				continue;
			q->delays[k] = q->delays[--q->ndelays];
			for (size_t up = q->ndelays / 2 + 1; up-- > 0;)
				delay_sink(q, up);
			i->delayed = false;
			break;
		}
	}
	if (!i->delayed) {
		i->delayed = true;
		delay_push(q, (struct delay){ at, i });
	}
	arm(q);
}

/* Who comes too often waits. */
static void enqueue_paced(struct work_queue *q, struct item *i)
{
	int64_t wait_us = pace_wait_us(&q->pace, i->key, now_us());

	if (wait_us > 0 && !i->queued && !i->working)
		delay(q, i, wait_us / 1000 + 1);
	else
		enqueue(q, i);
}

struct work_queue *work_queue_new(const struct work_queue_config *c)
{
	struct work_queue *q = NEW(struct work_queue);

	q->c = *c;
	if (!q->c.backoff_min_ms)
		q->c.backoff_min_ms = BACKOFF_MIN_MS;
	if (!q->c.backoff_max_ms)
		q->c.backoff_max_ms = BACKOFF_MAX_MS;
	list_init(&q->fifo);
	loop_timer_init(c->loop, &q->timer, on_timer);
	loop_later_init(&q->later, drain);
	list_init(&q->at_work);
	q->metrics = queue_metrics_new(c->name);
	return q;
}

static void on_timer_closed(struct loop_timer *t)
{
	struct work_queue *q = CONTAINER_OF(t, struct work_queue, timer);

	map_free(&q->items, free);
	free(q->delays);
	free(q);
}

void work_queue_free(struct work_queue *q)
{
	if (!q || q->closed)
		return;
	q->closed = true;
	queue_metrics_close(q->metrics);
	loop_later_cancel(&q->later);
	loop_timer_close(&q->timer, on_timer_closed);
}

void work_queue_add(struct work_queue *q, struct str key)
{
	queue_metrics_added(q->metrics);
	enqueue_paced(q, item_of(q, key));
}

void work_queue_add_after(struct work_queue *q, struct str key, int64_t ms)
{
	if (ms <= 0)
		work_queue_add(q, key);
	else
		delay(q, item_of(q, key), ms);
}

static int64_t backoff_ms(const struct work_queue *q, int failures)
{
	int64_t ms = q->c.backoff_min_ms;

	while (failures-- > 0 && ms < q->c.backoff_max_ms)
		ms *= 2;
	return ms < q->c.backoff_max_ms ? ms : q->c.backoff_max_ms;
}

void work_queue_done(struct work_queue *q, struct str key, bool retry)
{
	struct item *i = map_get(&q->items, key);
	bool dirty;

	if (q->closed || !i || !i->working)
		return;
	list_del(&i->link);
	queue_metrics_ended(q->metrics, i->started_us, now_us(), oldest_us(q));
	i->working = false;
	q->working--;
	dirty = i->dirty;
	i->dirty = false;
	if (retry) {
		queue_metrics_retried(q->metrics);
		delay(q, i, backoff_ms(q, i->failures++));
	} else {
		i->failures = 0;
	}
	if (dirty)
		enqueue_paced(q, i);
	forget_if_idle(q, i);
	if (!list_empty(&q->fifo))
		loop_later(q->c.loop, &q->later);
}

size_t work_queue_depth(const struct work_queue *q)
{
	return q->depth;
}
