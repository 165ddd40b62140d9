/* SPDX-License-Identifier: Apache-2.0 */
/* Counting a Job's pods, each once, whatever is seen in between (job_plan.h tells how). */
#include "client/selectors.h"
#include "server/controllers/job_planning.h"

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

bool job_pod_has_finalizer(const struct core_v1_pod *p)
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

static bool has_failed(const struct job_planning *w, const struct core_v1_pod *p)
{
	if (str_eqz(p->status.phase, "Failed"))
		return true;
	return p->metadata.deletion_timestamp.set && !str_eqz(p->status.phase, "Succeeded") &&
	       !str_eqz(w->job->spec.pod_replacement_policy, "Failed");
}

static const struct core_v1_pod *find(const struct job_planning *w, struct str uid)
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

static void see_finished(struct job_planning *w, struct pod_view *v, bool success)
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
	if (!job_pod_has_finalizer(&v->pod))
		return;
	if (stored && (contains(&stored->succeeded, uid) || contains(&stored->failed, uid)))
		w->out->release[w->out->nrelease++] = v;
	else if (!contains(list, uid))
		list->items[list->n++] = uid;
}

void job_see_pod(struct job_planning *w, struct pod_view *v)
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

void job_start_status(struct job_planning *w)
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

void job_fill_counts(struct job_planning *w)
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
