/* SPDX-License-Identifier: Apache-2.0 */
/* The real kernel, in a network namespace of the test's own. Needs root; otherwise each claim is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/network/netlink.h"
#include "agent/network/nft.h"
#include "base/file.h"

#define MANY 3000 /* acknowledgements of so many don't fit into a socket as it is opened */

static const char *missing; /* why not */

static struct netlink open_socket(int protocol)
{
	struct netlink nl;
	auto_err err = { 0 };
	if (missing) {
		print_message("%s\n", missing);
		skip();
	}
	if (netlink_open(&nl, protocol, &err) < 0)
		fail_msg("%s", err_text(&err));
	return nl;
}

static void all_of_many_acknowledgements_are_read(void **state)
{
	(void)state;
	struct netlink nl = open_socket(NETLINK_ROUTE);
	struct netlink_batch b = { 0 };
	struct ifinfomsg nothing = { .ifi_index = 12345 };
	for (int i = 0; i < MANY; i++)
		netlink_begin(&b, RTM_DELLINK, NLM_F_ACK, &nothing, sizeof(nothing));
	auto_err err = { 0 };
	if (netlink_commit(&nl, &b, ENODEV, NULL, &err) < 0)
		fail_msg("%s", err_text(&err));
	netlink_close(&nl);
}

static int add_chains(struct netlink *nl, const char *table, int wrong, struct err *err)
{
	struct nft_batch t;
	nft_begin(&t, NFPROTO_INET, table);
	nft_table_add(&t);
	for (int i = 0; i < MANY; i++) {
		char chain[16];
		snprintf(chain, sizeof(chain), "c%d", i);
		if (i != wrong)
			nft_chain_add(&t, chain, NULL);
		else
			nft_chain_flush(&t, "nowhere");
	}
	return nft_commit(nl, &t, err);
}

static void a_large_transaction_is_done(void **state)
{
	(void)state;
	struct netlink nl = open_socket(NETLINK_NETFILTER);
	auto_err err = { 0 };
	if (add_chains(&nl, "large", -1, &err) < 0)
		fail_msg("%s", err_text(&err));
	netlink_close(&nl);
}

static int remove_table(struct netlink *nl, const char *table, struct err *err)
{
	struct nft_batch t;
	nft_begin(&t, NFPROTO_INET, table);
	nft_table_delete(&t);
	return nft_commit(nl, &t, err);
}

static void a_transaction_with_a_mistake_is_not_done_and_the_next_one_is(void **state)
{
	(void)state;
	struct netlink nl = open_socket(NETLINK_NETFILTER);
	auto_err mistake = { 0 }, none = { 0 }, err = { 0 };
	assert_true(add_chains(&nl, "wrong", MANY / 2, &mistake) < 0);
	assert_non_null(strstr(err_text(&mistake), "No such file or directory"));
	assert_true(remove_table(&nl, "wrong", &none) < 0);
	if (add_chains(&nl, "wrong", -1, &err) < 0 || remove_table(&nl, "wrong", &err) < 0)
		fail_msg("%s", err_text(&err));
	netlink_close(&nl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_many_acknowledgements_are_read),
		cmocka_unit_test(a_large_transaction_is_done),
		cmocka_unit_test(a_transaction_with_a_mistake_is_not_done_and_the_next_one_is),
	};
	auto_fd int netfilter = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (netfilter < 0)
		missing = "needs netfilter's netlink, which emulated processors don't have";
	else if (unshare(CLONE_NEWNET) != 0)
		missing = "needs root: a network namespace of its own";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
