/* SPDX-License-Identifier: Apache-2.0 */
/* Affinity to and against other pods, per topology domain. Looked at once per pod: every placed pod against the new pod's
 * terms, and the terms of those placed pods that have some against the new pod. Then a node only compares its own labels with
 * the domains found. After interpodaffinity of v1.37. */
#include "client/placement.h"
#include "client/selectors.h"
#include "server/scheduler/plugin.h"
#include "server/scheduler/plugins/domains.h"

#define HARD_AFFINITY_WEIGHT 1

struct state {
	struct domains forbidden; /* by placed pods' anti-affinity */
	struct domains *wanted;   /* per required affinity term: pods that match all of them */
	struct domains *unwanted; /* per required anti-affinity term */
	struct domains scores;
	size_t nwanted, nunwanted;
	bool first_of_its_kind; /* nobody matches, but the pod would itself */
};

static const struct core_v1_pod_affinity *affinity_of(const struct core_v1_affinity *a)
{
	return a ? a->pod_affinity : NULL;
}

static const struct core_v1_pod_anti_affinity *anti_of(const struct core_v1_affinity *a)
{
	return a ? a->pod_anti_affinity : NULL;
}

static bool namespace_matches(const struct sched_cycle *c,
			      const struct core_v1_pod_affinity_term *t, struct str own,
			      struct str ns)
{
	const struct object *o;

	for (size_t i = 0; i < t->namespaces.n; i++)
		if (str_eq(t->namespaces.items[i], ns))
			return true;
	if (!t->namespace_selector)
		return !t->namespaces.n && str_eq(own, ns);
	if (label_selector_is_empty(t->namespace_selector))
		return true;
	o = c->cluster->find_namespace ? c->cluster->find_namespace(c->cluster->namespace_ctx, ns)
				       : NULL;
	return o && label_selector_matches(t->namespace_selector, o);
}

/* Does the term of a pod in namespace `own` mean this pod? */
static bool term_matches(const struct sched_cycle *c, const struct core_v1_pod_affinity_term *t,
			 struct str own, struct str ns, const struct object_label *labels,
			 size_t nlabels)
{
	const struct object with_labels = { .labels = labels, .nlabels = nlabels };

	return namespace_matches(c, t, own, ns) &&
	       label_selector_matches(t->label_selector, &with_labels);
}

static bool matches_placed(const struct sched_cycle *c, const struct core_v1_pod_affinity_term *t,
			   const struct placed_pod *p)
{
	return p->object && term_matches(c, t, c->pod->metadata.namespace, p->object->ns,
					 p->object->labels, p->object->nlabels);
}

static const struct object_label *own_labels(const struct sched_cycle *c)
{
	const struct api_str_map *m = &c->pod->metadata.labels;
	struct object_label *labels = ARENA_ARRAY(c->arena, struct object_label, m->n + 1);

	for (size_t i = 0; i < m->n; i++)
		labels[i] = (struct object_label){ m->items[i].key, m->items[i].value };
	return labels;
}

static void add(struct domains *d, const struct node_info *n, struct str key, int64_t count)
{
	const struct str *value = n ? label_find(&n->node.metadata.labels, key) : NULL;

	if (value)
		domain_of(d, key, *value)->count += count;
}

