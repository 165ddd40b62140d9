/* SPDX-License-Identifier: Apache-2.0 */
/* memcpy(), memmove(), memcmp() and strlen() for x86-64 with musl, whose own begin with `rep movsq` or go byte by byte: dear for what is
 * mostly moved and compared here, keys and words of JSON. Up to 128 bytes are all loaded before any is stored, so that overlapping
 * needs no thought there. Elsewhere this file is empty. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && !defined(__GLIBC__)
#include <emmintrin.h>

#pragma GCC optimize("no-tree-loop-distribute-patterns") /* loops here don't become calls of us */

#define STRING_INSTRUCTION 1024 /* from here on the processor's own loop is faster */

#define LOAD_STORE_TWICE(type)                                             \
	do {                                                               \
		type a_, b_;                                               \
		__builtin_memcpy(&a_, s, sizeof(type));                    \
		__builtin_memcpy(&b_, s + n - sizeof(type), sizeof(type)); \
		__builtin_memcpy(d, &a_, sizeof(type));                    \
		__builtin_memcpy(d + n - sizeof(type), &b_, sizeof(type)); \
	} while (0)

static __m128i load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static void store(char *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)(void *)p, v);
}

static inline __attribute__((always_inline)) void move_16(char *d, const char *s, size_t n)
{
	if (n >= 8)
		LOAD_STORE_TWICE(uint64_t);
	else if (n >= 4)
		LOAD_STORE_TWICE(uint32_t);
	else if (n >= 2)
		LOAD_STORE_TWICE(uint16_t);
	else if (n == 1)
		*d = *s;
}

static inline __attribute__((always_inline)) void move_64(char *d, const char *s)
{
	__m128i a = load(s), b = load(s + 16), c = load(s + 32), e = load(s + 48);
	store(d, a);
	store(d + 16, b);
	store(d + 32, c);
	store(d + 48, e);
}

/* 17 to 128 bytes. */
static void move_128(char *d, const char *s, size_t n)
{
	__m128i a = load(s), z = load(s + n - 16);
	if (n > 32) {
		__m128i b = load(s + 16), y = load(s + n - 32);
		if (n > 64) {
			__m128i c = load(s + 32), e = load(s + 48), x = load(s + n - 48),
				w = load(s + n - 64);
			store(d + 32, c);
			store(d + 48, e);
			store(d + n - 48, x);
			store(d + n - 64, w);
		}
		store(d + 16, b);
		store(d + n - 32, y);
	}
	store(d, a);
	store(d + n - 16, z);
}

static void move_small(char *d, const char *s, size_t n)
{
	if (n <= 16)
		move_16(d, s, n);
	else
		move_128(d, s, n);
}

static void move_forward(char *d, const char *s, size_t n)
{
	for (; n > 128; n -= 64, d += 64, s += 64)
		move_64(d, s);
	move_small(d, s, n);
}

static void move_backward(char *d, const char *s, size_t n)
{
	for (; n > 128; n -= 64)
		move_64(d + n - 64, s + n - 64);
	move_small(d, s, n);
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	char *d = to;
	const char *s = from;
	if (n <= 16) {
		move_16(d, s, n);
	} else if (n <= 128) {
		move_128(d, s, n);
	} else if (n < STRING_INSTRUCTION) {
		move_forward(d, s, n);
	} else {
		__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
	}
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;
	if (n <= 128)
		move_small(d, s, n);
	else if ((size_t)(d - s) >= n && (size_t)(s - d) >= n)
		memcpy(to, from, n);
	else if (d < s)
		move_forward(d, s, n);
	else
		move_backward(d, s, n);
	return to;
}

static int order(uint64_t a, uint64_t b) /* as bytes in memory */
{
	a = __builtin_bswap64(a);
	b = __builtin_bswap64(b);
	return (a > b) - (a < b);
}

static int compare_16(const unsigned char *a, const unsigned char *b, size_t n)
{
	uint64_t x, y;
	if (n >= 8) {
		__builtin_memcpy(&x, a, 8);
		__builtin_memcpy(&y, b, 8);
		if (x != y)
			return order(x, y);
		__builtin_memcpy(&x, a + n - 8, 8);
		__builtin_memcpy(&y, b + n - 8, 8);
		return order(x, y);
	}
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] - b[i];
	return 0;
}

int memcmp(const void *left, const void *right, size_t n)
{
	const unsigned char *a = left, *b = right;
	for (; n > 16; n -= 16, a += 16, b += 16) {
		unsigned same = (unsigned)_mm_movemask_epi8(
			_mm_cmpeq_epi8(load((const char *)a), load((const char *)b)));
		if (same != 0xffff) {
			unsigned i = (unsigned)__builtin_ctz(~same);
			return a[i] - b[i];
		}
	}
	return compare_16(a, b, n);
}

static unsigned zeros(const char *aligned)
{
	__m128i v = _mm_load_si128((const __m128i *)(const void *)aligned);
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()));
}

/* By aligned pieces, which never cross into a page that may not be there. */
size_t strlen(const char *s)
{
	size_t before = (uintptr_t)s & 15;
	const char *p = s - before;
	unsigned found = zeros(p) >> before;
	if (found)
		return (size_t)__builtin_ctz(found);
	do
		p += 16;
	while (!(found = zeros(p)));
	return (size_t)(p - s) + (size_t)__builtin_ctz(found);
}
#endif
