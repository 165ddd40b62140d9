/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/job_planning.h"

#define BACKOFF_FIRST_US (10 * 1000000LL)
#define BACKOFF_LAST_US  (600 * 1000000LL)
#define CREATE_MAX       500

static void set_condition(struct job_planning *w, const char *type, const char *status,
			  const char *reason, const char *message)
{
	struct batch_v1_job_status *s = &w->out->status;
	struct batch_v1_job_condition now = { .type = str_from(type),
					      .status = str_from(status),
					      .reason = str_from(reason),
					      .message = str_from(message),
					      .last_probe_time = { w->v->now_us, true },
					      .last_transition_time = { w->v->now_us, true } };

	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eq(s->conditions.items[i].type, now.type)) {
			if (!str_eq(s->conditions.items[i].status, now.status))
				s->conditions.items[i] = now;
			return;
		}
	if (s->conditions.n < JOB_CONDITIONS_MAX)
		s->conditions.items[s->conditions.n++] = now;
}

static void emit(struct job_planning *w, const char *type, const char *reason, const char *text)
{
	w->out->event_type = type;
	w->out->event = reason;
	w->out->event_text = text;
}

static int32_t restarts(const struct job_planning *w)
{
	int32_t n = 0;

	for (size_t i = 0; i < w->nactive; i++) {
		const struct core_v1_pod_status *s = &w->active[i]->pod.status;

		for (size_t k = 0; k < s->container_statuses.n; k++)
			n += s->container_statuses.items[k].restart_count;
		for (size_t k = 0; k < s->init_container_statuses.n; k++)
			n += s->init_container_statuses.items[k].restart_count;
	}
	return n;
}

static bool beyond_backoff_limit(const struct job_planning *w)
{
	int32_t limit = w->job->spec.backoff_limit ? *w->job->spec.backoff_limit : 6;
	bool on_failure = str_eqz(w->job->spec.template.spec.restart_policy, "OnFailure");

	if (w->failed > limit)
		return true;
	return on_failure && (limit == 0 ? restarts(w) > 0 : restarts(w) >= limit);
}

static bool beyond_deadline(struct job_planning *w)
{
	int64_t left_ms;

	if (!w->job->spec.active_deadline_seconds || !w->out->status.start_time.set)
		return false;
	left_ms = (w->out->status.start_time.us - w->v->now_us) / 1000 +
		  *w->job->spec.active_deadline_seconds * 1000;
	if (left_ms > 0)
		w->out->wait_ms = left_ms;
	return left_ms <= 0;
}

static bool is_complete(const struct job_planning *w)
{
	if (!w->job->spec.completions)
		return w->succeeded > 0 && w->nactive == 0;
	return w->succeeded >= *w->job->spec.completions;
}

static void judge(struct job_planning *w)
{
	if (job_condition(&w->out->status, "FailureTarget") ||
	    job_condition(&w->out->status, "SuccessCriteriaMet"))
		return;
	if (beyond_backoff_limit(w))
		set_condition(w, "FailureTarget", "True", "BackoffLimitExceeded",
			      "Job has reached the specified backoff limit");
	else if (beyond_deadline(w))
		set_condition(w, "FailureTarget", "True", "DeadlineExceeded",
			      "Job was active longer than specified deadline");
	else if (is_complete(w))
		set_condition(w, "SuccessCriteriaMet", "True", "CompletionsReached",
			      "Reached expected number of succeeded pods");
}

static void remove_active(struct job_planning *w, size_t keep)
{
	while (w->nactive > keep)
		w->out->remove[w->out->nremove++] = w->active[--w->nactive];
}

/* The last word is spoken when no pod runs and all are counted. */
static void finish(struct job_planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;
	const struct batch_v1_job_condition *failure = job_condition(s, "FailureTarget");
	const struct batch_v1_job_condition *success = job_condition(s, "SuccessCriteriaMet");
	const struct batch_v1_uncounted_terminated_pods *u = s->uncounted_terminated_pods;

	if (!failure && !success)
		return;
	remove_active(w, 0);
	if (w->out->nremove || w->terminating || u->succeeded.n || u->failed.n || w->out->nrelease)
		return;
	if (failure) {
		set_condition(w, "Failed", "True", failure->reason.p, failure->message.p);
		emit(w, "Warning", failure->reason.p, failure->message.p);
	} else {
		set_condition(w, "Complete", "True", "CompletionsReached",
			      "Reached expected number of succeeded pods");
		s->completion_time = (struct api_time){ w->v->now_us, true };
		emit(w, "Normal", "Completed", "Job completed");
	}
}

/* After failures new pods wait: 10 s, doubling up to ten minutes, from the last failure on. */
static int64_t backoff_left_ms(const struct job_planning *w)
{
	int64_t us = BACKOFF_FIRST_US, left;

	if (!w->failed || !w->last_failure_us)
		return 0;
	for (int32_t i = 1; i < w->failed && us < BACKOFF_LAST_US; i++)
		us *= 2;
	left = w->last_failure_us + (us < BACKOFF_LAST_US ? us : BACKOFF_LAST_US) - w->v->now_us;
	return left > 0 ? left / 1000 + 1 : 0;
}

