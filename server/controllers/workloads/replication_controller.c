/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps as many pods as a ReplicationController asks for: a ReplicaSet with a plainer selector, seen as one. Key: it. */
#include "base/mem.h"
#include "server/controllers/pod_batch.h"
#include "server/controllers/workload.h"
#include "server/controllers/workloads/replica_set_plan.h"

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct core_v1_replication_controller rc;
	struct apps_v1_replica_set as_set;
	struct meta_v1_label_selector selector;
	struct arena arena;
	struct pod_views pods;
	struct replica_set_plan plan;
	struct str key;
};

static void copy_conditions(struct turn *t, struct core_v1_replication_controller_status *out)
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

static void see_conditions(struct turn *t)
{
	const struct core_v1_replication_controller_status *s = &t->rc.status;
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
	t->as_set.status.conditions.items = items;
	t->as_set.status.conditions.n = s->conditions.n;
}

static bool see_as_set(struct turn *t)
{
	if (!t->rc.spec.template || !t->rc.spec.selector.n)
		return false;
	t->selector = (struct meta_v1_label_selector){ .match_labels = t->rc.spec.selector };
	t->as_set.metadata = t->rc.metadata;
	t->as_set.spec.replicas = t->rc.spec.replicas;
	t->as_set.spec.min_ready_seconds = t->rc.spec.min_ready_seconds;
	t->as_set.spec.selector = &t->selector;
	t->as_set.spec.template = *t->rc.spec.template;
	see_conditions(t);
	return true;
}

static void write_status(struct turn *t)
{
	struct core_v1_replication_controller changed = t->rc;
	const struct apps_v1_replica_set_status *s = &t->plan.status;
	const struct status_write w = { api_struct_core_v1_replication_controller,
					api_struct_core_v1_replication_controller_status,
					&t->rc.status, &changed.status, &changed };

	changed.status.replicas = s->replicas;
	changed.status.fully_labeled_replicas = s->fully_labeled_replicas;
	changed.status.ready_replicas = s->ready_replicas;
	changed.status.available_replicas = s->available_replicas;
	changed.status.observed_generation = s->observed_generation;
	copy_conditions(t, &changed.status);
	round_status(t->round, t->object, &w);
}

static void change_pods(struct turn *t)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	struct pod_batch *batch = pod_batch_new(t->round, &owner);
	struct core_v1_pod pod;

	pod_from_template(t->object, &t->as_set.spec.template, &t->arena, &pod);
	pod_batch_add(batch, &pod, t->plan.create);
	pod_batch_start(batch);
	for (size_t i = 0; i < t->plan.nremove; i++)
		pod_delete(t->round, &owner, t->plan.remove[i]->object);
}

static void carry_out(struct turn *t)
{
	const struct workload_claim claim = { .workload = t->workload,
					      .owner = t->object,
					      .selector = &t->selector };

	t->round = round_new(t->workload->controller, t->key);
	workload_children(&claim, t->round, workload_add_view, &t->pods);
	replica_set_plan(&t->as_set, &t->pods, clock_wall_us(clock_real()), &t->plan);
	replica_set_failure(&t->as_set, workload_failure(t->workload, t->key),
			    clock_wall_us(clock_real()), &t->plan, &t->arena);
	if (workload_caught_up(t->workload, t->key))
		change_pods(t);
	write_status(t);
	round_close(t->round, false, t->plan.wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	struct str ns, name;
	bool synced = informer_synced(t.workload->children);

	t.pods.arena = &t.arena;
	controller_key_split(key, &ns, &name);
	t.object = synced ? informer_get(t.workload->owners, ns, name) : NULL;
	if (t.object &&
	    object_decode(t.object, &t.arena, api_struct_core_v1_replication_controller, &t.rc,
			  NULL) == 0 &&
	    see_as_set(&t))
		carry_out(&t);
	else
		controller_done(c, key, !synced);
	free(t.pods.items);
	arena_free(&t.arena);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_CORE_V1_REPLICATIONCONTROLLERS, API_CORE_V1_PODS, work);
	return 0;
}

const struct controller_row controller_replication = { "replication-controller", start,
						       workload_stop };
