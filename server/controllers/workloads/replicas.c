/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/replicas.h"

#include "base/mem.h"
#include "server/controllers/pod_batch.h"

static void change_pods(struct replicas_turn *t)
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

static void carry_out(struct replicas_turn *t, const struct replicas_kind *kind)
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
	kind->write_status(t);
	round_close(t->round, false, t->plan.wait_ms);
}

void replicas_work(struct controller *c, struct str key, const struct replicas_kind *kind)
{
	struct replicas_turn t = { .workload = c->state, .key = key };
	bool synced = informer_synced(t.workload->children);

	t.pods.arena = &t.arena;
	t.object = synced ? workload_owner(t.workload, key) : NULL;
	if (t.object && kind->read(&t))
		carry_out(&t, kind);
	else
		controller_done(c, key, !synced);
	free(t.pods.items);
	arena_free(&t.arena);
}
