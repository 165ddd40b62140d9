/* SPDX-License-Identifier: Apache-2.0 */
/* Spreads pods that a selector matches over topology domains: DoNotSchedule constraints filter, ScheduleAnyway ones score.
 * After podtopologyspread of v1.37, without the defaults for pods that bring no constraint. */
#include <math.h>

#include "client/placement.h"
#include "client/selectors.h"
#include "server/scheduler/plugin.h"
#include "server/scheduler/plugins/domains.h"

struct spread { /* one constraint */
	const struct core_v1_topology_spread_constraint *constraint;
	struct domains domains;
	int64_t least;
	bool counts_itself, hard;
};
struct state {
	struct spread *items;
	size_t n;
};

static bool node_counts(const struct sched_cycle *c,
			const struct core_v1_topology_spread_constraint *t,
			const struct node_info *n)
{
	if (!str_eqz(t->node_affinity_policy, "Ignore") && !node_selected(&c->pod->spec, &n->node))
		return false;
	if (!str_eqz(t->node_taints_policy, "Honor"))
		return true;
	for (size_t i = 0; i < n->node.spec.taints.n; i++) {
		const struct core_v1_taint *x = &n->node.spec.taints.items[i];

		if (!str_eqz(x->effect, "PreferNoSchedule") &&
		    !pod_tolerates(&c->pod->spec, x->key, x->value, x->effect))
			return false;
	}
	return true;
}

static bool selects(const struct sched_cycle *c, const struct core_v1_topology_spread_constraint *t,
		    const struct object *o)
{
	if (!label_selector_matches(t->label_selector, o))
		return false;
	for (size_t i = 0; i < t->match_label_keys.n; i++) {
		const struct str *own =
			label_find(&c->pod->metadata.labels, t->match_label_keys.items[i]);
		const struct str *its = object_label(o, t->match_label_keys.items[i]);

		if (own && (!its || !str_eq(*own, *its)))
			return false;
	}
	return true;
}

static bool selects_itself(const struct sched_cycle *c,
			   const struct core_v1_topology_spread_constraint *t)
{
	const struct api_str_map *m = &c->pod->metadata.labels;
	struct object_label *labels = ARENA_ARRAY(c->arena, struct object_label, m->n + 1);
	struct object o = { .labels = labels, .nlabels = m->n };

	for (size_t i = 0; i < m->n; i++)
		labels[i] = (struct object_label){ m->items[i].key, m->items[i].value };
	return selects(c, t, &o);
}

/* A node has to have all keys of the constraints of the same kind to take part. */
static bool has_keys(const struct state *s, bool hard, const struct node_info *n)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].hard == hard &&
		    !label_find(&n->node.metadata.labels, s->items[i].constraint->topology_key))
			return false;
	return true;
}

static void count_domains(const struct sched_cycle *c, struct state *s, struct spread *x)
{
	struct str key = x->constraint->topology_key;

	for (size_t i = 0; i < c->cluster->nlist; i++) {
		const struct node_info *n = c->cluster->list[i];

		if (has_keys(s, x->hard, n) && node_counts(c, x->constraint, n))
			domain_of(&x->domains, key, *label_find(&n->node.metadata.labels, key));
	}
}

static void count_pods(const struct sched_cycle *c, struct state *s, struct spread *x)
{
	struct str key = x->constraint->topology_key;
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&c->cluster->placed, &i));) {
		const struct placed_pod *p = e->value;
		const struct node_info *n = cluster_node(c->cluster, str_from(p->node));

		if (!n || !p->object || p->leaving || !sched_counts(c, p) ||
		    !str_eq(p->object->ns, c->pod->metadata.namespace) ||
		    !has_keys(s, x->hard, n) || !node_counts(c, x->constraint, n) ||
		    !selects(c, x->constraint, p->object))
			continue;
		domain_of(&x->domains, key, *label_find(&n->node.metadata.labels, key))->count++;
	}
}

static int64_t least_of(const struct spread *x)
{
	int64_t least = INT64_MAX;
	const int32_t *min_domains = x->constraint->min_domains;

	if (min_domains && (int64_t)x->domains.n < *min_domains)
		return 0;
	for (size_t i = 0; i < x->domains.n; i++)
		if (x->domains.items[i].count < least)
			least = x->domains.items[i].count;
	return x->domains.n ? least : 0;
}

static void *pre_filter(const struct sched_cycle *c)
{
	struct state *s;

	if (!c->pod->spec.topology_spread_constraints.n)
		return NULL;
	s = ARENA_NEW(c->arena, struct state);
	s->n = c->pod->spec.topology_spread_constraints.n;
	s->items = ARENA_ARRAY(c->arena, struct spread, s->n);
	for (size_t i = 0; i < s->n; i++) {
		s->items[i].constraint = &c->pod->spec.topology_spread_constraints.items[i];
		s->items[i].domains.arena = c->arena;
		s->items[i].hard =
			!str_eqz(s->items[i].constraint->when_unsatisfiable, "ScheduleAnyway");
		s->items[i].counts_itself = selects_itself(c, s->items[i].constraint);
	}
	for (size_t i = 0; i < s->n; i++) {
		count_domains(c, s, &s->items[i]);
		count_pods(c, s, &s->items[i]);
		s->items[i].least = least_of(&s->items[i]);
	}
	return s;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	const struct state *s = c->state;

	for (size_t i = 0; i < s->n; i++) {
		const struct spread *x = &s->items[i];
		const struct str *value =
			label_find(&n->node.metadata.labels, x->constraint->topology_key);

		if (!x->hard)
			continue;
		if (!value) {
			reasons_add(why, STR("node(s) didn't match pod topology spread constraints "
					     "(missing required label)"));
			return;
		}
		if (domain_count(&x->domains, x->constraint->topology_key, *value) +
			    x->counts_itself - x->least >
		    x->constraint->max_skew) {
			reasons_add(why,
				    STR("node(s) didn't match pod topology spread constraints"));
			return;
		}
	}
}

/* Fewer is better; domains of a kind that has many weigh more. The sign is turned so that more is better. */
static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct state *s = c->state;
	double cost = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct spread *x = &s->items[i];
		const struct str *value =
			label_find(&n->node.metadata.labels, x->constraint->topology_key);

		if (!x->hard && value)
			cost += (double)domain_count(&x->domains, x->constraint->topology_key,
						     *value) *
					log((double)x->domains.n + 2) +
				x->constraint->max_skew - 1;
		else if (!x->hard)
			cost += 1e6;
	}
	return -(int64_t)(cost * 100);
}

const struct sched_plugin plugin_topology_spread = { .name = "PodTopologySpread",
						     .pre_filter = pre_filter,
						     .filter = filter,
						     .score = score,
						     .normalize = scores_spread,
						     .weight = 2 };
