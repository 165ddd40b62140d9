/* SPDX-License-Identifier: Apache-2.0 */
/* Slices to read. A str borrows its bytes, which need not end in NUL; print with "%.*s", STR_ARG(s). */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_INIT(literal)                      \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_from(const char *text) /* NULL gives the empty slice */
{
	return (struct str){ text, text ? strlen(text) : 0 };
}
static inline struct str str_of(const void *p, size_t n)
{
	return (struct str){ p, n };
}
static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_eqz(struct str a, const char *b)
{
	return str_eq(a, str_from(b));
}
int str_cmp(struct str a, struct str b);  /* bytewise, shorter first */
bool str_ieq(struct str a, struct str b); /* ASCII case ignored */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_cut_prefix(struct str *s, struct str prefix); /* drops it if it is there */
size_t str_find(struct str s, char c);                 /* s.n if absent */
size_t str_rfind(struct str s, char c);                /* s.n if absent */
bool str_contains(struct str s, struct str part);
struct str str_trim(struct str s); /* ASCII white space */
/* Takes what stands before the first `sep` off the front of *rest; false when *rest was exhausted (p == NULL). */
bool str_next(struct str *rest, char sep, struct str *out);
bool str_to_i64(struct str s,
		int64_t *out); /* whole slice, decimal, optional sign; false on overflow */
bool str_to_u64(struct str s, uint64_t *out);
char *str_dup(struct str s);   /* heap, NUL-terminated */
char *str_lower(struct str s); /* the same in lower case (ASCII) */
char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* heap */
size_t str_distance(struct str a, struct str b); /* edit distance, for "did you mean" */
uint64_t str_hash(struct str s);                 /* not stable across processes */

#endif
