/* SPDX-License-Identifier: Apache-2.0 */
/* What a Job does next: pure, after pkg/controller/job of v1.37. Finished pods are counted exactly once, through their
 * finalizer: their uids first enter status.uncountedTerminatedPods; once that is stored the finalizer goes; once the pod is
 * seen without it, the uid becomes a number. */
#ifndef SERVER_CONTROLLERS_JOB_PLAN_H
#define SERVER_CONTROLLERS_JOB_PLAN_H

#include "server/controllers/job_indexes.h"
#include "server/controllers/pods.h"

#define JOB_FINALIZER "batch.kubernetes.io/job-tracking"
#define JOB_INDEX     "batch.kubernetes.io/job-completion-index"

struct job_view {
	const struct batch_v1_job *job;
	struct pod_views *pods;
	int64_t now_us;
};
struct job_plan {
	struct pod_view **remove, **release; /* delete; take the finalizer off */
	size_t nremove, nrelease;
	int32_t create;
	int32_t *indexes; /* Indexed: of those to create */
	struct batch_v1_job_status status;
	const char *event, *event_type, *event_text; /* NULL: none */
	bool expired; /* ttlSecondsAfterFinished is over: delete the Job */
	int64_t wait_ms;
};
void job_plan(const struct job_view *v, struct job_plan *out);
int32_t job_pod_index(const struct core_v1_pod *p); /* -1: none */
bool job_is_indexed(const struct batch_v1_job *j);
const struct batch_v1_job_condition *job_condition(const struct batch_v1_job_status *s,
						   const char *type); /* if True */

#endif
