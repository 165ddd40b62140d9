/* SPDX-License-Identifier: Apache-2.0 */
/* Chains that pick a backend: one for each way of picking (service_pick) that some Service has, named after it. */
#ifndef AGENT_NETWORK_SERVICE_CHAINS_H
#define AGENT_NETWORK_SERVICE_CHAINS_H

#include "agent/network/nft.h"
#include "agent/network/service_elements.h"

#define SERVICE_CHAIN_NAME_MAX 64

void service_chain_name(const struct service_pick *p, char out[SERVICE_CHAIN_NAME_MAX]);
/* With its rules; `cluster`: ranges of pods. */
void service_chain_add(struct nft_batch *t, const char *chain, const struct service_pick *p,
		       const struct cidr *cluster, size_t n);

#endif
