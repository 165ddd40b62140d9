/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps as many pods as a ReplicaSet asks for. Key: the ReplicaSet. While pods that were asked for have not been seen, only
 * the status is written. */
#include "base/mem.h"
#include "server/controllers/pod_batch.h"
#include "server/controllers/workload.h"
#include "server/controllers/workloads/replica_set_plan.h"

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct apps_v1_replica_set set;
	struct arena arena;
	struct pod_views pods;
	struct replica_set_plan plan;
	struct str key;
};

static void write_status(struct turn *t)
{
	struct apps_v1_replica_set changed = t->set;
	const struct status_write w = { .object = api_struct_apps_v1_replica_set,
					.status = api_struct_apps_v1_replica_set_status,
					.old = &t->set.status,
					.now = &changed.status,
					.whole = &changed };

	changed.status = t->plan.status;
	round_status(t->round, t->object, &w);
}

static void change_pods(struct turn *t)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	struct pod_batch *batch = pod_batch_new(t->round, &owner);
	struct core_v1_pod pod;

	pod_from_template(t->object, &t->set.spec.template, &t->arena, &pod);
	pod_batch_add(batch, &pod, t->plan.create);
	pod_batch_start(batch);
	for (size_t i = 0; i < t->plan.nremove; i++)
		pod_delete(t->round, &owner, t->plan.remove[i]->object);
}

static void carry_out(struct turn *t)
{
	const struct workload_claim claim = { .workload = t->workload,
					      .owner = t->object,
					      .selector = t->set.spec.selector };

	t->round = round_new(t->workload->controller, t->key);
	workload_children(&claim, t->round, workload_add_view, &t->pods);
	replica_set_plan(&t->set, &t->pods, clock_wall_us(clock_real()), &t->plan);
	replica_set_failure(&t->set, workload_failure(t->workload, t->key),
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
	    object_decode(t.object, &t.arena, api_struct_apps_v1_replica_set, &t.set, NULL) == 0)
		carry_out(&t);
	else
		controller_done(c, key, !synced);
	free(t.pods.items);
	arena_free(&t.arena);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_APPS_V1_REPLICASETS, API_CORE_V1_PODS, work);
	return 0;
}

const struct controller_row controller_replica_set = { "replicaset-controller", start,
						       workload_stop, NULL };
