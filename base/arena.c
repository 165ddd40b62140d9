/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks double from 4 KiB to 64 KiB; a large request gets a block of its own size. */
#include "base/arena.h"

#include "base/buf.h"
#include "base/mem.h"

#define BLOCK_MIN 4096u
#define BLOCK_MAX 65536u
#define ALIGN     16u

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(ALIGN) char data[];
};

static void block_add(struct arena *a, size_t need)
{
	size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_MIN;
	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < need)
		size = need;
	struct arena_block *block = mem_alloc(sizeof(*block) + size);
	block->next = a->blocks;
	block->size = size;
	a->blocks = block;
	a->next = block->data;
	a->end = block->data + size;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t need = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if ((size_t)(a->end - a->next) < need)
		block_add(a, need);
	void *p = a->next;
	a->next += need;
	a->used_bytes += need;
	return memset(p, 0, need);
}

char *arena_strdup(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, s.n + 1);
	if (s.n)
		memcpy(copy, s.p, s.n);
	return copy;
}

struct str arena_str(struct arena *a, struct str s)
{
	return str_of(arena_strdup(a, s), s.n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	auto_buf text = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	return arena_strdup(a, buf_view(&text));
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL;
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		if (!next && b->size <= BLOCK_MAX)
			keep = b; /* the first one made */
		else
			free(b);
	}
	*a = (struct arena){ 0 };
	if (!keep)
		return;
	keep->next = NULL;
	a->blocks = keep;
	a->next = keep->data;
	a->end = keep->data + keep->size;
}

void arena_free(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
