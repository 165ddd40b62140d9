/* SPDX-License-Identifier: Apache-2.0 */
/* When a CronJob's next Job starts: pure, after pkg/controller/cronjob of v1.37. Times in seconds. */
#ifndef SERVER_CONTROLLERS_JOBS_CRON_JOB_PLAN_H
#define SERVER_CONTROLLERS_JOBS_CRON_JOB_PLAN_H

#include "api/decode.h"
#include "api/values/cron.h"

struct cron_job_view {
	const struct batch_v1_cron_job *job;
	const struct cron *schedule;
	const struct time_zone *zone;
	size_t nactive; /* Jobs that have not finished */
	int64_t now_s;
};
struct cron_job_plan {
	int64_t start_s;  /* > 0: a Job for this time starts now */
	bool replace;     /* active ones go first */
	bool many_missed; /* more than a hundred: clocks may be off */
	bool skipped;     /* one runs, and the policy is Forbid */
	int64_t late_s;   /* > 0: that time's Job is too late to start */
	int64_t next_s;   /* look again then; 0: never */
};
void cron_job_plan(const struct cron_job_view *v, struct cron_job_plan *out);

/* Jobs of a CronJob: those that it made at a time of its schedule, and those that it has taken for its own. A Job that a user made from
 * it (kubectl create job --from) is neither: it counts as none of its own. */
#define CRON_JOB_SCHEDULED "batch.kubernetes.io/cronjob-scheduled-timestamp" /* annotation */
bool cron_job_made(const struct batch_v1_cron_job *c, const struct batch_v1_job *j);
bool cron_job_lists(const struct batch_v1_cron_job *c, struct str job_uid);

#endif
