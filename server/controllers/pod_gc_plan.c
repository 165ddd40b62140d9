/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/pod_gc_plan.h"

enum pod_gc_verdict pod_gc_plan(const struct pod_gc_view *v)
{
	if (!v->bound)
		return v->deleting ? POD_GC_DELETE : POD_GC_KEEP;
	if (v->node_exists)
		return v->deleting && v->out_of_service ? POD_GC_DELETE : POD_GC_KEEP;
	return v->node_gone_ms >= POD_GC_QUARANTINE_MS ? POD_GC_DELETE : POD_GC_LOOK_LATER;
}
