/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/host_address.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "agent/network/link.h"
#include "base/file.h"
#include "base/mem.h"

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

static char *record_of(const char *run_dir, const char *address)
{
	return str_printf("%s/addresses/%s", run_dir, address);
}

int host_address_add(const char *run_dir, const char *address, struct err *err)
{
	auto_free char *record = record_of(run_dir, address);
	auto_free char *dir = record_of(run_dir, "");
	int r = dir_make(dir, 0711, err);
	if (r == 0)
		r = file_write_atomic(record, "", 0, 0600, err);
	if (r == 0)
		r = change(address, 0, address_add, err);
	return r < 0 ? err_wrap(err, r, "add address %s to lo", address) : 0;
}

int host_address_remove(const char *run_dir, const char *address, struct err *err)
{
	auto_free char *record = record_of(run_dir, address);
	int r = change(address, EADDRNOTAVAIL, address_remove, err);
	if (r < 0)
		return err_wrap(err, r, "remove address %s from lo", address);
	unlink(record);
	return 0;
}

int host_addresses_leave(const char *run_dir, struct err *err)
{
	auto_free char *path = record_of(run_dir, "");
	DIR *d = opendir(path);
	int r = 0;
	for (struct dirent *e; r == 0 && d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			r = host_address_remove(run_dir, e->d_name, err);
	if (d)
		closedir(d);
	return r;
}
