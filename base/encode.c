/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static const char alphabet_std[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode64(struct buf *out, const unsigned char *p, size_t n, const char *alphabet,
		     bool pad)
{
	buf_reserve(out, (n + 2) / 3 * 4);
	for (; n >= 3; p += 3, n -= 3) {
		unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];
		buf_add(out,
			(const char[]){ alphabet[v >> 18], alphabet[v >> 12 & 63],
					alphabet[v >> 6 & 63], alphabet[v & 63] },
			4);
	}
	if (n == 0)
		return;
	unsigned v = (unsigned)p[0] << 16 | (n == 2 ? (unsigned)p[1] << 8 : 0);
	buf_add(out, (const char[]){ alphabet[v >> 18], alphabet[v >> 12 & 63] }, 2);
	if (n == 2)
		buf_putc(out, alphabet[v >> 6 & 63]);
	if (pad)
		buf_add(out, "==", 3 - n);
}

void base64_encode(struct buf *out, const void *p, size_t n)
{
	encode64(out, p, n, alphabet_std, true);
}

void base64url_encode(struct buf *out, const void *p, size_t n)
{
	encode64(out, p, n, alphabet_url, false);
}

static int digit64(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : -1;
}

/* Whole groups of four and a last one of two to four characters, padded if `pad` is required. */
static bool decode64(struct buf *out, struct str text, bool url)
{
	unsigned v = 0, have = 0, padding = 0;
	buf_reserve(out, text.n / 4 * 3 + 3);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '\n' || c == '\r')
			continue;
		if (c == '=') {
			padding++;
			continue;
		}
		int d = digit64(c, url);
		if (d < 0 || padding)
			return false;
		v = v << 6 | (unsigned)d;
		if (++have < 4)
			continue;
		buf_add(out, (const char[]){ (char)(v >> 16), (char)(v >> 8), (char)v }, 3);
		v = have = 0;
	}
	if (have == 1 || (padding && padding != 4 - have) || (have && !padding && !url))
		return false;
	if (have == 2)
		buf_putc(out, (char)(v >> 4));
	if (have == 3)
		buf_add(out, (const char[]){ (char)(v >> 10), (char)(v >> 2) }, 2);
	return true;
}

bool base64_decode(struct buf *out, struct str text)
{
	return decode64(out, text, false);
}

bool base64url_decode(struct buf *out, struct str text)
{
	return decode64(out, text, true);
}

void percent_encode(struct buf *out, struct str text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~:";
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] && strchr(plain, text.p[i]))
			buf_putc(out, text.p[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)text.p[i]);
}

void hex_encode(char *out, const void *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *from = p;
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[from[i] >> 4];
		out[2 * i + 1] = hex[from[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_decode(void *out, size_t n, struct str text)
{
	unsigned char *to = out;
	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.p[2 * i]), low = hex_digit(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

uint64_t fnv1a64(const void *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * 0x100000001b3u;
	return h;
}

uint32_t fnv1a32(const void *p, size_t n)
{
	uint32_t h = 0x811c9dc5u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * 0x01000193u;
	return h;
}

void rand_bytes(void *p, size_t n)
{
	char *to = p;
	while (n) {
		ssize_t got = getrandom(to, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			abort(); /* no kernel that we run on lacks it */
		to += got;
		n -= (size_t)got;
	}
}

uint64_t rand_u64(void)
{
	uint64_t v;
	rand_bytes(&v, sizeof(v));
	return v;
}

void uuid_new(char out[UUID_TEXT + 1])
{
	unsigned char b[16];
	char hex[33];
	rand_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	hex_encode(hex, b, sizeof(b));
	char *to = out;
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*to++ = '-';
		*to++ = hex[i];
	}
	*to = '\0';
}

/* No vowels, no look-alikes. */
static const char name_alphabet[] = "bcdfghjklmnpqrstvwxz2456789";

void rand_name(char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = name_alphabet[rand_u64() % (sizeof(name_alphabet) - 1)];
	out[n] = '\0';
}

void name_suffix(uint32_t hash, char *out, size_t n)
{
	for (size_t i = 0; i < n; i++, hash /= sizeof(name_alphabet) - 1)
		out[i] = name_alphabet[hash % (sizeof(name_alphabet) - 1)];
	out[n] = '\0';
}
