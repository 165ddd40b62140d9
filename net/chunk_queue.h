/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks waiting to be sent, first in, first out: a growing ring and how far the first chunk is sent. Private to net/.
 * Start with {0}. */
#ifndef NET_CHUNK_QUEUE_H
#define NET_CHUNK_QUEUE_H

#include <uv.h>

#include "net/stream.h"

struct chunk_queue {
	struct chunk *ring;
	size_t cap, head, count;
	size_t skip;  /* bytes of the first chunk that are gone */
	size_t bytes; /* that are left */
};

void chunk_queue_add(struct chunk_queue *q, const struct chunk *c, size_t n); /* takes them over */
/* how many were filled */
size_t chunk_queue_peek(const struct chunk_queue *q, uv_buf_t *out, size_t max);
struct str chunk_queue_first(const struct chunk_queue *q); /* what is left of the first chunk */
void chunk_queue_consume(struct chunk_queue *q, size_t n); /* releases what is done */
void chunk_queue_copy(struct chunk_queue *q, void *out, size_t n); /* copies out and consumes */
/* Cuts `n` bytes (at most `bytes`) off the front into another queue without copying. The piece that ends a chunk carries its
 * release, so `to` must be sent in order. */
void chunk_queue_move(struct chunk_queue *q, struct chunk_queue *to, size_t n);
/* Gives up what is left. When a part of the first chunk was moved, its release goes to `to` as an empty chunk. */
void chunk_queue_drop(struct chunk_queue *q, struct chunk_queue *to);
/* writes all of it; the first is whole */
void chunk_queue_write(struct chunk_queue *q, struct stream *s);
void chunk_queue_free(struct chunk_queue *q);

#endif
