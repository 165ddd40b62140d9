/* SPDX-License-Identifier: Apache-2.0 */
/* nodeSelector and node affinity: required terms filter, preferred ones score. */
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	if (!node_selected(&c->pod->spec, &n->node))
		reasons_add(why, STR("node(s) didn't match Pod's node affinity/selector"));
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct core_v1_affinity *affinity = c->pod->spec.affinity;
	const struct core_v1_node_affinity *a = affinity ? affinity->node_affinity : NULL;
	int64_t sum = 0;

	for (size_t i = 0; a && i < a->preferred_during_scheduling_ignored_during_execution.n;
	     i++) {
		const struct core_v1_preferred_scheduling_term *t =
			&a->preferred_during_scheduling_ignored_during_execution.items[i];

		if (node_term_matches(&t->preference, &n->node))
			sum += t->weight;
	}
	return sum;
}

static void normalize(int64_t *scores, size_t n)
{
	scores_normalize(scores, n, false);
}

const struct sched_plugin plugin_node_affinity = { .name = "NodeAffinity",
						   .filter = filter,
						   .final = true,
						   .score = score,
						   .normalize = normalize,
						   .weight = 2 };
