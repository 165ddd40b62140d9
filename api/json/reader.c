/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of JSON, one function per value. Positions are pointers; the caller's loops are the only stack. */
#include "api/json/reader.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "api/codec.h"
#include "api/json/text.h"

static const char too_deep[] = "exceeded max depth";

void reader_init(struct reader *r, struct str text)
{
	*r = (struct reader){ .p = text.p, .end = text.p + text.n, .start = text.p };
}

/* At its end upstream feeds the text a space: what can't go on with one fails there, all else is just not finished. */
static bool breaks_at_space(const char *reason)
{
	return reason &&
	       (!strncmp(reason, "in literal", 10) || !strncmp(reason, "in numeric", 10) ||
		!strncmp(reason, "in exponent", 11) || !strncmp(reason, "after decimal", 13) ||
		!strncmp(reason, "in string escape", 16) || !strncmp(reason, "in \\u", 5));
}

static bool fail(struct reader *r, const char *at, const char *reason)
{
	if (!r->failed) {
		r->failed = true;
		r->wrong = at;
		r->reason = at < r->end || breaks_at_space(reason) ? reason : NULL;
	}
	r->p = r->end;
	return false;
}

static char skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
	return r->p < r->end ? *r->p : '\0';
}

enum reader_type reader_peek(struct reader *r)
{
	if (r->failed)
		return READ_NOTHING;
	switch (skip_space(r)) {
	case 'n': return READ_NULL;
	case 't':
	case 'f': return READ_BOOL;
	case '"': return READ_STRING;
	case '{': return READ_OBJECT;
	case '[': return READ_ARRAY;
	case '-':
	case '0' ... '9': return READ_NUMBER;
	default: return READ_NOTHING;
	}
}

static const char *expecting(const char *word, size_t i)
{
	static const char *const in_true[] = { "", "in literal true (expecting 'r')",
					       "in literal true (expecting 'u')",
					       "in literal true (expecting 'e')" };
	static const char *const in_null[] = { "", "in literal null (expecting 'u')",
					       "in literal null (expecting 'l')",
					       "in literal null (expecting 'l')" };
	static const char *const in_false[] = { "", "in literal false (expecting 'a')",
						"in literal false (expecting 'l')",
						"in literal false (expecting 's')",
						"in literal false (expecting 'e')" };
	return word[0] == 't' ? in_true[i] : word[0] == 'n' ? in_null[i] : in_false[i];
}

static bool literal(struct reader *r, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i < n; i++)
		if (r->p + i >= r->end || r->p[i] != word[i])
			return fail(r, r->p + i, expecting(word, i));
	r->p += n;
	r->fresh = false;
	return true;
}

static bool no_value(struct reader *r)
{
	return fail(r, r->p, "looking for beginning of value");
}

bool reader_null(struct reader *r)
{
	return reader_peek(r) == READ_NULL && literal(r, "null");
}

