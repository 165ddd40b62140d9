/* SPDX-License-Identifier: Apache-2.0 */
/* Starts Jobs by the clock of their zone. Key: the CronJob. A Job's name holds its minute, so that it can only be made once. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "server/controllers/jobs/cron_job_plan.h"
#include "server/controllers/jobs/job_plan.h"
#include "server/controllers/pairs.h"
#include "server/controllers/workload.h"

struct job_item {
	const struct object *object;
	struct batch_v1_job job;
	const char *end; /* "Complete", "Failed", or NULL */
	int64_t start_us;
	bool listed, ours; /* in status.active; made by us, or listed */
};

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct batch_v1_cron_job cron_job;
	struct cron schedule;
	struct time_zone *zone;
	struct arena arena;
	struct job_item *jobs;
	size_t n, cap, nactive;
	struct cron_job_plan plan;
	struct str key;
};

static void tell(struct turn *t, const char *type, const char *reason, const char *text,
		 struct str what)
{
	event_record(t->workload->events, t->object, type, reason, NULL, "%s%.*s", text,
		     STR_ARG(what));
}

static void add_job(void *ctx, const struct object *o)
{
	struct turn *t = ctx;
	struct job_item *j;

	t->jobs = mem_array_grow(t->jobs, &t->cap, t->n + 1, sizeof(*t->jobs));
	j = &t->jobs[t->n];
	*j = (struct job_item){ .object = o };
	if (object_decode(o, &t->arena, api_struct_batch_v1_job, &j->job, NULL) < 0)
		return;
	j->end = job_condition(&j->job.status, "Failed")     ? "Failed"
		 : job_condition(&j->job.status, "Complete") ? "Complete"
							     : NULL;
	j->start_us = j->job.status.start_time.set ? j->job.status.start_time.us : INT64_MAX;
	j->listed = cron_job_lists(&t->cron_job, o->uid);
	j->ours = j->listed || cron_job_made(&t->cron_job, &j->job);
	t->nactive += !j->end && j->ours;
	t->n++;
}

/* --- what came of those that were started --- */

static const struct job_item *find_job(const struct turn *t, struct str uid)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->jobs[i].object->uid, uid))
			return &t->jobs[i];
	return NULL;
}

static struct str job_name(struct turn *t, int64_t at_s)
{
	return str_from(arena_printf(&t->arena, "%.*s-%lld", STR_ARG(t->object->name),
				     (long long)(at_s / 60)));
}

static void tell_changes(struct turn *t)
{
	const struct batch_v1_cron_job_status *s = &t->cron_job.status;

	for (size_t i = 0; i < t->n; i++) {
		const struct job_item *j = &t->jobs[i];

		if (j->end && j->listed)
			event_record(t->workload->events, t->object, EVENT_NORMAL,
				     "SawCompletedJob", NULL,
				     "Saw completed job: %.*s, condition: %s",
				     STR_ARG(j->object->name), j->end);
	}
	for (size_t i = 0; i < s->active.n; i++)
		if (!find_job(t, s->active.items[i].uid))
			tell(t, EVENT_NORMAL, "MissingJob",
			     "Active job went missing: ", s->active.items[i].name);
}

static void tell_strangers(struct turn *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->jobs[i].end && !t->jobs[i].ours)
			tell(t, EVENT_WARNING, "UnexpectedJob",
			     "Saw a job that the controller did not create or forgot: ",
			     t->jobs[i].object->name);
}

static void list_active(struct turn *t, struct batch_v1_cron_job_status *status)
{
	struct core_v1_object_reference *items =
		ARENA_ARRAY(&t->arena, struct core_v1_object_reference, t->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct job_item *j = &t->jobs[i];

		if (j->job.status.completion_time.set &&
		    j->job.status.completion_time.us > status->last_successful_time.us)
			status->last_successful_time = j->job.status.completion_time;
		if (j->end || !j->ours)
			continue;
		items[n++] = (struct core_v1_object_reference){
			.kind = STR("Job"),
			.namespace = j->object->ns,
			.name = j->object->name,
			.uid = j->object->uid,
			.api_version = STR("batch/v1"),
			.resource_version = j->job.metadata.resource_version
		};
		/* the version that the reference was made with stays */
		for (size_t k = 0; k < t->cron_job.status.active.n; k++)
			if (str_eq(t->cron_job.status.active.items[k].uid, j->object->uid))
				items[n - 1] = t->cron_job.status.active.items[k];
	}
	status->active.items = (void *)items;
	status->active.n = n;
}

