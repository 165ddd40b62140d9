/* SPDX-License-Identifier: Apache-2.0 */
/* Runs pods to completion. Key: the Job. Jobs that spec.managedBy gives to others are left alone, with their pods; pods that nobody
 * counts any more (their Job is gone or over) lose the finalizer. */
#include "base/mem.h"
#include "server/controllers/jobs/job_plan.h"
#include "server/controllers/jobs/job_pod.h"
#include "server/controllers/pod_batch.h"
#include "server/controllers/workload.h"

struct jobs {                /* of the workload's own */
	struct map backoffs; /* key → struct job_backoff, as of the last status that was stored */
	struct expectations released; /* finalizers on their way off */
};
struct turn {
	struct workload *workload;
	struct jobs *jobs;
	struct round *round;
	const struct object *object;
	struct batch_v1_job job;
	struct arena arena;
	struct pod_views pods;
	struct job_plan plan;
	struct str key;
};

/* --- status --- */

struct stored {
	struct workload *workload;
	char *key;
	struct job_backoff backoff;
};

static void on_status(void *ctx, const struct client_result *r)
{
	struct stored *s = ctx;
	struct jobs *jobs = s->workload->own;
	struct job_backoff *b = map_get(&jobs->backoffs, str_from(s->key));

	if (!r->err && s->backoff.failures) {
		if (!b) {
			b = NEW(struct job_backoff);
			map_put(&jobs->backoffs, str_from(s->key), b);
		}
		*b = s->backoff;
	} else if (!r->err) {
		free(map_del(&jobs->backoffs, str_from(s->key)));
	}
	free(s->key);
	free(s);
}

static void tell(struct turn *t)
{
	for (size_t i = 0; i < t->plan.nevents; i++)
		event_record(t->workload->events, t->object, t->plan.events[i].type,
			     t->plan.events[i].reason, NULL, "%s", t->plan.events[i].text);
}

static void write_status(struct turn *t)
{
	struct batch_v1_job changed = t->job;
	struct stored *s = NEW(struct stored);
	const struct status_write w = { .object = api_struct_batch_v1_job,
					.status = api_struct_batch_v1_job_status,
					.old = &t->job.status,
					.now = &t->plan.status,
					.whole = &changed,
					.ended = on_status,
					.ctx = s };

	*s = (struct stored){ .workload = t->workload,
			      .key = str_dup(t->key),
			      .backoff = t->plan.backoff };
	changed.status = t->plan.status;
	if (round_status(t->round, t->object, &w)) {
		tell(t);
		return;
	}
	free(s->key);
	free(s);
}

/* --- pods --- */

struct releasing {
	struct jobs *jobs;
	char *key, *uid;
};

static void on_released(void *ctx, const struct client_result *r)
{
	struct releasing *x = ctx;

	if (r->err)
		expectation_deletion_seen(&x->jobs->released, str_from(x->key), str_from(x->uid));
	free(x->key);
	free(x->uid);
	free(x);
}

static void release(struct turn *t, const struct pod_view *p)
{
	struct releasing *x;

	if (expectation_pending(&t->jobs->released, t->key, p->object->uid))
		return;
	x = NEW(struct releasing);
	*x = (struct releasing){ t->jobs, str_dup(t->key), str_dup(p->object->uid) };
	expect_deleted(&t->jobs->released, t->key, p->object->uid, clock_mono_ms(clock_real()));
	pod_drop_finalizer(t->round, p, JOB_FINALIZER, on_released, x);
}

static void change_pods(struct turn *t)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	struct pod_batch *batch = pod_batch_new(t->round, &owner);
	struct core_v1_pod pod;

	for (size_t i = 0; i < t->plan.nremove; i++) {
		if (t->plan.remove_uncounted)
			release(t, t->plan.remove[i]);
		pod_delete(t->round, &owner, t->plan.remove[i]->object);
	}
	for (int32_t i = 0; i < t->plan.ncreate; i++) {
		job_pod(t->object, &t->job, &t->plan.create[i], &t->arena, &pod);
		pod_batch_add(batch, &pod, 1);
	}
	pod_batch_start(batch);
}

