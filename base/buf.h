/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer to build text in. Always NUL-terminated once something was added. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap;
};

#define auto_buf __attribute__((cleanup(buf_free))) struct buf

void buf_free(struct buf *b);  /* back to {0} */
void buf_reset(struct buf *b); /* n = 0, keeps the memory */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
void buf_json_string(struct buf *b,
		     struct str s); /* quoted and escaped as encoding/json without HTML escapes */
void buf_i64(struct buf *b, int64_t v);
char *buf_take(struct buf *b); /* hands the memory over (never NULL), b becomes {0} */
static inline struct str buf_view(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

#endif
