/* SPDX-License-Identifier: Apache-2.0 */
/* Counting a Job's pods, each once, whatever is seen in between (job_plan.h tells how). */
#include "client/selectors.h"
#include "server/controllers/jobs/job_planning.h"
#include "server/controllers/pairs.h"

#define UNCOUNTED_MAX 500

bool job_is_indexed(const struct batch_v1_job *j)
{
	return str_eqz(j->spec.completion_mode, "Indexed");
}

bool job_is_suspended(const struct batch_v1_job *j)
{
	return j->spec.suspend && *j->spec.suspend;
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

const struct batch_v1_job_condition *job_end(const struct batch_v1_job *j)
{
	const struct batch_v1_job_condition *c = job_condition(&j->status, "Complete");

	return c ? c : job_condition(&j->status, "Failed");
}

int64_t job_expires_ms(const struct batch_v1_job *j, int64_t now_us)
{
	const struct batch_v1_job_condition *end = job_end(j);
	int64_t left_us;

	if (!end || !j->spec.ttl_seconds_after_finished || j->metadata.deletion_timestamp.set)
		return -1;
	left_us = end->last_transition_time.us - now_us +
		  *j->spec.ttl_seconds_after_finished * 1000000LL;
	return left_us > 0 ? left_us / 1000 + 1 : 0;
}

bool job_pod_has_finalizer(const struct core_v1_pod *p)
{
	for (size_t i = 0; i < p->metadata.finalizers.n; i++)
		if (str_eqz(p->metadata.finalizers.items[i], JOB_FINALIZER))
			return true;
	return false;
}

static bool replaces_failed_only(const struct batch_v1_job *j)
{
	return str_eqz(j->spec.pod_replacement_policy, "Failed") || j->spec.pod_failure_policy;
}

bool job_pod_failed(const struct batch_v1_job *j, const struct core_v1_pod *p)
{
	if (str_eqz(p->status.phase, "Failed"))
		return true;
	return !replaces_failed_only(j) && p->metadata.deletion_timestamp.set &&
	       !str_eqz(p->status.phase, "Succeeded");
}

static int64_t latest_finish_us(const struct core_v1_pod *p)
{
	int64_t latest = 0;

	for (size_t i = 0; i < p->status.container_statuses.n; i++) {
		const struct core_v1_container_state_terminated *t =
			p->status.container_statuses.items[i].state.terminated;

		if (!t || !t->finished_at.set)
			return 0;
		if (t->finished_at.us > latest)
			latest = t->finished_at.us;
	}
	return latest;
}

int64_t job_pod_finish_us(const struct core_v1_pod *p)
{
	int64_t us = latest_finish_us(p);
	const struct core_v1_pod_condition *ready = pod_condition(p, "Ready");

	if (us)
		return us;
	if (ready && str_eqz(ready->status, "False") && ready->last_transition_time.set)
		return ready->last_transition_time.us;
	if (p->metadata.deletion_timestamp.set)
		return p->metadata.deletion_timestamp.us -
		       (p->metadata.deletion_grace_period_seconds
				? *p->metadata.deletion_grace_period_seconds * 1000000
				: 0);
	return p->metadata.creation_timestamp.us;
}

static bool contains(const struct api_str_list *l, struct str uid)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i], uid))
			return true;
	return false;
}

static const struct core_v1_pod *find(const struct job_planning *w, struct str uid)
{
	for (size_t i = 0; i < w->v->pods->n; i++)
		if (str_eq(w->v->pods->items[i].pod.metadata.uid, uid))
			return &w->v->pods->items[i].pod;
	return NULL;
}

/* Uids whose pod has lost the finalizer become numbers; the others stay. */
static void count_flushed(struct job_planning *w, const struct api_str_list *old,
			  struct api_str_list *now, int32_t *counter)
{
	now->items = ARENA_ARRAY(w->arena, struct str, old->n + w->v->pods->n + 1);
	for (size_t i = 0; i < old->n; i++) {
		const struct core_v1_pod *p = find(w, old->items[i]);

		if (p && job_pod_has_finalizer(p))
			now->items[now->n++] = old->items[i];
		else
			(*counter)++;
	}
}

