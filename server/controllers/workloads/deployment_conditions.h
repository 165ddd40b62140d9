/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions Available, Progressing and ReplicaFailure of a Deployment: pure, after progress.go and sync.go of v1.37. */
#ifndef SERVER_CONTROLLERS_WORKLOADS_DEPLOYMENT_CONDITIONS_H
#define SERVER_CONTROLLERS_WORKLOADS_DEPLOYMENT_CONDITIONS_H

#include "server/controllers/workloads/deployment_plan.h"

/* What came of the last attempt to make a ReplicaSet. */
enum deployment_news_kind { DEPLOYMENT_CREATED, DEPLOYMENT_COLLIDED, DEPLOYMENT_FAILED };
struct deployment_news {
	enum deployment_news_kind kind;
	char *text; /* the set's name, or what to say of the failure */
};
/* `status` has its counts; `news` may be NULL. Returns in how many ms the progress deadline has to be looked at; 0: never. */
int64_t deployment_conditions(const struct apps_v1_deployment *d, const struct set_views *sets,
			      const struct deployment_plan *p, const struct deployment_news *news,
			      int64_t now_us, struct arena *a,
			      struct apps_v1_deployment_status *status);

#endif
