/* SPDX-License-Identifier: Apache-2.0 */
/* In upstream's order: an end that was met before, then failures (policy, back-off, deadline, indexes), then success (policy,
 * completions); an end takes the active pods with it and is told when none runs and all are counted. */
#include "base/mem.h"
#include "server/controllers/jobs/job_planning.h"
#include "server/controllers/pairs.h"

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
	if (w->out->nevents < JOB_EVENTS_MAX)
		w->out->events[w->out->nevents++] = (struct job_event){ type, reason, text };
}

static void wait_for(struct job_planning *w, int64_t ms)
{
	if (ms > 0 && (!w->out->wait_ms || ms < w->out->wait_ms))
		w->out->wait_ms = ms;
}

static int32_t restarts(const struct job_planning *w)
{
	int32_t n = 0;

	for (size_t i = 0; i < w->v->pods->n; i++) {
		const struct core_v1_pod_status *s = &w->v->pods->items[i].pod.status;

		if (!str_eqz(s->phase, "Running") && !str_eqz(s->phase, "Pending"))
			continue;
		for (size_t k = 0; k < s->container_statuses.n; k++)
			n += s->container_statuses.items[k].restart_count;
		for (size_t k = 0; k < s->init_container_statuses.n; k++)
			n += s->init_container_statuses.items[k].restart_count;
	}
	return n;
}

static bool beyond_backoff_limit(const struct job_planning *w)
{
	int32_t limit = w->job->spec.backoff_limit ? *w->job->spec.backoff_limit
			: w->per_index             ? INT32_MAX
						   : 6;
	bool on_failure = str_eqz(w->job->spec.template.spec.restart_policy, "OnFailure");

	if (w->failed > limit)
		return true;
	return on_failure && (limit == 0 ? restarts(w) > 0 : restarts(w) >= limit);
}

static bool beyond_deadline(struct job_planning *w)
{
	int64_t left_ms;

	if (!w->job->spec.active_deadline_seconds || !w->out->status.start_time.set ||
	    job_is_suspended(w->job))
		return false;
	left_ms = (w->out->status.start_time.us - w->v->now_us) / 1000 +
		  *w->job->spec.active_deadline_seconds * 1000;
	wait_for(w, left_ms);
	return left_ms <= 0;
}

static const char *policy_failure(const struct job_planning *w)
{
	for (size_t i = 0; w->job->spec.pod_failure_policy && i < w->v->pods->n; i++) {
		const struct core_v1_pod *p = &w->v->pods->items[i].pod;
		const char *reason = job_pod_failed(w->job, p)
					     ? job_failure_policy(w->job, p, w->arena).reason
					     : NULL;

		if (reason)
			return reason;
	}
	return NULL;
}

struct end {                                 /* of a Job */
	const char *type, *reason, *message; /* type NULL: not yet */
};

static struct end failure(const char *reason, const char *message)
{
	return (struct end){ "FailureTarget", reason, message };
}

static struct end end_by_indexes(const struct job_planning *w)
{
	int32_t failed = job_indexes_count(&w->failed_indexes);

	if (!w->per_index || !failed)
		return (struct end){ 0 };
	if (w->job->spec.max_failed_indexes && failed > *w->job->spec.max_failed_indexes)
		return failure("MaxFailedIndexesExceeded",
			       "Job has exceeded the specified maximal number of failed indexes");
	if (failed + w->succeeded >= w->completed.n)
		return failure("FailedIndexes", "Job has failed indexes");
	return (struct end){ 0 };
}

static struct end known_end(const struct job_planning *w)
{
	static const char *const types[] = { "SuccessCriteriaMet", "FailureTarget" };

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		const struct batch_v1_job_condition *c = job_condition(&w->out->status, types[i]);

		if (c)
			return (struct end){ types[i], arena_strdup(w->arena, c->reason),
					     arena_strdup(w->arena, c->message) };
	}
	return (struct end){ 0 };
}

/* Everything but reaching the completions. */
static struct end judge(struct job_planning *w)
{
	struct end e = known_end(w);
	const char *by_policy;
	int rule;

