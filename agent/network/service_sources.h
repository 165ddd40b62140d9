/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come to a load balancer (loadBalancerSourceRanges), as ranges that don't overlap. As kube-proxy has it: only ranges of the front's
 * family count, none of them (or one that is everything) means everyone, and a node that may come may also come from the balancer's own
 * addresses. Pure; any thread. */
#ifndef AGENT_NETWORK_SERVICE_SOURCES_H
#define AGENT_NETWORK_SERVICE_SOURCES_H

#include "agent/network/service_elements.h"

struct source_ranges {
	struct cidr *items; /* sorted */
	size_t n, cap;      /* n 0: everyone may come */
};
void source_ranges_of(const struct service_view *v, bool v6, struct source_ranges *out);
void source_ranges_free(struct source_ranges *r);
struct ip cidr_last(const struct cidr *c);

/* An address by which load balancers hand on packets unchanged. */
bool is_virtual_ingress(const struct core_v1_load_balancer_ingress *i);

#endif
