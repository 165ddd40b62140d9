/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing is one pass over the text: sign, digits, fraction, suffix. The number is gathered in 128 bits; digits that can't
 * matter (below a nano) only make the value round away from zero. Follows apimachinery's pkg/api/resource. */
#include "api/values/quantity.h"

#include <stdio.h>

#define NANO               ((__int128)1000000000)
#define NANO_DIGITS        9
#define DECIMAL_DIGITS_MAX 38 /* 10^38 fits into 128 bits */
#define VALUE_MAX          (NANO * 1000000000000000000 * 100000000000) /* 10^29 units */
#define BINARY_MAX         (NANO * INT64_MAX)

static const struct suffix {
	const char *text;
	int base, exponent;
} suffixes[] = {
	{ "", 10, 0 },   { "n", 10, -9 }, { "u", 10, -6 }, { "m", 10, -3 },
	{ "k", 10, 3 },  { "M", 10, 6 },  { "G", 10, 9 },  { "T", 10, 12 },
	{ "P", 10, 15 }, { "E", 10, 18 }, { "Ki", 2, 10 }, { "Mi", 2, 20 },
	{ "Gi", 2, 30 }, { "Ti", 2, 40 }, { "Pi", 2, 50 }, { "Ei", 2, 60 },
};

struct parts { /* of a quantity's text */
	bool negative;
	struct str whole, fraction, suffix; /* whole without leading zeros */
	int base, exponent;
	enum quantity_format format;
};

static size_t digits(struct str s, size_t at)
{
	size_t i = at;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i - at;
}

/* The suffix: letters, then an optional sign and digits. */
static bool split_suffix(struct str s)
{
	size_t i = 0;
	while (i < s.n && strchr("eEinumkKMGTP", s.p[i]) && s.p[i])
		i++;
	if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
		i++;
	return i + digits(s, i) == s.n;
}

static bool split(struct str text, struct parts *out)
{
	size_t i = 0;
	out->negative = text.n && text.p[0] == '-';
	if (text.n && (text.p[0] == '-' || text.p[0] == '+'))
		i++;
	while (i < text.n && text.p[i] == '0')
		i++;
	size_t n = digits(text, i);
	out->whole = str_of(text.p + i, n);
	i += n;
	out->fraction = (struct str){ 0 };
	if (i < text.n && text.p[i] == '.') {
		n = digits(text, ++i);
		out->fraction = str_of(text.p + i, n);
		i += n;
	}
	out->suffix = str_of(text.p + i, text.n - i);
	return split_suffix(out->suffix);
}

static bool interpret_suffix(struct parts *p)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (str_eqz(p->suffix, suffixes[i].text)) {
			p->base = suffixes[i].base;
			p->exponent = suffixes[i].exponent;
			p->format = p->base == 2 ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI;
			return true;
		}
	int64_t e;
	if (p->suffix.n < 2 || (p->suffix.p[0] != 'e' && p->suffix.p[0] != 'E') ||
	    !str_to_i64(str_of(p->suffix.p + 1, p->suffix.n - 1), &e))
		return false;
	p->base = 10;
	p->exponent = (int)(e > 1000 ? 1000 : e < -1000 ? -1000 : e);
	p->format = QUANTITY_DECIMAL_EXPONENT;
	return true;
}

/* value * 10 + digit, capped so that a later multiplication is noticed instead of overflowing */
static __int128 push_digit(__int128 v, int digit)
{
	return v > VALUE_MAX / 10 ? VALUE_MAX + 1 : v * 10 + digit;
}

/* `rest`: something below v's last digit was cut off already. What is cut makes the result one greater. */
static __int128 scale10(__int128 v, int by, bool rest)
{
	for (; by > 0 && v != 0; by--)
		v = push_digit(v, 0);
	for (; by < 0 && v != 0; by++) {
		rest = rest || v % 10 != 0;
		v /= 10;
	}
	return v + (rest ? 1 : 0);
}

