/* SPDX-License-Identifier: Apache-2.0 */
/* Spreads pods that a selector matches over topology domains: DoNotSchedule constraints filter, ScheduleAnyway ones score.
 * After podtopologyspread of v1.37. */
#include <math.h>

#include "client/selectors.h"
#include "server/scheduler/plugins/spread.h"

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	struct spreads *s = ARENA_NEW(c->arena, struct spreads);

	spreads_read(c, true, s);
	out->state = s;
	return s->n > 0;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct spreads *s = c->state;

	for (size_t i = 0; i < s->n; i++) {
		struct spread *x = &s->items[i];

		if (topology_domain(x->topology, n->place) == DOMAIN_NONE) {
			verdict_add_final(v, "node(s) didn't match pod topology spread constraints "
					     "(missing required label)");
			return;
		}
		spread_refresh(c, s, x);
		if (spread_count(x, n->place) + x->counts_itself - x->least > x->max_skew) {
			verdict_add(v, "node(s) didn't match pod topology spread constraints");
			return;
		}
	}
}

/* --- scores --- */

struct scoring {
	struct spreads all;
	double *weights; /* per constraint: domains of a kind that has many weigh more */
};

static bool is_hostname(const struct spread *x)
{
	return str_eqz(x->topology_key, "kubernetes.io/hostname");
}

static bool ignored(const struct spreads *s, const struct node_info *n)
{
	return !s->system_default && !spreads_has_labels(s, n->place);
}

/* How many domains the nodes lie in; those without the label are one more. */
static size_t count_domains(const struct sched_cycle *c, const struct spreads *s,
			    const struct spread *x, struct node_info *const *nodes, size_t n)
{
	bool *seen = ARENA_ARRAY(c->arena, bool, x->topology->ids_used + 1);
	size_t domains = 0;

	for (size_t i = 0; i < n; i++) {
		int32_t d = topology_domain(x->topology, nodes[i]->place);
		size_t at = d == DOMAIN_NONE ? x->topology->ids_used : (size_t)d;

		if (ignored(s, nodes[i]))
			continue;
		if (is_hostname(x)) {
			domains++;
		} else if (!seen[at]) {
			seen[at] = true;
			domains++;
		}
	}
	return domains;
}

static bool pre_score(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
		      void **state)
{
	struct scoring *s = ARENA_NEW(c->arena, struct scoring);

	spreads_read(c, false, &s->all);
	if (!s->all.n)
		return false;
	s->weights = ARENA_ARRAY(c->arena, double, s->all.n);
	for (size_t i = 0; i < s->all.n; i++) {
		size_t domains = count_domains(c, &s->all, &s->all.items[i], nodes, n);

		s->weights[i] = log((double)domains + 2);
		if (!s->all.items[i].tally)
			spread_refresh(c, &s->all, &s->all.items[i]);
	}
	*state = s;
	return true;
}

/* The number of matching pods: fewer is better, which normalize turns around. */
static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct scoring *s = c->state;
	double sum = 0;

	if (ignored(&s->all, n))
		return 0;
	for (size_t i = 0; i < s->all.n; i++) {
		const struct spread *x = &s->all.items[i];
		int64_t count;

		if (topology_domain(x->topology, n->place) == DOMAIN_NONE)
			continue;
		count = is_hostname(x) && x->per_node ? tally_at(x->per_node, n->place)
						      : spread_count(x, n->place);
		sum += (double)count * s->weights[i] + (double)(x->max_skew - 1);
	}
	return (int64_t)round(sum);
}

static void normalize(const struct sched_cycle *c, struct node_info *const *nodes, int64_t *scores,
		      size_t n)
{
	const struct scoring *s = c->state;
	int64_t low = INT64_MAX, high = 0;

	for (size_t i = 0; i < n; i++) {
		if (ignored(&s->all, nodes[i]))
			continue;
		low = scores[i] < low ? scores[i] : low;
		high = scores[i] > high ? scores[i] : high;
	}
	for (size_t i = 0; i < n; i++) {
		if (ignored(&s->all, nodes[i]))
			scores[i] = 0;
		else if (!high)
			scores[i] = SCORE_MAX;
		else
			scores[i] = SCORE_MAX * (high + low - scores[i]) / high;
	}
}

/* Pods of other namespaces don't count. */
static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	const struct object *o = e->pod ? e->pod : e->pod_before;

	return !o || (e->what & SCHED_EVENT_SELF) || str_eq(o->ns, pod->metadata.namespace);
}

const struct sched_plugin plugin_topology_spread = {
	.name = "PodTopologySpread",
	.pre_filter = pre_filter,
	.filter = filter,
	.pre_score = pre_score,
	.score = score,
	.normalize = normalize,
	.weight = 2,
	.events = SCHED_EVENT_POD_ADD | SCHED_EVENT_POD_LABELS | SCHED_EVENT_POD_DELETE |
		  SCHED_EVENT_NODE_ADD | SCHED_EVENT_NODE_DELETE | SCHED_EVENT_NODE_LABELS |
		  SCHED_EVENT_NODE_TAINTS | SCHED_EVENT_SELF,
	.hint = hint
};
