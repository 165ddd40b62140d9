/* SPDX-License-Identifier: Apache-2.0 */
/* Several Services may name one external address and port: the first has it until it lets go. Loop thread of the proxy. */
#ifndef AGENT_NETWORK_SERVICE_CLAIMS_H
#define AGENT_NETWORK_SERVICE_CLAIMS_H

#include "agent/network/cidr.h"
#include "base/map.h"

struct service_claim;
struct service_claims { /* start with {0} */
	struct map by_place, by_service;
	struct map waiting; /* Services that went without one */
	struct str service; /* who claims now */
	struct service_claim *held;
};
void service_claims_free(struct service_claims *c);

/* A Service ("ns/name") claims everything anew: begin, take…, end. */
void service_claims_begin(struct service_claims *c, struct str service);
bool service_claims_take(struct service_claims *c, const struct ip *ip, uint8_t protocol,
			 uint16_t port); /* false: another Service has it */
/* True: something was let go while others wait (their keys are in `waiting`, to be emptied by the caller). */
bool service_claims_end(struct service_claims *c);

#endif