static void write_status(struct turn *t)
{
	struct batch_v1_cron_job changed = t->cron_job;
	const struct status_write w = { .object = api_struct_batch_v1_cron_job,
					.status = api_struct_batch_v1_cron_job_status,
					.old = &t->cron_job.status,
					.now = &changed.status,
					.whole = &changed };

	tell_strangers(t);
	list_active(t, &changed.status);
	if (t->plan.start_s)
		changed.status.last_schedule_time =
			(struct api_time){ t->plan.start_s * 1000000, true };
	if (round_status(t->round, t->object, &w))
		tell_changes(t);
}

/* --- Jobs --- */

static void remove_job(struct turn *t, const struct object *o)
{
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_BATCH_V1_JOBS,
					    .ns = o->ns,
					    .name = o->name,
					    .body = STR(
						    "{\"kind\":\"DeleteOptions\",\"apiVersion\":"
						    "\"v1\",\"propagationPolicy\":\"Background\"}"),
					    .harmless = ERR_NOT_FOUND };

	if (o->deleting)
		return;
	round_call(t->round, &w, NULL, NULL);
	tell(t, EVENT_NORMAL, "SuccessfulDelete", "Deleted job ", o->name);
}

static int by_start(const void *a, const void *b)
{
	const struct job_item *x = a, *y = b;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return str_cmp(x->object->name, y->object->name);
}

static void forget_history(struct turn *t, const char *end, const int32_t *limit)
{
	size_t have = 0;

	for (size_t i = 0; limit && i < t->n; i++)
		have += t->jobs[i].end && !strcmp(t->jobs[i].end, end);
	for (size_t i = 0; limit && i < t->n && have > (size_t)*limit; i++)
		if (t->jobs[i].end && !strcmp(t->jobs[i].end, end)) {
			remove_job(t, t->jobs[i].object);
			have--;
		}
}

/* RFC 3339 with the zone's offset. */
static struct str local_text(struct turn *t, int64_t at_s)
{
	int32_t offset = time_zone_offset(t->zone, at_s), minutes = abs(offset) / 60;
	char text[TIME_TEXT_MAX];

	time_format(at_s + offset, text);
	if (!t->zone)
		return arena_str(&t->arena, str_from(text));
	return str_from(arena_printf(&t->arena, "%.19s%c%02d:%02d", text, offset < 0 ? '-' : '+',
				     minutes / 60, minutes % 60));
}

struct created {
	struct workload *workload;
	const struct object *cron_job;
	char *name;
};

static void on_created(void *ctx, const struct client_result *r)
{
	struct created *c = ctx;

	if (!r->err)
		event_record(c->workload->events, c->cron_job, EVENT_NORMAL, "SuccessfulCreate",
			     NULL, "Created job %s", c->name);
	else if (r->err->reason != ERR_ALREADY_EXISTS)
		event_record(c->workload->events, c->cron_job, EVENT_WARNING, "FailedCreate", NULL,
			     "Error creating job: %s", err_text(r->err));
	object_unref(c->cron_job);
	free(c->name);
	free(c);
}

