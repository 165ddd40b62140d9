/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the service proxy as it is before there is any Service: sets, hooks and the rules that never change.
 *
 *	firewall-…          ─► firewall: guarded[front] but not in sources[front . client] ─► drop
 *	prerouting, output  ─► services: fronts[…] ─► the chain that picks (service_chains.h)
 *	filter-…            ─► refusals: refused[…] ─► reject or drop;   what else goes to a cluster address: reject
 *	                       ─► unallocated: to a range of cluster addresses, but to none that a Service has: drop */
#ifndef AGENT_NETWORK_SERVICE_TABLE_H
#define AGENT_NETWORK_SERVICE_TABLE_H

#include "agent/network/nft.h"

#define SERVICE_CHAIN_OUTSIDERS "outsiders" /* marks what does not come from pods */
#define SERVICE_CHAIN_REJECT    "refuse"
#define SERVICE_CHAIN_DROP      "ignore"

/* Replaces what is there. `cluster`: ranges of pods. */
void service_table_add(struct nft_batch *t, const struct cidr *cluster, size_t n);
/* The chain `unallocated` anew. `ranges`: of cluster addresses. */
void service_table_ranges(struct nft_batch *t, const struct cidr *ranges, size_t n);

#endif
