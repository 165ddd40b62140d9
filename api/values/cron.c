/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/cron.h"

#include <time.h>

#include "base/mem.h"

#define YEARS 5
#define DAY_S 86400

struct field {
	const char *const *names; /* of the values from `least` on, three letters */
	int least, most;
};
static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun",
					   "jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
static const struct field fields[] = {
	{ NULL, 0, 59 },        { NULL, 0, 23 },     { NULL, 1, 31 },
	{ month_names, 1, 12 }, { day_names, 0, 6 },
};
static const struct {
	const char *name, *text;
} words[] = {
	{ "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" }, { "@monthly", "0 0 1 * *" },
	{ "@weekly", "0 0 * * 0" }, { "@daily", "0 0 * * *" },    { "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" },
};

static bool read_value(const struct field *f, struct str text, int *out)
{
	int64_t n;

	for (int i = 0; f->names && i <= f->most - f->least; i++)
		if (str_ieq(text, str_from(f->names[i]))) {
			*out = i + f->least;
			return true;
		}
	if (!text.n || text.p[0] == '-' || text.p[0] == '+' || !str_to_i64(text, &n) ||
	    n < f->least || n > f->most)
		return false;
	*out = (int)n;
	return true;
}

/* "*", "*\/5", "1-5", "1-10/2", "7", "7/2" */
static bool read_part(const struct field *f, struct str part, uint64_t *bits, bool *star)
{
	size_t slash = str_find(part, '/');
	struct str range = str_of(part.p, slash);
	size_t dash = str_find(range, '-');
	int from = f->least, to = f->most;
	int64_t step = 1;

	if (slash < part.n && (!str_to_i64(str_of(part.p + slash + 1, part.n - slash - 1), &step) ||
			       step < 1 || step > 1000))
		return false;
	if (str_eqz(range, "*") || str_eqz(range, "?")) {
		*star |= step == 1;
	} else if (!read_value(f, str_of(range.p, dash), &from)) {
		return false;
	} else if (dash < range.n) {
		if (!read_value(f, str_of(range.p + dash + 1, range.n - dash - 1), &to) ||
		    to < from)
			return false;
	} else if (slash == part.n) {
		to = from;
	}
	for (int v = from; v <= to; v += (int)step)
		*bits |= 1ull << v;
	return true;
}

static bool read_field(const struct field *f, struct str text, uint64_t *bits, bool *star)
{
	struct str part;

	*bits = 0;
	*star = false;
	while (str_next(&text, ',', &part))
		if (!read_part(f, part, bits, star))
			return false;
	return *bits != 0;
}

static bool next_word(struct str *rest, struct str *out)
{
	*rest = str_trim(*rest);
	if (!rest->n)
		return false;
	size_t n = 0;
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	*out = str_of(rest->p, n);
	*rest = str_of(rest->p + n, rest->n - n);
	return true;
}

/* Go's duration in whole seconds: "1h30m", "90s". */
static bool read_duration(struct str text, int64_t *out_s)
{
	int64_t total = 0;

	while (text.n) {
		size_t n = 0;
		int64_t v, unit;

		while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
			n++;
		if (n == 0 || n == text.n || n > 9 || !str_to_i64(str_of(text.p, n), &v))
			return false;
		unit = text.p[n] == 'h' ? 3600 : text.p[n] == 'm' ? 60 : text.p[n] == 's' ? 1 : 0;
		if (!unit)
			return false;
		total += v * unit;
		text = str_of(text.p + n + 1, text.n - n - 1);
	}
	*out_s = total < 1 ? 1 : total;
	return true;
}

static int read_fields(struct str text, struct cron *c, struct err *err)
{
	struct str all = text, word;
	uint64_t bits[5];
	bool star[5];
	size_t n = 0;

	for (; next_word(&text, &word); n++) {
		if (n == 5)
			return err_set(err, ERR_INVALID,
				       "expected exactly 5 fields, found more: %.*s", STR_ARG(all));
		if (!read_field(&fields[n], word, &bits[n], &star[n]))
			return err_set(err, ERR_INVALID, "failed to parse field \"%.*s\" of %.*s",
				       STR_ARG(word), STR_ARG(all));
	}
	if (n != 5)
		return err_set(err, ERR_INVALID, "expected exactly 5 fields, found %zu: %.*s", n,
			       STR_ARG(all));
	c->minutes = bits[0];
	c->hours = (uint32_t)bits[1];
	c->days = (uint32_t)bits[2];
	c->months = (uint32_t)bits[3];
	c->weekdays = (uint32_t)bits[4];
	c->any_day = star[2];
	c->any_weekday = star[4];
	return 0;
}

int cron_parse(struct str text, struct cron *out, struct err *err)
{
	struct cron c = { 0 };
	int r;

	text = str_trim(text);
	if (str_starts(text, STR("@every "))) {
		if (!read_duration(str_trim(str_of(text.p + 7, text.n - 7)), &c.every_s))
			return err_set(err, ERR_INVALID, "failed to parse duration %.*s",
				       STR_ARG(text));
		*out = c;
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_eqz(text, words[i].name))
			text = str_from(words[i].text);
	r = read_fields(text, &c, err);
	if (r == 0)
		*out = c;
	return r;
}

static bool day_matches(const struct cron *c, const struct tm *t)
{
	bool day = c->days >> t->tm_mday & 1, weekday = c->weekdays >> t->tm_wday & 1;

	if (!(c->months >> (t->tm_mon + 1) & 1))
		return false;
	return c->any_day || c->any_weekday ? day && weekday : day || weekday;
}

struct local { /* a moment on the zone's clock */
	struct tm tm;
	int64_t day_s; /* since midnight */
};

static struct local local_time(const struct time_zone *zone, int64_t utc_s)
{
	struct local l;
	time_t t = (time_t)(utc_s + time_zone_offset(zone, utc_s));

	gmtime_r(&t, &l.tm);
	l.day_s = l.tm.tm_hour * 3600 + l.tm.tm_min * 60 + l.tm.tm_sec;
	return l;
}

/* The next midnight, or what comes for it on a day that begins later. */
static int64_t next_day(const struct time_zone *zone, int64_t t, const struct local *l)
{
	int64_t to = t + DAY_S - l->day_s;
	struct local there = local_time(zone, to);

	if (there.tm.tm_hour >= 12) /* the day had 25 hours */
		return to + DAY_S - there.day_s;
	return to - there.day_s; /* it had 23 */
}

int64_t cron_next(const struct cron *c, const struct time_zone *zone, int64_t after_s)
{
	int64_t t = (after_s / 60 + 1) * 60, last = after_s + YEARS * 366LL * DAY_S;

	if (c->every_s)
		return after_s + c->every_s;
	while (t < last) {
		struct local l = local_time(zone, t);

		if (!day_matches(c, &l.tm)) {
			int64_t to = next_day(zone, t, &l);

			t = to > t ? to : t + 3600;
		} else if (!(c->hours >> l.tm.tm_hour & 1)) {
			t += 3600 - l.day_s % 3600;
		} else if (!(c->minutes >> l.tm.tm_min & 1)) {
			t += 60;
		} else {
			return t;
		}
	}
	return 0;
}