static void create_job(struct turn *t)
{
	struct batch_v1_job job = { .spec = t->cron_job.spec.job_template.spec };
	const struct core_v1_pod_template_spec nothing = { 0 };
	struct core_v1_pod as_pod;
	struct created *c = NEW(struct created);
	auto_buf body = { 0 };

	pod_from_template(t->object, &nothing, &t->arena, &as_pod);
	job.metadata.owner_references = as_pod.metadata.owner_references;
	job.metadata.labels = t->cron_job.spec.job_template.metadata.labels;
	job.metadata.name = job_name(t, t->plan.start_s);
	job.metadata.annotations = t->cron_job.spec.job_template.metadata.annotations;
	pairs_set(&job.metadata.annotations, &t->arena, CRON_JOB_SCHEDULED,
		  local_text(t, t->plan.start_s));
	struct_write_json(api_struct_batch_v1_job, &job, &body);
	*c = (struct created){ t->workload, object_ref(t->object), str_dup(job.metadata.name) };
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_BATCH_V1_JOBS,
					    .ns = t->object->ns,
					    .body = buf_view(&body),
					    .harmless = ERR_ALREADY_EXISTS };
	round_call(t->round, &w, on_created, c);
}

/* "Mon, 02 Jan 2006 15:04:05 +0000" */
static void tell_late(struct turn *t)
{
	char text[64];
	time_t at = (time_t)t->plan.late_s;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	tell(t, EVENT_WARNING, "MissSchedule",
	     "Missed scheduled time to start a job: ", str_from(text));
}

static void start_job(struct turn *t)
{
	if (t->plan.many_missed)
		tell(t, EVENT_WARNING, "TooManyMissedTimes",
		     "too many missed start times. Set or decrease .spec.startingDeadlineSeconds "
		     "or check clock skew",
		     STR(""));
	if (t->plan.late_s)
		tell_late(t);
	if (t->plan.skipped)
		tell(t, EVENT_NORMAL, "JobAlreadyActive",
		     "Not starting job because prior execution is running and concurrency policy "
		     "is Forbid",
		     STR(""));
	for (size_t i = 0; t->plan.replace && i < t->n; i++)
		if (!t->jobs[i].end && t->jobs[i].ours)
			remove_job(t, t->jobs[i].object);
	if (t->plan.start_s)
		create_job(t);
}

/* --- the round --- */

static bool read_schedule(struct turn *t)
{
	auto_err err = { 0 };

	if (time_zone_load(t->cron_job.spec.time_zone, &t->zone, &err) < 0) {
		event_record(t->workload->events, t->object, EVENT_WARNING, "UnknownTimeZone", NULL,
			     "invalid timeZone: \"%.*s\": %s", STR_ARG(t->cron_job.spec.time_zone),
			     err_text(&err));
		return false;
	}
	if (cron_parse(t->cron_job.spec.schedule, &t->schedule, &err) == 0)
		return true;
	event_record(t->workload->events, t->object, EVENT_WARNING, "UnparseableSchedule", NULL,
		     "unparseable schedule: \"%.*s\" : %s", STR_ARG(t->cron_job.spec.schedule),
		     err_text(&err));
	return false;
}

static void carry_out(struct turn *t)
{
	int64_t now_us = clock_wall_us(clock_real());

	if (t->n)
		qsort(t->jobs, t->n, sizeof(*t->jobs), by_start);
	if (read_schedule(t)) {
		const struct cron_job_view view = { &t->cron_job, &t->schedule, t->zone, t->nactive,
						    now_us / 1000000 };

		cron_job_plan(&view, &t->plan);
	}
	start_job(t);
	forget_history(t, "Complete", t->cron_job.spec.successful_jobs_history_limit);
	forget_history(t, "Failed", t->cron_job.spec.failed_jobs_history_limit);
	write_status(t);
	round_close(t->round, false,
		    t->plan.next_s ? t->plan.next_s * 1000 - now_us / 1000 + 100 : 0);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	bool synced = informer_synced(t.workload->children);

	t.object = synced ? workload_owner(t.workload, key) : NULL;
	if (!t.object || object_decode(t.object, &t.arena, api_struct_batch_v1_cron_job,
				       &t.cron_job, NULL) < 0) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { .workload = t.workload, .owner = t.object };
	workload_children(&claim, NULL, add_job, &t);
	carry_out(&t);
	time_zone_free(t.zone);
	free(t.jobs);
	arena_free(&t.arena);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_BATCH_V1_CRONJOBS, API_BATCH_V1_JOBS, work);
	return 0;
}

const struct controller_row controller_cron_job = { "cronjob-controller", start, workload_stop,
						    NULL };
