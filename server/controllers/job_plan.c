/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/job_plan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "client/selectors.h"

#define BACKOFF_FIRST_US (10 * 1000000LL)
#define BACKOFF_LAST_US  (600 * 1000000LL)
#define CONDITIONS_MAX   10
#define CREATE_MAX       500

struct planning {
	const struct job_view *v;
	const struct batch_v1_job *job;
	struct job_plan *out;
	struct arena *arena;
	struct job_indexes completed, busy;
	struct pod_view **active;
	size_t nactive;
	int32_t ready, terminating;
	int32_t succeeded, failed; /* counted and not yet */
	int64_t last_failure_us;
};

bool job_is_indexed(const struct batch_v1_job *j)
{
	return str_eqz(j->spec.completion_mode, "Indexed");
}

int32_t job_pod_index(const struct core_v1_pod *p)
{
	const struct str *text = str_map_get(&p->metadata.annotations, STR(JOB_INDEX));
	int64_t n;

	return text && str_to_i64(*text, &n) && n >= 0 && n < INT32_MAX ? (int32_t)n : -1;
}

const struct batch_v1_job_condition *job_condition(const struct batch_v1_job_status *s,
						   const char *type)
{
	for (size_t i = 0; i < s->conditions.n; i++)
		if (str_eqz(s->conditions.items[i].type, type) &&
		    str_eqz(s->conditions.items[i].status, "True"))
			return &s->conditions.items[i];
	return NULL;
}

static bool has_finalizer(const struct core_v1_pod *p)
{
	for (size_t i = 0; i < p->metadata.finalizers.n; i++)
		if (str_eqz(p->metadata.finalizers.items[i], JOB_FINALIZER))
			return true;
	return false;
}

static bool contains(const struct api_str_list *l, struct str uid)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i], uid))
			return true;
	return false;
}

static bool has_failed(const struct planning *w, const struct core_v1_pod *p)
{
	if (str_eqz(p->status.phase, "Failed"))
		return true;
	return p->metadata.deletion_timestamp.set && !str_eqz(p->status.phase, "Succeeded") &&
	       !str_eqz(w->job->spec.pod_replacement_policy, "Failed");
}

static const struct core_v1_pod *find(const struct planning *w, struct str uid)
{
	for (size_t i = 0; i < w->v->pods->n; i++)
		if (str_eq(w->v->pods->items[i].pod.metadata.uid, uid))
			return &w->v->pods->items[i].pod;
	return NULL;
}

static int64_t finish_us(const struct core_v1_pod *p)
{
	int64_t latest = p->metadata.deletion_timestamp.set ? p->metadata.deletion_timestamp.us : 0;

	for (size_t i = 0; i < p->status.container_statuses.n; i++) {
		const struct core_v1_container_state_terminated *t =
			p->status.container_statuses.items[i].state.terminated;

		if (t && t->finished_at.set && t->finished_at.us > latest)
			latest = t->finished_at.us;
	}
	return latest ? latest : p->metadata.creation_timestamp.us;
}

/* Uids whose pod has lost the finalizer become numbers; the others stay. */
static void count_flushed(struct planning *w, const struct api_str_list *old,
			  struct api_str_list *now, int32_t *counter)
{
	now->items = ARENA_ARRAY(w->arena, struct str, old->n + w->v->pods->n + 1);
	for (size_t i = 0; i < old->n; i++) {
		const struct core_v1_pod *p = find(w, old->items[i]);

		if (p && has_finalizer(p))
			now->items[now->n++] = old->items[i];
		else
			(*counter)++;
	}
}

static void see_finished(struct planning *w, struct pod_view *v, bool success)
{
	struct batch_v1_job_status *s = &w->out->status;
	struct batch_v1_uncounted_terminated_pods *u = s->uncounted_terminated_pods;
	const struct batch_v1_uncounted_terminated_pods *stored =
		w->job->status.uncounted_terminated_pods;
	struct api_str_list *list = success ? &u->succeeded : &u->failed;
	struct str uid = v->pod.metadata.uid;

	if (!success && finish_us(&v->pod) > w->last_failure_us)
		w->last_failure_us = finish_us(&v->pod);
	if (success && job_is_indexed(w->job))
		job_indexes_add(&w->completed, job_pod_index(&v->pod));
	if (!has_finalizer(&v->pod))
		return;
	if (stored && (contains(&stored->succeeded, uid) || contains(&stored->failed, uid)))
		w->out->release[w->out->nrelease++] = v;
	else if (!contains(list, uid))
		list->items[list->n++] = uid;
}

static void see_pod(struct planning *w, struct pod_view *v)
{
	const struct core_v1_pod *p = &v->pod;

	if (str_eqz(p->status.phase, "Succeeded")) {
		see_finished(w, v, true);
		return;
	}
	if (p->metadata.deletion_timestamp.set && !pod_is_over(p))
		w->terminating++;
	if (has_failed(w, p)) {
		see_finished(w, v, false);
		return;
	}
	if (!pod_is_active(
		    p)) /* terminating and only to be replaced when it has failed: keeps its place */
		return;
	w->active[w->nactive++] = v;
	w->ready += pod_is_ready(p);
	job_indexes_add(&w->busy, job_pod_index(p));
}

static void set_condition(struct planning *w, const char *type, const char *status,
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
	if (s->conditions.n < CONDITIONS_MAX)
		s->conditions.items[s->conditions.n++] = now;
}

