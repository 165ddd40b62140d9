/* SPDX-License-Identifier: Apache-2.0 */
/* Sets and maps of nf_tables, their elements, and the expressions that ask them. Keys are concatenations: each part starts on four
 * bytes and is filled up with zeros, in the set as in the registers. Registers here are numbers 0 to 15 of four bytes each; what
 * a rule reads it must have loaded itself. Adds to a transaction of nft.h. */
#ifndef AGENT_NETWORK_NFT_SET_H
#define AGENT_NETWORK_NFT_SET_H

#include "agent/network/nft.h"

/* Types of parts, as `nft` shows them (include/datatype.h of nftables). */
enum nft_datatype {
	NFT_TYPE_IPV4 = 7,
	NFT_TYPE_IPV6 = 8,
	NFT_TYPE_PROTOCOL = 12,
	NFT_TYPE_PORT = 13,
	NFT_TYPE_NUMBER = 19, /* "mark": four bytes in the order of the machine */
};
#define NFT_DYNAMIC_MAX 65536 /* elements that rules may add to a set */
struct nft_set {
	const char *name;
	const uint8_t *key, *data; /* nft_datatype of each part, 0 ends; data NULL: a plain set */
	bool verdicts;             /* a map to chains */
	bool dynamic;              /* rules add elements, which go after their time */
	bool ranges; /* an element reaches from one key to another, part by part; no two overlap */
};
void nft_set_add(struct nft_batch *t, const struct nft_set *s);
size_t nft_parts_size(const uint8_t *parts);

/* Elements of one set: begun, added one by one, ended. `remove`: those with these keys go. */
void nft_elements_begin(struct nft_batch *t, const char *set, bool remove);
void nft_element(struct nft_batch *t, const void *key, size_t nkey, const void *data,
		 size_t ndata); /* ndata 0: a plain set, or removal */
void nft_element_range(struct nft_batch *t, const void *first, const void *last, size_t nkey);
void nft_element_goto(struct nft_batch *t, const void *key, size_t nkey, const char *chain);
void nft_elements_end(struct nft_batch *t);
void nft_elements_flush(struct nft_batch *t, const char *set); /* all of them go */

/* Loads */
void nft_load_source(struct nft_batch *t, int family, unsigned reg);
void nft_load_destination(struct nft_batch *t, int family, unsigned reg);
void nft_load_zeros(struct nft_batch *t, unsigned reg, size_t n);
void nft_load_protocol(struct nft_batch *t, unsigned reg);
void nft_load_dport(struct nft_batch *t, unsigned reg);
void nft_load_random(struct nft_batch *t, unsigned reg, uint32_t modulus, uint32_t offset);
/* Questions; a rule ends where the answer is no. */
void nft_match_in(struct nft_batch *t, const char *set, unsigned key);
void nft_match_not_in(struct nft_batch *t, const char *set, unsigned key);
void nft_look_up(struct nft_batch *t, const char *map, unsigned key, unsigned to);
void nft_go_by(struct nft_batch *t, const char *map, unsigned key); /* the verdict of the element */
/* Adds the element or gives it its time anew. */
void nft_remember(struct nft_batch *t, const char *map, unsigned key, unsigned data, uint64_t ms);
void nft_dnat_to(struct nft_batch *t, int family, unsigned address, unsigned port);

#endif
