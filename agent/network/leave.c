/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/network/leave.h"

#include <dirent.h>
#include <netinet/in.h> /* before the kernel's headers */

#include <linux/netfilter.h>
#include <linux/netlink.h>

#include "agent/network/firewall.h"
#include "agent/network/host_address.h"
#include "agent/network/netns.h"
#include "agent/network/nft.h"
#include "agent/network/node_link.h"
#include "agent/network/service_rules.h"
#include "base/file.h"
#include "base/mem.h"

/* A pod's link goes with its namespace. */
static int leave_namespaces(const char *run_dir, struct err *err)
{
	auto_free char *dir = str_printf("%s/netns", run_dir);
	DIR *d = opendir(dir);
	int first = 0;
	for (struct dirent *e; d && (e = readdir(d));) {
		auto_free char *path = str_printf("%s/%s", dir, e->d_name);
		int r = e->d_name[0] == '.' ? 0 : netns_remove(path, first ? NULL : err);
		first = first ? first : r;
	}
	if (d)
		closedir(d);
	return first;
}

static bool none(void *ctx, const struct cidr *to)
{
	(void)ctx;
	(void)to;
	return false;
}

static int leave_routes(const char *run_dir, struct err *err)
{
	(void)run_dir;
	struct netlink nl;
	int r = netlink_open(&nl, NETLINK_ROUTE, err);
	if (r < 0)
		return r;
	r = node_routes_sweep(&nl, none, NULL, err);
	node_vxlan_remove(&nl);
	netlink_close(&nl);
	return r;
}

static int leave_rules(const char *run_dir, struct err *err)
{
	(void)run_dir;
	int r = nft_table_leave(NFPROTO_INET, SERVICE_TABLE, err);
	return r < 0 ? r : nft_table_leave(NFPROTO_INET, FIREWALL_TABLE, err);
}

int network_leave(const char *run_dir, struct err *err)
{
	static int (*const steps[])(const char *run_dir,
				    struct err *err) = { leave_namespaces, leave_routes,
							 leave_rules, host_addresses_leave };
	int first = 0;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		int r = steps[i](run_dir, first ? NULL : err);
		first = first ? first : r;
	}
	return first;
}