static void see_own_terms(const struct sched_cycle *c, struct state *s, const struct placed_pod *p,
			  const struct node_info *n)
{
	const struct core_v1_pod_affinity *a = affinity_of(c->pod->spec.affinity);
	const struct core_v1_pod_anti_affinity *b = anti_of(c->pod->spec.affinity);
	bool all = s->nwanted > 0;

	for (size_t i = 0; all && i < s->nwanted; i++)
		all = matches_placed(
			c, &a->required_during_scheduling_ignored_during_execution.items[i], p);
	for (size_t i = 0; all && i < s->nwanted; i++)
		add(&s->wanted[i], n,
		    a->required_during_scheduling_ignored_during_execution.items[i].topology_key,
		    1);
	for (size_t i = 0; i < s->nunwanted; i++)
		if (matches_placed(c,
				   &b->required_during_scheduling_ignored_during_execution.items[i],
				   p))
			add(&s->unwanted[i], n,
			    b->required_during_scheduling_ignored_during_execution.items[i]
				    .topology_key,
			    1);
	for (size_t i = 0; a && i < a->preferred_during_scheduling_ignored_during_execution.n;
	     i++) {
		const struct core_v1_weighted_pod_affinity_term *w =
			&a->preferred_during_scheduling_ignored_during_execution.items[i];

		if (matches_placed(c, &w->pod_affinity_term, p))
			add(&s->scores, n, w->pod_affinity_term.topology_key, w->weight);
	}
	for (size_t i = 0; b && i < b->preferred_during_scheduling_ignored_during_execution.n;
	     i++) {
		const struct core_v1_weighted_pod_affinity_term *w =
			&b->preferred_during_scheduling_ignored_during_execution.items[i];

		if (matches_placed(c, &w->pod_affinity_term, p))
			add(&s->scores, n, w->pod_affinity_term.topology_key, -w->weight);
	}
}

struct reverse { /* terms of placed pods that mean the new pod */
	const struct sched_cycle *cycle;
	const struct object_label *labels;
};

static bool means_us(const struct reverse *r, const struct core_v1_pod_affinity_term *t,
		     const struct placed_pod *p)
{
	return term_matches(r->cycle, t, p->object->ns, r->cycle->pod->metadata.namespace,
			    r->labels, r->cycle->pod->metadata.labels.n);
}

static void see_their_terms(const struct reverse *r, struct state *s, const struct placed_pod *p,
			    const struct node_info *n)
{
	const struct core_v1_pod_affinity *a = affinity_of(p->affinity);
	const struct core_v1_pod_anti_affinity *b = anti_of(p->affinity);

	for (size_t i = 0; b && i < b->required_during_scheduling_ignored_during_execution.n; i++) {
		const struct core_v1_pod_affinity_term *t =
			&b->required_during_scheduling_ignored_during_execution.items[i];

		if (means_us(r, t, p))
			add(&s->forbidden, n, t->topology_key, 1);
	}
	for (size_t i = 0; a && i < a->required_during_scheduling_ignored_during_execution.n; i++) {
		const struct core_v1_pod_affinity_term *t =
			&a->required_during_scheduling_ignored_during_execution.items[i];

		if (means_us(r, t, p))
			add(&s->scores, n, t->topology_key, HARD_AFFINITY_WEIGHT);
	}
	for (size_t i = 0; a && i < a->preferred_during_scheduling_ignored_during_execution.n;
	     i++) {
		const struct core_v1_weighted_pod_affinity_term *w =
			&a->preferred_during_scheduling_ignored_during_execution.items[i];

		if (means_us(r, &w->pod_affinity_term, p))
			add(&s->scores, n, w->pod_affinity_term.topology_key, w->weight);
	}
	for (size_t i = 0; b && i < b->preferred_during_scheduling_ignored_during_execution.n;
	     i++) {
		const struct core_v1_weighted_pod_affinity_term *w =
			&b->preferred_during_scheduling_ignored_during_execution.items[i];

		if (means_us(r, &w->pod_affinity_term, p))
			add(&s->scores, n, w->pod_affinity_term.topology_key, -w->weight);
	}
}

static struct domains *domain_sets(struct arena *a, size_t n)
{
	struct domains *d = ARENA_ARRAY(a, struct domains, n + 1);

	for (size_t i = 0; i < n; i++)
		d[i].arena = a;
	return d;
}

static struct state *state_new(const struct sched_cycle *c)
{
	struct state *s = ARENA_NEW(c->arena, struct state);
	const struct core_v1_pod_affinity *a = affinity_of(c->pod->spec.affinity);
	const struct core_v1_pod_anti_affinity *b = anti_of(c->pod->spec.affinity);

	s->nwanted = a ? a->required_during_scheduling_ignored_during_execution.n : 0;
	s->nunwanted = b ? b->required_during_scheduling_ignored_during_execution.n : 0;
	s->wanted = domain_sets(c->arena, s->nwanted);
	s->unwanted = domain_sets(c->arena, s->nunwanted);
	s->forbidden.arena = s->scores.arena = c->arena;
	return s;
}

