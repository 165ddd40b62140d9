/* SPDX-License-Identifier: Apache-2.0 */
/* loop_timer over uv_timer_t. libuv's time stands still during a turn; uv_update_time makes a timer that is started after
 * long work count from now. */
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
