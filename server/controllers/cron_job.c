/* SPDX-License-Identifier: Apache-2.0 */
/* Starts Jobs by the clock (UTC). Key: the CronJob. A Job's name holds its minute, so that it can only be made once. */
#include <stdlib.h>

#include "base/mem.h"
#include "server/controllers/cron_job_plan.h"
#include "server/controllers/job_plan.h"
#include "server/controllers/workload.h"

struct job_item {
	const struct object *object;
	struct batch_v1_job job;
	bool finished, failed;
	int64_t start_us;
};

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct batch_v1_cron_job cron_job;
	struct cron schedule;
	struct arena arena;
	struct job_item *jobs;
	size_t n, cap, nactive;
	struct cron_job_plan plan;
	struct str key;
};

static void add_job(void *ctx, const struct object *o)
{
	struct turn *t = ctx;
	struct job_item *j;

	t->jobs = mem_array_grow(t->jobs, &t->cap, t->n + 1, sizeof(*t->jobs));
	j = &t->jobs[t->n];
	*j = (struct job_item){ .object = o };
	if (object_decode(o, &t->arena, api_struct_batch_v1_job, &j->job, NULL) < 0)
		return;
	j->failed = job_condition(&j->job.status, "Failed") != NULL;
	j->finished = j->failed || job_condition(&j->job.status, "Complete") != NULL;
	j->start_us = j->job.metadata.creation_timestamp.us;
	t->nactive += !j->finished;
	t->n++;
}

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
	event_record(t->workload->events, t->object, EVENT_NORMAL, "SuccessfulDelete", NULL,
		     "Deleted job %.*s", STR_ARG(o->name));
}

static int by_start(const void *a, const void *b)
{
	int64_t x = ((const struct job_item *)a)->start_us,
		y = ((const struct job_item *)b)->start_us;

	return x < y ? -1 : x > y;
}

static void forget_history(struct turn *t, bool failed, int32_t *limit)
{
	size_t have = 0, keep = limit ? (size_t)*limit : failed ? 1 : 3;

	for (size_t i = 0; i < t->n; i++)
		have += t->jobs[i].finished && t->jobs[i].failed == failed;
	for (size_t i = 0; i < t->n && have > keep; i++)
		if (t->jobs[i].finished && t->jobs[i].failed == failed) {
			remove_job(t, t->jobs[i].object);
			have--;
		}
}

static void create_job(struct turn *t)
{
	struct batch_v1_job job = { .spec = t->cron_job.spec.job_template.spec };
	const struct core_v1_pod_template_spec nothing = { 0 };
	const struct api_str_map *had = &t->cron_job.spec.job_template.metadata.annotations;
	struct api_str_pair *annotations = ARENA_ARRAY(&t->arena, struct api_str_pair, had->n + 1);
	struct core_v1_pod as_pod;
	char when[TIME_TEXT_MAX];
	auto_buf body = { 0 };

	pod_from_template(t->object, &nothing, &t->arena, &as_pod);
	job.metadata.owner_references = as_pod.metadata.owner_references;
	job.metadata.labels = t->cron_job.spec.job_template.metadata.labels;
	job.metadata.name = str_from(arena_printf(&t->arena, "%.*s-%lld", STR_ARG(t->object->name),
						  (long long)(t->plan.start_s / 60)));
	time_format(t->plan.start_s, when);
	for (size_t i = 0; i < had->n; i++)
		annotations[i] = had->items[i];
	annotations[had->n] =
		(struct api_str_pair){ STR("batch.kubernetes.io/cronjob-scheduled-timestamp"),
				       str_from(when) };
	job.metadata.annotations = (struct api_str_map){ annotations, had->n + 1 };
	struct_write_json(api_struct_batch_v1_job, &job, &body);
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_BATCH_V1_JOBS,
					    .ns = t->object->ns,
					    .body = buf_view(&body),
					    .harmless = ERR_ALREADY_EXISTS };
	round_call(t->round, &w, NULL, NULL);
	event_record(t->workload->events, t->object, EVENT_NORMAL, "SuccessfulCreate", NULL,
		     "Created job %.*s", STR_ARG(job.metadata.name));
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
		if (!j->finished)
			items[n++] =
				(struct core_v1_object_reference){ .kind = STR("Job"),
								   .namespace = j->object->ns,
								   .name = j->object->name,
								   .uid = j->object->uid,
								   .api_version = STR("batch/v1") };
	}
	status->active.items = (void *)items;
	status->active.n = n;
}

