/* SPDX-License-Identifier: Apache-2.0 */
/* Which pod has which addresses and host ports: one small text file per pod, written before the address is used and
 * removed after it is not. An address that was given back comes up again only after all others had their turn. The files matter
 * while the pods' namespaces live, so they are renamed into place but not synced. One thread at a time. */
#ifndef AGENT_NETWORK_IPAM_H
#define AGENT_NETWORK_IPAM_H

#include <stdbool.h>

#include "agent/network/cidr.h"
#include "agent/network/network.h"

struct ipam_port {
	struct ip host_ip; /* family 0: any */
	uint16_t host_port, container_port;
	uint8_t protocol;
};
struct ipam_pod {
	char uid[64];
	struct ip ips[2];
	size_t nips;
	struct ipam_port *ports;
	size_t nports;
};

struct ipam;
/* Reads what is in `dir`; pods for which keep() says no are forgotten. cidrs: at most two, copied. */
int ipam_open(const char *dir, const struct cidr *cidrs, size_t ncidrs,
	      bool (*keep)(void *ctx, const char *uid), void *ctx, struct ipam **out,
	      struct err *err);
void ipam_free(struct ipam *i);
const struct ipam_pod *ipam_get(const struct ipam *i, const char *uid);
/* ERR_INVALID: no valid uid, port or address; ERR_UNAVAILABLE: the range is used up. */
int ipam_add(struct ipam *i, const char *uid, const struct network_port *ports, size_t nports,
	     const struct ipam_pod **out, struct err *err);
int ipam_remove(struct ipam *i, const char *uid, struct err *err); /* absent is fine */
void ipam_each(const struct ipam *i, void (*fn)(void *ctx, const struct ipam_pod *p), void *ctx);

#endif
