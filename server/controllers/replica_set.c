/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps as many pods as a ReplicaSet asks for. Key: the ReplicaSet. While pods that were asked for have not been seen, only
 * the status is written. */
#include "base/mem.h"
#include "server/controllers/replica_set_plan.h"
#include "server/controllers/workload.h"

static void write_status(struct round *r, const struct object *o,
			 const struct apps_v1_replica_set *rs,
			 struct apps_v1_replica_set_status *status)
{
	struct apps_v1_replica_set changed = *rs;
	const struct status_write w = { api_struct_apps_v1_replica_set,
					api_struct_apps_v1_replica_set_status, &rs->status, status,
					&changed };

	status->conditions.items = rs->status.conditions.items;
	status->conditions.n = rs->status.conditions.n;
	changed.status = *status;
	round_status(r, o, &w);
}

static void carry_out(struct workload *w, struct round *r, const struct object *o,
		      const struct apps_v1_replica_set *rs, struct replica_set_plan *plan,
		      struct arena *a, struct str key)
{
	struct pod_owner owner = workload_pod_owner(w, o, key);
	struct core_v1_pod pod;

	pod_from_template(o, &rs->spec.template, a, &pod);
	for (size_t i = 0; i < plan->create; i++)
		pod_create(r, &owner, &pod);
	for (size_t i = 0; i < plan->nremove; i++)
		pod_delete(r, &owner, plan->remove[i]->object);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct workload *w = c->state;
	auto_arena arena = { 0 };
	struct apps_v1_replica_set rs = { 0 };
	struct pod_views pods = { .arena = &arena };
	struct replica_set_plan plan;
	struct str ns, name;
	const struct object *o;

	controller_key_split(key, &ns, &name);
	o = informer_get(w->owners, ns, name);
	if (!o || !informer_synced(w->children) ||
	    object_decode(o, &arena, api_struct_apps_v1_replica_set, &rs, NULL) < 0) {
		controller_done(c, key, o != NULL && !informer_synced(w->children));
		return;
	}
	struct round *r = round_new(c, key);
	const struct workload_claim claim = { w, o, rs.spec.selector };
	workload_children(&claim, r, workload_add_view, &pods);
	replica_set_plan(&rs, &pods, clock_wall_us(clock_real()), &plan);
	if (workload_caught_up(w, key))
		carry_out(w, r, o, &rs, &plan, &arena, key);
	write_status(r, o, &rs, &plan.status);
	round_close(r, false, plan.wait_ms);
	free(pods.items);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_APPS_V1_REPLICASETS, API_CORE_V1_PODS, work);
	return 0;
}

const struct controller_row controller_replica_set = { "replicaset-controller", start,
						       workload_stop };
