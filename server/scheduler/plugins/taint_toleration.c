/* SPDX-License-Identifier: Apache-2.0 */
/* NoSchedule and NoExecute taints keep pods away that don't tolerate them; PreferNoSchedule ones cost score. */
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static bool untolerated(const struct core_v1_pod *pod, const struct core_v1_node *n)
{
	for (size_t i = 0; i < n->spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->spec.taints.items[i];

		if (!str_eqz(t->effect, "PreferNoSchedule") &&
		    !pod_tolerates(&pod->spec, t->key, t->value, t->effect))
			return true;
	}
	return false;
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	(void)out;
	return c->cluster->ntainted > 0;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	if (n->ntaints && untolerated(c->pod, n->node))
		verdict_add_final(v, "node(s) had untolerated taint(s)");
}

/* Without any taint in sight all nodes are alike. */
static bool pre_score(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
		      void **state)
{
	(void)c;
	(void)state;
	for (size_t i = 0; i < n; i++)
		if (nodes[i]->ntaints)
			return true;
	return false;
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	int64_t count = 0;

	for (size_t i = 0; i < n->ntaints; i++) {
		const struct core_v1_taint *t = &n->node->spec.taints.items[i];

		count += str_eqz(t->effect, "PreferNoSchedule") &&
			 !pod_tolerates(&c->pod->spec, t->key, t->value, t->effect);
	}
	return count;
}

static void normalize(const struct sched_cycle *c, struct node_info *const *nodes, int64_t *scores,
		      size_t n)
{
	(void)c;
	(void)nodes;
	scores_normalize(scores, n, true);
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	if (!e->node)
		return true;
	return !untolerated(pod, e->node) && (!e->node_before || untolerated(pod, e->node_before));
}

const struct sched_plugin plugin_taint_toleration = { .name = "TaintToleration",
						      .pre_filter = pre_filter,
						      .filter = filter,
						      .pre_score = pre_score,
						      .score = score,
						      .normalize = normalize,
						      .weight = 3,
						      .events = SCHED_EVENT_NODE_ADD |
								SCHED_EVENT_NODE_TAINTS |
								SCHED_EVENT_SELF,
						      .hint = hint };
