/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/look.h"

#include "base/mem.h"

static bool allows(const struct prepared *p, struct str name)
{
	for (size_t i = 0; i < p->nonly; i++)
		if (str_eq(p->only[i], name))
			return true;
	return false;
}

static void restrict_nodes(struct sched_look *l, const struct prepared *p, const char *plugin)
{
	struct node_info **only = ARENA_ARRAY(&l->arena, struct node_info *, p->nonly + 1);
	size_t n = 0;

	if (l->restricted) {
		for (size_t i = 0; i < l->nonly; i++)
			if (allows(p, l->only[i]->node->metadata.name))
				only[n++] = l->only[i];
	} else {
		for (size_t i = 0; i < p->nonly; i++) {
			struct node_info *x = cluster_node(l->cycle.cluster, p->only[i]);

			if (x)
				only[n++] = x;
		}
	}
	l->only = only;
	l->nonly = n;
	l->restricted = true;
	l->elsewhere = arena_printf(&l->arena, "node(s) didn't satisfy plugin(s) [%s]", plugin);
}

static void prepare(struct sched_look *l, size_t i)
{
	const struct sched_plugin *x = sched_plugins[i];
	struct prepared p = { 0 };
	bool asks = !x->pre_filter || x->pre_filter(&l->cycle, &p);

	l->states[i] = p.state;
	if (asks && x->filter)
		l->filters[l->nfilters++] = (struct sched_filter){ x->filter, p.state, 1U << i };
	if (p.reject) {
		l->reject = p.reject;
		l->resolvable = p.resolvable;
		l->rejected_by = 1U << i;
	}
	if (p.restricts) {
		restrict_nodes(l, &p, x->name);
		l->rejected_by |= 1U << i;
	}
}

void sched_look_open(struct sched_look *l, const struct sched_view *v, const struct sched_pod *p)
{
	memset(l, 0, sizeof(*l));
	l->cycle = (struct sched_cycle){ .pod = p->pod,
					 .object = p->object,
					 .usage = p->usage,
					 .priority = pod_priority(p->pod),
					 .cluster = v->cluster,
					 .volumes = v->volumes,
					 .owners = v->owners,
					 .key = p->key,
					 .arena = &l->arena };
	tallies_turn(&v->cluster->tallies);
	for (size_t i = 0; i < sched_plugin_count && !l->reject; i++)
		prepare(l, i);
}

void sched_look_close(struct sched_look *l)
{
	arena_free(&l->arena);
}

static bool run_filters(struct sched_look *l, struct node_info *n, struct verdict *v)
{
	v->n = 0;
	v->unresolvable = false;
	for (size_t k = 0; k < l->nfilters; k++) {
		const struct sched_filter *f = &l->filters[k];

		l->cycle.state = f->state;
		f->filter(&l->cycle, n, v);
		if (v->n) {
			l->rejected_by |= f->plugin;
			return false;
		}
	}
	return true;
}

/* Pods for which room was made by preemption and that matter at least as much. True: there are some. */
static bool try_nominated(const struct sched_look *l, struct node_info *n, bool present)
{
	bool any = false;

	for (size_t i = 0; i < n->nnominated; i++) {
		struct placed_pod *p = n->nominated[i];

		if (p->priority < l->cycle.priority || str_eqz(l->cycle.key, p->key))
			continue;
		cluster_try(l->cycle.cluster, p, present);
		any = true;
	}
	return any;
}

bool sched_look_fits(struct sched_look *l, struct node_info *n, struct verdict *v)
{
	if (n->nnominated && try_nominated(l, n, true)) {
		bool fits = run_filters(l, n, v);

		try_nominated(l, n, false);
		if (!fits)
			return false;
	}
	return run_filters(l, n, v);
}

bool sched_look_score(struct sched_look *l, size_t plugin, struct node_info *const *nodes, size_t n,
		      int64_t *scores)
{
	const struct sched_plugin *p = sched_plugins[plugin];
	void *state = l->states[plugin];

	if (!p->score || (p->pre_score && !p->pre_score(&l->cycle, nodes, n, &state)))
		return false;
	l->cycle.state = state;
	for (size_t i = 0; i < n; i++)
		scores[i] = p->score(&l->cycle, nodes[i]);
	if (p->normalize)
		p->normalize(&l->cycle, nodes, scores, n);
	for (size_t i = 0; i < n; i++)
		scores[i] *= p->weight;
	return true;
}
