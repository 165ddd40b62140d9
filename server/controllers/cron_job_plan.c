/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/cron_job_plan.h"

#define MISSED_MAX 100

/* The latest time since `from` that is not in the future; 0: none. */
static int64_t latest_due(const struct cron_job_view *v, int64_t from, bool *many)
{
	int64_t latest = 0, t = cron_next(v->schedule, from);
	int missed = 0;

	for (; t && t <= v->now_s; t = cron_next(v->schedule, t)) {
		latest = t;
		if (++missed > MISSED_MAX) {
			*many = true;
			t = cron_next(v->schedule, v->now_s - 3600 > t ? v->now_s - 3600
								       : t); /* nearer to now */
			if (!t || t > v->now_s)
				break;
			latest = t;
			missed = 0;
		}
	}
	return latest;
}

void cron_job_plan(const struct cron_job_view *v, struct cron_job_plan *out)
{
	const struct batch_v1_cron_job_spec *s = &v->job->spec;
	int64_t from = v->job->metadata.creation_timestamp.us / 1000000, due;

	*out = (struct cron_job_plan){ 0 };
	if (v->job->metadata.deletion_timestamp.set || (s->suspend && *s->suspend))
		return;
	if (v->job->status.last_schedule_time.set)
		from = v->job->status.last_schedule_time.us / 1000000;
	if (s->starting_deadline_seconds && v->now_s - *s->starting_deadline_seconds > from)
		from = v->now_s - *s->starting_deadline_seconds;
	due = latest_due(v, from, &out->many_missed);
	out->next_s = cron_next(v->schedule, v->now_s);
	if (!due)
		return;
	if (str_eqz(s->concurrency_policy, "Forbid") && v->nactive) {
		out->skipped = "JobAlreadyActive";
		return;
	}
	out->replace = str_eqz(s->concurrency_policy, "Replace") && v->nactive;
	out->start_s = due;
}
