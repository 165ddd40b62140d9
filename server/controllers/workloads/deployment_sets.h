/* SPDX-License-Identifier: Apache-2.0 */
/* The ReplicaSets of a Deployment made, sized and removed, as its plan says; with the annotations that they have from it and
 * the revisions that they have been. Control loop only. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_DEPLOYMENT_SETS_H
#define SERVER_CONTROLLERS_WORKLOADS_DEPLOYMENT_SETS_H

#include "server/controllers/workload.h"
#include "server/controllers/workloads/deployment_conditions.h"

struct deployment_turn {           /* one reconcile */
	struct workload *workload; /* own: a map, key → struct deployment_news */
	struct round *round;
	const struct object *object;
	struct apps_v1_deployment d;
	struct arena arena;
	struct set_views sets;
	struct deployment_plan plan;
	struct str key;
};

/* Makes the one for the template; what came of it stands in the workload's map when the call has ended. */
void deployment_set_create(struct deployment_turn *t);
/* Its size, annotations and minReadySeconds; nothing is sent when all are as they should be. */
void deployment_set_size(struct deployment_turn *t, const struct set_view *v);
void deployment_set_remove(struct deployment_turn *t, const struct set_view *v);
void deployment_news_free(void *news); /* may be NULL */
struct str deployment_number(struct deployment_turn *t,
			     int64_t n); /* as an annotation's value; in the arena */

#endif
