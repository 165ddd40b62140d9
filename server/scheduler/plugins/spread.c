/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/plugins/spread.h"

#include "client/placement.h"
#include "client/selectors.h"

#define NOT_SEEN UINT64_MAX

bool spreads_has_labels(const struct spreads *all, size_t place)
{
	for (size_t i = 0; i < all->n; i++)
		if (topology_domain(all->items[i].topology, place) == DOMAIN_NONE)
			return false;
	return true;
}

/* Its node selector or affinity might leave nodes out. */
static bool is_choosy(const struct core_v1_pod *pod)
{
	const struct core_v1_affinity *a = pod->spec.affinity;

	return pod->spec.node_selector.n ||
	       (a && a->node_affinity &&
		a->node_affinity->required_during_scheduling_ignored_during_execution);
}

static bool all_nodes_have_labels(const struct sched_cycle *c, const struct spreads *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].topology->nlabeled < c->cluster->nlist)
			return false;
	return true;
}

static void count(const struct sched_cycle *c, const struct spreads *all, struct spread *x,
		  const struct pod_terms *terms)
{
	bool everywhere = !x->honors_taints && !(x->honors_affinity && is_choosy(c->pod)) &&
			  (all->system_default || all_nodes_have_labels(c, all));

	x->seen = NOT_SEEN;
	if (everywhere)
		x->tally = cluster_count(c->cluster, terms, x->topology_key);
	else
		x->per_node = cluster_count(c->cluster, terms, STR(""));
}

/* The constraint's selector as a term, with the pod's own values of matchLabelKeys. */
static struct core_v1_pod_affinity_term *term_of(const struct sched_cycle *c,
						 const struct core_v1_topology_spread_constraint *t)
{
	struct core_v1_pod_affinity_term *term =
		ARENA_NEW(c->arena, struct core_v1_pod_affinity_term);
	const struct api_str_map *had = t->label_selector ? &t->label_selector->match_labels : NULL;
	struct meta_v1_label_selector *s;
	struct api_str_map *labels;

	term->label_selector = t->label_selector;
	if (!t->label_selector || !t->match_label_keys.n)
		return term;
	s = ARENA_NEW(c->arena, struct meta_v1_label_selector);
	*s = *t->label_selector;
	labels = &s->match_labels;
	labels->items =
		ARENA_ARRAY(c->arena, struct api_str_pair, had->n + t->match_label_keys.n + 1);
	for (size_t i = 0; i < had->n; i++)
		labels->items[i] = had->items[i];
	for (size_t i = 0; i < t->match_label_keys.n; i++) {
		const struct str *own = object_label(c->object, t->match_label_keys.items[i]);

		if (own)
			labels->items[labels->n++] =
				(struct api_str_pair){ t->match_label_keys.items[i], *own };
	}
	term->label_selector = s;
	return term;
}

static void read_own(const struct sched_cycle *c, bool hard, struct spreads *out)
{
	size_t n = c->pod->spec.topology_spread_constraints.n, k = 0;
	const struct core_v1_pod_affinity_term **terms =
		ARENA_ARRAY(c->arena, const struct core_v1_pod_affinity_term *, n);

	out->items = ARENA_ARRAY(c->arena, struct spread, n);
	for (size_t i = 0; i < n; i++) {
		const struct core_v1_topology_spread_constraint *t =
			&c->pod->spec.topology_spread_constraints.items[i];

		if (str_eqz(t->when_unsatisfiable, "ScheduleAnyway") == hard)
			continue;
		terms[k] = term_of(c, t);
		out->items[k] = (struct spread){
			.topology_key = t->topology_key,
			.max_skew = t->max_skew,
			.min_domains = t->min_domains ? *t->min_domains : 1,
			.honors_affinity = !str_eqz(t->node_affinity_policy, "Ignore"),
			.honors_taints = str_eqz(t->node_taints_policy, "Honor"),
			.topology = cluster_topology(c->cluster, t->topology_key),
			.counts_itself =
				label_selector_matches(terms[k]->label_selector, c->object),
		};
		k++;
	}
	out->n = k;
	for (size_t i = 0; i < k; i++) {
		const struct pod_terms t = { .items = &terms[i],
					     .n = 1,
					     .own_ns = c->object->ns,
					     .without_leaving = true,
					     .empty_selects_none = true };

		count(c, out, &out->items[i], &t);
	}
}