/* A pod that wants to be with its own kind has to be able to come first. */
static bool would_match_itself(const struct sched_cycle *c, const struct state *s,
			       const struct object_label *labels)
{
	const struct core_v1_pod_affinity *a = affinity_of(c->pod->spec.affinity);

	for (size_t i = 0; i < s->nwanted; i++)
		if (s->wanted[i].n ||
		    !term_matches(c,
				  &a->required_during_scheduling_ignored_during_execution.items[i],
				  c->pod->metadata.namespace, c->pod->metadata.namespace, labels,
				  c->pod->metadata.labels.n))
			return false;
	return s->nwanted > 0;
}

static void *pre_filter(const struct sched_cycle *c)
{
	const struct core_v1_affinity *own = c->pod->spec.affinity;
	bool terms = affinity_of(own) || anti_of(own);
	struct reverse r = { c, own_labels(c) };
	struct state *s;
	struct map_entry *e;

	if (!terms && !c->cluster->with_affinity)
		return NULL;
	s = state_new(c);
	for (size_t i = 0; (e = map_next(&c->cluster->placed, &i));) {
		const struct placed_pod *p = e->value;
		const struct node_info *n = cluster_node(c->cluster, str_from(p->node));

		if (!sched_counts(c, p) || !n)
			continue;
		if (terms)
			see_own_terms(c, s, p, n);
		if (p->affinity)
			see_their_terms(&r, s, p, n);
	}
	s->first_of_its_kind = would_match_itself(c, s, r.labels);
	return s;
}

static bool wanted_here(const struct sched_cycle *c, const struct state *s,
			const struct node_info *n)
{
	const struct core_v1_pod_affinity *a = affinity_of(c->pod->spec.affinity);

	for (size_t i = 0; i < s->nwanted; i++) {
		struct str key = a->required_during_scheduling_ignored_during_execution.items[i]
					 .topology_key;
		const struct str *value = label_find(&n->node.metadata.labels, key);

		if (!value ||
		    (!s->first_of_its_kind && domain_count(&s->wanted[i], key, *value) <= 0))
			return false;
	}
	return true;
}

static bool unwanted_here(const struct sched_cycle *c, const struct state *s,
			  const struct node_info *n)
{
	const struct core_v1_pod_anti_affinity *b = anti_of(c->pod->spec.affinity);

	for (size_t i = 0; i < s->nunwanted; i++) {
		struct str key = b->required_during_scheduling_ignored_during_execution.items[i]
					 .topology_key;
		const struct str *value = label_find(&n->node.metadata.labels, key);

		if (value && domain_count(&s->unwanted[i], key, *value) > 0)
			return true;
	}
	return false;
}

static bool forbidden_here(const struct state *s, const struct node_info *n)
{
	for (size_t i = 0; i < s->forbidden.n; i++) {
		const struct str *value =
			label_find(&n->node.metadata.labels, s->forbidden.items[i].key);

		if (value && str_eq(*value, s->forbidden.items[i].value) &&
		    s->forbidden.items[i].count > 0)
			return true;
	}
	return false;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	const struct state *s = c->state;

	if (!wanted_here(c, s, n))
		reasons_add(why, STR("node(s) didn't match pod affinity rules"));
	else if (unwanted_here(c, s, n))
		reasons_add(why, STR("node(s) didn't match pod anti-affinity rules"));
	else if (forbidden_here(s, n))
		reasons_add(why, STR("node(s) didn't satisfy existing pods anti-affinity rules"));
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct state *s = c->state;
	int64_t sum = 0;

	for (size_t i = 0; i < s->scores.n; i++) {
		const struct str *value =
			label_find(&n->node.metadata.labels, s->scores.items[i].key);

		if (value && str_eq(*value, s->scores.items[i].value))
			sum += s->scores.items[i].count;
	}
	return sum;
}

const struct sched_plugin plugin_inter_pod_affinity = { .name = "InterPodAffinity",
							.pre_filter = pre_filter,
							.filter = filter,
							.score = score,
							.normalize = scores_spread,
							.weight = 2 };
