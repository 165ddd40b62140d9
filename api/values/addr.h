/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and CIDRs as text, read as Kubernetes reads them: leading zeros are known, and told apart. Plain values. Any thread. */
#ifndef API_VALUES_ADDR_H
#define API_VALUES_ADDR_H

#include "base/str.h"

#define ADDR_TEXT_MAX 48

struct addr {
	unsigned char bytes[16]; /* IPv4 in the first four */
	int family;              /* 4 or 6; an IPv4 address in an IPv6 one counts as 4 */
	bool zeros;              /* a number with leading zeros */
	bool mapped;             /* ::ffff:192.0.2.1 */
};
bool addr_parse(struct str text, struct addr *out);

/* Whom an address means; as Go's net.IP tells them apart, an IPv4 address in an IPv6 one being what it is alone. */
enum addr_scope {
	ADDR_GLOBAL, /* a host's own, private ranges too */
	ADDR_UNSPECIFIED,
	ADDR_LOOPBACK,
	ADDR_LINK_LOCAL,
	ADDR_LINK_MULTICAST,
	ADDR_MULTICAST,
	ADDR_BROADCAST,
};
enum addr_scope addr_scope(const struct addr *ip);
void addr_text(const struct addr *ip, char out[ADDR_TEXT_MAX]); /* RFC 5952 */

struct addr_range {
	struct addr ip;
	int bits;
	bool zeros; /* in the address or in the length */
};
bool addr_range_parse(struct str text, struct addr_range *out);
/* The address without the bits behind the prefix. */
struct addr addr_range_masked(const struct addr_range *c);

#endif
