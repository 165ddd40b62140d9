/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation with one lifetime: a request, a reconcile, a DNS query each own one. Not thread-safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;
struct arena {
	struct arena_block *blocks;
	char *next, *end;
	size_t used_bytes;
};

#define auto_arena __attribute__((cleanup(arena_free))) struct arena

void *arena_alloc(struct arena *a, size_t n); /* cleared, aligned to 16 */
#define ARENA_NEW(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))
char *arena_strdup(struct arena *a, struct str s); /* NUL-terminated */
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* keeps one block */
void arena_free(struct arena *a);

#endif
