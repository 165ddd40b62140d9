/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *p, size_t n)
{
	static const char text[] = "allinone: out of memory\n";
	if (p || n == 0)
		return p;
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)ignored;
	abort();
}

void *mem_alloc(size_t n)
{
	return checked(malloc(n ? n : 1), n);
}

void *mem_zalloc(size_t n)
{
	return checked(calloc(1, n ? n : 1), n);
}

void *mem_realloc(void *p, size_t n)
{
	return checked(realloc(p, n ? n : 1), n);
}

void *mem_try_alloc(size_t n)
{
	return malloc(n ? n : 1);
}

void *mem_array_grow(void *p, size_t *cap, size_t want, size_t item)
{
	if (want <= *cap)
		return p;
	size_t n = *cap ? *cap : 8;
	while (n < want)
		n *= 2;
	if (n > SIZE_MAX / item)
		checked(NULL, 1);
	*cap = n;
	return mem_realloc(p, n * item);
}

/* mimalloc's; other allocators look after themselves */
extern void mi_collect(bool force) __attribute__((weak));

void mem_trim(void)
{
	if (mi_collect)
		mi_collect(true);
}