static void pick_indexes(struct job_planning *w)
{
	int32_t n = 0;

	w->out->indexes = ARENA_ARRAY(w->arena, int32_t, (size_t)w->out->create + 1);
	for (int32_t i = 0; i < w->completed.n && n < w->out->create; i++)
		if (!w->completed.has[i] && !w->busy.has[i])
			w->out->indexes[n++] = i;
	w->out->create = n;
}

static void size(struct job_planning *w)
{
	int32_t parallelism = w->job->spec.parallelism ? *w->job->spec.parallelism : 1,
		want = parallelism;
	int32_t active = (int32_t)w->nactive, held = 0;
	int64_t wait;

	if (str_eqz(w->job->spec.pod_replacement_policy, "Failed"))
		held = w->terminating;
	if (!w->job->spec.completions)
		want = w->succeeded > 0 ? active : parallelism;
	else if (*w->job->spec.completions - w->succeeded < parallelism)
		want = *w->job->spec.completions - w->succeeded;
	if (want < 0)
		want = 0;
	if (active > want) {
		remove_active(w, (size_t)want);
		return;
	}
	w->out->create = want - active - held;
	if (w->out->create <= 0) {
		w->out->create = 0;
		return;
	}
	if (w->out->create > CREATE_MAX)
		w->out->create = CREATE_MAX;
	wait = backoff_left_ms(w);
	if (wait) {
		w->out->create = 0;
		w->out->wait_ms =
			w->out->wait_ms && w->out->wait_ms < wait ? w->out->wait_ms : wait;
	} else if (job_is_indexed(w->job)) {
		pick_indexes(w);
	}
}

static void suspend(struct job_planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;

	remove_active(w, 0);
	s->start_time.set = false;
	if (!job_condition(s, "Suspended"))
		emit(w, "Normal", "Suspended", "Job suspended");
	set_condition(w, "Suspended", "True", "JobSuspended", "Job suspended");
}

static void resume(struct job_planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;

	if (!s->start_time.set)
		s->start_time = (struct api_time){ w->v->now_us, true };
	if (!job_condition(s, "Suspended"))
		return;
	set_condition(w, "Suspended", "False", "JobResumed", "Job resumed");
	s->start_time = (struct api_time){ w->v->now_us, true };
	emit(w, "Normal", "Resumed", "Job resumed");
}

static void after_the_end(struct job_planning *w, const struct batch_v1_job_condition *end)
{
	int64_t left_ms;

	for (size_t i = 0; i < w->v->pods->n; i++)
		if (job_pod_has_finalizer(&w->v->pods->items[i].pod))
			w->out->release[w->out->nrelease++] = &w->v->pods->items[i];
	if (!w->job->spec.ttl_seconds_after_finished)
		return;
	left_ms = (end->last_transition_time.us - w->v->now_us) / 1000 +
		  *w->job->spec.ttl_seconds_after_finished * 1000LL;
	w->out->expired = left_ms <= 0;
	w->out->wait_ms = left_ms > 0 ? left_ms : 0;
}

void job_plan(const struct job_view *v, struct job_plan *out)
{
	struct job_planning w = { .v = v, .job = v->job, .out = out, .arena = v->pods->arena };
	const struct batch_v1_job_condition *end;
	int32_t completions = v->job->spec.completions ? *v->job->spec.completions : 0;

	*out = (struct job_plan){ .remove = ARENA_ARRAY(w.arena, struct pod_view *, v->pods->n + 1),
				  .release =
					  ARENA_ARRAY(w.arena, struct pod_view *, v->pods->n + 1) };
	w.active = ARENA_ARRAY(w.arena, struct pod_view *, v->pods->n + 1);
	end = job_condition(&v->job->status, "Complete");
	if (!end)
		end = job_condition(&v->job->status, "Failed");
	if (end) {
		out->status = v->job->status;
		after_the_end(&w, end);
		return;
	}
	job_indexes_read(&w.completed, job_is_indexed(v->job) ? completions : 0,
			 v->job->status.completed_indexes, w.arena);
	job_indexes_read(&w.busy, w.completed.n, STR(""), w.arena);
	job_start_status(&w);
	for (size_t i = 0; i < v->pods->n; i++)
		job_see_pod(&w, &v->pods->items[i]);
	job_fill_counts(&w);
	if (v->job->metadata.deletion_timestamp.set) {
		out->status.active = (int32_t)w.nactive;
		return;
	}
	if (v->job->spec.suspend && *v->job->spec.suspend)
		suspend(&w);
	else
		resume(&w);
	judge(&w);
	finish(&w);
	if (!(v->job->spec.suspend && *v->job->spec.suspend) &&
	    !job_condition(&out->status, "FailureTarget") &&
	    !job_condition(&out->status, "SuccessCriteriaMet"))
		size(&w);
	out->status.active = (int32_t)w.nactive + out->create;
}
