/* SPDX-License-Identifier: Apache-2.0 */
/* nodeSelector and node affinity: required terms filter, preferred ones score. Terms that all name nodes restrict the search. */
#include "client/placement.h"
#include "server/scheduler/plugin.h"

static const struct core_v1_node_affinity *affinity_of(const struct core_v1_pod *pod)
{
	return pod->spec.affinity ? pod->spec.affinity->node_affinity : NULL;
}

static const struct core_v1_node_selector *required_of(const struct core_v1_pod *pod)
{
	const struct core_v1_node_affinity *a = affinity_of(pod);

	return a ? a->required_during_scheduling_ignored_during_execution : NULL;
}

static bool names_nodes(const struct core_v1_node_selector_requirement *r)
{
	return str_eqz(r->key, "metadata.name") && str_eqz(r->operator, "In");
}

static bool in(struct str name, const struct api_str_list *values)
{
	for (size_t i = 0; i < values->n; i++)
		if (str_eq(values->items[i], name))
			return true;
	return false;
}

/* The names that all of the term's requirements on the name allow. False: it has none. */
static bool add_names(const struct core_v1_node_selector_term *t, struct str *names, size_t *n)
{
	const struct api_str_list *first = NULL;

	for (size_t i = 0; i < t->match_fields.n && !first; i++)
		if (names_nodes(&t->match_fields.items[i]))
			first = &t->match_fields.items[i].values;
	for (size_t k = 0; first && k < first->n; k++) {
		bool all = true;

		for (size_t i = 0; i < t->match_fields.n; i++)
			all = all && (!names_nodes(&t->match_fields.items[i]) ||
				      in(first->items[k], &t->match_fields.items[i].values));
		for (size_t i = 0; all && i < *n; i++)
			all = !str_eq(names[i], first->items[k]);
		if (all)
			names[(*n)++] = first->items[k];
	}
	return first != NULL;
}

static size_t count_values(const struct core_v1_node_selector *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->node_selector_terms.n; i++)
		for (size_t k = 0; k < s->node_selector_terms.items[i].match_fields.n; k++)
			n += s->node_selector_terms.items[i].match_fields.items[k].values.n;
	return n;
}

static void restrict_to_names(const struct sched_cycle *c, const struct core_v1_node_selector *s,
			      struct prepared *out)
{
	struct str *names = ARENA_ARRAY(c->arena, struct str, count_values(s) + 1);
	size_t n = 0;

	for (size_t i = 0; i < s->node_selector_terms.n; i++)
		if (!add_names(&s->node_selector_terms.items[i], names, &n))
			return;
	if (!n) {
		out->reject = "pod affinity terms conflict";
		return;
	}
	out->only = names;
	out->nonly = n;
	out->restricts = true;
}

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	const struct core_v1_node_selector *s = required_of(c->pod);

	if (!s && !c->pod->spec.node_selector.n)
		return false;
	if (s && s->node_selector_terms.n)
		restrict_to_names(c, s, out);
	return true;
}

static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	if (!node_selected(&c->pod->spec, n->node))
		verdict_add_final(v, "node(s) didn't match Pod's node affinity/selector");
}

static bool pre_score(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
		      void **state)
{
	const struct core_v1_node_affinity *a = affinity_of(c->pod);

	(void)nodes;
	(void)n;
	(void)state;
	return a && a->preferred_during_scheduling_ignored_during_execution.n;
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct core_v1_node_affinity *a = affinity_of(c->pod);
	int64_t sum = 0;

	for (size_t i = 0; i < a->preferred_during_scheduling_ignored_during_execution.n; i++) {
		const struct core_v1_preferred_scheduling_term *t =
			&a->preferred_during_scheduling_ignored_during_execution.items[i];

		if (t->weight && node_term_matches(&t->preference, n->node))
			sum += t->weight;
	}
	return sum;
}

static void normalize(const struct sched_cycle *c, struct node_info *const *nodes, int64_t *scores,
		      size_t n)
{
	(void)c;
	(void)nodes;
	scores_normalize(scores, n, false);
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	return node_selected(&pod->spec, e->node) &&
	       (!e->node_before || !node_selected(&pod->spec, e->node_before));
}

const struct sched_plugin plugin_node_affinity = { .name = "NodeAffinity",
						   .pre_filter = pre_filter,
						   .filter = filter,
						   .pre_score = pre_score,
						   .score = score,
						   .normalize = normalize,
						   .weight = 2,
						   .events = SCHED_EVENT_NODE_ADD |
							     SCHED_EVENT_NODE_LABELS,
						   .hint = hint };
