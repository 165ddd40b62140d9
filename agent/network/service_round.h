/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in one turn of the loop, carried out as one transaction. Put together on the loop, carried out on a worker; one at a
 * time. */
#ifndef AGENT_NETWORK_SERVICE_ROUND_H
#define AGENT_NETWORK_SERVICE_ROUND_H

#include "agent/network/service_rules.h"

struct service_change {
	char *key; /* "ns/name" */
	struct service_elements before, after;
};
struct service_round {
	struct service_change *items;
	size_t n, cap;
	struct cidr *ranges; /* that cluster addresses come from, if they are new */
	size_t nranges;
	bool new_ranges;
	void *ctx; /* the owner's */
	/* afterwards */
	bool failed;
	struct err err;
	int64_t took_us;
};
struct service_change *service_round_add(struct service_round *r, struct str key);
/* Blocking. */
void service_round_run(struct service_round *r, struct service_rules *rules);
void service_round_free(struct service_round *r); /* elements that were not taken over, too */

#endif
