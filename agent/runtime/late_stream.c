/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runtime/late_stream.h"

#include <unistd.h>

struct late_stream {
	struct stream base;
	struct stream *inner; /* NULL: not yet */
	struct late_stream **handle;
	struct chunk *kept;
	size_t nkept, cap;
	bool reading, shut, closing, ended, end_told;
	struct loop_later later;
};

static struct late_stream *of(struct stream *s)
{
	return CONTAINER_OF(s, struct late_stream, base);
}

static void drop_kept(struct late_stream *s)
{
	for (size_t i = 0; i < s->nkept; i++)
		chunk_release(&s->kept[i]);
	s->nkept = 0;
	s->base.queued_bytes = 0;
}

static void finish(struct late_stream *s)
{
	loop_later_cancel(&s->later);
	drop_kept(s);
	if (s->handle)
		*s->handle = NULL;
	if (s->base.on_close)
		s->base.on_close(&s->base);
	free(s->kept);
	free(s);
}

static void run_later(struct loop_later *l)
{
	struct late_stream *s = CONTAINER_OF(l, struct late_stream, later);
	if (s->closing) {
		finish(s);
	} else if (s->ended && s->reading && !s->end_told) {
		s->end_told = true;
		if (s->base.on_end)
			s->base.on_end(&s->base);
	}
}

static void inner_data(struct stream *in, const char *p, size_t n)
{
	struct late_stream *s = in->ctx;
	s->base.on_data(&s->base, p, n);
}

static void inner_end(struct stream *in)
{
	struct late_stream *s = in->ctx;
	if (s->base.on_end)
		s->base.on_end(&s->base);
}

static void inner_drain(struct stream *in)
{
	struct late_stream *s = in->ctx;
	s->base.queued_bytes = in->queued_bytes;
	if (s->base.on_drain)
		s->base.on_drain(&s->base);
}

static void inner_close(struct stream *in)
{
	finish(in->ctx);
}

static void read_start(struct stream *b)
{
	struct late_stream *s = of(b);
	s->reading = true;
	if (s->inner)
		stream_read_start(s->inner);
	else if (s->ended)
		loop_later(b->loop, &s->later);
}

static void read_stop(struct stream *b)
{
	struct late_stream *s = of(b);
	s->reading = false;
	if (s->inner)
		stream_read_stop(s->inner);
}

static void write_chunks(struct stream *b, struct chunk *c, size_t n)
{
	struct late_stream *s = of(b);
	if (s->inner) {
		stream_write(s->inner, c, n);
		b->queued_bytes = s->inner->queued_bytes;
		return;
	}
	s->kept = mem_array_grow(s->kept, &s->cap, s->nkept + n, sizeof(*c));
	for (size_t i = 0; i < n; i++) {
		s->kept[s->nkept++] = c[i];
		b->queued_bytes += c[i].n;
	}
	if (s->ended)
		drop_kept(s);
}

static void shut(struct stream *b)
{
	struct late_stream *s = of(b);
	s->shut = true;
	if (s->inner)
		stream_shutdown(s->inner);
}

static void close_stream(struct stream *b)
{
	struct late_stream *s = of(b);
	if (s->closing)
		return;
	s->closing = true;
	if (s->inner)
		stream_close(s->inner);
	else
		loop_later(b->loop, &s->later);
}

static const struct stream_ops late_ops = {
	.read_start = read_start,
	.read_stop = read_stop,
	.write = write_chunks,
	.shutdown = shut,
	.close = close_stream,
};

struct stream *late_stream_new(struct loop *l, struct late_stream **out)
{
	struct late_stream *s = NEW(struct late_stream);
	s->base.ops = &late_ops;
	s->base.loop = l;
	s->handle = out;
	loop_later_init(&s->later, run_later);
	*out = s;
	return &s->base;
}

void late_stream_open(struct late_stream *s, int fd)
{
	if (!s || s->closing || s->ended) {
		close(fd);
		return;
	}
	struct stream *in = stream_from_fd(s->base.loop, fd, NULL);
	if (!in) {
		late_stream_end(s);
		return;
	}
	s->inner = in;
	in->ctx = s;
	in->on_data = inner_data;
	in->on_end = inner_end;
	in->on_drain = inner_drain;
	in->on_close = inner_close;
	size_t n = s->nkept;
	s->nkept = 0;
	if (n)
		stream_write(in, s->kept, n);
	s->base.queued_bytes = in->queued_bytes;
	if (s->shut)
		stream_shutdown(in);
	if (s->reading)
		stream_read_start(in);
}

void late_stream_end(struct late_stream *s)
{
	if (!s || s->inner || s->ended)
		return;
	s->ended = true;
	drop_kept(s);
	loop_later(s->base.loop, &s->later);
}

void late_stream_detach(struct late_stream *s)
{
	if (s)
		s->handle = NULL;
}
