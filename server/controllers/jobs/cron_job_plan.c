/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/jobs/cron_job_plan.h"

#define MISSED_MANY 100

static int64_t next(const struct cron_job_view *v, int64_t after_s)
{
	return cron_next(v->schedule, v->zone, after_s);
}

/* The latest time since `from` that is not in the future; 0: none. As upstream does it, the number of those missed is a guess by
 * the distance of the first two, so that a clock that was off by years costs nothing. */
static int64_t latest_due(const struct cron_job_view *v, int64_t from, bool *many)
{
	int64_t first = next(v, from), second = first ? next(v, first) : 0, missed, latest = 0;

	if (!first || first > v->now_s)
		return 0;
	if (!second || second > v->now_s)
		return first;
	missed = (v->now_s - first) / (second - first) + 1;
	*many = missed > MISSED_MANY;
	for (int64_t t = next(v, first + (missed - 2) * (second - first)); t && t <= v->now_s;
	     t = next(v, t))
		latest = t;
	return latest;
}

void cron_job_plan(const struct cron_job_view *v, struct cron_job_plan *out)
{
	const struct batch_v1_cron_job_spec *s = &v->job->spec;
	int64_t from = v->job->metadata.creation_timestamp.us / 1000000, due, last = 0;

	*out = (struct cron_job_plan){ 0 };
	if (v->job->metadata.deletion_timestamp.set || (s->suspend && *s->suspend))
		return;
	if (v->job->status.last_schedule_time.set)
		from = last = v->job->status.last_schedule_time.us / 1000000;
	if (s->starting_deadline_seconds && v->now_s - *s->starting_deadline_seconds > from)
		from = v->now_s - *s->starting_deadline_seconds;
	due = latest_due(v, from, &out->many_missed);
	out->next_s = next(v, v->now_s);
	if (!due || due == last)
		return;
	if (s->starting_deadline_seconds && due + *s->starting_deadline_seconds < v->now_s) {
		out->late_s = due;
	} else if (str_eqz(s->concurrency_policy, "Forbid") && v->nactive) {
		out->skipped = true;
	} else {
		out->replace = str_eqz(s->concurrency_policy, "Replace") && v->nactive;
		out->start_s = due;
	}
}

bool cron_job_made(const struct batch_v1_cron_job *c, const struct batch_v1_job *j)
{
	struct str rest = j->metadata.name;
	bool scheduled = false;

	for (size_t i = 0; i < j->metadata.annotations.n; i++)
		scheduled |= str_eqz(j->metadata.annotations.items[i].key, CRON_JOB_SCHEDULED);
	return scheduled && str_cut_prefix(&rest, c->metadata.name) &&
	       str_cut_prefix(&rest, STR("-"));
}

bool cron_job_lists(const struct batch_v1_cron_job *c, struct str job_uid)
{
	for (size_t i = 0; i < c->status.active.n; i++)
		if (str_eq(c->status.active.items[i].uid, job_uid))
			return true;
	return false;
}
