/* SPDX-License-Identifier: Apache-2.0 */
/* Prefers nodes whose cpu and memory become used evenly: how much better the balance is with the pod than without. */
#include "server/scheduler/plugin.h"

static double fraction(int64_t used, int64_t capacity)
{
	double f = (double)used / (double)capacity;

	return f > 1 ? 1 : f;
}

static int64_t balance(int64_t milli_cpu, int64_t memory, const struct node_info *n)
{
	double off;

	if (!n->allocatable.milli_cpu || !n->allocatable.memory)
		return SCORE_MAX;
	off = fraction(milli_cpu, n->allocatable.milli_cpu) -
	      fraction(memory, n->allocatable.memory);
	return (int64_t)((1 - (off < 0 ? -off : off) / 2) * SCORE_MAX);
}

/* A best-effort pod changes no balance. */
static bool pre_score(const struct sched_cycle *c, struct node_info *const *nodes, size_t n,
		      void **state)
{
	(void)nodes;
	(void)n;
	(void)state;
	return c->usage->request.milli_cpu || c->usage->request.memory;
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct amounts *r = &c->usage->request;
	int64_t with =
		balance(n->requested.milli_cpu + r->milli_cpu, n->requested.memory + r->memory, n);
	int64_t without = balance(n->requested.milli_cpu, n->requested.memory, n);

	return SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2;
}

const struct sched_plugin plugin_balanced_allocation = { .name = "NodeResourcesBalancedAllocation",
							 .pre_score = pre_score,
							 .score = score,
							 .weight = 1 };
