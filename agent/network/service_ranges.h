/* SPDX-License-Identifier: Apache-2.0 */
/* The ranges that cluster addresses come from (ServiceCIDRs): what is sent to one that no Service has goes nowhere, as
 * kube-proxy has it in its nftables mode. Loop thread of the client only. */
#ifndef AGENT_NETWORK_SERVICE_RANGES_H
#define AGENT_NETWORK_SERVICE_RANGES_H

#include "agent/network/cidr.h"
#include "client/client.h"

struct service_ranges {
	void (*changed)(void *ctx); /* also when they are first known */
	void *ctx;
	struct informer *informer; /* private */
};
void service_ranges_start(struct service_ranges *r, struct client *client,
			  void (*changed)(void *ctx), void *ctx);
bool service_ranges_synced(const struct service_ranges *r);
size_t service_ranges_list(const struct service_ranges *r,
			   struct cidr **out); /* the caller frees *out */
void service_ranges_stop(struct service_ranges *r);

#endif
