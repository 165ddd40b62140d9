/* SPDX-License-Identifier: Apache-2.0 */
/* What a Deployment does next: pure, after pkg/controller/deployment of v1.37 (rolling.go, recreate.go, sync.go,
 * util/deployment_util.go). One step per reconcile: sizes change, the ReplicaSets' status follows and asks again. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_DEPLOYMENT_PLAN_H
#define SERVER_CONTROLLERS_WORKLOADS_DEPLOYMENT_PLAN_H

#include "api/decode.h"
#include "server/controllers/pairs.h"

#define POD_TEMPLATE_HASH   "pod-template-hash"
#define ANNOTATION_REVISION "deployment.kubernetes.io/revision"
#define ANNOTATION_HISTORY  "deployment.kubernetes.io/revision-history"
#define ANNOTATION_DESIRED  "deployment.kubernetes.io/desired-replicas"
#define ANNOTATION_MAX      "deployment.kubernetes.io/max-replicas"

struct set_view { /* a ReplicaSet of the Deployment */
	const struct object *object;
	struct apps_v1_replica_set rs;
	int32_t size, available; /* spec.replicas, status.availableReplicas */
	int64_t revision;        /* of its annotation; 0: none */
	int32_t want;            /* plan: size */
	bool remove;             /* plan: beyond the history limit */
};
struct set_views {
	struct set_view **items; /* oldest first, without the new one */
	size_t n, cap;
	struct set_view *latest; /* the one with the Deployment's template, or NULL */
};

struct deployment_limits { /* maxSurge and maxUnavailable resolved to numbers */
	int32_t replicas, surge, unavailable;
};
struct deployment_plan {
	struct deployment_limits limits;
	bool create; /* a ReplicaSet for the template, with `create_size` */
	int32_t create_size;
	int64_t revision; /* that the new one has or gets */
	bool rolling;     /* neither paused nor scaling: progress is judged */
	bool complete;    /* nothing is left to do */
};

void deployment_limits(const struct apps_v1_deployment *d, struct deployment_limits *out);
/* `old_pods_run`: pods of older ReplicaSets have not ended (asked by Recreate). */
void deployment_plan(const struct apps_v1_deployment *d, struct set_views *sets, bool old_pods_run,
		     struct deployment_plan *out);

/* Sums over the sets into a status; conditions are kept from the Deployment. */
void deployment_counts(const struct apps_v1_deployment *d, const struct set_views *sets,
		       struct arena *a, struct apps_v1_deployment_status *out);
/* Same template but for the hash label? */
bool deployment_template_equal(const struct core_v1_pod_template_spec *a,
			       const struct core_v1_pod_template_spec *b);
#define TEMPLATE_HASH_MAX 12
void deployment_template_hash(const struct core_v1_pod_template_spec *t, const int32_t *collisions,
			      char out[TEMPLATE_HASH_MAX]);

#endif
