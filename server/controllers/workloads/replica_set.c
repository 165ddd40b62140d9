/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps as many pods as a ReplicaSet asks for. Key: the ReplicaSet. */
#include "server/controllers/workloads/replicas.h"

static bool read_set(struct replicas_turn *t)
{
	return object_decode(t->object, &t->arena, api_struct_apps_v1_replica_set, &t->set, NULL) ==
	       0;
}

static void write_status(struct replicas_turn *t)
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

static void work(void *controller, struct str key)
{
	static const struct replicas_kind kind = { read_set, write_status };

	replicas_work(controller, key, &kind);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_APPS_V1_REPLICASETS, API_CORE_V1_PODS, work);
	return 0;
}

const struct controller_row controller_replica_set = { "replicaset-controller", start,
						       workload_stop, NULL };
