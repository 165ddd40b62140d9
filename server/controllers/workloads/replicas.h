/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping as many pods as are wanted: one turn of a controller of ReplicaSets, or of what can be seen as one (upstream's
 * ReplicationController runs on the ReplicaSet's controller, too). While pods that were asked for have not been seen, only the
 * status is written. Control loop only. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_REPLICAS_H
#define SERVER_CONTROLLERS_WORKLOADS_REPLICAS_H

#include "server/controllers/workload.h"
#include "server/controllers/workloads/replica_set_plan.h"

struct replicas_turn { /* lives for one call of replicas_work() */
	struct workload *workload;
	struct round *round;
	const struct object *object;
	void *decoded;                  /* the kind's own: the object, in the arena */
	struct apps_v1_replica_set set; /* what it is seen as */
	struct arena arena;
	struct pod_views pods;
	struct replica_set_plan plan;
	struct str key;
};
struct replicas_kind {
	/* Decodes the object into `set`: metadata, spec and the conditions; false: nothing can be done for it. */
	bool (*read)(struct replicas_turn *t);
	/* Writes the plan's status as the kind's. */
	void (*write_status)(struct replicas_turn *t);
};
/* The work of a queue whose controller has a workload with pods as children; the key is an owner's. */
void replicas_work(struct controller *c, struct str key, const struct replicas_kind *kind);

#endif
