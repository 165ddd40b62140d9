/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: small allocations abort in one place when memory is out; sizes that a client chose go through mem_try_alloc().
 * Clean-up attributes for locals and TAKE() to hand ownership over. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

void *mem_alloc(size_t n);  /* aborts when out of memory; not cleared */
void *mem_zalloc(size_t n); /* cleared */
void *mem_realloc(void *p, size_t n);
void *mem_try_alloc(size_t n); /* NULL when out of memory */
void *mem_array_grow(void *p, size_t *cap, size_t want,
		     size_t item); /* doubles cap until >= want */
/* Gives back to the system what is free in the heap of the calling thread: for threads that have been busy and are not any more.
 * Blocks that other threads have freed come home only here or when the thread allocates again. Some milliseconds. */
void mem_trim(void);

#define NEW(type) ((type *)mem_zalloc(sizeof(type)))

static inline void mem_free_ptr(void *pp)
{
	free(*(void **)pp);
}
#define auto_free __attribute__((cleanup(mem_free_ptr)))
#define TAKE(ptr)                              \
	({                                     \
		__typeof__(ptr) take_ = (ptr); \
		(ptr) = NULL;                  \
		take_;                         \
	})
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define COUNT_OF(array)                 (sizeof(array) / sizeof((array)[0]))

#endif
