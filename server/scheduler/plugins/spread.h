/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints of topology spreading as the plug-in works with them: the pod's own, or the system's defaults for pods that belong
 * to a service or an owner. Numbers come from a tally as long as all nodes take part; else they are summed up node by node. */
#ifndef SERVER_SCHEDULER_PLUGINS_SPREAD_H
#define SERVER_SCHEDULER_PLUGINS_SPREAD_H

#include "server/scheduler/plugin.h"

struct spread { /* one constraint */
	struct str topology_key;
	int64_t max_skew, min_domains;
	bool honors_affinity, honors_taints;
	bool counts_itself;
	struct topology *topology;
	struct tally *tally; /* per domain; NULL: see `summed` */
	/* Only some nodes take part: per node, and summed over those per domain. */
	struct tally *per_node;
	int64_t *summed; /* by domain; -1: no node of it takes part */
	size_t ndomains; /* that take part */
	int64_t least;
	uint64_t seen; /* version of the counts for which summed and least hold */
};
struct spreads {
	struct spread *items;
	size_t n;
	bool system_default; /* nodes need not have all labels */
};
/* Constraints of a kind: hard (DoNotSchedule) or not. */
void spreads_read(const struct sched_cycle *c, bool hard, struct spreads *out);
/* `least` and, where needed, the sums are those of now. */
void spread_refresh(const struct sched_cycle *c, const struct spreads *all, struct spread *x);
/* Pods in the domain of a node that has the label. */
int64_t spread_count(const struct spread *x, size_t place);
bool spreads_has_labels(const struct spreads *all, size_t place);

#endif
