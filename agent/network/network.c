/* SPDX-License-Identifier: Apache-2.0 */
/* The order of adding: file (ipam) → namespace → veth → addresses and routes → host ports; removal is the reverse and forgives
 * whatever is already gone, so that a crash in between is healed by a later add or remove. A pod whose namespace is
 * pinned and whose file exists has its network. Neighbour entries are permanent on both sides: no ARP, no neighbour discovery,
 * no duplicate detection stands between a pod's start and its first packet. */
#include "agent/network/network.h"

#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "agent/network/cidr.h"
#include "agent/network/firewall.h"
#include "agent/network/ipam.h"
#include "agent/network/link.h"
#include "agent/network/netns.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

struct network {
	char *run_dir;
	struct cidr pods[2];
	size_t npods;
	struct ipam *ipam;
	pthread_mutex_t lock; /* ipam, route, filter */
	struct netlink route, filter;
};

static void sysctl_set(const char *path, const char *value)
{
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		log_debug("a setting of the kernel stays as it is", LOG_S("file", path));
}

static bool has_ipv6(void)
{
	return file_exists("/proc/sys/net/ipv6/conf/all/forwarding");
}

static void enable_forwarding(const struct network *n)
{
	sysctl_set("/proc/sys/net/ipv4/ip_forward", "1");
	/* node ports at 127.0.0.1; the firewall's guard keeps others off that range */
	sysctl_set("/proc/sys/net/ipv4/conf/all/route_localnet", "1");
	for (size_t i = 0; i < n->npods; i++)
		if (n->pods[i].base.family == AF_INET6)
			sysctl_set("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

static int parse_cidrs(const char *const *texts, struct cidr *out, size_t max, size_t *n,
		       struct err *err)
{
	*n = 0;
	for (; texts && *texts && *n < max; texts++) {
		int r = cidr_parse(*texts, &out[*n], err);
		if (r < 0)
			return r;
		if (out[*n].base.family == AF_INET6 && !has_ipv6()) {
			log_warn("this kernel has no IPv6: pods get IPv4 addresses alone",
				 LOG_S("cidr", *texts));
			continue;
		}
		++*n;
	}
	return 0;
}

static char *netns_path(const struct network *n, const char *uid)
{
	return str_printf("%s/%s", n->run_dir, uid);
}

static bool still_there(void *ctx, const char *uid)
{
	auto_free char *path = netns_path(ctx, uid);
	return netns_pinned(path);
}

static int network_init(struct network *n, const struct network_config *c, struct err *err)
{
	struct cidr cluster[16];
	size_t ncluster;
	int r = parse_cidrs(c->pod_cidrs, n->pods, COUNT_OF(n->pods), &n->npods, err);
	if (r == 0)
		r = parse_cidrs(c->cluster_cidrs, cluster, COUNT_OF(cluster), &ncluster, err);
	if (r == 0)
		r = dir_make(n->run_dir, 0755, err);
	if (r == 0)
		r = ipam_open(c->state_dir, n->pods, n->npods, still_there, n, &n->ipam, err);
	if (r == 0)
		r = netlink_open(&n->route, NETLINK_ROUTE, err);
	if (r == 0)
		r = netlink_open(&n->filter, NETLINK_NETFILTER, err);
	if (r < 0)
		return r;
	enable_forwarding(n);
	r = firewall_base(&n->filter, n->pods, n->npods, cluster, ncluster, n->ipam, err);
	return r < 0 ? r : firewall_host_ports(&n->filter, n->ipam, err);
}

int network_new(const struct network_config *c, struct network **out, struct err *err)
{
	struct network *n = NEW(struct network);
	n->run_dir = str_dup(str_from(c->run_dir));
	n->route.fd = n->filter.fd = -1;
	pthread_mutex_init(&n->lock, NULL);
	int r = network_init(n, c, err);
	if (r < 0) {
		network_free(n);
		return err_wrap(err, r, "set up the pod network");
	}
	*out = n;
	return 0;
}

void network_free(struct network *n)
{
	if (!n)
		return;
	ipam_free(n->ipam);
	netlink_close(&n->route);
	netlink_close(&n->filter);
	pthread_mutex_destroy(&n->lock);
	free(n->run_dir);
	free(n);
}

/* --- one pod --- */

struct pod_links {
	char name[IF_NAMESIZE]; /* our end */
	unsigned char mac[6], peer_mac[6];
	struct netlink inside; /* opened in the pod's namespace */
	const struct network *network;
	const struct ipam_pod *pod;
};

static void name_links(struct pod_links *l, const char *uid)
{
	uint64_t hash = fnv1a64(uid, strlen(uid));
	snprintf(l->name, sizeof(l->name), "veth%011llx",
		 (unsigned long long)(hash & 0xfffffffffffull));
	for (int i = 1; i < 6; i++)
		l->mac[i] = l->peer_mac[i] = (unsigned char)(hash >> 8 * i);
	l->mac[0] = 0x02; /* locally administered, unicast */
	l->peer_mac[0] = 0x06;
}

static struct ip gateway_of(const struct network *n, const struct ip *ip)
{
	for (size_t i = 0; i < n->npods; i++)
		if (cidr_contains(&n->pods[i], ip))
			return cidr_at(&n->pods[i], 1);
	return *ip;
}

/* Runs in the new namespace, before it has any link but lo. */
static int prepare_inside(void *ctx, struct err *err)
{
	struct pod_links *l = ctx;
	sysctl_set("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	sysctl_set("/proc/sys/net/ipv6/conf/default/accept_ra", "0");
	sysctl_set("/proc/sys/net/ipv6/conf/all/accept_ra", "0");
	int r = netlink_open(&l->inside, NETLINK_ROUTE, err);
	if (r < 0)
		return r;
	struct netlink_batch b = { 0 };
	link_up(&b, 1);
	return netlink_commit(&l->inside, &b, 0, NULL, err);
}

static int make_veth(struct network *n, const struct pod_links *l, const char *netns,
		     struct err *err)
{
	auto_fd int fd = open(netns, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", netns);
	struct link_veth veth = {
		.name = l->name,
		.peer_name = "eth0",
		.mac = l->mac,
		.peer_mac = l->peer_mac,
		.peer_netns_fd = fd,
	};
	struct netlink_batch b = { 0 };
	link_add_veth(&b, &veth);
	int r = netlink_commit(&n->route, &b, 0, NULL, err);
	return r < 0 ? err_wrap(err, r, "create link %s", l->name) : 0;
}

static int configure_inside(struct pod_links *l, struct err *err)
{
	int eth0;
	int r = link_index(&l->inside, "eth0", &eth0, err);
	if (r < 0)
		return r;
	struct netlink_batch b = { 0 };
	link_up(&b, eth0);
	for (size_t i = 0; i < l->pod->nips; i++) {
		const struct ip *ip = &l->pod->ips[i];
		struct ip gateway = gateway_of(l->network, ip);
		address_add(&b, eth0, ip, ip_bits(ip));
		neighbour_add(&b, eth0, &gateway, l->mac);
		route_add(&b, eth0, &gateway, ip_bits(ip), NULL);
		route_add(&b, eth0, NULL, 0, &gateway);
	}
	r = netlink_commit(&l->inside, &b, 0, NULL, err);
	return r < 0 ? err_wrap(err, r, "configure eth0 of the pod") : 0;
}

static int configure_outside(struct network *n, const struct pod_links *l, struct err *err)
{
	int index;
	int r = link_index(&n->route, l->name, &index, err);
	if (r < 0)
		return r;
	struct netlink_batch b = { 0 };
	for (size_t i = 0; i < l->pod->nips; i++) {
		const struct ip *ip = &l->pod->ips[i];
		struct ip gateway = gateway_of(n, ip);
		address_add(&b, index, &gateway, ip_bits(ip));
		neighbour_add(&b, index, ip, l->peer_mac);
		route_add(&b, index, ip, ip_bits(ip), NULL);
	}
	r = netlink_commit(&n->route, &b, 0, NULL, err);
	return r < 0 ? err_wrap(err, r, "configure link %s", l->name) : 0;
}

static void drop_link(struct network *n, const char *name)
{
	struct netlink_batch b = { 0 };
	link_delete(&b, name);
	netlink_commit(&n->route, &b, 0, NULL, NULL); /* absent is fine */
}

static int open_host_ports(struct network *n, const struct pod_links *l, struct err *err)
{
	if (l->pod->nports == 0)
		return 0;
	auto_free char *path = str_printf("/proc/sys/net/ipv4/conf/%s/route_localnet", l->name);
	sysctl_set(path, "1");
	return firewall_host_ports(&n->filter, n->ipam, err);
}

static int make_network(struct network *n, struct pod_links *l, const char *netns, struct err *err)
{
	int r = netns_create(netns, prepare_inside, l,
			     err); /* the slow part runs without the lock */
	if (r < 0)
		return r;
	pthread_mutex_lock(&n->lock);
	drop_link(n, l->name); /* of an attempt that a crash cut off */
	r = make_veth(n, l, netns, err);
	if (r == 0)
		r = configure_inside(l, err);
	if (r == 0)
		r = configure_outside(n, l, err);
	if (r == 0)
		r = firewall_hairpin(&n->filter, l->pod, false, err);
	if (r == 0)
		r = open_host_ports(n, l, err);
	pthread_mutex_unlock(&n->lock);
	return r;
}

static void describe(const struct network *n, const struct ipam_pod *pod, struct network_pod *out)
{
	*out = (struct network_pod){ .nips = (int)pod->nips };
	snprintf(out->netns_path, sizeof(out->netns_path), "%s/%s", n->run_dir, pod->uid);
	for (size_t i = 0; i < pod->nips; i++)
		ip_format(&pod->ips[i], out->ips[i]);
}

bool network_pod_get(struct network *n, const char *uid, struct network_pod *out)
{
	pthread_mutex_lock(&n->lock);
	const struct ipam_pod *pod = ipam_get(n->ipam, uid);
	if (pod)
		describe(n, pod, out);
	pthread_mutex_unlock(&n->lock);
	return pod && netns_pinned(out->netns_path);
}

static int take_addresses(struct network *n, const char *uid, const struct network_port *ports,
			  size_t nports, const struct ipam_pod **out, struct err *err)
{
	int r = 0;
	pthread_mutex_lock(&n->lock);
	*out = ipam_get(n->ipam, uid);
	if (!*out)
		r = ipam_add(n->ipam, uid, ports, nports, out, err);
	pthread_mutex_unlock(&n->lock);
	return r;
}

int network_pod_add(struct network *n, const char *uid, const struct network_port *ports,
		    size_t nports, struct network_pod *out, struct err *err)
{
	if (network_pod_get(n, uid, out))
		return 0;
	struct pod_links l = { .network = n, .inside = { .fd = -1 } };
	int r = take_addresses(n, uid, ports, nports, &l.pod, err);
	if (r < 0)
		return r;
	auto_free char *netns = netns_path(n, uid);
	name_links(&l, uid);
	netns_remove(netns, NULL);
	r = make_network(n, &l, netns, err);
	netlink_close(&l.inside);
	if (r < 0) {
		network_pod_remove(n, uid, NULL);
		return err_wrap(err, r, "network of pod %s", uid);
	}
	describe(n, l.pod, out);
	return 0;
}

int network_pod_remove(struct network *n, const char *uid, struct err *err)
{
	struct pod_links l = { 0 };
	auto_free char *netns = netns_path(n, uid);
	name_links(&l, uid);
	pthread_mutex_lock(&n->lock);
	const struct ipam_pod *pod = ipam_get(n->ipam, uid);
	bool had_ports = pod && pod->nports > 0;
	if (pod) {
		drop_link(n, l.name);
		firewall_hairpin(&n->filter, pod, true, NULL); /* absent is fine */
	}
	int r = netns_remove(netns, err);
	if (r == 0)
		r = ipam_remove(n->ipam, uid, err);
	if (r == 0 && had_ports)
		r = firewall_host_ports(&n->filter, n->ipam, err);
	pthread_mutex_unlock(&n->lock);
	return r;
}
