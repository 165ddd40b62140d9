/* SPDX-License-Identifier: Apache-2.0 */
/* On each node where it might help: without all pods of lower priority, does it fit? Then as many as possible come back, those
 * that a budget protects first, the most important before others. Of the nodes that are left, the one whose victims matter
 * least. In a large cluster a share of the nodes is tried, from a random one on. */
#include "server/scheduler/preempt.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

#define CANDIDATES_PERCENT 10
#define CANDIDATES_LEAST   100

struct attempt {
	struct sched_look *look;
	const struct budgets *budgets;
	struct node_info *node;
	struct placed_pod **victims;
	size_t n, cap;
	int violations;
};

/* The most important first; of equals, who runs longest; of those, who got its place first. */
static int by_importance(const void *a, const void *b)
{
	const struct placed_pod *x = *(struct placed_pod *const *)a,
				*y = *(struct placed_pod *const *)b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return x->turn < y->turn ? -1 : x->turn > y->turn;
}

#define FEW 16

/* Most nodes have few of them, and 500 nodes are tried for a pod. */
static void sort(struct placed_pod **pods, size_t n)
{
	if (n > FEW) {
		qsort(pods, n, sizeof(*pods), by_importance);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct placed_pod *p = pods[i];
		size_t at = i;

		for (; at > 0 && by_importance(&p, &pods[at - 1]) < 0; at--)
			pods[at] = pods[at - 1];
		pods[at] = p;
	}
}

static void collect(struct attempt *t)
{
	size_t n = t->node->npods_known;

	t->n = 0;
	t->victims = mem_array_grow(t->victims, &t->cap, n, sizeof(*t->victims));
	for (size_t i = 0; i < n; i++) {
		struct placed_pod *p = t->node->pods[i];

		if (p->priority < t->look->cycle.priority && p->counted)
			t->victims[t->n++] = p;
	}
	sort(t->victims, t->n);
}

/* Splits into those whose budget is overdrawn, in front, and the others, each in order. How many are in front. */
static size_t protected_first(struct attempt *t)
{
	auto_free struct placed_pod **others = mem_alloc(t->n * sizeof(*others));
	struct budget_purse purse;
	size_t n = 0, nothers = 0;

	budget_purse_open(&purse, t->budgets);
	for (size_t i = 0; i < t->n; i++)
		if (budget_purse_spend(&purse, t->victims[i]->object))
			t->victims[n++] = t->victims[i];
		else
			others[nothers++] = t->victims[i];
	budget_purse_close(&purse);
	if (nothers)
		memcpy(t->victims + n, others, nothers * sizeof(*others));
	return n;
}

/* Lets those come back that leave enough room; all of them are away when it begins. */
static void reprieve(struct attempt *t)
{
	size_t nprotected = t->budgets->all.count ? protected_first(t) : 0, kept = 0;
	struct verdict v;

	for (size_t i = 0; i < t->n; i++) {
		struct placed_pod *p = t->victims[i];

		cluster_try(t->look->cycle.cluster, p, true);
		if (sched_look_fits(t->look, t->node, &v))
			continue;
		cluster_try(t->look->cycle.cluster, p, false);
		t->violations += i < nprotected;
		t->victims[kept++] = p;
	}
	t->n = kept;
	if (nprotected)
		sort(t->victims, kept);
}

static bool try_node(struct attempt *t, struct reasons *why)
{
	struct cluster *c = t->look->cycle.cluster;
	struct verdict v;
	bool fits;

	t->violations = 0;
	collect(t);
	if (!t->n) {
		reasons_add(why, "No preemption victims found for incoming pod", 1);
		return false;
	}
	for (size_t i = 0; i < t->n; i++)
		cluster_try(c, t->victims[i], false);
	fits = sched_look_fits(t->look, t->node, &v);
	if (fits)
		reprieve(t);
	else
		reasons_merge(why, &v);
	for (size_t i = 0; i < t->n; i++)
		cluster_try(c, t->victims[i], true);
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
	if (a->violations != b->violations)
		return a->violations < b->violations;
	if (a->victims[0]->priority != b->victims[0]->priority)
		return a->victims[0]->priority < b->victims[0]->priority;
	if (sum(a) != sum(b))
		return sum(a) < sum(b);
	if (a->n != b->n)
		return a->n < b->n;
	return earliest_of_highest(a) > earliest_of_highest(b);
}

