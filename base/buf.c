/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/mem.h"

void buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	if (b->p)
		b->p[0] = '\0';
}

void buf_reserve(struct buf *b, size_t more)
{
	if (b->n + more + 1 > b->cap)
		b->p = mem_array_grow(b->p, &b->cap, b->n + more + 1, 1);
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_putc(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	buf_reserve(b, 64);
	int n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	if (n >= 0 && (size_t)n >= b->cap - b->n) {
		buf_reserve(b, (size_t)n);
		vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* Bytes that must be escaped get a letter, others below 0x20 get \u00XX; 0 means: as it is. */
static const char escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
	['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
};

/* How many bytes from i on, in steps, need no escape; they are not all that don't. */
static size_t plain_bytes(struct str s, size_t i)
{
	size_t from = i;
#if defined(__SSE2__)
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
		      control = _mm_set1_epi8(0x1f);
	for (; s.n - i >= 16; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
		__m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
		if (_mm_movemask_epi8(odd))
			break;
	}
#else
	(void)s;
#endif
	return i - from;
}

void buf_json_string(struct buf *b, struct str s)
{
	buf_reserve(b, s.n + 2);
	buf_putc(b, '"');
	size_t from = 0;
	for (size_t i = plain_bytes(s, 0); i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x20 && !escapes[c])
			continue;
		buf_add(b, s.p + from, i - from);
		from = i + 1;
		if (escapes[c])
			buf_add(b, (const char[]){ '\\', escapes[c] }, 2);
		else
			buf_printf(b, "\\u%04x", c);
		i += plain_bytes(s, from);
	}
	if (s.n > from)
		buf_add(b, s.p + from, s.n - from);
	buf_putc(b, '"');
}

void buf_i64(struct buf *b, int64_t v)
{
	char digits[20];
	size_t n = 0;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	do
		digits[sizeof(digits) - ++n] = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		buf_putc(b, '-');
	buf_add(b, digits + sizeof(digits) - n, n);
}

char *buf_take(struct buf *b)
{
	buf_reserve(b, 0);
	b->p[b->n] = '\0';
	char *p = b->p;
	*b = (struct buf){ 0 };
	return p;
}
