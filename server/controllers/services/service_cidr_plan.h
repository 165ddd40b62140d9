/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of service addresses and what lies in them. Pure. Follows upstream's pkg/api/servicecidr. */
#ifndef SERVER_CONTROLLERS_SERVICES_SERVICE_CIDR_PLAN_H
#define SERVER_CONTROLLERS_SERVICES_SERVICE_CIDR_PLAN_H

#include "base/str.h"

struct cidr_prefix {
	int family; /* 4 or 6 */
	int bits;
	unsigned char base[16];
};
bool cidr_prefix_parse(struct str text, struct cidr_prefix *out);
/* Whether all of `inner` lies in it. */
bool cidr_prefix_covers(const struct cidr_prefix *p, const struct cidr_prefix *inner);
/* Whether an address may come from it: neither the first of it nor, with IPv4, the last. */
bool cidr_prefix_gives(const struct cidr_prefix *p, struct str address);

#endif
