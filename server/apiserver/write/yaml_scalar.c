/* SPDX-License-Identifier: Apache-2.0 */
/* Which style a string gets: literal when it has lines, plain when it reads as a string, else quoted; and which of these the
 * characters allow. The rules are those of YAML 1.1's reference emitter, so that answers are the same byte for byte. */
#include "server/apiserver/write/yaml_scalar.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define WIDTH 80

struct traits { /* what the characters allow */
	bool plain, single, block;
};

static bool is_printable(const unsigned char *p, size_t n)
{
	if (n == 1)
		return p[0] == '\n' || (p[0] >= 0x20 && p[0] <= 0x7e);
	if (n == 2)
		return p[0] > 0xc2 || (p[0] == 0xc2 && p[1] >= 0xa0);
	if (n == 3 && p[0] == 0xed)
		return p[1] < 0xa0;
	if (n == 3 && p[0] == 0xef)
		return !(p[1] == 0xbb && p[2] == 0xbf) && !(p[1] == 0xbf && p[2] >= 0xbe);
	return n == 3;
}

static size_t char_bytes(struct str s, size_t at)
{
	unsigned char c = (unsigned char)s.p[at];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return at + n > s.n ? s.n - at : n;
}

static bool blank_at(struct str s, size_t at)
{
	return at >= s.n || strchr(" \t\r\n", s.p[at]);
}

static bool indicates(struct str s, size_t at, bool before_blank)
{
	char c = s.p[at];
	if (at == 0)
		return strchr("#,[]{}&*!|>'\"%@`", c) || (strchr("?:-", c) && blank_at(s, 1));
	return (c == ':' && blank_at(s, at + 1)) || (c == '#' && before_blank);
}

static struct traits traits_of(struct str s)
{
	bool space = false, line = false, break_space = false, space_break = false, special = false,
	     breaks = false;
	bool indicators = str_starts(s, STR("---")) || str_starts(s, STR("..."));
	bool edge = strchr(" \n", s.p[0]) || strchr(" \n", s.p[s.n - 1]);
	size_t n;
	for (size_t i = 0; i < s.n; i += n) {
		n = char_bytes(s, i);
		indicators = indicators || indicates(s, i, i == 0 || blank_at(s, i - 1));
		special = special || !is_printable((const unsigned char *)s.p + i, n);
		bool is_space = s.p[i] == ' ', is_line = s.p[i] == '\n';
		break_space = break_space || (is_space && line);
		space_break = space_break || (is_line && space);
		breaks = breaks || is_line;
		space = is_space;
		line = is_line;
	}
	bool bad = space_break || special;
	return (struct traits){ .plain = !edge && !break_space && !bad && !breaks && !indicators,
				.single = !break_space && !bad,
				.block = s.p[s.n - 1] != ' ' && !bad };
}

/* --- what a plain scalar would be read as --- */

static bool word_of_another_type(struct str s)
{
	static const char *const words[] = {
		"",      "~",     "null",  "Null",  "NULL",  "true",  "True",  "TRUE",
		"false", "False", "FALSE", "y",     "Y",     "yes",   "Yes",   "YES",
		"n",     "N",     "no",    "No",    "NO",    "on",    "On",    "ON",
		"off",   "Off",   "OFF",   ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
		".INF",  "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
	};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_eqz(s, words[i]))
			return true;
	return false;
}

static size_t digits(const char **p, const char *end, const char *more)
{
	const char *start = *p;
	while (*p < end && (isdigit((unsigned char)**p) || (**p && strchr(more, **p))))
		(*p)++;
	return (size_t)(*p - start);
}

/* [-+]? (DIGITS [. DIGITS] | . DIGITS) [e [-+] DIGITS], with underscores as in YAML 1.1, 0x, 0o and 0b */
static bool is_number(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (end - p > 2 && p[0] == '0' && strchr("xXoObB", p[1])) {
		const char *set = strchr("xX", p[1]) ? "abcdefABCDEF_" : "_";
		p += 2;
		return digits(&p, end, set) > 0 && p == end;
	}
	size_t whole = digits(&p, end, "_"), part = 0;
	if (p < end && *p == '.') {
		p++;
		part = digits(&p, end, "");
	}
	if (whole + part == 0)
		return false;
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if (digits(&p, end, "") == 0)
			return false;
	}
	return p == end;
}

/* 12:30:45 was a number in YAML 1.1. */
static bool is_base60(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end || !isdigit((unsigned char)*p))
		return false;
	digits(&p, end, "_");
	size_t groups = 0;
	while (p < end && *p == ':') {
		const char *q = ++p;
		size_t n = digits(&q, end, "");
		if (n == 0 || n > 2 || (n == 2 && *p > '5'))
			return false;
		p = q;
		groups++;
	}
	if (p < end && *p == '.') {
		p++;
		digits(&p, end, "_");
	}
	return groups && p == end;
}

/* 2001-12-14, alone or with a time behind it. */
static bool is_time(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	if (digits(&p, end, "") != 4 || p == end || *p++ != '-')
		return false;
	size_t month = digits(&p, end, "");
	if (month < 1 || month > 2 || p == end || *p++ != '-')
		return false;
	size_t day = digits(&p, end, "");
	if (day < 1 || day > 2)
		return false;
	if (p == end)
		return true;
	if (!strchr("Tt ", *p++))
		return false;
	size_t hour = digits(&p, end, "");
	return hour && p < end && *p == ':';
}

