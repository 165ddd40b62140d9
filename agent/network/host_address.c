/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/host_address.h"

#include <errno.h>

#include "agent/network/link.h"

#define LOOPBACK 1 /* the index of lo in every network namespace */

static int change(const char *address, int ignore,
		  void (*verb)(struct netlink_batch *b, int index, const struct ip *ip,
			       unsigned prefix),
		  struct err *err)
{
	struct ip ip;
	struct netlink nl;
	struct netlink_batch b = { 0 };
	if (!ip_parse(address, &ip))
		return err_set(err, ERR_INVALID, "not an IP address");
	int r = netlink_open(&nl, NETLINK_ROUTE, err);
	if (r < 0)
		return r;
	verb(&b, LOOPBACK, &ip, ip_bits(&ip));
	r = netlink_commit(&nl, &b, ignore, NULL, err);
	netlink_close(&nl);
	return r;
}

int host_address_add(const char *address, struct err *err)
{
	int r = change(address, 0, address_add, err);
	return r < 0 ? err_wrap(err, r, "add address %s to lo", address) : 0;
}

int host_address_remove(const char *address, struct err *err)
{
	int r = change(address, EADDRNOTAVAIL, address_remove, err);
	return r < 0 ? err_wrap(err, r, "remove address %s from lo", address) : 0;
}
