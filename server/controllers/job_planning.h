/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of job_plan(): job_count.c counts what there is, job_plan.c judges and decides. */
#ifndef SERVER_CONTROLLERS_JOB_PLANNING_H
#define SERVER_CONTROLLERS_JOB_PLANNING_H

#include "server/controllers/job_plan.h"

#define JOB_CONDITIONS_MAX 10 /* beyond those that there are */

struct job_planning {
	const struct job_view *v;
	const struct batch_v1_job *job;
	struct job_plan *out;
	struct arena *arena;
	struct job_indexes completed, busy;
	struct pod_view **active;
	size_t nactive;
	int32_t ready, terminating;
	int32_t succeeded, failed; /* counted and not yet */
	int64_t last_failure_us;
};

bool job_pod_has_finalizer(const struct core_v1_pod *p);
void job_start_status(struct job_planning *w); /* the old status, with uids that became numbers */
void job_see_pod(struct job_planning *w, struct pod_view *v);
void job_fill_counts(struct job_planning *w);

#endif
