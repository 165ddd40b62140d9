/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream_wrap.h"

#include "base/buf.h"

struct wrapped {
	struct stream base;
	struct stream *inner;
	struct buf pending;
	struct loop_later deliver;
	bool reading, closing, ended;
	void (*closed)(void *ctx);
	void *ctx;
};

static struct wrapped *of(struct stream *s)
{
	return CONTAINER_OF(s, struct wrapped, base);
}

static void on_data(struct stream *inner, const char *p, size_t n)
{
	struct wrapped *w = inner->ctx;
	if (w->pending.n > 0)
		buf_add(&w->pending, p, n); /* behind what is not delivered yet */
	else
		w->base.on_data(&w->base, p, n);
}

static void on_end(struct stream *inner)
{
	struct wrapped *w = inner->ctx;
	w->ended = true;
	if (w->pending.n == 0 && w->base.on_end)
		w->base.on_end(&w->base);
}

static void on_drain(struct stream *inner)
{
	struct wrapped *w = inner->ctx;
	w->base.queued_bytes = inner->queued_bytes;
	if (w->base.on_drain)
		w->base.on_drain(&w->base);
}

static void on_close(struct stream *inner)
{
	struct wrapped *w = inner->ctx;
	loop_later_cancel(&w->deliver);
	if (w->base.on_close)
		w->base.on_close(&w->base);
	if (w->closed)
		w->closed(w->ctx);
	buf_free(&w->pending);
	free(w);
}

static void run_deliver(struct loop_later *t)
{
	struct wrapped *w = CONTAINER_OF(t, struct wrapped, deliver);
	if (!w->reading || w->closing)
		return;
	if (w->pending.n > 0) {
		struct buf first = w->pending;
		w->pending = (struct buf){ 0 };
		w->base.on_data(&w->base, first.p, first.n);
		buf_free(&first);
	}
	if (w->ended && !w->closing && w->base.on_end)
		w->base.on_end(&w->base);
	else if (w->reading && !w->closing)
		stream_read_start(w->inner);
}

static void wrapped_read_start(struct stream *s)
{
	struct wrapped *w = of(s);
	w->reading = true;
	if (w->pending.n > 0)
		loop_later(s->loop, &w->deliver);
	else
		stream_read_start(w->inner);
}

static void wrapped_read_stop(struct stream *s)
{
	of(s)->reading = false;
	stream_read_stop(of(s)->inner);
}

static void wrapped_write(struct stream *s, struct chunk *c, size_t n)
{
	stream_write(of(s)->inner, c, n);
	s->queued_bytes = of(s)->inner->queued_bytes;
}

static void wrapped_shutdown(struct stream *s)
{
	stream_shutdown(of(s)->inner);
}

static void wrapped_close(struct stream *s)
{
	of(s)->closing = true;
	stream_close(of(s)->inner);
}

static const struct stream_ops wrapped_ops = {
	.read_start = wrapped_read_start,
	.read_stop = wrapped_read_stop,
	.write = wrapped_write,
	.shutdown = wrapped_shutdown,
	.close = wrapped_close,
};

struct stream *stream_wrap(struct stream *inner, struct str pending, void (*closed)(void *ctx),
			   void *ctx)
{
	struct wrapped *w = NEW(struct wrapped);
	w->base.ops = &wrapped_ops;
	w->base.loop = inner->loop;
	w->base.queued_bytes = inner->queued_bytes;
	w->inner = inner;
	w->closed = closed;
	w->ctx = ctx;
	if (pending.n > 0)
		buf_add(&w->pending, pending.p, pending.n);
	loop_later_init(&w->deliver, run_deliver);
	inner->ctx = w;
	inner->on_data = on_data;
	inner->on_end = on_end;
	inner->on_drain = on_drain;
	inner->on_close = on_close;
	stream_read_stop(inner);
	return &w->base;
}

void stream_wrap_pending(struct stream *s, struct str more)
{
	struct wrapped *w = of(s);
	buf_add(&w->pending, more.p, more.n);
	if (w->reading)
		loop_later(s->loop, &w->deliver);
}
