/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between the quotes becomes text, as Go reads it: escapes are undone, what is no UTF-8 becomes U+FFFD. */
#include "api/json/text.h"

#include "api/json/reader.h"

size_t text_utf8_length(const unsigned char *p, size_t left)
{
	unsigned c = p[0];
	size_t n = c < 0x80                ? 1
		   : c >= 0xc2 && c < 0xe0 ? 2
		   : (c & 0xf0) == 0xe0    ? 3
		   : c >= 0xf0 && c < 0xf5 ? 4
					   : 0;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
	    (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool text_hex4(const char *p, const char *end, unsigned *out)
{
	unsigned v = 0;
	for (int i = 0; i < 4; i++, p++) {
		if (p >= end)
			return false;
		unsigned c = (unsigned char)*p, low = c | 0x20;
		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if (low >= 'a' && low <= 'f')
			v = v << 4 | (low - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

static size_t utf8_put(unsigned c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static size_t cook_unicode(const char **at, const char *end, char *out)
{
	unsigned c = 0xfffd, low;
	text_hex4(*at + 2, end, &c);
	*at += 6;
	if (c >= 0xd800 && c < 0xe000) {
		if (c < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' &&
		    text_hex4(*at + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
			*at += 6;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		} else {
			c = 0xfffd;
		}
	}
	return utf8_put(c, out);
}

size_t reader_cook(struct str raw, char *out)
{
	const char *p = raw.p, *end = raw.p + raw.n;
	size_t n = 0;
	while (p < end) {
		if (*p == '\\' && p + 1 < end && p[1] == 'u') {
			n += cook_unicode(&p, end, out + n);
		} else if (*p == '\\' && p + 1 < end) {
			static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
			const char *named = strchr(from, p[1]);
			out[n++] = named && p[1] ? to[named - from] : p[1];
			p += 2;
		} else {
			size_t length =
				text_utf8_length((const unsigned char *)p, (size_t)(end - p));
			if (length == 0) {
				n += utf8_put(0xfffd, out + n);
				p++;
				continue;
			}
			memcpy(out + n, p, length);
			n += length;
			p += length;
		}
	}
	return n;
}

bool reader_text_eq(const struct reader_text *t, struct str name)
{
	if (!t->cooked)
		return str_eq(t->raw, name);
	char text[1024]; /* no name of ours is that long */
	return 3 * t->raw.n <= sizeof text && str_eq(str_of(text, reader_cook(t->raw, text)), name);
}
