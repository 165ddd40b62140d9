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

static bool fits(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	struct reasons here = { 0 };
	bool ok;

	for (size_t i = 0; i < sched_plugin_count && !here.n; i++)
		if (sched_plugins[i]->filter)
			sched_plugins[i]->filter(c, n, &here);
	for (size_t i = 0; i < here.n; i++)
		reasons_add(why, str_from(here.items[i].text));
	ok = here.n == 0;
	reasons_free(&here);
	return ok;
}

struct candidates {
	struct node_info **nodes;
	int64_t *totals, *scores;
	size_t n;
};

static void find(struct cluster *c, const struct sched_cycle *cycle, struct candidates *out,
		 struct reasons *why)
{
	size_t enough = schedule_enough(c->nlist), seen = 0;

	for (; seen < c->nlist && out->n < enough; seen++) {
		struct node_info *n = c->list[(c->next + seen) % c->nlist];

		if (fits(cycle, n, why))
			out->nodes[out->n++] = n;
	}
	c->next = c->nlist ? (c->next + seen) % c->nlist : 0;
}

static void score(const struct sched_cycle *cycle, struct candidates *all)
{
	for (size_t i = 0; i < sched_plugin_count; i++) {
		const struct sched_plugin *p = sched_plugins[i];

		if (!p->score)
			continue;
		for (size_t k = 0; k < all->n; k++)
			all->scores[k] = p->score(cycle, all->nodes[k]);
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

void schedule_decide(struct cluster *c, const struct core_v1_pod *pod,
		     const struct pod_usage *usage, uint64_t random, struct decision *out)
{
	const struct sched_cycle cycle = { pod, usage, c };
	auto_arena scratch = { 0 };
	struct candidates all = { .nodes = ARENA_ARRAY(&scratch, struct node_info *, c->nlist + 1),
				  .totals = ARENA_ARRAY(&scratch, int64_t, c->nlist + 1),
				  .scores = ARENA_ARRAY(&scratch, int64_t, c->nlist + 1) };
	struct reasons why = { 0 };

	*out = (struct decision){ 0 };
	find(c, &cycle, &all, &why);
	if (all.n > 1)
		score(&cycle, &all);
	if (all.n)
		out->node = best(&all, random);
	else
		schedule_message(c->nlist, &why, &out->message);
	reasons_free(&why);
}
