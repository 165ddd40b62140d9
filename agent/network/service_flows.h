/* SPDX-License-Identifier: Apache-2.0 */
/* Which UDP flows are to be forgotten after a change: those to a front of a Service that changed whose backend doesn't serve there (any more), or
 * that were let through before there was a Service. Backends that end but still serve keep theirs, as do those that a traffic policy no longer picks. A
 * node port is known by its number alone, so while nobody serves there, only flows to those who did are forgotten.
 * Follows pkg/proxy/conntrack/cleanup.go. Pure; any thread. */
#ifndef AGENT_NETWORK_SERVICE_FLOWS_H
#define AGENT_NETWORK_SERVICE_FLOWS_H

#include "agent/network/conntrack.h"
#include "agent/network/service_elements.h"
#include "base/map.h"

struct service_flows {           /* start with {0} */
	struct map fronts;       /* those that changed */
	struct map served, left; /* backend and front: serves there; did so before */
};
void service_flows_add(struct service_flows *f, const struct service_elements *before,
		       const struct service_elements *after);
static inline bool service_flows_any(const struct service_flows *f)
{
	return f->fronts.count > 0;
}
bool service_flows_stale(const void *flows, const struct conntrack_flow *flow);
void service_flows_free(struct service_flows *f);

#endif
