/* SPDX-License-Identifier: Apache-2.0 */
/* NoSchedule and NoExecute taints keep pods away that don't tolerate them; PreferNoSchedule ones cost score. */
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	for (size_t i = 0; i < n->node.spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->node.spec.taints.items[i];

		if (str_eqz(t->effect, "PreferNoSchedule") ||
		    pod_tolerates(&c->pod->spec, t->key, t->value, t->effect))
			continue;
		reasons_add(why, STR("node(s) had untolerated taint(s)"));
		return;
	}
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	int64_t count = 0;

	for (size_t i = 0; i < n->node.spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->node.spec.taints.items[i];

		count += str_eqz(t->effect, "PreferNoSchedule") &&
			 !pod_tolerates(&c->pod->spec, t->key, t->value, t->effect);
	}
	return count;
}

static void normalize(int64_t *scores, size_t n)
{
	scores_normalize(scores, n, true);
}

const struct sched_plugin plugin_taint_toleration = { .name = "TaintToleration",
						      .filter = filter,
						      .final = true,
						      .score = score,
						      .normalize = normalize,
						      .weight = 3 };
