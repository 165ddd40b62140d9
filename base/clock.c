/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/mem.h"

#define LAST_S 253402300799 /* 9999-12-31T23:59:59Z */

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t real_wall(struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_REALTIME);
}

static int64_t real_mono(struct clock *c)
{
	(void)c;
	return read_clock(CLOCK_MONOTONIC);
}

struct clock *clock_real(void)
{
	static struct clock real = { real_wall, real_mono };
	return &real;
}

static int64_t fake_now(struct clock *c)
{
	return CONTAINER_OF(c, struct clock_fake, clock)->us;
}

void clock_fake_init(struct clock_fake *f, int64_t us)
{
	*f = (struct clock_fake){ .clock = { fake_now, fake_now }, .us = us };
}

/* Years that no int holds become the last one that has four digits. */
static void split(int64_t s, struct tm *out)
{
	time_t t = (time_t)s, last = LAST_S;
	if (!gmtime_r(&t, out))
		gmtime_r(&last, out);
}

/* n digits; returns what follows them. */
static char *put_digits(char *to, int v, int n)
{
	for (int i = n; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}

static int date_and_time(int64_t s, char *out)
{
	struct tm tm;
	split(s, &tm);
	int year = tm.tm_year + 1900;
	if (year >= 0 && year <= 9999) { /* every object has some of these */
		const int parts[] = { tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec };
		char *to = put_digits(out, year, 4);
		for (int i = 0; i < 5; i++) {
			*to++ = "--T::"[i];
			to = put_digits(to, parts[i], 2);
		}
		*to = '\0';
		return (int)(to - out);
	}
	return snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
			tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void time_format(int64_t s, char out[TIME_TEXT_MAX])
{
	int n = date_and_time(s, out);
	memcpy(out + n, "Z", 2);
}

void time_format_http(int64_t s, char out[TIME_TEXT_MAX])
{
	static const char days[] = "SunMonTueWedThuFriSat",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	split(s, &tm);
	memcpy(out, days + 3 * tm.tm_wday, 3);
	memcpy(out + 3, ", ", 2);
	put_digits(out + 5, tm.tm_mday, 2);
	out[7] = ' ';
	memcpy(out + 8, months + 3 * tm.tm_mon, 3);
	out[11] = ' ';
	put_digits(out + 12, tm.tm_year + 1900, 4);
	out[16] = ' ';
	put_digits(out + 17, tm.tm_hour, 2);
	out[19] = ':';
	put_digits(out + 20, tm.tm_min, 2);
	out[22] = ':';
	put_digits(out + 23, tm.tm_sec, 2);
	memcpy(out + 25, " GMT", 5);
}

static void split_us(int64_t us, int64_t *s, int *rest)
{
	*s = us / 1000000;
	*rest = (int)(us % 1000000);
	if (*rest < 0) {
		*rest += 1000000;
		--*s;
	}
}

void time_format_micro(int64_t us, char out[TIME_TEXT_MAX])
{
	int64_t s;
	int rest;
	split_us(us, &s, &rest);
	int n = date_and_time(s, out);
	out[n] = '.';
	memcpy(put_digits(out + n + 1, rest, 6), "Z", 2);
}

void time_format_nano(int64_t s, long ns, char out[TIME_TEXT_MAX])
{
	int n = date_and_time(s, out);
	out[n] = '.';
	memcpy(put_digits(out + n + 1, (int)ns, 9), "Z", 2);
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static bool digits(struct str *s, size_t n, int *out)
{
	uint64_t v;
	if (s->n < n || !str_to_u64(str_of(s->p, n), &v))
		return false;
	*out = (int)v;
	*s = str_of(s->p + n, s->n - n);
	return true;
}

static bool one_of(struct str *s, const char *set)
{
	if (s->n == 0 || s->p[0] == '\0' || !strchr(set, s->p[0]))
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool fraction(struct str *s, int *us)
{
	int scale = 100000;
	*us = 0;
	if (!one_of(s, "."))
		return true;
	size_t n = 0;
	for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; s->p++, s->n--, n++, scale /= 10)
		*us += (s->p[0] - '0') * scale;
	return n > 0;
}

static bool offset(struct str *s, int *minutes)
{
	int h, m;
	*minutes = 0;
	if (one_of(s, "Zz"))
		return true;
	if (s->n == 0)
		return false;
	int sign = s->p[0] == '-' ? -1 : 1;
	if (!one_of(s, "+-") || !digits(s, 2, &h) || !one_of(s, ":") || !digits(s, 2, &m) ||
	    h > 23 || m > 59)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

static bool date_valid(int y, int m, int d)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (m < 1 || m > 12 || d < 1)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return d <= lengths[m - 1] + (m == 2 && leap);
}

bool time_parse(struct str text, int64_t *out_us)
{
	int y, mo, d, h, mi, s, us, minutes;
	if (!digits(&text, 4, &y) || !one_of(&text, "-") || !digits(&text, 2, &mo) ||
	    !one_of(&text, "-") || !digits(&text, 2, &d) || !one_of(&text, "Tt") ||
	    !digits(&text, 2, &h) || !one_of(&text, ":") || !digits(&text, 2, &mi) ||
	    !one_of(&text, ":") || !digits(&text, 2, &s) || !fraction(&text, &us) ||
	    !offset(&text, &minutes) || text.n)
		return false;
	if (!date_valid(y, mo, d) || h > 23 || mi > 59 || s > 59)
		return false;
	int64_t seconds =
		days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - (int64_t)minutes * 60;
	*out_us = seconds * 1000000 + us;
	return true;
}
