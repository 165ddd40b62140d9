/* SPDX-License-Identifier: Apache-2.0 */
/* An end (job_judge.c) takes the active pods with it and is told when none runs and all are counted; without one as many pods are
 * active as are wanted. */
#include "base/mem.h"
#include "server/controllers/jobs/job_planning.h"
#include "server/controllers/pairs.h"

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
	if (w->out->nevents < JOB_EVENTS_MAX)
		w->out->events[w->out->nevents++] = (struct job_event){ type, reason, text };
}

void job_plan_wait(struct job_planning *w, int64_t ms)
{
	if (ms > 0 && (!w->out->wait_ms || ms < w->out->wait_ms))
		w->out->wait_ms = ms;
}

/* The n last of the active ones; removed pods count as terminating at once. */
static void remove_active(struct job_planning *w, size_t keep)
{
	while (w->nactive > keep) {
		struct pod_view *v = w->active[--w->nactive];

		w->out->remove[w->out->nremove++] = v;
		w->terminating++;
		w->ready -= pod_is_ready(&v->pod);
	}
}

/* The last word is spoken when no pod runs and all are counted. */
static void finish(struct job_planning *w, const struct job_ending *e)
{
	struct batch_v1_job_status *s = &w->out->status;
	const struct batch_v1_uncounted_terminated_pods *u = s->uncounted_terminated_pods;
	bool success = !strcmp(e->type, "SuccessCriteriaMet");

	set_condition(w, e->type, "True", e->reason, e->message);
	if (w->terminating || u->succeeded.n || u->failed.n || w->out->nrelease)
		return;
	set_condition(w, success ? "Complete" : "Failed", "True", e->reason, e->message);
	if (!success) {
		emit(w, "Warning", e->reason, e->message);
		return;
	}
	s->completion_time = (struct api_time){ w->v->now_us, true };
	if (w->job->spec.completions && w->succeeded > *w->job->spec.completions)
		emit(w, "Warning", "TooManySucceededPods",
		     "Too many succeeded pods running after completion count reached");
	emit(w, "Normal", "Completed", "Job completed");
}

/* Those that are removed first stand last: the least useful, and of an Indexed Job what has no index or one too often. */
static void sort_active(struct job_planning *w)
{
	for (size_t i = 1; i < w->nactive; i++)
		for (size_t k = i;
		     k > 0 && pod_removal_order(&w->active[k - 1]->pod, &w->active[k]->pod) < 0;
		     k--) {
			struct pod_view *t = w->active[k];

			w->active[k] = w->active[k - 1];
			w->active[k - 1] = t;
		}
}

static size_t move_doubles_last(struct job_planning *w)
{
	bool *seen = ARENA_ARRAY(w->arena, bool, (size_t)w->completed.n + 1);
	struct pod_view **doubles = ARENA_ARRAY(w->arena, struct pod_view *, w->nactive + 1);
	size_t n = 0, ndoubles = 0;

	for (size_t i = 0; i < w->nactive; i++) {
		int32_t index = job_pod_index(&w->active[i]->pod);

		if (index < 0 || index >= w->completed.n || seen[index]) {
			doubles[ndoubles++] = w->active[i];
			continue;
		}
		seen[index] = true;
		w->active[n++] = w->active[i];
	}
	for (size_t i = 0; i < ndoubles; i++)
		w->active[n + i] = doubles[i];
	return n;
}

static void size(struct job_planning *w)
{
	int32_t parallelism = w->job->spec.parallelism ? *w->job->spec.parallelism : 1,
		want = parallelism;
	int32_t active = (int32_t)w->nactive, held = 0, good;

	if (str_eqz(w->job->spec.pod_replacement_policy, "Failed") ||
	    w->job->spec.pod_failure_policy)
		held = w->terminating;
	if (!w->job->spec.completions)
		want = w->succeeded > 0 ? active : parallelism;
	else if (*w->job->spec.completions - w->succeeded < parallelism)
		want = *w->job->spec.completions - w->succeeded;
	if (want < 0)
		want = 0;
	sort_active(w);
	good = w->indexed ? (int32_t)move_doubles_last(w) : active;
	if (active > want || good < active) {
		w->out->remove_uncounted = true;
		remove_active(w, (size_t)(good < want ? good : want));
	} else if (want - active - held > 0) {
		job_create_pods(w, want - active - held);
	}
}

static void suspend(struct job_planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;

	w->out->remove_uncounted = true;
	remove_active(w, 0);
	if (job_condition(s, "Suspended"))
		return;
	s->start_time.set = false;
	emit(w, "Normal", "Suspended", "Job suspended");
	set_condition(w, "Suspended", "True", "JobSuspended", "Job suspended");
}

static void resume(struct job_planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;

	if (!job_condition(s, "Suspended"))
		return;
	set_condition(w, "Suspended", "False", "JobResumed", "Job resumed");
	s->start_time = (struct api_time){ w->v->now_us, true };
	emit(w, "Normal", "Resumed", "Job resumed");
}

static void fill_status(struct job_planning *w)
{
	struct batch_v1_job_status *s = &w->out->status;
	int32_t *numbers = ARENA_ARRAY(w->arena, int32_t, 2);

	numbers[0] = w->ready;
	numbers[1] = w->terminating;
	s->ready = &numbers[0];
	s->terminating = &numbers[1];
	s->active = (int32_t)w->nactive + w->out->ncreate;
	if (!w->indexed)
		return;
	s->completed_indexes = job_indexes_text(&w->completed, w->arena);
	s->succeeded = job_indexes_count(&w->completed);
	if (w->per_index)
		s->failed_indexes = job_indexes_text(&w->failed_indexes, w->arena);
}

static void after_the_end(struct job_planning *w)
{
	for (size_t i = 0; i < w->v->pods->n; i++)
		if (job_pod_has_finalizer(&w->v->pods->items[i].pod))
			w->out->release[w->out->nrelease++] = &w->v->pods->items[i];
}

static void decide(struct job_planning *w)
{
	struct job_ending e = job_judge(w);

	if (e.type) {
		remove_active(w, 0);
		if (!w->v->caught_up && w->out->nremove)
			e.type = NULL; /* others may be on their way */
	} else if (!w->job->metadata.deletion_timestamp.set) {
		if (job_is_suspended(w->job))
			suspend(w);
		else
			size(w);
		e = job_completion(w);
		if (!e.type && !job_is_suspended(w->job))
			resume(w);
	}
	job_track(w, e.type != NULL, e.type && !strcmp(e.type, "FailureTarget"));
	if (e.type)
		finish(w, &e);
}

void job_plan(const struct job_view *v, struct job_plan *out)
{
	struct job_planning w = { .v = v,
				  .job = v->job,
				  .out = out,
				  .arena = v->pods->arena,
				  .indexed = job_is_indexed(v->job),
				  .per_index = v->job->spec.backoff_limit_per_index != NULL };

	*out = (struct job_plan){ .remove = ARENA_ARRAY(w.arena, struct pod_view *, v->pods->n + 1),
				  .release =
					  ARENA_ARRAY(w.arena, struct pod_view *, v->pods->n + 1),
				  .backoff = v->backoff };
	w.active = ARENA_ARRAY(w.arena, struct pod_view *, v->pods->n + 1);
	if (job_end(v->job)) {
		out->status = v->job->status;
		after_the_end(&w);
		return;
	}
	job_count(&w);
	if (!out->status.start_time.set && !job_is_suspended(v->job))
		out->status.start_time = (struct api_time){ v->now_us, true };
	decide(&w);
	fill_status(&w);
}