bool reader_bool(struct reader *r, bool *out)
{
	if (reader_peek(r) != READ_BOOL)
		return no_value(r);
	bool value = *r->p == 't';
	if (!literal(r, value ? "true" : "false"))
		return false;
	*out = value;
	return true;
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

bool reader_number(struct reader *r, struct str *out, bool *integer)
{
	if (reader_peek(r) != READ_NUMBER)
		return no_value(r);
	const char *p = r->p, *start = p;
	p += *p == '-';
	const char *first = p;
	p = digits(p, r->end);
	if (p == first)
		return fail(r, p, "in numeric literal");
	if (*first == '0')
		p = first + 1;
	*integer = true;
	if (p < r->end && *p == '.') {
		first = ++p;
		p = digits(p, r->end);
		if (p == first)
			return fail(r, p, "after decimal point in numeric literal");
		*integer = false;
	}
	if (p < r->end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < r->end && (*p == '+' || *p == '-');
		first = p;
		p = digits(p, r->end);
		if (p == first)
			return fail(r, p, "in exponent of numeric literal");
		*integer = false;
	}
	*out = str_of(start, (size_t)(p - start));
	r->p = p;
	r->fresh = false;
	return true;
}

/* The first byte that may be odd, from p on in steps; at the end a few that are not looked at. Plain is what is no '"', no '\\', no control
 * character, nothing above 0x7f. */
#if defined(__SSE2__)
static const char *plain_end(const char *p, const char *end)
{
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i odd = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
					   _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
		/* signed: bytes above 0x7f are below 0x20, too */
		odd = _mm_or_si128(odd, _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
		int found = _mm_movemask_epi8(odd);
		if (found)
			return p + __builtin_ctz((unsigned)found);
	}
	return p;
}
#else
static const char *plain_end(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t w;
	for (; end - p >= 8; p += 8) {
		memcpy(&w, p, 8);
		uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
		if (((w - ones * 0x20) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		     w) &
		    high)
			break;
	}
	return p;
}
#endif

static bool escape(struct reader *r, const char **at)
{
	const char *p = *at + 1;
	if (p >= r->end)
		return fail(r, p, NULL);
	if (*p == 'u') {
		unsigned unused;
		if (!text_hex4(p + 1, r->end, &unused)) {
			for (p++; p < r->end && ((*p >= '0' && *p <= '9') ||
						 ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f'));
			     p++)
				;
			return fail(r, p, "in \\u hexadecimal character escape");
		}
		*at = p + 5;
		return true;
	}
	if (!strchr("\"\\/bfnrt", *p) || *p == '\0')
		return fail(r, p, "in string escape code");
	*at = p + 1;
	return true;
}

/* r->p is after the opening quote. */
static bool string_body(struct reader *r, struct reader_text *out)
{
	const char *p = r->p;
	out->cooked = false;
	for (;;) {
		p = plain_end(p, r->end);
		if (p >= r->end)
			return fail(r, p, NULL);
		unsigned char c = (unsigned char)*p;
		if (c == '"')
			break;
		if (c < 0x20)
			return fail(r, p, "in string literal");
		if (c == '\\') {
			out->cooked = true;
			if (!escape(r, &p))
				return false;
		} else if (c < 0x80) {
			p++;
		} else {
			size_t n = text_utf8_length((const unsigned char *)p, (size_t)(r->end - p));
			out->cooked |= n == 0;
			p += n ? n : 1;
		}
	}
	out->raw = str_of(r->p, (size_t)(p - r->p));
	r->p = p + 1;
	r->fresh = false;
	return true;
}

bool reader_string(struct reader *r, struct reader_text *out)
{
	if (reader_peek(r) != READ_STRING)
		return no_value(r);
	r->p++;
	return string_body(r, out);
}

static bool open(struct reader *r, enum reader_type type)
{
	if (reader_peek(r) != type)
		return no_value(r);
	if (++r->depth > API_DEPTH_MAX)
		return fail(r, r->p, too_deep);
	r->p++;
	r->fresh = true;
	return true;
}

static bool closed(struct reader *r)
{
	r->p++;
	r->depth--;
	r->fresh = false;
	return false;
}

bool reader_object(struct reader *r)
{
	return open(r, READ_OBJECT);
}

bool reader_member(struct reader *r, struct reader_text *key)
{
	if (r->failed)
		return false;
	char c = skip_space(r);
	if (c == '}' && r->p < r->end)
		return closed(r);
	if (!r->fresh) {
		if (c != ',')
			return fail(r, r->p, "after object key:value pair");
		r->p++;
		c = skip_space(r);
	}
	if (c != '"')
		return fail(r, r->p, "looking for beginning of object key string");
	r->p++;
	if (!string_body(r, key))
		return false;
	if (skip_space(r) != ':')
		return fail(r, r->p, "after object key");
	r->p++;
	return true;
}

bool reader_array(struct reader *r)
{
	return open(r, READ_ARRAY);
}

bool reader_item(struct reader *r)
{
	if (r->failed)
		return false;
	char c = skip_space(r);
	if (c == ']' && r->p < r->end)
		return closed(r);
	if (!r->fresh) {
		if (c != ',')
			return fail(r, r->p, "after array element");
		r->p++;
	}
	r->fresh = false;
	return true;
}

/* One level of the stack is a bit: an object or an array. */
bool reader_skip(struct reader *r)
{
	unsigned char is_object[API_DEPTH_MAX + 2];
	int base = r->depth;
	for (;;) {
		struct reader_text text;
		struct str number;
		bool flag;
		switch (reader_peek(r)) {
		case READ_OBJECT:
			if (!reader_object(r))
				return false;
			is_object[r->depth] = 1;
			break;
		case READ_ARRAY:
			if (!reader_array(r))
				return false;
			is_object[r->depth] = 0;
			break;
		case READ_STRING: reader_string(r, &text); break;
		case READ_NUMBER: reader_number(r, &number, &flag); break;
		case READ_BOOL: reader_bool(r, &flag); break;
		case READ_NULL: reader_null(r); break;
		case READ_NOTHING: no_value(r); break;
		}
		while (!r->failed && r->depth > base &&
		       !(is_object[r->depth] ? reader_member(r, &text) : reader_item(r)))
			;
		if (r->failed)
			return false;
		if (r->depth == base)
			return true;
	}
}

bool reader_value(struct reader *r, struct str *out)
{
	skip_space(r);
	const char *start = r->p;
	if (!reader_skip(r))
		return false;
	*out = str_of(start, (size_t)(r->p - start));
	return true;
}

bool reader_end(struct reader *r)
{
	if (r->failed)
		return false;
	skip_space(r);
	return r->p == r->end || fail(r, r->p, "after top-level value");
}

int reader_error(const struct reader *r, struct err *err)
{
	if (!r->reason)
		return err_set(err, ERR_BAD_REQUEST, "unexpected end of JSON input");
	unsigned char c = r->wrong < r->end ? (unsigned char)*r->wrong : ' ';
	static const char *const named[] = {
		['\n'] = "\\n", ['\t'] = "\\t", ['\r'] = "\\r", ['\b'] = "\\b", ['\f'] = "\\f",
		['\a'] = "\\a", ['\v'] = "\\v", ['\''] = "\\'", ['\\'] = "\\\\"
	};
	if (c < sizeof named / sizeof *named && named[c])
		return err_set(err, ERR_BAD_REQUEST, "invalid character '%s' %s", named[c],
			       r->reason);
	if (c < 0x20 || c == 0x7f)
		return err_set(err, ERR_BAD_REQUEST, "invalid character '\\x%02x' %s", c,
			       r->reason);
	if (c >= 0x80) /* Go takes the byte for a code point */
		return err_set(err, ERR_BAD_REQUEST, "invalid character '%c%c' %s", 0xc0 | c >> 6,
			       0x80 | (c & 0x3f), r->reason);
	return err_set(err, ERR_BAD_REQUEST, "invalid character '%c' %s", c, r->reason);
}
