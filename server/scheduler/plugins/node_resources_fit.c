/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod asks for has to be free; of nodes that fit, the emptier is better (LeastAllocated: cpu and memory alike). */
#include "base/buf.h"
#include "server/scheduler/plugin.h"

static void filter(const struct sched_cycle *c, const struct node_info *n, struct reasons *why)
{
	const struct amounts *want = &c->usage->request, *have = &n->allocatable,
			     *used = &n->requested;

	if ((int64_t)n->npods + 1 > n->max_pods)
		reasons_add(why, STR("Too many pods"));
	if (want->milli_cpu > 0 && want->milli_cpu > have->milli_cpu - used->milli_cpu)
		reasons_add(why, STR("Insufficient cpu"));
	if (want->memory > 0 && want->memory > have->memory - used->memory)
		reasons_add(why, STR("Insufficient memory"));
	if (want->ephemeral > 0 && want->ephemeral > have->ephemeral - used->ephemeral)
		reasons_add(why, STR("Insufficient ephemeral-storage"));
	for (size_t i = 0; i < want->nothers; i++) {
		const struct amount *a = &want->others[i];
		auto_buf text = { 0 };

		if (!a->value ||
		    a->value <= amounts_other(have, a->name) - amounts_other(used, a->name))
			continue;
		buf_printf(&text, "Insufficient %s", a->name);
		reasons_add(why, buf_view(&text));
	}
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

const struct sched_plugin plugin_node_resources_fit = {
	.name = "NodeResourcesFit", .filter = filter, .score = score, .weight = 1
};
