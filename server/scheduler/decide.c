/* SPDX-License-Identifier: Apache-2.0 */
/* filter each node → score those that fit → the best one; among equals a random one. In a large cluster the search ends when
 * enough nodes fit, and the next pod's search starts where this one ended. */
#include "server/scheduler/decide.h"

#include <stdlib.h>

#include "base/buf.h"
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

struct candidates {
	struct node_info **nodes;
	int64_t *totals, *scores;
	size_t n;
};
struct findings {
	struct candidates all;
	struct reasons why;
	bool *may_help;
	bool nominated_is_final;
};

static void note_failure(struct sched_look *l, struct findings *f, const struct node_info *n,
			 const struct verdict *v)
{
	reasons_merge(&f->why, v);
	if (v->unresolvable)
		return;
	if (!f->may_help)
		f->may_help = ARENA_ARRAY(&l->arena, bool, l->cycle.cluster->nlist);
	f->may_help[n->place] = true;
}

static void find(struct sched_look *l, struct findings *f)
{
	struct cluster *c = l->cycle.cluster;
	size_t total = l->restricted ? l->nonly : c->nlist;
	size_t enough = schedule_enough(total), seen = 0, at = c->next % c->nlist;
	struct verdict v;

	for (; seen < total && f->all.n < enough; seen++) {
		struct node_info *n = l->restricted ? l->only[seen] : c->list[at];

		at = at + 1 < c->nlist ? at + 1 : 0;
		if (sched_look_fits(l, n, &v))
			f->all.nodes[f->all.n++] = n;
		else
			note_failure(l, f, n, &v);
	}
	if (l->restricted && c->nlist > l->nonly)
		reasons_add(&f->why, l->elsewhere, (int)(c->nlist - l->nonly));
	c->next = (c->next + seen) % c->nlist;
}

static void score(struct sched_look *look, struct candidates *all)
{
	for (size_t i = 0; i < sched_plugin_count; i++) {
		if (!sched_look_score(look, i, all->nodes, all->n, all->scores))
			continue;
		for (size_t k = 0; k < all->n; k++)
			all->totals[k] += all->scores[k];
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

static void write_reasons(const struct reasons *r, struct buf *out)
{
	auto_free char **lines = mem_alloc((r->n + 1) * sizeof(*lines));

	for (size_t i = 0; i < r->n; i++)
		lines[i] = str_printf("%d %s", r->items[i].count, r->items[i].text);
	if (r->n)
		qsort(lines, r->n, sizeof(*lines), by_text); /* as text, like upstream */
	for (size_t i = 0; i < r->n; i++) {
		buf_printf(out, "%s %s", i ? "," : "", lines[i]);
		free(lines[i]);
	}
	if (r->n)
		buf_putc(out, '.');
}

void schedule_message(size_t nodes, const char *reject, const struct reasons *r, struct buf *out)
{
	if (!nodes) {
		buf_puts(out, "no nodes available to schedule pods");
		return;
	}
	buf_printf(out, "0/%zu nodes are available:", nodes);
	if (reject)
		buf_printf(out, " %s.", reject);
	else
		write_reasons(r, out);
}

/* The node that was made room on is tried first, and alone. */
static struct node_info *try_first(struct sched_look *l, struct str nominated, struct findings *f)
{
	struct node_info *n = nominated.n ? cluster_node(l->cycle.cluster, nominated) : NULL;
	struct verdict v;

	if (!n)
		return NULL;
	if (sched_look_fits(l, n, &v))
		return n;
	f->nominated_is_final = v.unresolvable;
	return NULL;
}

static struct node_info *search(struct sched_look *l, uint64_t random, struct findings *f)
{
	size_t n = l->cycle.cluster->nlist;

	f->all.nodes = ARENA_ARRAY(&l->arena, struct node_info *, n);
	find(l, f);
	if (f->all.n > 1) {
		f->all.totals = ARENA_ARRAY(&l->arena, int64_t, f->all.n);
		f->all.scores = ARENA_ARRAY(&l->arena, int64_t, f->all.n);
		score(l, &f->all);
		return best(&f->all, random);
	}
	return f->all.n ? f->all.nodes[0] : NULL;
}

static void all_may_help(struct sched_look *l, struct findings *f)
{
	size_t n = l->cycle.cluster->nlist;

	f->may_help = ARENA_ARRAY(&l->arena, bool, n + 1);
	for (size_t i = 0; i < n; i++)
		f->may_help[i] = true;
}

void schedule_decide(struct sched_look *look, struct str nominated, uint64_t random,
		     struct decision *out)
{
	size_t n = look->cycle.cluster->nlist;
	struct findings f = { 0 };

	*out = (struct decision){ 0 };
	if (n && !look->reject) {
		out->node = try_first(look, nominated, &f);
		if (!out->node)
			out->node = search(look, random, &f);
	}
	if (look->reject && look->resolvable)
		all_may_help(look, &f);
	if (!out->node)
		schedule_message(n, look->reject, &f.why, &out->message);
	out->may_help = f.may_help;
	out->nominated_is_final = f.nominated_is_final || (look->reject && !look->resolvable);
	reasons_free(&f.why);
}
