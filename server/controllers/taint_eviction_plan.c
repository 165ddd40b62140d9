/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/taint_eviction_plan.h"

#include "client/placement.h"

/* How long the pod puts up with a taint; EVICT_NEVER: for ever. Of several tolerations the shortest counts. */
static bool tolerated_s(const struct core_v1_pod_spec *spec, const struct core_v1_taint *t,
			int64_t *out)
{
	bool tolerated = false;

	*out = EVICT_NEVER;
	for (size_t i = 0; i < spec->tolerations.n; i++) {
		const struct core_v1_toleration *x = &spec->tolerations.items[i];

		if (!toleration_covers(x, t->key, t->value, t->effect))
			continue;
		tolerated = true;
		if (x->toleration_seconds && (*out == EVICT_NEVER || *x->toleration_seconds < *out))
			*out = *x->toleration_seconds < 0 ? 0 : *x->toleration_seconds;
	}
	return tolerated;
}

int64_t taint_eviction_ms(const struct core_v1_pod *p, const struct core_v1_node *n, int64_t now_us)
{
	int64_t soonest = EVICT_NEVER;

	for (size_t i = 0; i < n->spec.taints.n; i++) {
		const struct core_v1_taint *t = &n->spec.taints.items[i];
		int64_t seconds, left;

		if (!str_eqz(t->effect, "NoExecute"))
			continue;
		if (!tolerated_s(&p->spec, t, &seconds))
			return 0;
		if (seconds == EVICT_NEVER)
			continue;
		left = seconds * 1000 -
		       (t->time_added.set ? (now_us - t->time_added.us) / 1000 : 0);
		if (left < 0)
			left = 0;
		if (soonest == EVICT_NEVER || left < soonest)
			soonest = left;
	}
	return soonest;
}
