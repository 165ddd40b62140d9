/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks that own heap memory. */
#include "net/chunk.h"

#include "base/mem.h"

struct chunk chunk_take(char *heap, size_t n)
{
	return (struct chunk){ .p = heap, .n = n, .release = free, .owner = heap };
}

struct chunk chunk_copy(struct str s)
{
	char *copy = mem_alloc(s.n ? s.n : 1);
	if (s.n)
		memcpy(copy, s.p, s.n);
	return chunk_take(copy, s.n);
}

void chunk_release(struct chunk *c)
{
	void (*release)(void *) = c->release;
	void *owner = c->owner;
	*c = (struct chunk){ 0 };
	if (release)
		release(owner);
}
