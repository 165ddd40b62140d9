/* SPDX-License-Identifier: Apache-2.0 */
/* Where nodes lie by one label (a zone, a rack, a host name): each value is a domain with a small number, so that counts per domain
 * are arrays. The empty key makes a domain of each node. Nodes are known by their place in the cluster's list. Control loop only. */
#ifndef SERVER_SCHEDULER_TOPOLOGY_H
#define SERVER_SCHEDULER_TOPOLOGY_H

#include "base/map.h"

#define DOMAIN_NONE (-1)

struct topology {
	char *key;
	struct map ids;   /* value of the label → its number + 1 */
	char **values;    /* by number; NULL: free */
	int32_t *nodes;   /* by number: how many nodes are in it */
	int32_t *of_node; /* by place: the node's domain, DOMAIN_NONE: it has no such label */
	int32_t *spare;   /* numbers that are free again */
	size_t ids_used, ids_cap, nodes_cap, places_cap, nspare, spare_cap, values_cap;
	size_t ndomains; /* that have nodes */
	size_t nlabeled; /* nodes that have the label */
};

struct topology *topology_new(struct str key);
void topology_free(struct topology *t);
/* The node at `place` has this value from now on; NULL: it has none. */
void topology_node_set(struct topology *t, size_t place, const struct str *value);
/* The node at `last`, the highest place, takes over `place`, whose node is gone. */
void topology_node_del(struct topology *t, size_t place, size_t last);
static inline int32_t topology_domain(const struct topology *t, size_t place)
{
	return t->of_node[place];
}

#endif
