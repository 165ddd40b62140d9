/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps as many pods as a ReplicationController asks for: a ReplicaSet with a plainer selector, seen as one. Key: it. */
#include "server/controllers/workloads/replicas.h"

static void copy_conditions(struct replicas_turn *t,
			    struct core_v1_replication_controller_status *out)
{
	const struct apps_v1_replica_set_status *s = &t->plan.status;
	struct core_v1_replication_controller_condition *items =
		ARENA_ARRAY(&t->arena, struct core_v1_replication_controller_condition,
			    s->conditions.n + 1);

	for (size_t i = 0; i < s->conditions.n; i++)
		items[i] = (struct core_v1_replication_controller_condition){
			.type = s->conditions.items[i].type,
			.status = s->conditions.items[i].status,
			.reason = s->conditions.items[i].reason,
			.message = s->conditions.items[i].message,
			.last_transition_time = s->conditions.items[i].last_transition_time
		};
	out->conditions.items = (void *)items;
	out->conditions.n = s->conditions.n;
}

static void see_conditions(struct replicas_turn *t)
{
	const struct core_v1_replication_controller *rc = t->decoded;
	const struct core_v1_replication_controller_status *s = &rc->status;
	struct apps_v1_replica_set_condition *items =
		ARENA_ARRAY(&t->arena, struct apps_v1_replica_set_condition, s->conditions.n + 1);

	for (size_t i = 0; i < s->conditions.n; i++)
		items[i] = (struct apps_v1_replica_set_condition){
			.type = s->conditions.items[i].type,
			.status = s->conditions.items[i].status,
			.reason = s->conditions.items[i].reason,
			.message = s->conditions.items[i].message,
			.last_transition_time = s->conditions.items[i].last_transition_time
		};
	t->set.status.conditions.items = items;
	t->set.status.conditions.n = s->conditions.n;
}

static bool read_as_set(struct replicas_turn *t)
{
	struct core_v1_replication_controller *rc =
		ARENA_NEW(&t->arena, struct core_v1_replication_controller);
	struct meta_v1_label_selector *selector =
		ARENA_NEW(&t->arena, struct meta_v1_label_selector);

	if (object_decode(t->object, &t->arena, api_struct_core_v1_replication_controller, rc,
			  NULL) < 0 ||
	    !rc->spec.template || !rc->spec.selector.n)
		return false;
	selector->match_labels = rc->spec.selector;
	t->decoded = rc;
	t->set.metadata = rc->metadata;
	t->set.spec.replicas = rc->spec.replicas;
	t->set.spec.min_ready_seconds = rc->spec.min_ready_seconds;
	t->set.spec.selector = selector;
	t->set.spec.template = *rc->spec.template;
	see_conditions(t);
	return true;
}

static void write_status(struct replicas_turn *t)
{
	const struct core_v1_replication_controller *rc = t->decoded;
	struct core_v1_replication_controller changed = *rc;
	const struct apps_v1_replica_set_status *s = &t->plan.status;
	const struct status_write w = { api_struct_core_v1_replication_controller,
					api_struct_core_v1_replication_controller_status,
					&rc->status, &changed.status, &changed };

	changed.status.replicas = s->replicas;
	changed.status.fully_labeled_replicas = s->fully_labeled_replicas;
	changed.status.ready_replicas = s->ready_replicas;
	changed.status.available_replicas = s->available_replicas;
	changed.status.observed_generation = s->observed_generation;
	copy_conditions(t, &changed.status);
	round_status(t->round, t->object, &w);
}

static void work(void *controller, struct str key)
{
	static const struct replicas_kind kind = { read_as_set, write_status };

	replicas_work(controller, key, &kind);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_CORE_V1_REPLICATIONCONTROLLERS, API_CORE_V1_PODS, work);
	return 0;
}

const struct controller_row controller_replication = { "replication-controller", start,
						       workload_stop };
