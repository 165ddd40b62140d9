/* SPDX-License-Identifier: Apache-2.0 */
/* A TZif file is a header and data twice: with 32-bit times, passed over, and with 64-bit times; then a line with the rule for
 * all later times as POSIX writes it ("CET-1CEST,M3.5.0,M10.5.0/3"). */
#include "api/values/time_zone.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define FILE_MAX   (1u << 20)
#define HEADER     44
#define DAY_S      86400
#define CHANGE_MAX 4096

struct change { /* of the offset, from then on */
	int64_t at_s;
	int32_t offset;
};
struct rule { /* Mm.w.d/time, Jn or n */
	char kind;
	int month, week, day;
	int32_t time_s;
};
struct time_zone {
	int32_t first; /* before all changes */
	struct change *changes;
	size_t n;
	bool has_footer, has_summer;
	int32_t standard, summer;
	struct rule begin, end; /* of summer time */
};

/* --- the rule --- */

static bool read_number(struct str *s, int *out)
{
	int v = 0;
	size_t n = 0;

	while (n < s->n && n < 5 && s->p[n] >= '0' && s->p[n] <= '9')
		v = v * 10 + (s->p[n++] - '0');
	if (!n)
		return false;
	*s = str_of(s->p + n, s->n - n);
	*out = v;
	return true;
}

static bool read_char(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = str_of(s->p + 1, s->n - 1);
	return true;
}

/* "CET", "<+0330>" */
static bool skip_name(struct str *s)
{
	size_t n = 0;

	if (read_char(s, '<')) {
		n = str_find(*s, '>');
		if (n == s->n)
			return false;
		*s = str_of(s->p + n + 1, s->n - n - 1);
		return true;
	}
	while (n < s->n &&
	       ((s->p[n] >= 'A' && s->p[n] <= 'Z') || (s->p[n] >= 'a' && s->p[n] <= 'z')))
		n++;
	*s = str_of(s->p + n, s->n - n);
	return n >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(struct str *s, int32_t *out)
{
	bool minus = read_char(s, '-');
	int h = 0, m = 0, sec = 0;

	if (!minus)
		read_char(s, '+');
	if (!read_number(s, &h) || (read_char(s, ':') && !read_number(s, &m)) ||
	    (read_char(s, ':') && !read_number(s, &sec)))
		return false;
	*out = (h * 3600 + m * 60 + sec) * (minus ? -1 : 1);
	return true;
}

static bool read_rule(struct str *s, struct rule *r)
{
	*r = (struct rule){ .kind = 'n', .time_s = 7200 };
	if (!read_char(s, ','))
		return false;
	if (read_char(s, 'M')) {
		r->kind = 'M';
		if (!read_number(s, &r->month) || !read_char(s, '.') || !read_number(s, &r->week) ||
		    !read_char(s, '.') || !read_number(s, &r->day))
			return false;
	} else {
		if (read_char(s, 'J'))
			r->kind = 'J';
		if (!read_number(s, &r->day))
			return false;
	}
	return !read_char(s, '/') || read_time(s, &r->time_s);
}

static bool read_footer(struct time_zone *z, struct str s)
{
	int32_t west;

	if (!s.n || !skip_name(&s) || !read_time(&s, &west))
		return false;
	z->standard = -west;
	z->summer = z->standard + 3600;
	if (!s.n)
		return true;
	if (!skip_name(&s))
		return false;
	if (s.n && s.p[0] != ',') {
		if (!read_time(&s, &west))
			return false;
		z->summer = -west;
	}
	z->has_summer = read_rule(&s, &z->begin) && read_rule(&s, &z->end);
	return z->has_summer;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first of that month. */
static int64_t month_start(int year, int month)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1 };

	return timegm(&tm) / DAY_S;
}

