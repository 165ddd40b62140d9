/* SPDX-License-Identifier: Apache-2.0 */
/* Affinity to and against other pods, per topology domain. The numbers are kept in tallies (tally.h), so a turn looks up: the
 * pods that the new pod's terms mean, and the terms of placed pods that mean the new pod. After interpodaffinity of v1.37. */
#include "client/selectors.h"
#include "server/scheduler/plugin.h"

struct weighted {
	struct tally *tally;
	int64_t weight;
};
struct state {
	struct tally **forbidden; /* placed pods' anti-affinity that means the new pod */
	struct tally **wanted;    /* per required affinity term: pods that match all of them */
	struct tally **unwanted;  /* per required anti-affinity term */
	struct weighted *scores;
	size_t nforbidden, nwanted, nunwanted, nscores;
	bool matches_itself;
};

static const struct core_v1_pod_affinity *affinity_of(const struct core_v1_pod *pod)
{
	return pod->spec.affinity ? pod->spec.affinity->pod_affinity : NULL;
}

static const struct core_v1_pod_anti_affinity *anti_of(const struct core_v1_pod *pod)
{
	return pod->spec.affinity ? pod->spec.affinity->pod_anti_affinity : NULL;
}

static struct tally *count_term(const struct sched_cycle *c,
				const struct core_v1_pod_affinity_term *t)
{
	const struct pod_terms terms = { .items = &t, .n = 1, .own_ns = c->object->ns };

	return cluster_count(c->cluster, &terms, t->topology_key);
}

/* Pods count that all terms mean, in the domains of each of them. */
static void want(const struct sched_cycle *c, struct state *s, const struct core_v1_pod_affinity *a)
{
	size_t n = a ? a->required_during_scheduling_ignored_during_execution.n : 0;
	const struct core_v1_pod_affinity_term **items =
		ARENA_ARRAY(c->arena, const struct core_v1_pod_affinity_term *, n + 1);
	const struct pod_terms terms = { .items = items, .n = n, .own_ns = c->object->ns };

	s->wanted = ARENA_ARRAY(c->arena, struct tally *, n + 1);
	s->nwanted = n;
	for (size_t i = 0; i < n; i++)
		items[i] = &a->required_during_scheduling_ignored_during_execution.items[i];
	for (size_t i = 0; i < n; i++)
		s->wanted[i] = cluster_count(c->cluster, &terms, items[i]->topology_key);
	s->matches_itself = pod_terms_match(&c->cluster->tallies, &terms, c->object);
}

static void avoid(const struct sched_cycle *c, struct state *s,
		  const struct core_v1_pod_anti_affinity *b)
{
	size_t n = b ? b->required_during_scheduling_ignored_during_execution.n : 0;

	s->unwanted = ARENA_ARRAY(c->arena, struct tally *, n + 1);
	s->nunwanted = n;
	for (size_t i = 0; i < n; i++)
		s->unwanted[i] = count_term(
			c, &b->required_during_scheduling_ignored_during_execution.items[i]);
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	struct state *s;

	if (!affinity_of(c->pod) && !anti_of(c->pod) && !c->cluster->tallies.carried.count)
		return false;
	s = ARENA_NEW(c->arena, struct state);
	want(c, s, affinity_of(c->pod));
	avoid(c, s, anti_of(c->pod));
	s->nforbidden = tallies_meaning(&c->cluster->tallies, CARRIED_FORBIDS, c->object, c->arena,
					&s->forbidden);
	out->state = s;
	return s->nwanted || s->nunwanted || s->nforbidden;
}

static bool somebody_matches(const struct state *s)
{
	for (size_t i = 0; i < s->nwanted; i++)
		if (s->wanted[i]->total > 0)
			return true;
	return false;
}

/* A pod that wants to be with its own kind has to be able to come first. */
static bool wanted_here(const struct state *s, const struct node_info *n)
{
	bool all = true;

	for (size_t i = 0; i < s->nwanted; i++) {
		if (topology_domain(s->wanted[i]->topology, n->place) == DOMAIN_NONE)
			return false;
		all = all && tally_at(s->wanted[i], n->place) > 0;
	}
	return all || (s->matches_itself && !somebody_matches(s));
}