/* Earlier victims for this pod are still on their way out. */
static bool waits_already(const struct sched_look *l, struct str nominated)
{
	const struct node_info *n = nominated.n ? cluster_node(l->cycle.cluster, nominated) : NULL;

	for (size_t i = 0; n && i < n->npods_known; i++) {
		const struct placed_pod *x = n->pods[i];

		if (((x->leaving && x->evicted) || x->evicting) && x->priority < l->cycle.priority)
			return true;
	}
	return false;
}

static size_t candidates_wanted(size_t potential)
{
	size_t n = potential * CANDIDATES_PERCENT / 100;

	n = n < CANDIDATES_LEAST ? CANDIDATES_LEAST : n;
	return n < potential ? n : potential;
}

#define CACHE_LINE 64

/* Pods lie all over memory: those of the next node are fetched while this one is being tried, and where the one after that has its
 * own. */
static void fetch_pods(const struct node_info *n, const struct node_info *after)
{
	__builtin_prefetch(after->pods);
	for (size_t i = 0; i < n->npods_known; i++) {
		__builtin_prefetch(n->pods[i]);
		__builtin_prefetch((const char *)n->pods[i] + CACHE_LINE);
		__builtin_prefetch((const char *)n->pods[i] + 2 * CACHE_LINE);
	}
}

/* The list of the one that is left behind serves the next attempt. */
static void exchange(struct attempt *a, struct attempt *b)
{
	struct attempt was = *b;

	*b = *a;
	a->victims = was.victims;
	a->cap = was.cap;
}

static size_t after(const struct cluster *c, size_t at)
{
	return at + 1 < c->nlist ? at + 1 : 0;
}

static void search(struct attempt *first, const bool *may_help, uint64_t random,
		   struct attempt *best, struct reasons *why)
{
	struct cluster *c = first->look->cycle.cluster;
	size_t potential = 0, wanted, found = 0, tried = 0, at;
	bool unviolated = false;
	struct attempt t = *first;

	for (size_t i = 0; may_help && i < c->nlist; i++)
		potential += may_help[i];
	wanted = candidates_wanted(potential);
	at = c->nlist ? (size_t)(random % c->nlist) : 0;
	for (; tried < potential && !(unviolated && found >= wanted); at = after(c, at)) {
		if (!may_help[at])
			continue;
		tried++;
		t.node = c->list[at];
		fetch_pods(c->list[after(c, at)], c->list[after(c, after(c, at))]);
		if (!try_node(&t, why))
			continue;
		found++;
		unviolated |= !t.violations;
		if (is_better(&t, best))
			exchange(&t, best);
	}
	free(t.victims);
	if (!found && c->nlist > tried)
		reasons_add(why, "Preemption is not helpful for scheduling",
			    (int)(c->nlist - tried));
}

static void refuse(struct preemption *out, const char *why)
{
	out->not_now = true;
	buf_printf(&out->message, "preemption: %s", why);
}

static void tell(const struct attempt *best, struct preemption *out)
{
	out->node = best->node;
	out->victims = best->victims;
	out->nvictims = best->n;
	out->violations = best->violations;
	buf_printf(&out->message,
		   "preemption: found a potential placement for pod on node %s, preempting %zu "
		   "victims",
		   best->node->name, best->n);
}

void schedule_preempt(struct sched_look *look, const struct decision *d,
		      const struct budgets *budgets, struct str nominated, uint64_t random,
		      struct preemption *out)
{
	struct attempt first = { .look = look, .budgets = budgets }, best = { 0 };
	struct cluster *c = look->cycle.cluster;
	uint32_t rejected_by = look->rejected_by; /* by the decision, not by what is tried now */
	struct reasons why = { 0 };

	*out = (struct preemption){ 0 };
	if (!c->nlist)
		return;
	if (look->reject) { /* nobody looked at nodes: upstream ends here, with these words */
		buf_puts(&out->message, "not found");
		out->not_now = true;
		return;
	}
	if (str_eqz(look->cycle.pod->spec.preemption_policy, "Never")) {
		refuse(out, "not eligible due to preemptionPolicy=Never.");
		return;
	}
	if (nominated.n && !d->nominated_is_final && waits_already(look, nominated)) {
		refuse(out, "not eligible due to a terminating pod on the nominated node.");
		return;
	}
	search(&first, d->may_help, random, &best, &why);
	look->rejected_by = rejected_by;
	if (best.node) {
		tell(&best, out);
	} else {
		buf_puts(&out->message, "preemption: ");
		schedule_message(c->nlist, NULL, &why, &out->message);
	}
	reasons_free(&why);
}

void preemption_free(struct preemption *p)
{
	free(p->victims);
	buf_free(&p->message);
	*p = (struct preemption){ 0 };
}
