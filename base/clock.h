/* SPDX-License-Identifier: Apache-2.0 */
/* Time through a small vtable, so that tests run under a simulated clock; and RFC 3339 text. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

struct clock {
	int64_t (*wall_us)(struct clock *); /* microseconds since 1970, UTC */
	int64_t (*mono_us)(struct clock *); /* monotonic */
};
struct clock *clock_real(void);
static inline int64_t clock_wall_us(struct clock *c)
{
	return c->wall_us(c);
}
static inline int64_t clock_wall_s(struct clock *c)
{
	return c->wall_us(c) / 1000000;
}
static inline int64_t clock_mono_ms(struct clock *c)
{
	return c->mono_us(c) / 1000;
}

struct clock_fake {
	struct clock clock;
	int64_t us;
};
void clock_fake_init(struct clock_fake *f, int64_t us);

#define TIME_TEXT_MAX 40
void time_format(int64_t s, char out[TIME_TEXT_MAX]);        /* 2026-01-02T03:04:05Z */
void time_format_micro(int64_t us, char out[TIME_TEXT_MAX]); /* 2026-01-02T03:04:05.000006Z */
void time_format_nano(int64_t s, long ns,
		      char out[TIME_TEXT_MAX]); /* RFC3339Nano as CRI logs use it: 9 digits */
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); years from 0 to 9999 */
void time_format_http(int64_t s, char out[TIME_TEXT_MAX]);
bool time_parse(struct str text, int64_t *out_us); /* RFC 3339 with any offset and fraction */

#endif
