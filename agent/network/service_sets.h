/* SPDX-License-Identifier: Apache-2.0 */
/* Where Services are in the kernel: the sets and maps of the table, and which registers rules use to ask them. Private to service_*.c.
 *
 * Registers of a rule that picks: the backend (address, port) first, then the front (address, protocol, port), then the number or the
 * client's address: so each key and each answer is one stretch. IPv4: 0 1 | 2 3 4 | 5; IPv6: 0-3 4 | 5-8 9 10 | 11-14.
 * A client that stays is known by (cluster address, port, client, protocol) in place of the front. IPv4: 2 3 4 5; IPv6: 5-8 9 10-13 14. */
#ifndef AGENT_NETWORK_SERVICE_SETS_H
#define AGENT_NETWORK_SERVICE_SETS_H

#include "agent/network/nft_set.h"
#include "agent/network/service_elements.h"

#define SERVICE_BACKEND_REGISTER 0u

const struct nft_set *service_set(enum service_set set, bool v6);
const struct nft_set *service_clients(bool v6); /* where clients are that stay with a backend */
void service_sets_add(struct nft_batch *t);     /* all of them */

int service_family(bool v6);
unsigned service_front_register(bool v6);
unsigned service_port_register(bool v6);   /* of the backend */
unsigned service_number_register(bool v6); /* behind the front */
/* The packet's destination, protocol and port; `node`: zeros for the address. */
void service_load_front(struct nft_batch *t, bool v6, bool node);
/* The key of `clients`, from the front that is loaded and in its place. */
void service_load_client(struct nft_batch *t, bool v6);

#endif
