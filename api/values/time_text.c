/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/time_text.h"

#include "base/clock.h"

enum step_kind { DIGITS, LITERAL, SECONDS, MICROS, ZONE };

/* Go's layout, piece by piece; a number has its bounds, and a name when it is out of them. */
static const struct step {
	enum step_kind kind;
	const char *layout;
	const char *name;
	int width, lo, hi; /* width: most digits; a leading hour may have one */
} steps[] = {
	{ DIGITS, "2006", NULL, 4, 0, 9999 },  { LITERAL, "-", NULL, 0, 0, 0 },
	{ DIGITS, "01", "month", 2, 1, 12 },   { LITERAL, "-", NULL, 0, 0, 0 },
	{ DIGITS, "02", NULL, 2, 0, 99 },      { LITERAL, "T", NULL, 0, 0, 0 },
	{ DIGITS, "15", "hour", 2, 0, 23 },    { LITERAL, ":", NULL, 0, 0, 0 },
	{ DIGITS, "04", "minute", 2, 0, 59 },  { LITERAL, ":", NULL, 0, 0, 0 },
	{ SECONDS, "05", "second", 2, 0, 59 }, { MICROS, ".000000", NULL, 6, 0, 0 },
	{ ZONE, "Z07:00", NULL, 0, 0, 0 },
};

static bool digit(struct str s, size_t at)
{
	return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

static struct str skip(struct str s, size_t n)
{
	return str_of(s.p + n, s.n - n);
}

static size_t digits(struct str s)
{
	size_t n = 0;
	while (digit(s, n))
		n++;
	return n;
}

/* Reads a number; false: it isn't one. An hour may be one digit. */
static bool take_number(const struct step *step, struct str *rest, int *value)
{
	size_t n = (size_t)step->width;
	*value = 0;
	if (!strcmp(step->layout, "15") && digit(*rest, 0) && !digit(*rest, 1))
		n = 1;
	for (size_t i = 0; i < n; i++) {
		if (!digit(*rest, i))
			return false;
		*value = *value * 10 + rest->p[i] - '0';
	}
	*rest = skip(*rest, n);
	return true;
}

static bool take_zone(struct str *rest)
{
	if (rest->n && rest->p[0] == 'Z') {
		*rest = skip(*rest, 1);
		return true;
	}
	if (rest->n < 6 || (rest->p[0] != '+' && rest->p[0] != '-') || rest->p[3] != ':' ||
	    !digit(*rest, 1) || !digit(*rest, 2) || !digit(*rest, 4) || !digit(*rest, 5))
		return false;
	*rest = skip(*rest, 6);
	return true;
}

static bool take(const struct step *step, bool micro, struct str *rest, const char **out_of_range)
{
	int value;
	switch (step->kind) {
	case LITERAL:
		if (rest->n == 0 || rest->p[0] != step->layout[0])
			return false;
		*rest = skip(*rest, 1);
		return true;
	case MICROS:
		if (!micro)
			return true;
		if (rest->n < 7 || rest->p[0] != '.' || digits(skip(*rest, 1)) < 6)
			return false;
		*rest = skip(*rest, 7);
		return true;
	case ZONE: return take_zone(rest);
	default:
		if (!take_number(step, rest, &value))
			return false;
		if (value < step->lo || value > step->hi)
			*out_of_range = step->name;
		if (step->kind == SECONDS && !micro && rest->n > 1 &&
		    (rest->p[0] == '.' || rest->p[0] == ',') && digit(*rest, 1))
			*rest = skip(*rest, 1 + digits(skip(*rest, 1)));
		return true;
	}
}

bool time_text_check(struct str text, bool micro, struct buf *why)
{
	struct str rest = text;
	const char *layout =
		micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
	const char *out_of_range = NULL;
	int64_t us;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct str before = rest;
		if (!take(&steps[i], micro, &rest, &out_of_range)) {
			buf_puts(why, "parsing time ");
			buf_json_string(why, text);
			buf_printf(why, " as \"%s\": cannot parse ", layout);
			buf_json_string(why, before);
			buf_printf(why, " as \"%s\"", steps[i].layout);
			return false;
		}
		if (out_of_range)
			break;
	}
	if (!out_of_range && rest.n == 0 && time_parse(text, &us))
		return true;
	buf_puts(why, "parsing time ");
	buf_json_string(why, text);
	if (!out_of_range && rest.n) {
		buf_puts(why, ": extra text: ");
		buf_json_string(why, rest);
	} else {
		buf_printf(why, ": %s out of range", out_of_range ? out_of_range : "day");
	}
	return false;
}
