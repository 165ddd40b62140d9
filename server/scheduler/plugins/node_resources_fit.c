/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod asks for has to be free; of nodes that fit, the emptier is better (LeastAllocated: cpu and memory alike). */
#include "base/mem.h"
#include "server/scheduler/plugin.h"

struct state { /* texts for the other resources, each once */
	const char **insufficient;
};

static bool pre_filter(const struct sched_cycle *c, struct prepared *out)
{
	const struct amounts *want = &c->usage->request;
	struct state *s = ARENA_NEW(c->arena, struct state);

	s->insufficient = ARENA_ARRAY(c->arena, const char *, want->nothers + 1);
	for (size_t i = 0; i < want->nothers; i++)
		s->insufficient[i] =
			arena_printf(c->arena, "Insufficient %s", want->others[i].name);
	out->state = s;
	return true;
}

static void check(struct verdict *v, int64_t want, int64_t have, int64_t used, const char *why)
{
	if (want <= 0 || want <= have - used)
		return;
	verdict_add(v, why);
	v->unresolvable |= want > have;
}

static void check_others(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct amounts *want = &c->usage->request;
	const struct state *s = c->state;

	for (size_t i = 0; i < want->nothers; i++)
		check(v, want->others[i].value,
		      amounts_other(&n->allocatable, want->others[i].name),
		      amounts_other(&n->requested, want->others[i].name), s->insufficient[i]);
}

/* Asked of each node for each pod. */
static void filter(const struct sched_cycle *c, const struct node_info *n, struct verdict *v)
{
	const struct amounts *want = &c->usage->request, *have = &n->allocatable,
			     *used = &n->requested;

	if ((int64_t)n->npods + 1 > n->max_pods)
		verdict_add(v, "Too many pods");
	check(v, want->milli_cpu, have->milli_cpu, used->milli_cpu, "Insufficient cpu");
	check(v, want->memory, have->memory, used->memory, "Insufficient memory");
	check(v, want->ephemeral, have->ephemeral, used->ephemeral,
	      "Insufficient ephemeral-storage");
	if (want->nothers)
		check_others(c, n, v);
}

static int64_t least(int64_t requested, int64_t capacity)
{
	return capacity == 0 || requested > capacity
		       ? 0
		       : (capacity - requested) * SCORE_MAX / capacity;
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	int64_t sum = 0, weight = 0;

	if (n->allocatable.milli_cpu) {
		sum += least(n->nonzero_milli_cpu + c->usage->nonzero_milli_cpu,
			     n->allocatable.milli_cpu);
		weight++;
	}
	if (n->allocatable.memory) {
		sum += least(n->nonzero_memory + c->usage->nonzero_memory, n->allocatable.memory);
		weight++;
	}
	return weight ? sum / weight : 0;
}

static bool fits_empty(const struct amounts *want, const struct amounts *have)
{
	if (amounts_other(have, "pods") < 1 || want->milli_cpu > have->milli_cpu ||
	    want->memory > have->memory || want->ephemeral > have->ephemeral)
		return false;
	for (size_t i = 0; i < want->nothers; i++)
		if (want->others[i].value > amounts_other(have, want->others[i].name))
			return false;
	return true;
}

static bool grew(const struct amounts *want, const struct amounts *before,
		 const struct amounts *now)
{
	if (amounts_other(now, "pods") > amounts_other(before, "pods") ||
	    (want->milli_cpu && now->milli_cpu > before->milli_cpu) ||
	    (want->memory && now->memory > before->memory) ||
	    (want->ephemeral && now->ephemeral > before->ephemeral))
		return true;
	for (size_t i = 0; i < want->nothers; i++)
		if (amounts_other(now, want->others[i].name) >
		    amounts_other(before, want->others[i].name))
			return true;
	return false;
}

static bool node_hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	struct amounts now = { 0 }, before = { 0 };
	struct pod_usage want;
	bool helps;

	pod_usage_read(pod, &want);
	amounts_read(&now, &e->node->status.allocatable);
	if (e->node_before)
		amounts_read(&before, &e->node_before->status.allocatable);
	helps = fits_empty(&want.request, &now) &&
		(!e->node_before || grew(&want.request, &before, &now));
	pod_usage_free(&want);
	amounts_free(&now);
	amounts_free(&before);
	return helps;
}

static bool hint(const struct core_v1_pod *pod, const struct sched_event *e)
{
	return e->node ? node_hint(pod, e) : true;
}

const struct sched_plugin plugin_node_resources_fit = {
	.name = "NodeResourcesFit",
	.pre_filter = pre_filter,
	.filter = filter,
	.score = score,
	.weight = 1,
	.events = SCHED_EVENT_POD_DELETE | SCHED_EVENT_POD_SCALED_DOWN | SCHED_EVENT_NODE_ADD |
		  SCHED_EVENT_NODE_ALLOCATABLE | SCHED_EVENT_SELF,
	.hint = hint
};