/* Seconds since 1970 on the local clock at which the rule strikes in that year. */
static int64_t rule_time(const struct rule *r, int year)
{
	int64_t day, next;

	if (r->kind != 'M') {
		day = month_start(year, 1) + r->day;
		if (r->kind == 'J')
			day -= !(is_leap(year) && r->day >= 60);
		return day * DAY_S + r->time_s;
	}
	day = month_start(year, r->month);
	next = r->month == 12 ? month_start(year + 1, 1) : month_start(year, r->month + 1);
	day += (r->day - (day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	day += 7 * (r->week - 1);
	while (day >= next)
		day -= 7;
	return day * DAY_S + r->time_s;
}

static int32_t footer_offset(const struct time_zone *z, int64_t utc_s)
{
	time_t t = (time_t)(utc_s + z->standard);
	struct tm tm;
	int64_t begin, end;

	if (!z->has_summer || !gmtime_r(&t, &tm))
		return z->standard;
	begin = rule_time(&z->begin, tm.tm_year + 1900) - z->standard;
	end = rule_time(&z->end, tm.tm_year + 1900) - z->summer;
	if (begin < end)
		return utc_s >= begin && utc_s < end ? z->summer : z->standard;
	return utc_s >= end && utc_s < begin ? z->standard : z->summer;
}

/* --- the file --- */

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

struct counts { /* of a header */
	size_t utc, standard, leaps, times, types, letters;
};

static bool read_header(struct str s, struct counts *c)
{
	size_t *const to[] = {
		&c->utc, &c->standard, &c->leaps, &c->times, &c->types, &c->letters
	};

	if (s.n < HEADER || memcmp(s.p, "TZif", 4) || s.p[4] < '2')
		return false;
	for (size_t i = 0; i < COUNT_OF(to); i++) {
		*to[i] = be32(s.p + 20 + 4 * i);
		if (*to[i] > CHANGE_MAX)
			return false;
	}
	return c->types > 0;
}

static size_t data_size(const struct counts *c, size_t time_bytes)
{
	return c->times * (time_bytes + 1) + c->types * 6 + c->letters +
	       c->leaps * (time_bytes + 4) + c->standard + c->utc;
}

static bool read_changes(struct time_zone *z, const struct counts *c, const char *data)
{
	const char *index = data + c->times * 8, *types = index + c->times;

	z->changes = mem_zalloc((c->times + 1) * sizeof(*z->changes));
	z->n = c->times;
	z->first = (int32_t)be32(types);
	for (size_t i = 0; i < c->times; i++) {
		size_t type = (unsigned char)index[i];

		if (type >= c->types)
			return false;
		z->changes[i].at_s =
			(int64_t)((uint64_t)be32(data + 8 * i) << 32 | be32(data + 8 * i + 4));
		z->changes[i].offset = (int32_t)be32(types + 6 * type);
	}
	return true;
}

static bool read_file(struct time_zone *z, struct str s)
{
	struct counts c;
	size_t skip;

	if (!read_header(s, &c))
		return false;
	skip = HEADER + data_size(&c, 4);
	if (skip > s.n)
		return false;
	s = str_of(s.p + skip, s.n - skip);
	if (!read_header(s, &c) || HEADER + data_size(&c, 8) > s.n ||
	    !read_changes(z, &c, s.p + HEADER))
		return false;
	skip = HEADER + data_size(&c, 8);
	z->has_footer = read_footer(z, str_trim(str_of(s.p + skip, s.n - skip)));
	return true;
}

int time_zone_parse(struct str file, struct time_zone **out)
{
	struct time_zone *z = NEW(struct time_zone);

	if (read_file(z, file)) {
		*out = z;
		return 0;
	}
	time_zone_free(z);
	return -ERR_INVALID;
}

void time_zone_free(struct time_zone *z)
{
	if (z)
		free(z->changes);
	free(z);
}

static bool is_name(struct str name)
{
	return name.n < 256 && name.p[0] != '/' && name.p[0] != '\\' &&
	       !str_contains(name, STR(".."));
}

static const char *place(size_t i) /* NULL: none */
{
	static const char *const usual[] = { "/usr/share/zoneinfo", "/usr/lib/zoneinfo",
					     "/usr/share/lib/zoneinfo", "/etc/zoneinfo" };
	return i ? usual[i - 1] : getenv("ZONEINFO");
}
#define PLACES 5

bool time_zone_exists(struct str name)
{
	struct time_zone *zone = NULL;
	bool any = false;

	if (time_zone_load(name, &zone, NULL) == 0) {
		time_zone_free(zone);
		return true;
	}
	for (size_t i = 0; i < PLACES; i++)
		any = any || (place(i) && access(place(i), F_OK) == 0);
	return !any;
}

int time_zone_load(struct str name, struct time_zone **out, struct err *err)
{
	*out = NULL;
	if (!name.n || str_eqz(name, "UTC"))
		return 0;
	for (size_t i = 0; is_name(name) && i < PLACES; i++) {
		auto_free char *path =
			place(i) ? str_printf("%s/%.*s", place(i), STR_ARG(name)) : NULL;
		auto_buf text = { 0 };

		if (path && file_read(path, FILE_MAX, &text, NULL) == 0 &&
		    time_zone_parse(buf_view(&text), out) == 0)
			return 0;
	}
	return err_set(err, ERR_INVALID, "unknown time zone %.*s", STR_ARG(name));
}

int32_t time_zone_offset(const struct time_zone *z, int64_t utc_s)
{
	size_t low = 0, high;

	if (!z)
		return 0;
	high = z->n;
	while (low < high) { /* the first change that is later */
		size_t mid = (low + high) / 2;

		if (z->changes[mid].at_s <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->n && z->has_footer)
		return footer_offset(z, utc_s);
	return low ? z->changes[low - 1].offset : z->first;
}
