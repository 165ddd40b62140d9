/* SPDX-License-Identifier: Apache-2.0 */
/* A borrowed piece of output: bytes that stay valid until release(owner) is called (once, on the loop that writes).
 * Lets cached objects be spliced into responses without copying. release == NULL: static bytes. */
#ifndef NET_CHUNK_H
#define NET_CHUNK_H

#include "base/str.h"

struct chunk {
	const void *p;
	size_t n;
	void (*release)(void *owner);
	void *owner;
};

#define CHUNK_STATIC(literal) ((struct chunk){ .p = (literal), .n = sizeof(literal) - 1 })
struct chunk chunk_copy(struct str s);         /* heap copy, freed on release */
struct chunk chunk_take(char *heap, size_t n); /* takes over a malloc'ed block */
void chunk_release(struct chunk *c);

#endif