/* Sums whole and fraction into nanos of the suffix's unit. For a binary suffix the fraction is multiplied before it is cut. */
static __int128 value_of(const struct parts *p)
{
	int kept = NANO_DIGITS + (p->base == 10 ? p->exponent : 0);
	__int128 v = 0;
	bool rest = false;
	for (size_t i = 0; i < p->whole.n; i++)
		v = push_digit(v, p->whole.p[i] - '0');
	if (p->base == 2)
		kept = 18; /* 2^60 x 10^18 stays below 2^127 for a fraction */
	__int128 below = 0;
	int taken = 0;
	for (size_t i = 0; i < p->fraction.n; i++) {
		int d = p->fraction.p[i] - '0';
		if (taken < kept && taken < DECIMAL_DIGITS_MAX - 8) {
			if (p->base == 2)
				below = below * 10 + d;
			else
				v = push_digit(v, d);
			taken++;
		} else {
			rest = rest || d != 0;
		}
	}
	if (p->base == 10)
		return scale10(v, kept - taken, rest);
	__int128 unit = (__int128)1 << p->exponent;
	if (v > INT64_MAX)
		return BINARY_MAX;
	__int128 sum = v > INT64_MAX / unit ? BINARY_MAX : v * unit * NANO;
	return sum + scale10(below * unit, NANO_DIGITS - taken, rest);
}