static void start_status(struct job_planning *w)
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
			    JOB_CONDITIONS_MAX + old->conditions.n);

	*s = *old;
	for (size_t i = 0; i < old->conditions.n; i++)
		conditions[i] = old->conditions.items[i];
	s->conditions.items = (void *)conditions;
	s->uncounted_terminated_pods = u;
	count_flushed(w, &had->succeeded, &u->succeeded, &s->succeeded);
	count_flushed(w, &had->failed, &u->failed, &s->failed);
}

static void read_indexes(struct job_planning *w)
{
	int32_t n = w->indexed && w->job->spec.completions ? *w->job->spec.completions : 0;

	job_indexes_read(&w->completed, n, w->job->status.completed_indexes, w->arena);
	job_indexes_read(&w->busy, n, STR(""), w->arena);
	job_indexes_read(&w->failed_indexes, w->per_index ? n : 0, w->job->status.failed_indexes,
			 w->arena);
	w->last_failed = ARENA_ARRAY(w->arena, struct pod_view *, (size_t)n + 1);
}

/* A pod that has not been counted, and can be: it has the finalizer and, if need be, an index. */
static bool is_new(const struct job_planning *w, const struct core_v1_pod *p,
		   const struct api_str_list *noted)
{
	int32_t index = job_pod_index(p);

	return job_pod_has_finalizer(p) && !contains(noted, p->metadata.uid) &&
	       (!w->indexed || (index >= 0 && index < w->completed.n));
}

static int32_t failures_of(const struct core_v1_pod *p)
{
	return (int32_t)(pairs_number(&p->metadata.annotations, JOB_INDEX_FAILURE) +
			 pairs_number(&p->metadata.annotations, JOB_INDEX_IGNORED));
}

static bool fails_its_index(const struct job_planning *w, const struct core_v1_pod *p)
{
	const struct job_verdict v = job_failure_policy(w->job, p, w->arena);

	return v.fails_index ||
	       (v.counts && pairs_number(&p->metadata.annotations, JOB_INDEX_FAILURE) >=
				    *w->job->spec.backoff_limit_per_index);
}

static void note_failed_index(struct job_planning *w, struct pod_view *v)
{
	int32_t index = job_pod_index(&v->pod);
	struct pod_view **last;

	if (!w->per_index || index < 0 || index >= w->failed_indexes.n ||
	    !job_pod_has_finalizer(&v->pod))
		return;
	if (fails_its_index(w, &v->pod))
		job_indexes_add(&w->failed_indexes, index);
	last = &w->last_failed[index];
	if (!*last || (failures_of(&(*last)->pod) <= failures_of(&v->pod) &&
		       job_pod_finish_us(&v->pod) >= job_pod_finish_us(&(*last)->pod)))
		*last = v;
}

struct news { /* pods that have ended since the last status */
	int32_t succeeded, failed, ignored;
	int64_t success_us, failure_us;
	int32_t since_success;
};

static void see_pod(struct job_planning *w, struct pod_view *v, struct news *n)
{
	const struct batch_v1_uncounted_terminated_pods *u =
		w->out->status.uncounted_terminated_pods;
	const struct core_v1_pod *p = &v->pod;
	int64_t us = job_pod_finish_us(p);

	if (p->metadata.deletion_timestamp.set && !pod_is_over(p)) {
		w->terminating++;
		if (replaces_failed_only(w->job))
			job_indexes_add(&w->busy, job_pod_index(p));
	}
	if (str_eqz(p->status.phase, "Succeeded") && is_new(w, p, &u->succeeded)) {
		n->succeeded++;
		n->success_us = us > n->success_us ? us : n->success_us;
		job_indexes_add(&w->completed, job_pod_index(p));
	}
	if (job_pod_failed(w->job, p)) {
		note_failed_index(w, v);
		if (is_new(w, p, &u->failed)) {
			n->failed++;
			n->ignored += !job_failure_policy(w->job, p, w->arena).counts;
			n->failure_us = us > n->failure_us ? us : n->failure_us;
		}
	}
	if (!pod_is_active(p))
		return;
	w->active[w->nactive++] = v;
	w->ready += pod_is_ready(p);
	job_indexes_add(&w->busy, job_pod_index(p));
}

