/* SPDX-License-Identifier: Apache-2.0 */
/* Prefers nodes whose cpu and memory become used evenly: how much better the balance is with the pod than without. */
#include "server/scheduler/plugin.h"

static double fraction(int64_t used, int64_t capacity)
{
	double f = capacity ? (double)used / (double)capacity : 0;

	return f > 1 ? 1 : f;
}

static int64_t balance(int64_t milli_cpu, int64_t memory, const struct node_info *n)
{
	double off = fraction(milli_cpu, n->allocatable.milli_cpu) -
		     fraction(memory, n->allocatable.memory);

	if (!n->allocatable.milli_cpu || !n->allocatable.memory)
		return SCORE_MAX;
	return (int64_t)((1 - (off < 0 ? -off : off) / 2) * SCORE_MAX);
}

static int64_t score(const struct sched_cycle *c, const struct node_info *n)
{
	const struct amounts *r = &c->usage->request;
	int64_t with =
		balance(n->requested.milli_cpu + r->milli_cpu, n->requested.memory + r->memory, n);
	int64_t without = balance(n->requested.milli_cpu, n->requested.memory, n);

	if (!r->milli_cpu && !r->memory)
		return 0; /* a best-effort pod changes no balance */
	return SCORE_MAX / 2 + (SCORE_MAX / 2 + with - without) / 2;
}

const struct sched_plugin plugin_balanced_allocation = { .name = "NodeResourcesBalancedAllocation",
							 .score = score,
							 .weight = 1 };
