/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions Available and Progressing of a Deployment (progress.go of v1.37). Pure. */
#ifndef SERVER_CONTROLLERS_DEPLOYMENT_CONDITIONS_H
#define SERVER_CONTROLLERS_DEPLOYMENT_CONDITIONS_H

#include "base/arena.h"
#include "server/controllers/deployment_plan.h"

/* Changes status->conditions (new array in the arena). Returns in how many ms the progress deadline passes; 0: it does not matter. */
int64_t deployment_conditions(const struct apps_v1_deployment *d, const struct set_views *sets,
			      const struct deployment_plan *p, int64_t now_us, struct arena *a,
			      struct apps_v1_deployment_status *status);

#endif
