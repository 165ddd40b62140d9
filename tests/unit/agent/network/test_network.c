/* SPDX-License-Identifier: Apache-2.0 */
/* The real kernel, in network and mount namespaces of the test's own. Needs root; otherwise each claim is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "agent/network/netns.h"
#include "agent/network/network.h"
#include "base/file.h"
#include "base/mem.h"

static char dir[64];
static const char *missing; /* why not */

static void skip_where_impossible(void)
{
	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
}

static struct network *open_network(void)
{
	static const char *const pods[] = { "10.244.0.0/24", NULL }, *const cluster[] = {
		"10.244.0.0/16", NULL
	};
	auto_free char *state_dir = str_printf("%s/state", dir);
	auto_free char *run_dir = str_printf("%s/netns", dir);
	struct network_config c = { .state_dir = state_dir,
				    .run_dir = run_dir,
				    .pod_cidrs = pods,
				    .cluster_cidrs = cluster };
	struct network *n = NULL;
	auto_err err = { 0 };
	if (network_new(&c, &n, &err) < 0)
		fail_msg("%s", err_text(&err));
	return n;
}

static int listen_on_80(void *ctx, struct err *err)
{
	(void)err;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 8) < 0)
		return -1;
	*(int *)ctx = fd;
	return 0;
}

static bool connects(const char *ip, uint16_t port)
{
	auto_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval timeout = { .tv_sec = 2 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, ip, &a.sin_addr);
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

static int connect_inside(void *ctx, struct err *err)
{
	(void)err;
	return connects(ctx, 80) ? 0 : -1;
}

static struct network_pod add(struct network *n, const char *uid, int host_port)
{
	struct network_port port = { .host_port = host_port,
				     .container_port = 80,
				     .protocol = IPPROTO_TCP };
	struct network_pod pod;
	auto_err err = { 0 };
	if (network_pod_add(n, uid, &port, host_port != 0, &pod, &err) < 0)
		fail_msg("%s", err_text(&err));
	return pod;
}

static void pods_and_node_reach_a_pod_by_address_and_host_port(void **state)
{
	(void)state;
	skip_where_impossible();
	struct network *n = open_network();
	struct network_pod a = add(n, "uid-a", 17380), b = add(n, "uid-b", 0);
	int fd = -1;
	assert_int_equal(netns_run(a.netns_path, listen_on_80, &fd, NULL), 0);
	assert_true(connects(a.ips[0], 80));
	assert_int_equal(netns_run(b.netns_path, connect_inside, a.ips[0], NULL), 0);
	assert_true(connects("127.0.0.1", 17380));
	close(fd);
	assert_int_equal(network_pod_remove(n, "uid-a", NULL), 0);
	assert_false(connects("127.0.0.1", 17380));
	assert_int_equal(network_pod_remove(n, "uid-b", NULL), 0);
	network_free(n);
}

static void a_restart_finds_the_same_addresses(void **state)
{
	(void)state;
	skip_where_impossible();
	struct network *n = open_network();
	struct network_pod before = add(n, "uid-c", 0), after;
	network_free(n);
	n = open_network();
	assert_true(network_pod_get(n, "uid-c", &after));
	assert_string_equal(before.ips[0], after.ips[0]);
	assert_string_equal(add(n, "uid-c", 0).ips[0], before.ips[0]);
	assert_int_equal(network_pod_remove(n, "uid-c", NULL), 0);
	network_free(n);
}

static unsigned links(void)
{
	struct if_nameindex *all = if_nameindex();
	unsigned n = 0;
	for (struct if_nameindex *i = all; i && i->if_index; i++)
		n++;
	if_freenameindex(all);
	return n;
}

static void removal_leaves_nothing_and_may_be_repeated(void **state)
{
	(void)state;
	skip_where_impossible();
	struct network *n = open_network();
	unsigned before = links();
	struct network_pod pod = add(n, "uid-d", 0);
	assert_int_equal(links(), before + 1);
	assert_int_equal(network_pod_remove(n, "uid-d", NULL), 0);
	assert_int_equal(network_pod_remove(n, "uid-d", NULL), 0);
	assert_int_equal(links(), before);
	assert_false(file_exists(pod.netns_path));
	assert_false(network_pod_get(n, "uid-d", &pod));
	network_free(n);
}

static bool lo_up(void)
{
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	return ioctl(fd, SIOCSIFFLAGS, &up) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_and_node_reach_a_pod_by_address_and_host_port),
		cmocka_unit_test(a_restart_finds_the_same_addresses),
		cmocka_unit_test(removal_leaves_nothing_and_may_be_repeated),
	};
	snprintf(dir, sizeof(dir), "/tmp/test-network-XXXXXX");
	auto_fd int netfilter = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (netfilter < 0)
		missing = "needs netfilter's netlink, which emulated processors don't have";
	else if (!mkdtemp(dir) || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
		 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || !lo_up())
		missing = "needs root: namespaces of its own";
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	dir_remove(dir, NULL);
	return failed;
}