static void emit(struct planning *w, const char *type, const char *reason, const char *text)
{
	w->out->event_type = type;
	w->out->event = reason;
	w->out->event_text = text;
}

static int32_t restarts(const struct planning *w)
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

static bool beyond_backoff_limit(const struct planning *w)
{
	int32_t limit = w->job->spec.backoff_limit ? *w->job->spec.backoff_limit : 6;
	bool on_failure = str_eqz(w->job->spec.template.spec.restart_policy, "OnFailure");

	if (w->failed > limit)
		return true;
	return on_failure && (limit == 0 ? restarts(w) > 0 : restarts(w) >= limit);
}

static bool beyond_deadline(struct planning *w)
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

static bool is_complete(const struct planning *w)
{
	if (!w->job->spec.completions)
		return w->succeeded > 0 && w->nactive == 0;
	return w->succeeded >= *w->job->spec.completions;
}

static void judge(struct planning *w)
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

static void remove_active(struct planning *w, size_t keep)
{
	while (w->nactive > keep)
		w->out->remove[w->out->nremove++] = w->active[--w->nactive];
}

/* The last word is spoken when no pod runs and all are counted. */
static void finish(struct planning *w)
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
static int64_t backoff_left_ms(const struct planning *w)
{
	int64_t us = BACKOFF_FIRST_US, left;

	if (!w->failed || !w->last_failure_us)
		return 0;
	for (int32_t i = 1; i < w->failed && us < BACKOFF_LAST_US; i++)
		us *= 2;
	left = w->last_failure_us + (us < BACKOFF_LAST_US ? us : BACKOFF_LAST_US) - w->v->now_us;
	return left > 0 ? left / 1000 + 1 : 0;
}

static void pick_indexes(struct planning *w)
{
	int32_t n = 0;

	w->out->indexes = ARENA_ARRAY(w->arena, int32_t, (size_t)w->out->create + 1);
	for (int32_t i = 0; i < w->completed.n && n < w->out->create; i++)
		if (!w->completed.has[i] && !w->busy.has[i])
			w->out->indexes[n++] = i;
	w->out->create = n;
}

static void size(struct planning *w)
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

static void suspend(struct planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;

	remove_active(w, 0);
	s->start_time.set = false;
	if (!job_condition(s, "Suspended"))
		emit(w, "Normal", "Suspended", "Job suspended");
	set_condition(w, "Suspended", "True", "JobSuspended", "Job suspended");
}

static void resume(struct planning *w)
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

static void after_the_end(struct planning *w, const struct batch_v1_job_condition *end)
{
	int64_t left_ms;

	for (size_t i = 0; i < w->v->pods->n; i++)
		if (has_finalizer(&w->v->pods->items[i].pod))
			w->out->release[w->out->nrelease++] = &w->v->pods->items[i];
	if (!w->job->spec.ttl_seconds_after_finished)
		return;
	left_ms = (end->last_transition_time.us - w->v->now_us) / 1000 +
		  *w->job->spec.ttl_seconds_after_finished * 1000LL;
	w->out->expired = left_ms <= 0;
	w->out->wait_ms = left_ms > 0 ? left_ms : 0;
}

static void start_status(struct planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;
	const struct batch_v1_job_status *old = &w->job->status;
	const struct batch_v1_uncounted_terminated_pods none = { 0 };
	const struct batch_v1_uncounted_terminated_pods *had =
		old->uncounted_terminated_pods ? old->uncounted_terminated_pods : &none;
	struct batch_v1_uncounted_terminated_pods *u =
		ARENA_NEW(w->arena, struct batch_v1_uncounted_terminated_pods);
	struct batch_v1_job_condition *conditions =
		ARENA_ARRAY(w->arena, struct batch_v1_job_condition,
			    CONDITIONS_MAX + old->conditions.n);

	*s = *old;
	for (size_t i = 0; i < old->conditions.n; i++)
		conditions[i] = old->conditions.items[i];
	s->conditions.items = (void *)conditions;
	s->uncounted_terminated_pods = u;
	count_flushed(w, &had->succeeded, &u->succeeded, &s->succeeded);
	count_flushed(w, &had->failed, &u->failed, &s->failed);
}

static void fill_counts(struct planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;
	const struct batch_v1_uncounted_terminated_pods *u = s->uncounted_terminated_pods;
	int32_t *numbers = ARENA_ARRAY(w->arena, int32_t, 2);

	if (job_is_indexed(w->job)) {
		s->completed_indexes = job_indexes_text(&w->completed, w->arena);
		w->succeeded = job_indexes_count(&w->completed);
		s->succeeded = w->succeeded;
	} else {
		w->succeeded = s->succeeded + (int32_t)u->succeeded.n;
	}
	w->failed = s->failed + (int32_t)u->failed.n;
	numbers[0] = w->ready;
	numbers[1] = w->terminating;
	s->ready = &numbers[0];
	s->terminating = &numbers[1];
}

void job_plan(const struct job_view *v, struct job_plan *out)
{
	struct planning w = { .v = v, .job = v->job, .out = out, .arena = v->pods->arena };
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
	start_status(&w);
	for (size_t i = 0; i < v->pods->n; i++)
		see_pod(&w, &v->pods->items[i]);
	fill_counts(&w);
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
