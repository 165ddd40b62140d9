/* SPDX-License-Identifier: Apache-2.0 */
#include "api/values/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/mem.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_v4(struct str text, unsigned char out[4], bool *zeros)
{
	size_t at = 0;
	for (int i = 0; i < 4; i++) {
		unsigned v = 0;
		size_t start = at;
		if (i && (at >= text.n || text.p[at++] != '.'))
			return false;
		start = at;
		for (; at < text.n && is_digit(text.p[at]); at++) {
			v = v * 10 + (unsigned)(text.p[at] - '0');
			if (v > 255)
				return false;
		}
		if (at == start)
			return false;
		*zeros |= at - start > 1 && text.p[start] == '0';
		out[i] = (unsigned char)v;
	}
	return at == text.n;
}

/* The IPv4 tail of an IPv6 address is given to inet_pton() without its zeros. */
static bool parse_v6(struct str text, struct addr *out)
{
	char copy[80];
	unsigned char tail[4];
	size_t colon = str_rfind(text, ':');
	struct str last = str_of(text.p + colon + 1, text.n - colon - 1);
	if (text.n >= sizeof(copy) || colon == text.n || str_find(text, '%') < text.n)
		return false;
	if (str_find(last, '.') < last.n) {
		if (!parse_v4(last, tail, &out->zeros))
			return false;
		snprintf(copy, sizeof(copy), "%.*s:%u.%u.%u.%u", (int)colon, text.p, tail[0],
			 tail[1], tail[2], tail[3]);
	} else {
		snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
	}
	return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

bool addr_parse(struct str text, struct addr *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	*out = (struct addr){ .family = 4 };
	if (str_find(text, ':') == text.n)
		return parse_v4(text, out->bytes, &out->zeros);
	if (!parse_v6(text, out))
		return false;
	out->mapped = memcmp(out->bytes, mapped, sizeof(mapped)) == 0;
	if (out->mapped)
		memmove(out->bytes, out->bytes + 12, 4);
	else
		out->family = 6;
	return true;
}

struct scope_row {
	unsigned char prefix[2], mask[2];
	enum addr_scope scope;
};
static const struct scope_row scopes_v4[] = {
	{ { 127 }, { 0xff }, ADDR_LOOPBACK },
	{ { 169, 254 }, { 0xff, 0xff }, ADDR_LINK_LOCAL },
	{ { 224 }, { 0xf0 }, ADDR_MULTICAST },
};
static const struct scope_row scopes_v6[] = {
	{ { 0xfe, 0x80 }, { 0xff, 0xc0 }, ADDR_LINK_LOCAL },
	{ { 0xff, 0x02 }, { 0xff, 0x0f }, ADDR_LINK_MULTICAST },
	{ { 0xff }, { 0xff }, ADDR_MULTICAST },
};

enum addr_scope addr_scope(const struct addr *ip)
{
	static const unsigned char zero[16], one[16] = { [15] = 1 },
					     all[4] = { 255, 255, 255, 255 };
	const unsigned char *b = ip->bytes;
	bool v4 = ip->family == 4;
	const struct scope_row *rows = v4 ? scopes_v4 : scopes_v6;
	if (memcmp(b, zero, v4 ? 4 : 16) == 0)
		return ADDR_UNSPECIFIED;
	if (v4 && memcmp(b, all, 4) == 0)
		return ADDR_BROADCAST;
	if (!v4 && memcmp(b, one, 16) == 0)
		return ADDR_LOOPBACK;
	if (v4 && b[0] == 224 && b[1] == 0 && b[2] == 0)
		return ADDR_LINK_MULTICAST;
	for (size_t i = 0; i < COUNT_OF(scopes_v4); i++)
		if ((b[0] & rows[i].mask[0]) == rows[i].prefix[0] &&
		    (b[1] & rows[i].mask[1]) == rows[i].prefix[1])
			return rows[i].scope;
	return ADDR_GLOBAL;
}

void addr_text(const struct addr *ip, char out[ADDR_TEXT_MAX])
{
	if (!inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, out, ADDR_TEXT_MAX))
		out[0] = 0;
}

bool addr_range_parse(struct str text, struct addr_range *out)
{
	size_t slash = str_find(text, '/'), at = slash + 1;
	int most;
	*out = (struct addr_range){ .bits = 0 };
	if (slash == text.n || !addr_parse(str_of(text.p, slash), &out->ip) || at == text.n)
		return false;
	most = out->ip.family == 4 && !out->ip.mapped ? 32 : 128;
	out->zeros = out->ip.zeros || (text.n - at > 1 && text.p[at] == '0');
	for (; at < text.n; at++) {
		if (!is_digit(text.p[at]) || out->bits > most)
			return false;
		out->bits = out->bits * 10 + text.p[at] - '0';
	}
	return out->bits <= most;
}

struct addr addr_range_masked(const struct addr_range *c)
{
	struct addr out = c->ip;
	int bits = c->ip.mapped ? c->bits - 96 : c->bits, bytes = c->ip.family == 4 ? 4 : 16;
	for (int i = 0; i < bytes; i++) {
		int keep = bits - 8 * i;
		if (keep <= 0)
			out.bytes[i] = 0;
		else if (keep < 8)
			out.bytes[i] &= (unsigned char)(0xff << (8 - keep));
	}
	return out;
}
