/* SPDX-License-Identifier: Apache-2.0 */
/* On each node: without all pods of lower priority, does it fit? Then as many as possible come back, the most important
 * first. Of the nodes that are left, the one whose victims matter least. */
#include "server/scheduler/preempt.h"

#include <stdlib.h>

#include "base/mem.h"

struct attempt {
	struct cluster *cluster;
	const struct sched_pod *pod;
	struct node_info *node;
	struct placed_pod **victims;
	size_t n, cap;
};

/* The most important first; of equals, who runs longest. */
static int by_importance(const void *a, const void *b)
{
	const struct placed_pod *x = *(struct placed_pod *const *)a,
				*y = *(struct placed_pod *const *)b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return x->start_us < y->start_us ? -1 : x->start_us > y->start_us;
}

static void collect(struct attempt *t)
{
	struct map_entry *e;

	for (size_t i = 0; (e = map_next(&t->cluster->placed, &i));) {
		struct placed_pod *p = e->value;

		if (!str_eqz(t->node->node.metadata.name, p->node) ||
		    p->priority >= pod_priority(t->pod->pod) || !p->object)
			continue;
		t->victims = mem_array_grow(t->victims, &t->cap, t->n + 1, sizeof(*t->victims));
		t->victims[t->n++] = p;
	}
	if (t->n)
		qsort(t->victims, t->n, sizeof(*t->victims), by_importance);
}

static bool fits_without(struct attempt *t, size_t n, struct reasons *why)
{
	struct sched_look look;
	bool fits;

	sched_look_open(&look, t->cluster, t->pod, (const struct placed_pod *const *)t->victims, n);
	fits = sched_look_fits(&look, t->node, why, NULL);
	sched_look_close(&look);
	return fits;
}

/* Lets those come back that leave enough room. `victims` holds the ones that stay away, in front. */
static void reprieve(struct attempt *t)
{
	size_t kept = 0, n = t->n;

	for (size_t i = 0; i < n; i++) {
		struct placed_pod *p = t->victims[kept];
		struct reasons why = { 0 };

		memmove(&t->victims[kept], &t->victims[kept + 1], (t->n - kept - 1) * sizeof(p));
		t->n--;
		cluster_try(t->cluster, p, true);
		if (!fits_without(t, t->n, &why)) {
			cluster_try(t->cluster, p, false);
			memmove(&t->victims[kept + 1], &t->victims[kept],
				(t->n - kept) * sizeof(p));
			t->victims[kept++] = p;
			t->n++;
		}
		reasons_free(&why);
	}
}

static bool try_node(struct attempt *t, struct reasons *why)
{
	bool fits;

	collect(t);
	if (!t->n) {
		reasons_add(why, STR("No preemption victims found for incoming pod"));
		return false;
	}
	for (size_t i = 0; i < t->n; i++)
		cluster_try(t->cluster, t->victims[i], false);
	fits = fits_without(t, t->n, why);
	if (fits)
		reprieve(t);
	for (size_t i = 0; i < t->n; i++)
		cluster_try(t->cluster, t->victims[i], true);
	return fits && t->n > 0;
}

static int64_t sum(const struct attempt *t)
{
	int64_t s = 0;

	for (size_t i = 0; i < t->n; i++)
		s += (int64_t)t->victims[i]->priority - INT32_MIN;
	return s;
}

static int64_t earliest_of_highest(const struct attempt *t)
{
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < t->n && t->victims[i]->priority == t->victims[0]->priority; i++)
		if (t->victims[i]->start_us < earliest)
			earliest = t->victims[i]->start_us;
	return earliest;
}

static bool is_better(const struct attempt *a, const struct attempt *b)
{
	if (!b->node)
		return true;
	if (a->victims[0]->priority != b->victims[0]->priority)
		return a->victims[0]->priority < b->victims[0]->priority;
	if (sum(a) != sum(b))
		return sum(a) < sum(b);
	if (a->n != b->n)
		return a->n < b->n;
	return earliest_of_highest(a) > earliest_of_highest(b);
}

/* Earlier victims for this pod are still on their way out. */
static bool waits_already(const struct cluster *c, const struct sched_pod *p)
{
	const struct nomination *n = map_get(&c->nominated, p->key);
	struct map_entry *e;

	for (size_t i = 0; n && (e = map_next(&c->placed, &i));) {
		const struct placed_pod *x = e->value;

		if (x->leaving && !strcmp(x->node, n->node) && x->priority < pod_priority(p->pod))
			return true;
	}
	return false;
}

static bool is_final(struct cluster *c, const struct sched_pod *p, struct node_info *n)
{
	struct sched_look look;
	struct reasons why = { 0 };
	bool final = false;

	sched_look_open(&look, c, p, NULL, 0);
	sched_look_fits(&look, n, &why, &final);
	sched_look_close(&look);
	reasons_free(&why);
	return final;
}

static void search(struct cluster *c, const struct sched_pod *p, struct attempt *best,
		   struct reasons *why)
{
	for (size_t i = 0; i < c->nlist; i++) {
		struct attempt t = { .cluster = c, .pod = p, .node = c->list[i] };

		if (is_final(c, p, t.node)) {
			reasons_add(why, STR("Preemption is not helpful for scheduling"));
		} else if (try_node(&t, why) && is_better(&t, best)) {
			free(best->victims);
			*best = t;
			continue;
		}
		free(t.victims);
	}
}

void schedule_preempt(struct cluster *c, const struct sched_pod *p, struct preemption *out)
{
	struct attempt best = { 0 };
	struct reasons why = { 0 };

	*out = (struct preemption){ 0 };
	if (str_eqz(p->pod->spec.preemption_policy, "Never")) {
		buf_puts(&out->message, "preemption: not eligible due to preemptionPolicy=Never.");
		return;
	}
	if (waits_already(c, p)) {
		buf_puts(
			&out->message,
			"preemption: not eligible due to a terminating pod on the nominated node.");
		return;
	}
	if (!c->nlist)
		return;
	search(c, p, &best, &why);
	if (best.node) {
		out->node = best.node;
		out->victims = best.victims;
		out->nvictims = best.n;
	} else {
		buf_puts(&out->message, "preemption: ");
		schedule_message(c->nlist, &why, &out->message);
	}
	reasons_free(&why);
}

void preemption_free(struct preemption *p)
{
	free(p->victims);
	buf_free(&p->message);
	*p = (struct preemption){ 0 };
}