static void count_since_success(struct job_planning *w, struct news *n)
{
	for (size_t i = 0; i < w->v->pods->n; i++) {
		const struct core_v1_pod *p = &w->v->pods->items[i].pod;

		n->since_success +=
			job_pod_failed(w->job, p) &&
			is_new(w, p, &w->out->status.uncounted_terminated_pods->failed) &&
			job_pod_finish_us(p) > n->success_us;
	}
}

static void count_backoff(struct job_planning *w, struct news *n)
{
	struct job_backoff *b = &w->out->backoff;

	*b = w->v->backoff;
	if (n->succeeded)
		*b = (struct job_backoff){ 0 };
	count_since_success(w, n);
	b->failures += n->since_success;
	if (n->since_success && n->failure_us > b->last_us)
		b->last_us = n->failure_us;
}

void job_count(struct job_planning *w)
{
	struct news n = { 0 };
	const struct batch_v1_uncounted_terminated_pods *u;

	read_indexes(w);
	start_status(w);
	for (size_t i = 0; i < w->v->pods->n; i++)
		see_pod(w, &w->v->pods->items[i], &n);
	count_backoff(w, &n);
	u = w->out->status.uncounted_terminated_pods;
	w->succeeded = w->indexed
			       ? job_indexes_count(&w->completed)
			       : w->out->status.succeeded + (int32_t)u->succeeded.n + n.succeeded;
	w->failed = w->out->status.failed + (int32_t)u->failed.n + n.failed - n.ignored;
	for (int32_t i = 0; i < w->failed_indexes.n; i++)
		if (w->completed.has[i] || w->failed_indexes.has[i] || w->busy.has[i])
			w->last_failed[i] = NULL;
}

/* A failed pod stays until the next one of its index carries its count on. */
static bool is_held(const struct job_planning *w, const struct pod_view *v)
{
	int32_t index = job_pod_index(&v->pod);

	return w->per_index && index >= 0 && index < w->failed_indexes.n &&
	       w->last_failed[index] == v;
}

static bool note_uid(struct api_str_list *l,
		     const struct batch_v1_uncounted_terminated_pods *stored, struct str uid)
{
	if (stored && (contains(&stored->succeeded, uid) || contains(&stored->failed, uid)))
		return true;
	if (!contains(l, uid))
		l->items[l->n++] = uid;
	return false;
}

static bool index_is_stored(const struct job_planning *w, int32_t index)
{
	struct job_indexes stored;

	job_indexes_read(&stored, w->completed.n, w->job->status.completed_indexes, w->arena);
	return index < 0 || index >= stored.n || stored.has[index];
}

/* Notes the pod if it has to be; true: its note is stored (or it needs none) and the finalizer may go. */
static bool note(struct job_planning *w, struct pod_view *v, bool failing)
{
	const struct core_v1_pod *p = &v->pod;
	const struct batch_v1_uncounted_terminated_pods *stored =
		w->job->status.uncounted_terminated_pods;
	struct batch_v1_uncounted_terminated_pods *u = w->out->status.uncounted_terminated_pods;
	bool failed = job_pod_failed(w->job, p) || failing, countable;
	int32_t index = job_pod_index(p);

	if (str_eqz(p->status.phase, "Succeeded")) {
		if (w->indexed)
			return index_is_stored(w, index);
		return note_uid(&u->succeeded, stored, p->metadata.uid);
	}
	countable = failed && (!w->indexed || (index >= 0 && index < w->completed.n));
	if (!countable || !job_failure_policy(w->job, p, w->arena).counts)
		return true;
	return note_uid(&u->failed, stored, p->metadata.uid);
}

void job_track(struct job_planning *w, bool over, bool failing)
{
	struct batch_v1_uncounted_terminated_pods *u = w->out->status.uncounted_terminated_pods;
	bool all = over || w->job->metadata.deletion_timestamp.set;

	for (size_t i = 0; i < w->v->pods->n; i++) {
		struct pod_view *v = &w->v->pods->items[i];
		bool ended = str_eqz(v->pod.status.phase, "Succeeded") ||
			     (job_pod_failed(w->job, &v->pod) && !is_held(w, v));

		if (!job_pod_has_finalizer(&v->pod) || !(all || ended))
			continue;
		if (u->succeeded.n + u->failed.n >= UNCOUNTED_MAX)
			break;
		if (note(w, v, failing))
			w->out->release[w->out->nrelease++] = v;
	}
}
