/* SPDX-License-Identifier: Apache-2.0 */
#include "net/chunk_queue.h"

#include "base/mem.h"

static struct chunk *at(const struct chunk_queue *q, size_t i)
{
	return &q->ring[(q->head + i) & (q->cap - 1)];
}

static void grow(struct chunk_queue *q)
{
	size_t cap = q->cap ? 2 * q->cap : 8;
	struct chunk *ring = mem_alloc(cap * sizeof(*ring));
	for (size_t i = 0; i < q->count; i++)
		ring[i] = *at(q, i);
	free(q->ring);
	q->ring = ring;
	q->cap = cap;
	q->head = 0;
}

void chunk_queue_add(struct chunk_queue *q, const struct chunk *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (q->count == q->cap)
			grow(q);
		*at(q, q->count++) = c[i];
		q->bytes += c[i].n;
	}
}

size_t chunk_queue_peek(const struct chunk_queue *q, uv_buf_t *out, size_t max)
{
	size_t n = q->count < max ? q->count : max;
	for (size_t i = 0; i < n; i++) {
		const struct chunk *c = at(q, i);
		size_t skip = i == 0 ? q->skip : 0;
		out[i].base = (char *)(uintptr_t)c->p + skip;
		out[i].len = c->n - skip;
	}
	return n;
}

struct str chunk_queue_first(const struct chunk_queue *q)
{
	if (q->count == 0)
		return (struct str){ 0 };
	const struct chunk *c = at(q, 0);
	return (struct str){ (const char *)c->p + q->skip, c->n - q->skip };
}

static struct chunk pop(struct chunk_queue *q)
{
	struct chunk c = *at(q, 0);
	q->head = (q->head + 1) & (q->cap - 1);
	q->count--;
	q->skip = 0;
	return c;
}

void chunk_queue_consume(struct chunk_queue *q, size_t n)
{
	q->bytes -= n;
	while (q->count > 0) {
		size_t left = at(q, 0)->n - q->skip;
		if (n < left) {
			q->skip += n;
			return;
		}
		n -= left;
		struct chunk c = pop(q);
		chunk_release(&c);
	}
}

void chunk_queue_copy(struct chunk_queue *q, void *out, size_t n)
{
	char *to = out;
	while (n > 0) {
		struct str s = chunk_queue_first(q);
		size_t take = s.n < n ? s.n : n;
		if (take)
			memcpy(to, s.p, take);
		to += take;
		n -= take;
		chunk_queue_consume(q, take);
	}
}

void chunk_queue_move(struct chunk_queue *q, struct chunk_queue *to, size_t n)
{
	while (n > 0) {
		struct str s = chunk_queue_first(q);
		size_t take = s.n < n ? s.n : n;
		struct chunk piece = { .p = s.p, .n = take };
		n -= take;
		q->bytes -= take;
		if (take < s.n) {
			q->skip += take;
		} else {
			struct chunk whole = pop(q);
			piece.release = whole.release;
			piece.owner = whole.owner;
		}
		chunk_queue_add(to, &piece, 1);
	}
}

void chunk_queue_drop(struct chunk_queue *q, struct chunk_queue *to)
{
	if (q->skip > 0) {
		q->bytes -= at(q, 0)->n - q->skip;
		struct chunk first = pop(q);
		first.n = 0;
		chunk_queue_add(to, &first, 1);
	}
	chunk_queue_free(q);
}

void chunk_queue_free(struct chunk_queue *q)
{
	while (q->count > 0) {
		struct chunk c = pop(q);
		chunk_release(&c);
	}
	free(q->ring);
	*q = (struct chunk_queue){ 0 };
}

void chunk_queue_write(struct chunk_queue *q, struct stream *s)
{
	while (q->count > 0) {
		q->bytes -= at(q, 0)->n;
		struct chunk c = pop(q);
		stream_write(s, &c, 1);
	}
}
