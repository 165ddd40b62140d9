/* SPDX-License-Identifier: Apache-2.0 */
/* Which pods a Job makes next. After failures new ones wait: 10 s, doubling up to ten minutes, from the last failure on; of the Job, or
 * with backoffLimitPerIndex of the index. */
#include "base/mem.h"
#include "server/controllers/jobs/job_planning.h"
#include "server/controllers/pairs.h"

#define BACKOFF_FIRST_US (10 * 1000000LL)
#define BACKOFF_LAST_US  (600 * 1000000LL)
#define CREATE_MAX       500

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
			job_plan_wait(w, wait);
		else
			add_pod(w, i);
	}
}

void job_create_pods(struct job_planning *w, int32_t n)
{
	int64_t wait = w->per_index ? 0
				    : backoff_left_ms(w, w->out->backoff.failures,
						      w->out->backoff.last_us);

	if (wait) {
		job_plan_wait(w, wait);
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
