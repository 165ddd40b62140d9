/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/replica_set_plan.h"

#include <stdlib.h>

#include "client/selectors.h"

static int by_removal(const void *a, const void *b)
{
	return pod_removal_order(&(*(struct pod_view *const *)a)->pod,
				 &(*(struct pod_view *const *)b)->pod);
}

static bool has_all_labels(const struct api_str_map *wanted, const struct core_v1_pod *p)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const struct str *v = str_map_get(&p->metadata.labels, wanted->items[i].key);

		if (!v || !str_eq(*v, wanted->items[i].value))
			return false;
	}
	return true;
}

static void count(const struct apps_v1_replica_set *rs, const struct core_v1_pod *p, int64_t now_us,
		  struct replica_set_plan *out)
{
	out->status.replicas++;
	out->status.fully_labeled_replicas += has_all_labels(&rs->spec.template.metadata.labels, p);
	out->status.ready_replicas += pod_is_ready(p);
	out->status.available_replicas +=
		pod_is_available(p, rs->spec.min_ready_seconds, now_us, &out->wait_ms);
}

void replica_set_plan(const struct apps_v1_replica_set *rs, struct pod_views *pods, int64_t now_us,
		      struct replica_set_plan *out)
{
	struct pod_view **active = ARENA_ARRAY(pods->arena, struct pod_view *, pods->n + 1);
	size_t n = 0, want = rs->spec.replicas
				     ? (size_t)(*rs->spec.replicas < 0 ? 0 : *rs->spec.replicas)
				     : 1;
	int32_t *terminating = ARENA_NEW(pods->arena, int32_t);

	*out = (struct replica_set_plan){ 0 };
	for (size_t i = 0; i < pods->n; i++) {
		const struct core_v1_pod *p = &pods->items[i].pod;

		if (pod_is_active(p)) {
			active[n++] = &pods->items[i];
			count(rs, p, now_us, out);
		} else if (!pod_is_over(p)) {
			(*terminating)++;
		}
	}
	out->status.terminating_replicas = terminating;
	out->status.observed_generation = rs->metadata.generation;
	if (rs->metadata.deletion_timestamp.set)
		return;
	if (n < want)
		out->create = want - n < REPLICA_SET_BURST ? want - n : REPLICA_SET_BURST;
	if (n <= want)
		return;
	qsort(active, n, sizeof(*active), by_removal);
	out->remove = active;
	out->nremove = n - want < REPLICA_SET_BURST ? n - want : REPLICA_SET_BURST;
}

void replica_set_failure(const struct apps_v1_replica_set *rs, const char *failure, int64_t now_us,
			 struct replica_set_plan *plan, struct arena *a)
{
	struct apps_v1_replica_set_condition *items =
		ARENA_ARRAY(a, struct apps_v1_replica_set_condition, rs->status.conditions.n + 1);
	bool fails = failure && (plan->create || plan->nremove), had = false;
	size_t n = 0;

	for (size_t i = 0; i < rs->status.conditions.n; i++) {
		bool is_failure = str_eqz(rs->status.conditions.items[i].type, "ReplicaFailure");

		had |= is_failure;
		if (!is_failure || fails)
			items[n++] = rs->status.conditions.items[i];
	}
	if (fails && !had)
		items[n++] = (struct apps_v1_replica_set_condition){
			.type = STR("ReplicaFailure"),
			.status = STR("True"),
			.reason = plan->create ? STR("FailedCreate") : STR("FailedDelete"),
			.message = arena_str(a, str_from(failure)),
			.last_transition_time = { now_us, true }
		};
	plan->status.conditions.items = items;
	plan->status.conditions.n = n;
}
