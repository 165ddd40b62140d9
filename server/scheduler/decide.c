/* SPDX-License-Identifier: Apache-2.0 */
/* filter each node → score those that fit → the best one; among equals a random one. In a large cluster the search ends when
 * enough nodes fit, and the next pod's search starts where this one ended. */
#include "server/scheduler/decide.h"

#include <stdlib.h>

#include "base/mem.h"

#define ALWAYS_ENOUGH  100
#define PERCENT_LEAST  5
#define PERCENT_START  50
#define NODES_PER_LESS 125

size_t schedule_enough(size_t nodes)
{
	size_t percent = PERCENT_START, n;

	if (nodes < ALWAYS_ENOUGH)
		return nodes;
	percent = nodes / NODES_PER_LESS < PERCENT_START - PERCENT_LEAST
			  ? percent - nodes / NODES_PER_LESS
			  : PERCENT_LEAST;
	n = nodes * percent / 100;
	return n < ALWAYS_ENOUGH ? ALWAYS_ENOUGH : n;
}

void sched_look_open(struct sched_look *l, const struct cluster *c, const struct sched_pod *p,
		     const struct placed_pod *const *gone, size_t ngone)
{
	memset(l, 0, sizeof(*l));
	l->cycle = (struct sched_cycle){ .pod = p->pod,
					 .usage = p->usage,
					 .cluster = c,
					 .key = p->key,
					 .arena = &l->arena,
					 .gone = gone,
					 .ngone = ngone };
	for (size_t i = 0; i < sched_plugin_count; i++) {
		if (!sched_plugins[i]->pre_filter)
			continue;
		l->states[i] = sched_plugins[i]->pre_filter(&l->cycle);
		l->skip[i] = !l->states[i];
	}
}

void sched_look_close(struct sched_look *l)
{
	arena_free(&l->arena);
}

/* Pods for which room was made by preemption and that matter at least as much. */
static void try_nominated(const struct sched_look *l, struct node_info *n, bool present)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&l->cycle.cluster->nominated, &i));) {
		const struct nomination *x = e->value;

		if (str_eqz(n->node.metadata.name, x->node) &&
		    x->priority >= pod_priority(l->cycle.pod) && !str_eq(e->key, l->cycle.key))
			cluster_try_usage(n, &x->usage, present);
	}
}

bool sched_look_fits(struct sched_look *l, struct node_info *n, struct reasons *why, bool *final)
{
	struct reasons here = { 0 };
	bool fits;

	try_nominated(l, n, true);
	for (size_t i = 0; i < sched_plugin_count && !here.n; i++) {
		if (!sched_plugins[i]->filter || l->skip[i])
			continue;
		l->cycle.state = l->states[i];
		sched_plugins[i]->filter(&l->cycle, n, &here);
		if (here.n && final)
			*final = sched_plugins[i]->final;
	}
	try_nominated(l, n, false);
	reasons_merge(why, &here);
	fits = here.n == 0;
	reasons_free(&here);
	return fits;
}

struct candidates {
	struct node_info **nodes;
	int64_t *totals, *scores;
	size_t n;
};

static void find(struct cluster *c, struct sched_look *look, struct candidates *out,
		 struct reasons *why)
{
	size_t enough = schedule_enough(c->nlist), seen = 0;

	for (; seen < c->nlist && out->n < enough; seen++) {
		struct node_info *n = c->list[(c->next + seen) % c->nlist];

		if (sched_look_fits(look, n, why, NULL))
			out->nodes[out->n++] = n;
	}
	c->next = c->nlist ? (c->next + seen) % c->nlist : 0;
}

static void score(struct sched_look *look, struct candidates *all)
{
	for (size_t i = 0; i < sched_plugin_count; i++) {
		const struct sched_plugin *p = sched_plugins[i];

		if (!p->score || look->skip[i])
			continue;
		look->cycle.state = look->states[i];
		for (size_t k = 0; k < all->n; k++)
			all->scores[k] = p->score(&look->cycle, all->nodes[k]);
		if (p->normalize)
			p->normalize(all->scores, all->n);
		for (size_t k = 0; k < all->n; k++)
			all->totals[k] += all->scores[k] * p->weight;
	}
}

static struct node_info *best(const struct candidates *all, uint64_t random)
{
	int64_t top = all->totals[0];
	size_t ties = 0, chosen;

	for (size_t k = 0; k < all->n; k++)
		if (all->totals[k] > top)
			top = all->totals[k];
	for (size_t k = 0; k < all->n; k++)
		ties += all->totals[k] == top;
	chosen = (size_t)(random % ties);
	for (size_t k = 0;; k++)
		if (all->totals[k] == top && chosen-- == 0)
			return all->nodes[k];
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void schedule_message(size_t nodes, const struct reasons *r, struct buf *out)
{
	auto_free char **lines = mem_alloc((r->n + 1) * sizeof(*lines));

	if (!nodes) {
		buf_puts(out, "no nodes available to schedule pods");
		return;
	}
	for (size_t i = 0; i < r->n; i++)
		lines[i] = str_printf("%d %s", r->items[i].count, r->items[i].text);
	qsort(lines, r->n, sizeof(*lines), by_text); /* as text, like upstream */
	buf_printf(out, "0/%zu nodes are available:", nodes);
	for (size_t i = 0; i < r->n; i++) {
		buf_printf(out, "%s %s", i ? "," : "", lines[i]);
		free(lines[i]);
	}
	buf_puts(out, ".");
}

void schedule_decide(struct cluster *c, const struct sched_pod *p, uint64_t random,
		     struct decision *out)
{
	struct sched_look look;
	struct candidates all = { 0 };
	struct reasons why = { 0 };

	*out = (struct decision){ 0 };
	sched_look_open(&look, c, p, NULL, 0);
	all.nodes = ARENA_ARRAY(&look.arena, struct node_info *, c->nlist + 1);
	all.totals = ARENA_ARRAY(&look.arena, int64_t, c->nlist + 1);
	all.scores = ARENA_ARRAY(&look.arena, int64_t, c->nlist + 1);
	find(c, &look, &all, &why);
	if (all.n > 1)
		score(&look, &all);
	if (all.n)
		out->node = best(&all, random);
	else
		schedule_message(c->nlist, &why, &out->message);
	reasons_free(&why);
	sched_look_close(&look);
}