static void carry_out(struct turn *t)
{
	const struct job_backoff *b = map_get(&t->jobs->backoffs, t->key);
	bool caught_up = workload_caught_up(t->workload, t->key);
	const struct job_view view = { .job = &t->job,
				       .pods = &t->pods,
				       .now_us = clock_wall_us(clock_real()),
				       .caught_up = caught_up,
				       .backoff = b ? *b : (struct job_backoff){ 0 } };

	job_plan(&view, &t->plan);
	for (size_t i = 0; i < t->plan.nrelease; i++)
		release(t, t->plan.release[i]);
	if (caught_up)
		change_pods(t);
	write_status(t);
	round_close(t->round, false, t->plan.wait_ms);
}

static bool is_others(const struct batch_v1_job *j)
{
	return j->spec.managed_by.n && !str_eqz(j->spec.managed_by, "kubernetes.io/job-controller");
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	bool synced = informer_synced(t.workload->children);

	t.jobs = t.workload->own;
	t.pods.arena = &t.arena;
	t.object = synced ? workload_owner(t.workload, key) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_batch_v1_job, &t.job, NULL) < 0 ||
	    is_others(&t.job)) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { t.workload, t.object, t.job.spec.selector,
					      JOB_FINALIZER };
	workload_children(&claim, t.round, workload_add_view, &t.pods);
	carry_out(&t);
	free(t.pods.items);
	arena_free(&t.arena);
}

/* --- pods without a Job --- */

static bool has_job(const struct workload *w, const struct object *pod)
{
	struct owner ref;
	const struct object *job;

	if (!owner_controller(pod, &ref))
		return false;
	if (!str_eqz(ref.kind, "Job") || !str_eqz(ref.api_version, "batch/v1"))
		return true; /* another's, and not ours to judge */
	job = informer_get(w->owners, pod->ns, ref.name);
	return job && str_eq(job->uid, ref.uid);
}

static bool free_orphan(void *ctx, const struct object *pod)
{
	struct workload *w = ctx;
	const struct client_call call = {
		.verb = API_PATCH,
		.resource = API_CORE_V1_PODS,
		.ns = pod->ns,
		.name = pod->name,
		.content_type = STR("application/strategic-merge-patch+json"),
		.body = STR(
			"{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"" JOB_FINALIZER
			"\"]}}")
	};

	if (informer_synced(w->owners) && informer_synced(w->children) &&
	    object_has_finalizer(pod, STR(JOB_FINALIZER)) && !has_job(w, pod))
		client_do(w->controller->client, &call);
	return true;
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;
	struct jobs *jobs = w->own;
	struct owner ref;
	auto_buf key = { 0 };

	if (owner_controller(new ? new : old, &ref) &&
	    (!new || !object_has_finalizer(new, STR(JOB_FINALIZER)))) {
		buf_printf(&key, "%.*s/%.*s", STR_ARG((new ? new : old)->ns), STR_ARG(ref.name));
		expectation_deletion_seen(&jobs->released, buf_view(&key), (new ? new : old)->uid);
	}
	if (new)
		free_orphan(w, new);
}

static void on_job(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;
	struct jobs *jobs = w->own;
	auto_buf key = { 0 };

	if (new)
		return;
	controller_key(old, &key);
	free(map_del(&jobs->backoffs, buf_view(&key)));
	expectations_forget(&jobs->released, buf_view(&key));
	informer_each_indexed(w->children, w->by_owner, old->uid, free_orphan, w);
}

static void on_synced(void *ctx)
{
	struct workload *w = ctx;

	informer_each(w->children, STR(""), free_orphan, w);
}

static int start(struct controller *c, struct err *err)
{
	struct workload *w = workload_start(c, API_BATCH_V1_JOBS, API_CORE_V1_PODS, work);

	(void)err;
	w->own = NEW(struct jobs);
	informer_hook_add(w->children, on_pod, on_synced, w);
	informer_hook_add(w->owners, on_job, on_synced, w);
	return 0;
}

static void stop(struct controller *c)
{
	struct workload *w = c->state;
	struct jobs *jobs = w ? w->own : NULL;

	if (jobs) {
		map_free(&jobs->backoffs, free);
		expectations_free(&jobs->released);
	}
	free(jobs);
	workload_stop(c);
}

const struct controller_row controller_job = { "job-controller", start, stop, NULL };
