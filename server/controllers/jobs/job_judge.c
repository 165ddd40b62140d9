/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a Job has met its end, in upstream's order: an end that was met before, then failures (policy, back-off, deadline,
 * indexes), then success (policy, completions). */
#include "base/mem.h"
#include "server/controllers/jobs/job_planning.h"

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
	job_plan_wait(w, left_ms);
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

static struct job_ending failure(const char *reason, const char *message)
{
	return (struct job_ending){ "FailureTarget", reason, message };
}

static struct job_ending end_by_indexes(const struct job_planning *w)
{
	int32_t failed = job_indexes_count(&w->failed_indexes);

	if (!w->per_index || !failed)
		return (struct job_ending){ 0 };
	if (w->job->spec.max_failed_indexes && failed > *w->job->spec.max_failed_indexes)
		return failure("MaxFailedIndexesExceeded",
			       "Job has exceeded the specified maximal number of failed indexes");
	if (failed + w->succeeded >= w->completed.n)
		return failure("FailedIndexes", "Job has failed indexes");
	return (struct job_ending){ 0 };
}

static struct job_ending known_end(const struct job_planning *w)
{
	static const char *const types[] = { "SuccessCriteriaMet", "FailureTarget" };

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		const struct batch_v1_job_condition *c = job_condition(&w->out->status, types[i]);

		if (c)
			return (struct job_ending){ types[i], arena_strdup(w->arena, c->reason),
						    arena_strdup(w->arena, c->message) };
	}
	return (struct job_ending){ 0 };
}

struct job_ending job_judge(struct job_planning *w)
{
	struct job_ending e = known_end(w);
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
			: (struct job_ending){ "SuccessCriteriaMet", "SuccessPolicy",
					       arena_printf(w->arena, "Matched rules at index %d",
							    rule) };
}

struct job_ending job_completion(const struct job_planning *w)
{
	const int32_t *wanted = w->job->spec.completions;
	bool complete = w->nactive + (size_t)w->out->ncreate == 0 &&
			(wanted ? w->succeeded >= *wanted : w->succeeded > 0);

	return complete ? (struct job_ending){ "SuccessCriteriaMet", "CompletionsReached",
					       "Reached expected number of succeeded pods" }
			: (struct job_ending){ 0 };
}