static bool reads_as_string(struct str s)
{
	return !word_of_another_type(s) && !is_number(s) && !is_base60(s) && !is_time(s);
}

/* --- writing --- */

struct line {
	struct buf *out;
	int indent;
	bool folds;
};

static size_t column(const struct line *l)
{
	size_t at = l->out->n;
	size_t chars = 0;
	while (at > 0 && l->out->p[at - 1] != '\n')
		chars += ((unsigned char)l->out->p[--at] & 0xc0) != 0x80;
	return chars;
}

static void new_line(struct line *l)
{
	buf_putc(l->out, '\n');
	for (int i = 0; i < l->indent; i++)
		buf_putc(l->out, ' ');
}

static bool folds_here(const struct line *l, struct str s, size_t i, bool after_space)
{
	return l->folds && !after_space && i > 0 && i + 1 < s.n && s.p[i + 1] != ' ' &&
	       column(l) > WIDTH;
}

static void plain_write(struct line *l, struct str s)
{
	bool space = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ' && folds_here(l, s, i, space))
			new_line(l);
		else
			buf_putc(l->out, s.p[i]);
		space = s.p[i] == ' ';
	}
}

static void single_write(struct line *l, struct str s)
{
	bool space = false, line = false;
	buf_putc(l->out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == ' ' && folds_here(l, s, i, space)) {
			new_line(l);
		} else if (c == '\n') {
			buf_puts(l->out, line ? "\n" : "\n\n");
		} else {
			if (line)
				for (int k = 0; k < l->indent; k++)
					buf_putc(l->out, ' ');
			buf_puts(l->out, c == '\'' ? "'" : "");
			buf_putc(l->out, c);
		}
		space = c == ' ';
		line = c == '\n';
	}
	buf_putc(l->out, '\'');
}

static uint32_t code_point(struct str s, size_t at, size_t n)
{
	const unsigned char *p = (const unsigned char *)s.p + at;
	uint32_t c = n == 1 ? p[0] : n == 2 ? p[0] & 0x1fu : n == 3 ? p[0] & 0x0fu : p[0] & 0x07u;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

static void escape_write(struct buf *out, uint32_t c)
{
	static const struct {
		uint32_t c;
		const char *text;
	} known[] = { { 0, "\\0" },    { 7, "\\a" },      { 8, "\\b" },     { 9, "\\t" },
		      { 10, "\\n" },   { 11, "\\v" },     { 12, "\\f" },    { 13, "\\r" },
		      { 27, "\\e" },   { '"', "\\\"" },   { '\\', "\\\\" }, { 0x85, "\\N" },
		      { 0xa0, "\\_" }, { 0x2028, "\\L" }, { 0x2029, "\\P" } };
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].c == c) {
			buf_puts(out, known[i].text);
			return;
		}
	buf_printf(out, c < 0x100 ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\U%08X", c);
}

static void double_write(struct line *l, struct str s)
{
	bool space = false;
	size_t n;
	buf_putc(l->out, '"');
	for (size_t i = 0; i < s.n; i += n) {
		n = char_bytes(s, i);
		char c = s.p[i];
		bool escaped = !is_printable((const unsigned char *)s.p + i, n) || c == '\n' ||
			       c == '"' || c == '\\';
		if (escaped) {
			escape_write(l->out, code_point(s, i, n));
			space = false;
		} else if (c == ' ') {
			if (l->folds && !space && column(l) > WIDTH && i > 0 && i + 1 < s.n) {
				new_line(l);
				if (s.p[i + 1] == ' ')
					buf_putc(l->out, '\\');
			} else {
				buf_putc(l->out, ' ');
			}
			space = true;
		} else {
			buf_add(l->out, s.p + i, n);
			space = false;
		}
	}
	buf_putc(l->out, '"');
}

static void literal_write(struct line *l, struct str s)
{
	buf_putc(l->out, '|');
	if (s.p[0] == ' ' || s.p[0] == '\n')
		buf_putc(l->out, '2');
	if (s.p[s.n - 1] != '\n')
		buf_putc(l->out, '-');
	else if (s.n == 1 || s.p[s.n - 2] == '\n')
		buf_putc(l->out, '+');
	bool line = true;
	buf_putc(l->out, '\n');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n') {
			buf_putc(l->out, '\n');
		} else {
			for (int k = 0; line && k < l->indent; k++)
				buf_putc(l->out, ' ');
			buf_putc(l->out, s.p[i]);
		}
		line = s.p[i] == '\n';
	}
	if (line) /* the caller ends the line */
		l->out->p[--l->out->n] = 0;
}

void yaml_scalar_write(struct str text, int indent, bool key, struct buf *out)
{
	struct line l = { .out = out, .indent = indent, .folds = !key };
	if (text.n == 0) {
		buf_puts(out, "\"\"");
		return;
	}
	struct traits t = traits_of(text);
	bool lines = memchr(text.p, '\n', text.n);
	if (lines && t.block && !key)
		literal_write(&l, text);
	else if (!lines && reads_as_string(text) && t.plain)
		plain_write(&l, text);
	else if (!lines && reads_as_string(text) && t.single)
		single_write(&l, text);
	else
		double_write(&l, text);
}
