/* SPDX-License-Identifier: Apache-2.0 */
/* The pod of a Job, with its finalizer and, when the Job is Indexed, its index (label, annotation, environment, hostname). */
#ifndef SERVER_CONTROLLERS_JOBS_JOB_POD_H
#define SERVER_CONTROLLERS_JOBS_JOB_POD_H

#include "server/controllers/jobs/job_plan.h"

void job_pod(const struct object *owner, const struct batch_v1_job *job,
	     const struct job_create *create, struct arena *a, struct core_v1_pod *out);

#endif
