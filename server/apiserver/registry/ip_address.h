/* SPDX-License-Identifier: Apache-2.0 */
/* IPAddress objects of cluster IPs: each address that a Service has is one, stored with the Service and removed after it. At start, and when
 * someone removes one that is in use, what is missing is made again. Follows upstream's registry/core/service/ipallocator and its
 * repair loop. Any thread. */
#ifndef SERVER_APISERVER_REGISTRY_IP_ADDRESS_H
#define SERVER_APISERVER_REGISTRY_IP_ADDRESS_H

#include "base/str.h"

struct apiserver;
struct object;
struct write;

/* Stores the address with the Service that is being written. */
int ip_address_also(struct write *w, const char *ip);
void ip_address_remove(struct apiserver *s, const char *ip); /* in its own time */
/* Makes what is missing for the Services in the cache, removes those of Services that are gone; before any write. */
void ip_addresses_repair(struct apiserver *s);

#endif
