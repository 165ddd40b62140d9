/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of job_plan(): job_count.c counts what there is, job_policy.c knows the policies, job_judge.c judges, job_create.c picks the
 * pods to be made, job_plan.c decides. */
#ifndef SERVER_CONTROLLERS_JOBS_JOB_PLANNING_H
#define SERVER_CONTROLLERS_JOBS_JOB_PLANNING_H

#include "server/controllers/jobs/job_plan.h"

#define JOB_CONDITIONS_MAX 10 /* beyond those that there are */

struct job_planning {
	const struct job_view *v;
	const struct batch_v1_job *job;
	struct job_plan *out;
	struct arena *arena;
	bool indexed, per_index; /* completionMode; backoffLimitPerIndex is set */
	struct job_indexes completed,
		busy; /* busy: of active pods, and of terminating ones that are awaited */
	struct job_indexes failed_indexes;
	struct pod_view **
		last_failed; /* per index: the failed pod whose count the next one carries on; NULL: none */
	struct pod_view **active;
	size_t nactive;
	int32_t ready, terminating;
	int32_t succeeded, failed; /* counted and not yet */
};

/* Reads pods and the old status: indexes, numbers, back-off. */
void job_count(struct job_planning *w);
/* Notes finished pods in the status, picks those that may lose their finalizer; `over`: the Job has met its end,
 * `failing`: in failure, so that whatever has not succeeded has failed. */
void job_track(struct job_planning *w, bool over, bool failing);
bool job_pod_has_finalizer(const struct core_v1_pod *p);
bool job_pod_failed(const struct batch_v1_job *j, const struct core_v1_pod *p);
int64_t job_pod_finish_us(const struct core_v1_pod *p);

/* What spec.podFailurePolicy says to a failed pod. */
struct job_verdict {
	bool counts;        /* towards back-off limits */
	bool fails_index;   /* FailIndex */
	const char *reason; /* FailJob: the message; NULL otherwise */
};
struct job_verdict job_failure_policy(const struct batch_v1_job *j, const struct core_v1_pod *p,
				      struct arena *a);
/* The index of the rule of spec.successPolicy that is met, or -1. */
int job_success_policy(const struct batch_v1_job *j, const struct job_indexes *completed,
		       struct arena *a);

struct job_ending {
	const char *type, *reason,
		*message; /* SuccessCriteriaMet or FailureTarget; NULL: not yet */
};
/* Every end but reaching the completions. */
struct job_ending job_judge(struct job_planning *w);
/* Reaching them: asked when it is known which pods are made. */
struct job_ending job_completion(const struct job_planning *w);

/* Fills the plan's `create` with at most n; notes for how long to wait where back-off holds. */
void job_create_pods(struct job_planning *w, int32_t n);
void job_plan_wait(struct job_planning *w, int64_t ms); /* the shortest counts */

#endif