static int parse_parts(struct str text, struct parts *p, struct err *err)
{
	*p = (struct parts){ 0 };
	if (text.n == 0 || !split(text, p))
		return err_set(err, ERR_BAD_REQUEST,
			       "quantities must match the regular expression "
			       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	if (!interpret_suffix(p))
		return err_set(err, ERR_BAD_REQUEST, "unable to parse quantity's suffix");
	return 0;
}

int quantity_parse(struct str text, struct quantity *out, struct err *err)
{
	struct parts p;
	int r = parse_parts(text, &p, err);
	if (r < 0)
		return r;
	__int128 v = value_of(&p);
	__int128 max = p.base == 2 ? BINARY_MAX : VALUE_MAX;
	if (v > max)
		v = max;
	if (p.base == 2 && v < NANO && v > 0)
		p.format = QUANTITY_DECIMAL_SI; /* a fraction of a byte has no binary form */
	*out = (struct quantity){ .nano = p.negative ? -v : v, .format = p.format };
	return 0;
}

static size_t write_int128(__int128 v, char *out)
{
	char reversed[QUANTITY_TEXT_MAX];
	size_t n = 0, w = 0;
	if (v < 0) {
		out[w++] = '-';
		v = -v;
	}
	do {
		reversed[n++] = (char)('0' + (int)(v % 10));
		v /= 10;
	} while (v);
	while (n)
		out[w++] = reversed[--n];
	return w;
}

static const char *suffix_text(int base, int exponent)
{
	for (size_t i = 1; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (suffixes[i].base == base && suffixes[i].exponent == exponent)
			return suffixes[i].text;
	return "";
}

static bool writes_binary(struct quantity q)
{
	return q.format == QUANTITY_BINARY_SI &&
	       (q.nano <= -1024 * NANO || q.nano >= 1024 * NANO) && q.nano % NANO == 0;
}

static size_t write_binary(__int128 v, char *out)
{
	int exponent = 0;
	while (v % 1024 == 0 && exponent < 60) {
		v /= 1024;
		exponent += 10;
	}
	size_t n = write_int128(v, out);
	return n + (size_t)sprintf(out + n, "%s", suffix_text(2, exponent));
}

static size_t write_decimal(struct quantity q, char *out)
{
	bool plain = q.format == QUANTITY_DECIMAL_EXPONENT;
	int exponent = -NANO_DIGITS;
	while (q.nano % 1000 == 0 && (plain || exponent < 18)) {
		q.nano /= 1000;
		exponent += 3;
	}
	size_t n = write_int128(q.nano, out);
	if (plain && exponent)
		return n + (size_t)sprintf(out + n, "e%d", exponent);
	return n + (size_t)sprintf(out + n, "%s", suffix_text(10, exponent));
}

size_t quantity_text(struct quantity q, char out[QUANTITY_TEXT_MAX])
{
	if (q.nano == 0) {
		strcpy(out, "0");
		return 1;
	}
	return writes_binary(q) ? write_binary(q.nano / NANO, out) : write_decimal(q, out);
}

void quantity_format(struct quantity q, struct buf *out)
{
	char text[QUANTITY_TEXT_MAX];
	buf_add(out, text, quantity_text(q, text));
}

static bool ends_in_thousand(const struct parts *p)
{
	struct str last = p->fraction.n >= 3 ? p->fraction : p->whole;
	if (p->fraction.n > 0 && p->fraction.n < 3)
		return false; /* upstream looks at whole and fraction joined; both zeros there means not canonical anyway */
	return str_ends(last, STR("000"));
}

/* Upstream keeps the text of a number that it takes the fast way and finds canonical. */
static bool kept_as_written(const struct parts *p)
{
	int fraction = (int)p->fraction.n, whole = (int)p->whole.n;
	if (whole == 0 || whole + fraction > 18)
		return false;
	if (p->base == 2) {
		int last = p->whole.p[whole - 1] - '0';
		int two = whole > 1 ? (p->whole.p[whole - 2] - '0') * 10 : 0;
		int three = whole > 2 ? (p->whole.p[whole - 3] - '0') * 100 : 0;
		return fraction == 0 && 15 - whole - p->exponent * 3 / 10 - 1 >= 0 &&
		       (three + two + last) % 8 != 0;
	}
	int scale = p->exponent - fraction;
	return scale >= -NANO_DIGITS && scale % 3 == 0 && !ends_in_thousand(p);
}

int quantity_normalize(struct str text, struct buf *out, struct err *err)
{
	struct parts p;
	struct quantity q;
	int r = parse_parts(text, &p, err);
	if (r < 0)
		return r;
	if (kept_as_written(&p)) {
		buf_str(out, text);
		return 0;
	}
	r = quantity_parse(text, &q, err);
	if (r == 0)
		quantity_format(q, out);
	return r;
}

int quantity_cmp(struct quantity a, struct quantity b)
{
	return (a.nano > b.nano) - (a.nano < b.nano);
}

static __int128 capped_sum(__int128 a, __int128 b)
{
	if (a > 0 && b > VALUE_MAX - a)
		return VALUE_MAX;
	return a < 0 && b < -VALUE_MAX - a ? -VALUE_MAX : a + b;
}

struct quantity quantity_add(struct quantity a, struct quantity b)
{
	return (struct quantity){ capped_sum(a.nano, b.nano), a.nano ? a.format : b.format };
}

struct quantity quantity_sub(struct quantity a, struct quantity b)
{
	return (struct quantity){ capped_sum(a.nano, -b.nano), a.nano ? a.format : b.format };
}

struct quantity quantity_from_i64(int64_t v, enum quantity_format f)
{
	return (struct quantity){ v * NANO, f };
}

struct quantity quantity_from_milli(int64_t milli, enum quantity_format f)
{
	return (struct quantity){ milli * (NANO / 1000), f };
}

static int64_t rounded_up(__int128 nano, __int128 unit)
{
	__int128 v = nano / unit;
	if (nano % unit)
		v += nano > 0 ? 1 : -1;
	return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

int64_t quantity_i64(struct quantity q)
{
	return rounded_up(q.nano, NANO);
}

int64_t quantity_milli(struct quantity q)
{
	return rounded_up(q.nano, NANO / 1000);
}

double quantity_double(struct quantity q)
{
	return (double)q.nano / 1e9;
}

bool quantity_is_zero(struct quantity q)
{
	return q.nano == 0;
}
