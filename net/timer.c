/* SPDX-License-Identifier: Apache-2.0 */
/* loop_timer over uv_timer_t, and delays, which share one. libuv's time stands still during a turn; uv_update_time makes a timer
 * that is started after long work count from now. */
#include "net/loop.h"

void loop_timer_init(struct loop *l, struct loop_timer *t, void (*fire)(struct loop_timer *))
{
	uv_timer_init(&l->uv, &t->uv);
	t->fire = fire;
}

static void on_timer(uv_timer_t *uv)
{
	struct loop_timer *t = CONTAINER_OF(uv, struct loop_timer, uv);
	t->fire(t);
}

void loop_timer_start(struct loop_timer *t, uint64_t ms)
{
	if (uv_is_closing((uv_handle_t *)&t->uv))
		return;
	uv_update_time(t->uv.loop);
	uv_timer_start(&t->uv, on_timer, ms, 0);
}

void loop_timer_stop(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

static void on_closed(uv_handle_t *h)
{
	struct loop_timer *t = CONTAINER_OF((uv_timer_t *)h, struct loop_timer, uv);
	void (*closed)(struct loop_timer *) = (void (*)(struct loop_timer *))h->data;
	closed(t);
}

void loop_timer_close(struct loop_timer *t, void (*closed)(struct loop_timer *))
{
	if (uv_is_closing((uv_handle_t *)&t->uv))
		return;
	t->uv.data = (void *)closed;
	uv_close((uv_handle_t *)&t->uv, closed ? on_closed : NULL);
}

static struct loop_delay *delay_of(struct list *link)
{
	return LIST_ITEM(link, struct loop_delay, link);
}

static void arm_delays(struct loop *l);

static void on_delay(uv_timer_t *uv)
{
	struct loop *l = CONTAINER_OF(uv, struct loop, delay_timer);
	uint64_t now = uv_now(&l->uv);
	while (!list_empty(&l->delays) && delay_of(l->delays.next)->due_ms <= now) {
		struct loop_delay *d = delay_of(l->delays.next);
		list_del(&d->link);
		d->run(d);
	}
	arm_delays(l);
}

static void arm_delays(struct loop *l)
{
	uint64_t now = uv_now(&l->uv);
	if (list_empty(&l->delays) || uv_is_closing((uv_handle_t *)&l->delay_timer))
		return;
	uint64_t due = delay_of(l->delays.next)->due_ms;
	uv_timer_start(&l->delay_timer, on_delay, due > now ? due - now : 0, 0);
}

void loop_delay_init(struct loop_delay *d, void (*run)(struct loop_delay *))
{
	list_init(&d->link);
	d->run = run;
}

void loop_delay_start(struct loop *l, struct loop_delay *d, uint64_t ms)
{
	uv_update_time(&l->uv);
	list_del(&d->link);
	d->due_ms = uv_now(&l->uv) + ms;
	struct list *at = l->delays.next; /* in front of the first that is due later */
	while (at != &l->delays && delay_of(at)->due_ms <= d->due_ms)
		at = at->next;
	list_add_tail(at, &d->link);
	arm_delays(l);
}

void loop_delay_cancel(struct loop_delay *d)
{
	list_del(&d->link);
}
