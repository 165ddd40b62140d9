/* SPDX-License-Identifier: Apache-2.0 */
/* What works on any stream: copying writes, and the pump between two.
 *
 *   splice:  a ──on_data──► write b     a stops reading while b holds more than HIGH bytes, until b has drained
 *            a ──on_end───► shutdown b  both ended: close both; one closed: the other is closed once it has sent its rest */
#include "net/stream.h"

#define SPLICE_HIGH_BYTES (256 * 1024)
#define SPLICE_LINGER_MS  5000

void stream_write_copy(struct stream *s, const void *p, size_t n)
{
	struct chunk c = chunk_copy(str_of(p, n));
	stream_write(s, &c, 1);
}

struct splice {
	struct stream *side[2];
	bool ended[2];
	bool closing[2];
	int open;
	struct loop_timer linger;
	void (*done)(void *ctx);
	void *ctx;
};

static int side_of(const struct splice *p, const struct stream *s)
{
	return p->side[0] == s ? 0 : 1;
}

static void close_side(struct splice *p, int i)
{
	if (!p->side[i] || p->closing[i])
		return;
	p->closing[i] = true;
	stream_close(p->side[i]);
}

static void on_data(struct stream *s, const char *data, size_t n)
{
	struct splice *p = s->ctx;
	struct stream *to = p->side[!side_of(p, s)];
	if (!to)
		return;
	stream_write_copy(to, data, n);
	if (to->queued_bytes > SPLICE_HIGH_BYTES)
		stream_read_stop(s);
}

static void close_if_sent(struct splice *p, int i)
{
	if (p->side[i] && p->side[i]->queued_bytes == 0)
		close_side(p, i);
}

static void on_drain(struct stream *s)
{
	struct splice *p = s->ctx;
	int i = side_of(p, s);
	struct stream *from = p->side[!i];
	if (from && !p->ended[!i])
		stream_read_start(from);
	if (!from || (p->ended[0] && p->ended[1]))
		close_if_sent(p, i);
}

static void on_end(struct stream *s)
{
	struct splice *p = s->ctx;
	int i = side_of(p, s);
	p->ended[i] = true;
	if (p->side[!i])
		stream_shutdown(p->side[!i]);
	if (p->ended[!i]) {
		loop_timer_start(&p->linger, SPLICE_LINGER_MS);
		close_if_sent(p, 0);
		close_if_sent(p, 1);
	}
}

static void on_timer_closed(struct loop_timer *t)
{
	struct splice *p = CONTAINER_OF(t, struct splice, linger);
	p->done(p->ctx);
	free(p);
}

static void on_close(struct stream *s)
{
	struct splice *p = s->ctx;
	int i = side_of(p, s);
	p->side[i] = NULL;
	if (--p->open == 0) {
		loop_timer_close(&p->linger, on_timer_closed);
		return;
	}
	if (!p->ended[i])
		stream_shutdown(p->side[!i]);
	loop_timer_start(&p->linger, SPLICE_LINGER_MS);
	close_if_sent(p, !i);
}

static void on_linger(struct loop_timer *t)
{
	struct splice *p = CONTAINER_OF(t, struct splice, linger);
	close_side(p, 0);
	close_side(p, 1);
}

void stream_splice(struct stream *a, struct stream *b, void (*done)(void *ctx), void *ctx)
{
	struct splice *p = NEW(struct splice);
	p->done = done;
	p->ctx = ctx;
	p->open = 2;
	loop_timer_init(a->loop, &p->linger, on_linger);
	for (int i = 0; i < 2; i++) {
		struct stream *s = i == 0 ? a : b;
		p->side[i] = s;
		s->ctx = p;
		s->on_data = on_data;
		s->on_end = on_end;
		s->on_drain = on_drain;
		s->on_close = on_close;
	}
	stream_read_start(a);
	stream_read_start(b);
}
