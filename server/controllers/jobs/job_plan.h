/* SPDX-License-Identifier: Apache-2.0 */
/* What a Job does next: pure, after pkg/controller/job of v1.37. Finished pods are counted exactly once, through their
 * finalizer: their uids first enter status.uncountedTerminatedPods (or their index status.completedIndexes); once that is stored
 * the finalizer goes; once the pod is seen without it, the uid becomes a number. */
#ifndef SERVER_CONTROLLERS_JOBS_JOB_PLAN_H
#define SERVER_CONTROLLERS_JOBS_JOB_PLAN_H

#include "server/controllers/jobs/job_indexes.h"
#include "server/controllers/pods.h"

#define JOB_FINALIZER     "batch.kubernetes.io/job-tracking"
#define JOB_INDEX         "batch.kubernetes.io/job-completion-index"
#define JOB_INDEX_FAILURE "batch.kubernetes.io/job-index-failure-count"
#define JOB_INDEX_IGNORED "batch.kubernetes.io/job-index-ignored-failure-count"

/* Failures since the last success; lives in memory, as upstream's. */
struct job_backoff {
	int32_t failures;
	int64_t last_us;
};
struct job_view {
	const struct batch_v1_job *job;
	struct pod_views *pods;
	int64_t now_us;
	bool caught_up; /* all pods that were made and removed have been seen */
	struct job_backoff backoff;
};
struct job_create {
	int32_t index; /* -1: the Job isn't Indexed */
	/* backoffLimitPerIndex: what the pod's annotations say; -1: none */
	int32_t failures, ignored;
};
struct job_event {
	const char *type, *reason, *text;
};
#define JOB_EVENTS_MAX 3
struct job_plan {
	struct pod_view **remove, **release; /* delete; take the finalizer off */
	size_t nremove, nrelease;
	bool remove_uncounted; /* what is removed loses its finalizer first: it is no failure */
	struct job_create *create;
	int32_t ncreate;
	struct batch_v1_job_status status;
	struct job_backoff backoff;              /* as of this status */
	struct job_event events[JOB_EVENTS_MAX]; /* to be told when the status is written */
	size_t nevents;
	int64_t wait_ms;
};
void job_plan(const struct job_view *v, struct job_plan *out);
int32_t job_pod_index(const struct core_v1_pod *p); /* -1: none */
bool job_is_indexed(const struct batch_v1_job *j);
const struct batch_v1_job_condition *
job_end(const struct batch_v1_job *j); /* Complete or Failed; NULL: not over */
/* In how many ms ttlSecondsAfterFinished is over; 0: it is, -1: never. */
int64_t job_expires_ms(const struct batch_v1_job *j, int64_t now_us);
bool job_is_suspended(const struct batch_v1_job *j);
const struct batch_v1_job_condition *job_condition(const struct batch_v1_job_status *s,
						   const char *type); /* if True */

#endif
