/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/cleanup/pod_gc_plan.h"

#include <stdlib.h>

enum pod_gc_verdict pod_gc_plan(const struct pod_gc_view *v)
{
	if (!v->bound)
		return v->deleting ? POD_GC_DELETE : POD_GC_KEEP;
	if (v->node_exists)
		return v->deleting && v->out_of_service ? POD_GC_DELETE : POD_GC_KEEP;
	return v->node_gone_ms >= POD_GC_QUARANTINE_MS ? POD_GC_DELETE : POD_GC_LOOK_LATER;
}

static int order(const void *a, const void *b)
{
	const struct pod_gc_ended *x = a, *y = b;
	if (x->evicted != y->evicted)
		return x->evicted ? -1 : 1;
	int r = str_cmp(x->created, y->created);
	return r ? r : str_cmp(x->name, y->name);
}

size_t pod_gc_surplus(struct pod_gc_ended *pods, size_t n, int64_t threshold)
{
	if (threshold <= 0 || n <= (size_t)threshold)
		return 0;
	qsort(pods, n, sizeof(*pods), order);
	return n - (size_t)threshold;
}