	if (e.type)
		return e;
	by_policy = policy_failure(w);
	if (by_policy)
		return failure("PodFailurePolicy", by_policy);
	if (beyond_backoff_limit(w))
		return failure("BackoffLimitExceeded",
			       "Job has reached the specified backoff limit");
	if (beyond_deadline(w))
		return failure("DeadlineExceeded", "Job was active longer than specified deadline");
	e = end_by_indexes(w);
	if (e.type)
		return e;
	rule = job_success_policy(w->job, &w->completed, w->arena);
	return rule < 0 ? e
			: (struct end){ "SuccessCriteriaMet", "SuccessPolicy",
					arena_printf(w->arena, "Matched rules at index %d", rule) };
}

static struct end completion(const struct job_planning *w)
{
	const int32_t *wanted = w->job->spec.completions;
	bool complete = w->nactive + (size_t)w->out->ncreate == 0 &&
			(wanted ? w->succeeded >= *wanted : w->succeeded > 0);

	return complete ? (struct end){ "SuccessCriteriaMet", "CompletionsReached",
					"Reached expected number of succeeded pods" }
			: (struct end){ 0 };
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
static void finish(struct job_planning *w, const struct end *e)
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

/* After failures new pods wait: 10 s, doubling up to ten minutes, from the last failure on. */
static int64_t backoff_left_ms(const struct job_planning *w, int32_t failures, int64_t last_us)
{
	int64_t us = BACKOFF_FIRST_US, left;

	if (!failures)
		return 0;
	for (int32_t i = 1; i < failures && us < BACKOFF_LAST_US; i++)
		us *= 2;
	left = last_us + (us < BACKOFF_LAST_US ? us : BACKOFF_LAST_US) - w->v->now_us;
	return left > 0 ? left / 1000 + 1 : 0;
}

static void add_pod(struct job_planning *w, int32_t index)
{
	struct job_create c = { index, -1, -1 };
	const struct pod_view *before = w->per_index ? w->last_failed[index] : NULL;

	if (w->per_index) {
		c.failures = c.ignored = 0;
		if (before) {
			const struct api_str_map *a = &before->pod.metadata.annotations;
			bool counts = job_failure_policy(w->job, &before->pod, w->arena).counts;

			c.failures = (int32_t)pairs_number(a, JOB_INDEX_FAILURE) + counts;
			c.ignored = (int32_t)pairs_number(a, JOB_INDEX_IGNORED) + !counts;
		}
	}
	w->out->create[w->out->ncreate++] = c;
}

static int64_t index_wait_ms(const struct job_planning *w, int32_t index)
{
	const struct pod_view *before = w->per_index ? w->last_failed[index] : NULL;
	const struct api_str_map *a;

	if (!before)
		return 0;
	a = &before->pod.metadata.annotations;
	return backoff_left_ms(w,
			       (int32_t)(pairs_number(a, JOB_INDEX_FAILURE) +
					 pairs_number(a, JOB_INDEX_IGNORED)) +
				       1,
			       job_pod_finish_us(&before->pod));
}

static void create_indexes(struct job_planning *w, int32_t most)
{
	int32_t picked = 0;

	for (int32_t i = 0; i < w->completed.n && picked < most; i++) {
		int64_t wait;

		if (w->completed.has[i] || w->busy.has[i] ||
		    (w->per_index && w->failed_indexes.has[i]))
			continue;
		picked++;
		wait = index_wait_ms(w, i);
		if (wait)
			wait_for(w, wait);
		else
			add_pod(w, i);
	}
}

static void create(struct job_planning *w, int32_t n)
{
	int64_t wait = w->per_index ? 0
				    : backoff_left_ms(w, w->out->backoff.failures,
						      w->out->backoff.last_us);

	if (wait) {
		wait_for(w, wait);
		return;
	}
	if (n > CREATE_MAX)
		n = CREATE_MAX;
	w->out->create = ARENA_ARRAY(w->arena, struct job_create, (size_t)n + 1);
	if (w->indexed)
		create_indexes(w, n);
	for (int32_t i = 0; !w->indexed && i < n; i++)
		add_pod(w, -1);
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
		create(w, want - active - held);
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
	struct end e = judge(w);

	if (e.type) {
		remove_active(w, 0);
		if (!w->v->caught_up && w->out->nremove)
			e.type = NULL; /* others may be on their way */
	} else if (!w->job->metadata.deletion_timestamp.set) {
		if (job_is_suspended(w->job))
			suspend(w);
		else
			size(w);
		e = completion(w);
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
