/* SPDX-License-Identifier: Apache-2.0 */
/* What messages and expressions of nf_tables are put together from. Private to nft*.c. */
#ifndef AGENT_NETWORK_NFT_PARTS_H
#define AGENT_NETWORK_NFT_PARTS_H

#include "agent/network/nft.h"

/* A message about something in the batch's table; acknowledged. `type`: NFT_MSG_… */
void nft_message(struct nft_batch *t, uint16_t type, uint16_t flags);
/* An expression of the rule that is begun; its attributes stand between the two. */
void nft_expression(struct nft_batch *t, const char *name);
void nft_expression_end(struct nft_batch *t);
/* NFTA_DATA_VALUE, NFTA_DATA_VERDICT inside an attribute `type`. */
void nft_value(struct nft_batch *t, uint16_t type, const void *p, size_t n);
void nft_verdict_data(struct nft_batch *t, uint16_t type, uint32_t code, const char *chain);

#endif
