/* SPDX-License-Identifier: Apache-2.0 */
/* Runs pods to completion. Key: the Job. */
#include "base/mem.h"
#include "server/controllers/job_plan.h"
#include "server/controllers/job_pod.h"
#include "server/controllers/workload.h"

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct batch_v1_job job;
	struct arena arena;
	struct pod_views pods;
	struct job_plan plan;
	struct str key;
};

static void release(struct turn *t, const struct pod_view *p)
{
	auto_buf body = { 0 };
	const char *comma = "";

	buf_printf(&body, "{\"metadata\":{\"uid\":\"%.*s\",\"finalizers\":[",
		   STR_ARG(p->object->uid));
	for (size_t i = 0; i < p->pod.metadata.finalizers.n; i++) {
		if (str_eqz(p->pod.metadata.finalizers.items[i], JOB_FINALIZER))
			continue;
		buf_puts(&body, comma);
		buf_json_string(&body, p->pod.metadata.finalizers.items[i]);
		comma = ",";
	}
	buf_puts(&body, "]}}");
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_CORE_V1_PODS,
					    .ns = p->object->ns,
					    .name = p->object->name,
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(t->round, &w, NULL, NULL);
}

static void write_status(struct turn *t)
{
	struct batch_v1_job changed = t->job;
	const struct status_write w = { api_struct_batch_v1_job, api_struct_batch_v1_job_status,
					&t->job.status, &t->plan.status, &changed };

	changed.status = t->plan.status;
	if (round_status(t->round, t->object, &w) && t->plan.event)
		event_record(t->workload->events, t->object, t->plan.event_type, t->plan.event,
			     NULL, "%s", t->plan.event_text);
}

static void delete_job(struct turn *t)
{
	auto_buf body = { 0 };

	buf_printf(&body,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"},"
		   "\"propagationPolicy\":\"Foreground\"}",
		   STR_ARG(t->object->uid));
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_BATCH_V1_JOBS,
					    .ns = t->object->ns,
					    .name = t->object->name,
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(t->round, &w, NULL, NULL);
}

static void change_pods(struct turn *t)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	struct core_v1_pod pod;

	for (size_t i = 0; i < t->plan.nremove; i++)
		pod_delete(t->round, &owner, t->plan.remove[i]->object);
	for (int32_t i = 0; i < t->plan.create; i++) {
		job_pod(t->object, &t->job, t->plan.indexes ? t->plan.indexes[i] : -1, &t->arena,
			&pod);
		pod_create(t->round, &owner, &pod);
	}
}

static void carry_out(struct turn *t)
{
	const struct job_view view = { &t->job, &t->pods, clock_wall_us(clock_real()) };

	job_plan(&view, &t->plan);
	for (size_t i = 0; i < t->plan.nrelease; i++)
		release(t, t->plan.release[i]);
	if (workload_caught_up(t->workload, t->key))
		change_pods(t);
	write_status(t);
	if (t->plan.expired && !t->object->deleting)
		delete_job(t);
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
	struct str ns, name;
	bool synced = informer_synced(t.workload->children);

	t.pods.arena = &t.arena;
	controller_key_split(key, &ns, &name);
	t.object = synced ? informer_get(t.workload->owners, ns, name) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_batch_v1_job, &t.job, NULL) < 0 ||
	    is_others(&t.job)) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { t.workload, t.object, t.job.spec.selector };
	workload_children(&claim, t.round, workload_add_view, &t.pods);
	carry_out(&t);
	free(t.pods.items);
	arena_free(&t.arena);
}

/* A pod whose Job is gone would keep its finalizer for ever. */
static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;
	struct owner ref;
	const struct object *job;

	(void)old;
	if (!new || !new->deleting || !object_has_finalizer(new, STR(JOB_FINALIZER)))
		return;
	job = owner_controller(new, &ref) && str_eqz(ref.kind, "Job")
		      ? informer_get(w->owners, new->ns, ref.name)
		      : NULL;
	if (job && str_eq(job->uid, ref.uid))
		return;
	const struct client_call call = {
		.verb = API_PATCH,
		.resource = API_CORE_V1_PODS,
		.ns = new->ns,
		.name = new->name,
		.content_type = STR("application/strategic-merge-patch+json"),
		.body = STR(
			"{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"" JOB_FINALIZER
			"\"]}}")
	};
	if (informer_synced(w->owners))
		client_do(w->controller->client, &call);
}

static int start(struct controller *c, struct err *err)
{
	struct workload *w = workload_start(c, API_BATCH_V1_JOBS, API_CORE_V1_PODS, work);

	(void)err;
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, w);
	return 0;
}

const struct controller_row controller_job = { "job-controller", start, workload_stop };
