/* SPDX-License-Identifier: Apache-2.0 */
/* nf_tables in our own words: tables, chains, sets and rules added to one transaction, which the kernel takes whole or not at
 * all. A rule is begun, filled with expressions in their order (all in register 1) and ended. Names are the kernel's, as `nft`
 * prints them. Follows <linux/netfilter/nf_tables.h> and nft's own netlink output.
 *
 *   struct nft_batch t;
 *   nft_begin(&t, NFPROTO_INET, "allinone");
 *   nft_table_add(&t);
 *   nft_rule_begin(&t, "postrouting");
 *   nft_match_mark(&t, 0x4000);
 *   nft_masquerade(&t);
 *   nft_rule_end(&t);
 *   r = nft_commit(&nl, &t, err);
 */
#ifndef AGENT_NETWORK_NFT_H
#define AGENT_NETWORK_NFT_H

#include <stdbool.h>

#include "agent/network/cidr.h"
#include "agent/network/netlink.h"

struct nft_batch {
	struct netlink_batch batch;
	uint8_t family;
	const char *table;
	size_t rule_expressions, expression, expression_data, list; /* open nests */
	uint32_t sets;                                              /* made in this batch */
	const char *set; /* whose elements are being added or, `removes`, taken away */
	bool removes;
};
void nft_begin(struct nft_batch *t, uint8_t family, const char *table);
int nft_commit(struct netlink *nl, struct nft_batch *t,
	       struct err *err); /* frees the batch in any case */

void nft_table_add(struct nft_batch *t);    /* there already is fine */
void nft_table_delete(struct nft_batch *t); /* with all that is in it */
/* A transaction of its own. Absent is fine. */
int nft_table_leave(uint8_t family, const char *table, struct err *err);
struct nft_hook {
	const char *type; /* "nat", "filter" */
	uint32_t hook;    /* NF_INET_POST_ROUTING, … */
	int32_t priority;
};
void nft_chain_add(struct nft_batch *t, const char *chain,
		   const struct nft_hook *hook);              /* hook NULL: a plain chain */
void nft_chain_flush(struct nft_batch *t, const char *chain); /* its rules */

void nft_rule_begin(struct nft_batch *t, const char *chain);
void nft_rule_end(struct nft_batch *t);
/* matches */
void nft_match_family(struct nft_batch *t, int family);         /* AF_INET, AF_INET6 */
void nft_match_protocol(struct nft_batch *t, uint8_t protocol); /* meta l4proto */
void nft_match_dport(struct nft_batch *t, uint16_t port);       /* th dport */
void nft_match_source(struct nft_batch *t, const struct cidr *c);
void nft_match_destination(struct nft_batch *t, const struct cidr *c);
void nft_match_local_destination(struct nft_batch *t);  /* fib daddr type local */
void nft_match_local_source(struct nft_batch *t);       /* fib saddr type local */
void nft_match_new_connection(struct nft_batch *t);     /* ct state new */
void nft_match_from_outside(struct nft_batch *t);       /* iif != lo */
void nft_match_mark(struct nft_batch *t, uint32_t bit); /* meta mark & bit != 0 */
/* statements */
void nft_set_mark(struct nft_batch *t, uint32_t bit); /* meta mark set meta mark | bit */
void nft_masquerade(struct nft_batch *t);             /* fully-random */
void nft_dnat(struct nft_batch *t, const struct ip *to, uint16_t port);
void nft_return(struct nft_batch *t);
void nft_drop(struct nft_batch *t);
void nft_jump(struct nft_batch *t, const char *chain);
void nft_goto(struct nft_batch *t, const char *chain);
void nft_reject(struct nft_batch *t); /* port unreachable */

#endif
