/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/duration.h"

#include <stdio.h>

#define US     1000LL
#define MS     (1000 * US)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static const struct {
	struct str text;
	int64_t ns;
} units[] = {
	{ STR_INIT("ns"), 1 },         { STR_INIT("us"), US },  { STR_INIT("\xc2\xb5s"), US },
	{ STR_INIT("\xce\xbcs"), US }, { STR_INIT("ms"), MS },  { STR_INIT("s"), SECOND },
	{ STR_INIT("m"), MINUTE },     { STR_INIT("h"), HOUR },
};

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_unit(struct str *s, int64_t *ns)
{
	size_t n = 0;
	while (n < s->n && s->p[n] != '.' && !digit(s->p[n]))
		n++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_eq(str_of(s->p, n), units[i].text)) {
			*ns = units[i].ns;
			*s = str_of(s->p + n, s->n - n);
			return true;
		}
	return false;
}

/* One "1.5h". */
static bool take_term(struct str *s, int64_t *sum)
{
	int64_t whole = 0, unit;
	double fraction = 0, scale = 1;
	size_t i = 0, seen = 0;
	for (; i < s->n && digit(s->p[i]); i++, seen++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, s->p[i] - '0', &whole))
			return false;
	if (i < s->n && s->p[i] == '.')
		for (i++; i < s->n && digit(s->p[i]); i++, seen++)
			if (scale < 1e18) { /* what is below that is less than a nanosecond */
				scale *= 10;
				fraction = fraction * 10 + (s->p[i] - '0');
			}
	*s = str_of(s->p + i, s->n - i);
	if (!seen || !take_unit(s, &unit) || __builtin_mul_overflow(whole, unit, &whole))
		return false;
	int64_t part = (int64_t)(fraction * ((double)unit / scale));
	return !__builtin_add_overflow(whole, part, &whole) &&
	       !__builtin_add_overflow(*sum, whole, sum);
}

bool duration_parse(struct str text, int64_t *out_ns)
{
	bool negative = text.n && text.p[0] == '-';
	if (text.n && (text.p[0] == '-' || text.p[0] == '+'))
		text = str_of(text.p + 1, text.n - 1);
	if (text.n == 0)
		return false;
	if (str_eq(text, STR("0"))) {
		*out_ns = 0;
		return true;
	}
	int64_t sum = 0;
	while (text.n)
		if (!take_term(&text, &sum))
			return false;
	*out_ns = negative ? -sum : sum;
	return true;
}

/* `v` units of `unit` as a decimal without trailing zeros. */
static size_t write_fraction(char *out, uint64_t v, uint64_t unit)
{
	size_t n = (size_t)sprintf(out, "%llu", (unsigned long long)(v / unit));
	uint64_t rest = v % unit;
	if (!rest)
		return n;
	out[n++] = '.';
	for (unit /= 10; rest; unit /= 10) {
		out[n++] = (char)('0' + rest / unit);
		rest %= unit;
	}
	out[n] = 0;
	return n;
}

size_t duration_text(int64_t ns, char out[DURATION_TEXT_MAX])
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	size_t n = 0;
	if (ns < 0)
		out[n++] = '-';
	if (v == 0)
		return (size_t)sprintf(out, "0s");
	if (v < SECOND) {
		const char *unit = v < US ? "ns" : v < MS ? "\xc2\xb5s" : "ms";
		n += write_fraction(out + n, v, v < US ? 1 : v < MS ? (uint64_t)US : (uint64_t)MS);
		return n + (size_t)sprintf(out + n, "%s", unit);
	}
	if (v >= HOUR)
		n += (size_t)sprintf(out + n, "%lluh", (unsigned long long)(v / HOUR));
	if (v >= MINUTE)
		n += (size_t)sprintf(out + n, "%llum", (unsigned long long)(v % HOUR / MINUTE));
	n += write_fraction(out + n, v % MINUTE, SECOND);
	out[n++] = 's';
	out[n] = 0;
	return n;
}

/* Two units at most: `big` ones and, when there are some, `small` ones. */
static size_t two_units(char *out, int64_t big, char big_unit, int64_t small, char small_unit)
{
	if (small == 0)
		return (size_t)sprintf(out, "%lld%c", (long long)big, big_unit);
	return (size_t)sprintf(out, "%lld%c%lld%c", (long long)big, big_unit, (long long)small,
			       small_unit);
}

size_t duration_human(int64_t s, char out[DURATION_TEXT_MAX])
{
	int64_t minutes = s / 60, hours = s / 3600;
	if (s < -1)
		return (size_t)sprintf(out, "<invalid>");
	if (s < 0)
		return (size_t)sprintf(out, "0s");
	if (s < 60 * 2)
		return (size_t)sprintf(out, "%llds", (long long)s);
	if (minutes < 10)
		return two_units(out, minutes, 'm', s % 60, 's');
	if (minutes < 60 * 3)
		return (size_t)sprintf(out, "%lldm", (long long)minutes);
	if (hours < 8)
		return two_units(out, hours, 'h', minutes % 60, 'm');
	if (hours < 48)
		return (size_t)sprintf(out, "%lldh", (long long)hours);
	if (hours < 24 * 8)
		return two_units(out, hours / 24, 'd', hours % 24, 'h');
	if (hours < 24 * 365 * 2)
		return (size_t)sprintf(out, "%lldd", (long long)(hours / 24));
	if (hours < 24 * 365 * 8)
		return two_units(out, hours / 24 / 365, 'y', hours / 24 % 365, 'd');
	return (size_t)sprintf(out, "%lldy", (long long)(hours / 24 / 365));
}