static bool any_here(struct tally *const *tallies, size_t n, size_t place)
{
	for (size_t i = 0; i < n; i++)
		if (tally_at(tallies[i], place) > 0)
			return true;
	return false;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct state *s = c->state;

	if (!wanted_here(s, n))
		verdict_add_final(v, "node(s) didn't match pod affinity rules");
	else if (any_here(s->unwanted, s->nunwanted, n->place))
		verdict_add(v, "node(s) didn't match pod anti-affinity rules");
	else if (any_here(s->forbidden, s->nforbidden, n->place))
		verdict_add(v, "node(s) didn't satisfy existing pods anti-affinity rules");
}

static void prefer(const struct sched_cycle *c, struct state *s,
		   const struct core_v1_weighted_pod_affinity_term *items, size_t n, int sign)
{
	for (size_t i = 0; i < n; i++)
		s->scores[s->nscores++] =
			(struct weighted){ count_term(c, &items[i].pod_affinity_term),
					   sign * items[i].weight };
}

static bool pre_score(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
		      void **state)
{
	const struct core_v1_pod_affinity *a = affinity_of(c->pod);
	const struct core_v1_pod_anti_affinity *b = anti_of(c->pod);
	size_t nliked = a ? a->preferred_during_scheduling_ignored_during_execution.n : 0;
	size_t ndisliked = b ? b->preferred_during_scheduling_ignored_during_execution.n : 0;
	struct state *s = ARENA_NEW(c->arena, struct state);
	struct tally **theirs = NULL;
	size_t ntheirs =
		tallies_meaning(&c->cluster->tallies, CARRIED_SCORES, c->object, c->arena, &theirs);

	(void)nodes;
	(void)n;
	s->scores = ARENA_ARRAY(c->arena, struct weighted, nliked + ndisliked + ntheirs + 1);
	if (nliked)
		prefer(c, s, a->preferred_during_scheduling_ignored_during_execution.items, nliked,
		       1);
	if (ndisliked)
		prefer(c, s, b->preferred_during_scheduling_ignored_during_execution.items,
		       ndisliked, -1);
	for (size_t i = 0; i < ntheirs; i++)
		s->scores[s->nscores++] = (struct weighted){ theirs[i], 1 };
	*state = s;
	return s->nscores > 0;
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct state *s = c->state;
	int64_t sum = 0;

	for (size_t i = 0; i < s->nscores; i++)
		sum += s->scores[i].weight * tally_at(s->scores[i].tally, n->place);
	return sum;
}

/* The lowest to 0, the highest to SCORE_MAX. */
static void normalize(const struct sched_cycle *c, struct node_info *const *nodes, int64_t *scores,
		      size_t n)
{
	int64_t low = INT64_MAX, high = INT64_MIN;

	(void)c;
	(void)nodes;
	for (size_t i = 0; i < n; i++) {
		low = scores[i] < low ? scores[i] : low;
		high = scores[i] > high ? scores[i] : high;
	}
	for (size_t i = 0; i < n; i++)
		scores[i] = high > low ? (int64_t)(SCORE_MAX * ((double)(scores[i] - low) /
								(double)(high - low)))
				       : 0;
}

const struct sched_plugin plugin_inter_pod_affinity = {
	.name = "InterPodAffinity",
	.pre_filter = pre_filter,
	.filter = filter,
	.pre_score = pre_score,
	.score = score,
	.normalize = normalize,
	.weight = 2,
	.events = SCHED_EVENT_POD_ADD | SCHED_EVENT_POD_LABELS | SCHED_EVENT_POD_DELETE |
		  SCHED_EVENT_NODE_ADD | SCHED_EVENT_NODE_LABELS | SCHED_EVENT_NODE_TAINTS |
		  SCHED_EVENT_SELF | SCHED_EVENT_NAMESPACE,
};