static const struct {
	struct str topology_key;
	int64_t max_skew;
} defaults[] = {
	{ STR_INIT("kubernetes.io/hostname"), 3 },
	{ STR_INIT("topology.kubernetes.io/zone"), 5 },
};
#define NDEFAULTS (sizeof(defaults) / sizeof(defaults[0]))

static void read_defaults(const struct sched_cycle *c, struct spreads *out)
{
	const struct meta_v1_label_selector *selectors[OWNERS_TERMS_MAX];
	const struct core_v1_pod_affinity_term *terms[OWNERS_TERMS_MAX];
	struct pod_terms t = { .items = terms, .own_ns = c->object->ns, .without_leaving = true };

	t.n = c->owners ? owners_selectors(c->owners, c->pod, c->object, selectors) : 0;
	for (size_t i = 0; i < t.n; i++) {
		struct core_v1_pod_affinity_term *term =
			ARENA_NEW(c->arena, struct core_v1_pod_affinity_term);

		term->label_selector = ARENA_NEW(c->arena, struct meta_v1_label_selector);
		*term->label_selector = *selectors[i];
		terms[i] = term;
	}
	if (!t.n)
		return;
	out->system_default = true;
	out->n = NDEFAULTS;
	out->items = ARENA_ARRAY(c->arena, struct spread, NDEFAULTS);
	for (size_t i = 0; i < NDEFAULTS; i++) {
		out->items[i] = (struct spread){
			.topology_key = defaults[i].topology_key,
			.max_skew = defaults[i].max_skew,
			.min_domains = 1,
			.honors_affinity = true,
			.topology = cluster_topology(c->cluster, defaults[i].topology_key),
		};
		count(c, out, &out->items[i], &t);
	}
}

void spreads_read(const struct sched_cycle *c, bool hard, struct spreads *out)
{
	*out = (struct spreads){ 0 };
	if (c->pod->spec.topology_spread_constraints.n)
		read_own(c, hard, out);
	else if (!hard)
		read_defaults(c, out);
}

static bool takes_part(const struct sched_cycle *c, const struct spreads *all,
		       const struct spread *x, const struct node_info *n)
{
	if (!all->system_default && !spreads_has_labels(all, n->place))
		return false;
	if (x->honors_affinity && !node_selected(&c->pod->spec, n->node))
		return false;
	for (size_t i = 0; x->honors_taints && i < n->ntaints; i++) {
		const struct core_v1_taint *t = &n->node->spec.taints.items[i];

		if (!str_eqz(t->effect, "PreferNoSchedule") &&
		    !pod_tolerates(&c->pod->spec, t->key, t->value, t->effect))
			return false;
	}
	return true;
}

static void sum_up(const struct sched_cycle *c, const struct spreads *all, struct spread *x)
{
	if (!x->summed)
		x->summed = ARENA_ARRAY(c->arena, int64_t, x->topology->ids_used + 1);
	for (size_t i = 0; i < x->topology->ids_used; i++)
		x->summed[i] = -1;
	x->ndomains = 0;
	for (size_t i = 0; i < c->cluster->nlist; i++) {
		int32_t d = topology_domain(x->topology, i);

		if (d == DOMAIN_NONE || !takes_part(c, all, x, c->cluster->list[i]))
			continue;
		if (x->summed[d] < 0) {
			x->summed[d] = 0;
			x->ndomains++;
		}
		x->summed[d] += tally_at(x->per_node, i);
	}
}

static int64_t least_of(const struct spread *x)
{
	int64_t least = INT32_MAX;

	for (size_t d = 0; d < x->topology->ids_used; d++) {
		int64_t n = x->tally ? tally_in(x->tally, d) : x->summed[d];

		if (x->tally ? x->topology->nodes[d] > 0 : n >= 0)
			least = n < least ? n : least;
	}
	return least;
}

void spread_refresh(const struct sched_cycle *c, const struct spreads *all, struct spread *x)
{
	const struct tally *t = x->tally ? x->tally : x->per_node;

	if (x->seen == t->version)
		return;
	x->seen = t->version;
	if (x->tally)
		x->ndomains = x->topology->ndomains;
	else
		sum_up(c, all, x);
	x->least = (int64_t)x->ndomains < x->min_domains ? 0 : least_of(x);
}

int64_t spread_count(const struct spread *x, size_t place)
{
	int64_t n = x->tally ? tally_at(x->tally, place)
			     : x->summed[topology_domain(x->topology, place)];

	return n < 0 ? 0 : n;
}