static void write_status(struct turn *t)
{
	struct batch_v1_cron_job changed = t->cron_job;
	const struct status_write w = { api_struct_batch_v1_cron_job,
					api_struct_batch_v1_cron_job_status, &t->cron_job.status,
					&changed.status, &changed };

	list_active(t, &changed.status);
	if (t->plan.start_s)
		changed.status.last_schedule_time =
			(struct api_time){ t->plan.start_s * 1000000, true };
	round_status(t->round, t->object, &w);
}

static void carry_out(struct turn *t)
{
	const struct cron_job_view view = { &t->cron_job, &t->schedule, t->nactive,
					    clock_wall_s(clock_real()) };

	if (t->n)
		qsort(t->jobs, t->n, sizeof(*t->jobs), by_start);
	cron_job_plan(&view, &t->plan);
	for (size_t i = 0; t->plan.replace && i < t->n; i++)
		if (!t->jobs[i].finished)
			remove_job(t, t->jobs[i].object);
	if (t->plan.many_missed)
		event_record(t->workload->events, t->object, EVENT_WARNING, "TooManyMissedTimes",
			     NULL,
			     "too many missed start times. Set or decrease "
			     ".spec.startingDeadlineSeconds or check clock skew");
	if (t->plan.skipped)
		event_record(t->workload->events, t->object, EVENT_NORMAL, t->plan.skipped, NULL,
			     "Not starting job because prior execution is running and concurrency "
			     "policy is Forbid");
	if (t->plan.start_s)
		create_job(t);
	forget_history(t, false, t->cron_job.spec.successful_jobs_history_limit);
	forget_history(t, true, t->cron_job.spec.failed_jobs_history_limit);
	write_status(t);
	round_close(t->round, false,
		    t->plan.next_s ? (t->plan.next_s - view.now_s) * 1000 + 100 : 0);
}

static bool read_schedule(struct turn *t)
{
	struct str zone = t->cron_job.spec.time_zone;
	auto_err err = { 0 };

	if (zone.n && !str_eqz(zone, "UTC") && !str_eqz(zone, "Etc/UTC")) {
		event_record(t->workload->events, t->object, EVENT_WARNING, "UnknownTimeZone", NULL,
			     "invalid timeZone: \"%.*s\"", STR_ARG(zone));
		return false;
	}
	if (cron_parse(t->cron_job.spec.schedule, &t->schedule, &err) == 0)
		return true;
	event_record(t->workload->events, t->object, EVENT_WARNING, "UnparseableSchedule", NULL,
		     "unparseable schedule: \"%.*s\" : %s", STR_ARG(t->cron_job.spec.schedule),
		     err_text(&err));
	return false;
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	struct str ns, name;
	bool synced = informer_synced(t.workload->children);

	controller_key_split(key, &ns, &name);
	t.object = synced ? informer_get(t.workload->owners, ns, name) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_batch_v1_cron_job, &t.cron_job, NULL) <
		    0 ||
	    !read_schedule(&t)) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { t.workload, t.object, NULL };
	workload_children(&claim, NULL, add_job, &t);
	carry_out(&t);
	free(t.jobs);
	arena_free(&t.arena);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_BATCH_V1_CRONJOBS, API_BATCH_V1_JOBS, work);
	return 0;
}

const struct controller_row controller_cron_job = { "cronjob-controller", start, workload_stop };
