/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/service_cidr_plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 64

static int address_parse(struct str text, unsigned char out[16])
{
	char z[TEXT_MAX];
	if (text.n >= sizeof(z))
		return 0;
	snprintf(z, sizeof(z), "%.*s", STR_ARG(text));
	memset(out, 0, 16);
	if (inet_pton(AF_INET, z, out) == 1)
		return 4;
	return inet_pton(AF_INET6, z, out) == 1 ? 6 : 0;
}

static int width(const struct cidr_prefix *p)
{
	return p->family == 6 ? 128 : 32;
}

static bool bit(const unsigned char *raw, int i)
{
	return raw[i / 8] & 0x80 >> i % 8;
}

bool cidr_prefix_parse(struct str text, struct cidr_prefix *out)
{
	size_t slash = str_find(text, '/');
	int64_t bits;
	if (slash >= text.n || !str_to_i64(str_of(text.p + slash + 1, text.n - slash - 1), &bits))
		return false;
	out->family = address_parse(str_of(text.p, slash), out->base);
	out->bits = (int)bits;
	if (!out->family || bits < 0 || bits > width(out))
		return false;
	for (int i = out->bits; i < width(out); i++)
		out->base[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return true;
}

static bool same_front(const struct cidr_prefix *p, const unsigned char *raw)
{
	for (int i = 0; i < p->bits; i++)
		if (bit(p->base, i) != bit(raw, i))
			return false;
	return true;
}

bool cidr_prefix_covers(const struct cidr_prefix *p, const struct cidr_prefix *inner)
{
	return p->family == inner->family && p->bits <= inner->bits && same_front(p, inner->base);
}

bool cidr_prefix_gives(const struct cidr_prefix *p, struct str address)
{
	unsigned char raw[16];
	bool first = true, last = true;
	if (address_parse(address, raw) != p->family || !same_front(p, raw))
		return false;
	for (int i = p->bits; i < width(p); i++) {
		first = first && !bit(raw, i);
		last = last && bit(raw, i);
	}
	return !first && !(last && p->family == 4);
}
