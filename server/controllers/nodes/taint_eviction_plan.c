/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/nodes/taint_eviction_plan.h"

#include "client/placement.h"

static const struct core_v1_toleration *first_for(const struct core_v1_pod_spec *spec,
						  const struct core_v1_taint *t)
{
	for (size_t i = 0; i < spec->tolerations.n; i++) {
		const struct core_v1_toleration *x = &spec->tolerations.items[i];
		if (toleration_covers(x, t->key, t->value, t->effect))
			return x;
	}
	return NULL;
}

int64_t taint_eviction_s(const struct core_v1_pod *p, const struct core_v1_node *n)
{
	int64_t least = EVICT_NEVER;
	for (size_t i = 0; i < n->spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->spec.taints.items[i];
		if (!str_eqz(t->effect, "NoExecute"))
			continue;
		const struct core_v1_toleration *x = first_for(&p->spec, t);
		if (!x || (x->toleration_seconds && *x->toleration_seconds <= 0))
			return 0;
		if (x->toleration_seconds &&
		    (least == EVICT_NEVER || *x->toleration_seconds < least))
			least = *x->toleration_seconds;
	}
	return least;
}
