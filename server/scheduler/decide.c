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

/* --- the look --- */

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
		l->filters[l->nfilters++] = (uint8_t)i;
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
		size_t i = l->filters[k];

		l->cycle.state = l->states[i];
		sched_plugins[i]->filter(&l->cycle, n, v);
		if (v->n) {
			l->rejected_by |= 1U << i;
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

/* --- the decision --- */

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
		const struct sched_plugin *p = sched_plugins[i];
		void *state = look->states[i];

		if (!p->score ||
		    (p->pre_score && !p->pre_score(&look->cycle, all->nodes, all->n, &state)))
			continue;
		look->cycle.state = state;
		for (size_t k = 0; k < all->n; k++)
			all->scores[k] = p->score(&look->cycle, all->nodes[k]);
		if (p->normalize)
			p->normalize(&look->cycle, all->nodes, all->scores, all->n);
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
