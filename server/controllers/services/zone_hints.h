/* SPDX-License-Identifier: Apache-2.0 */
/* Hints by the annotation service.kubernetes.io/topology-mode: Auto: each zone gets endpoints in proportion to the CPU of its nodes, of
 * its own as far as they go, others' where it has too few. Pure; after k8s.io/endpointslice/topologycache of v1.37, with the zones in
 * order of their names where that leaves it to chance. */
#ifndef SERVER_CONTROLLERS_SERVICES_ZONE_HINTS_H
#define SERVER_CONTROLLERS_SERVICES_ZONE_HINTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "generated/api_structs.h"

bool zone_hints_wanted(const struct core_v1_service *s);

/* What nodes have, by zone. Start with {0}; nodes one by one. Names are borrowed from an arena of the caller's. */
struct zone_cpu {
	struct str zone;
	int64_t milli;
};
struct zone_cpus {
	struct zone_cpu *items;
	size_t n, cap;
	bool insufficient; /* a node without a zone or CPU */
};
void zone_cpus_add(struct zone_cpus *z, const struct core_v1_node *n, struct arena *a);
void zone_cpus_end(struct zone_cpus *z); /* in order; none at all if that's too little to go by */

/* How many endpoints have been given to each zone. */
struct zone_given {
	struct str zone;
	int n;
};
struct zone_givens {
	struct zone_given *items; /* in the arena */
	size_t n;
};
/* Sets the hints of ready endpoints (all of one address family, of all slices) and takes off those of others. False: none got one,
 * and *why says so in upstream's words. */
bool zone_hints_plan(const struct zone_cpus *z, struct discovery_v1_endpoint *const *endpoints,
		     size_t n, struct arena *a, struct zone_givens *given, struct buf *why);
/* Has some zone less than it should have at least? Then it is worth while to plan anew. */
bool zone_hints_overloaded(const struct zone_cpus *z, const struct zone_givens *given);

#endif
