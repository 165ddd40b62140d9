/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and address ranges of both families, as bytes in network order. Values; no memory. */
#ifndef AGENT_NETWORK_CIDR_H
#define AGENT_NETWORK_CIDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct ip {
	int family; /* AF_INET, AF_INET6; 0: none */
	unsigned char bytes[16];
};
struct cidr {
	struct ip base; /* host bits zero */
	unsigned prefix;
};
#define IP_TEXT_MAX INET6_ADDRSTRLEN

static inline unsigned ip_bits(const struct ip *ip)
{
	return ip->family == AF_INET ? 32 : 128;
}
static inline size_t ip_size(const struct ip *ip)
{
	return ip_bits(ip) / 8;
}
bool ip_parse(const char *text, struct ip *out);
void ip_format(const struct ip *ip, char out[IP_TEXT_MAX]);
bool ip_equal(const struct ip *a, const struct ip *b);
int cidr_parse(const char *text, struct cidr *out,
	       struct err *err); /* ERR_INVALID with what is wrong */
bool cidr_contains(const struct cidr *c, const struct ip *ip);
uint64_t cidr_size(const struct cidr *c);                       /* addresses in it, at most 2^32 */
struct ip cidr_at(const struct cidr *c, uint64_t index);        /* base + index */
uint64_t cidr_index(const struct cidr *c, const struct ip *ip); /* the reverse; ip must be inside */

#endif
