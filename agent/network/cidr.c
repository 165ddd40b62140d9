/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/cidr.h"

#include <arpa/inet.h>
#include <string.h>

bool ip_parse(const char *text, struct ip *out)
{
	struct ip ip = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	if (inet_pton(ip.family, text, ip.bytes) != 1)
		return false;
	*out = ip;
	return true;
}

void ip_format(const struct ip *ip, char out[IP_TEXT_MAX])
{
	out[0] = '\0';
	if (ip->family)
		inet_ntop(ip->family, ip->bytes, out, IP_TEXT_MAX);
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, ip_size(a)) == 0;
}

static void clear_host_bits(struct ip *ip, unsigned prefix)
{
	for (unsigned bit = prefix; bit < ip_bits(ip); bit++)
		ip->bytes[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
}

int cidr_parse(const char *text, struct cidr *out, struct err *err)
{
	char address[IP_TEXT_MAX];
	struct str rest = str_from(text), head;
	int64_t prefix;
	struct cidr c;
	str_next(&rest, '/', &head);
	if (!rest.p || head.n >= sizeof(address) || !str_to_i64(rest, &prefix) || prefix < 0)
		return err_set(err, ERR_INVALID, "invalid CIDR address: %s", text);
	memcpy(address, head.p, head.n);
	address[head.n] = '\0';
	if (!ip_parse(address, &c.base) || prefix > ip_bits(&c.base))
		return err_set(err, ERR_INVALID, "invalid CIDR address: %s", text);
	c.prefix = (unsigned)prefix;
	clear_host_bits(&c.base, c.prefix);
	*out = c;
	return 0;
}

bool cidr_contains(const struct cidr *c, const struct ip *ip)
{
	if (c->base.family != ip->family)
		return false;
	struct ip masked = *ip;
	clear_host_bits(&masked, c->prefix);
	return ip_equal(&masked, &c->base);
}

uint64_t cidr_size(const struct cidr *c)
{
	unsigned bits = ip_bits(&c->base) - c->prefix;
	return 1ull << (bits > 32 ? 32 : bits);
}

struct ip cidr_at(const struct cidr *c, uint64_t index)
{
	struct ip ip = c->base;
	for (size_t i = ip_size(&ip); i > 0 && index > 0; i--, index >>= 8)
		ip.bytes[i - 1] = (unsigned char)(ip.bytes[i - 1] | (index & 0xff));
	return ip;
}

uint64_t cidr_index(const struct cidr *c, const struct ip *ip)
{
	uint64_t index = 0;
	size_t n = ip_size(ip);
	for (size_t i = n > 8 ? n - 8 : 0; i < n; i++)
		index = index << 8 | (unsigned char)(ip->bytes[i] ^ c->base.bytes[i]);
	return index;
}
