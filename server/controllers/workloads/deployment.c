/* SPDX-License-Identifier: Apache-2.0 */
/* Rolls a Deployment's pods from one template to the next by sizing ReplicaSets. Key: the Deployment. */
#include "base/mem.h"
#include "server/controllers/workloads/deployment_sets.h"

static void add_set(void *ctx, const struct object *o)
{
	struct deployment_turn *t = ctx;
	struct set_view *v = ARENA_NEW(&t->arena, struct set_view);
	size_t at;

	if (object_decode(o, &t->arena, api_struct_apps_v1_replica_set, &v->rs, NULL) < 0)
		return;
	v->object = o;
	v->size = v->rs.spec.replicas ? *v->rs.spec.replicas : 1;
	v->available = v->rs.status.available_replicas;
	v->revision = pairs_number(&v->rs.metadata.annotations, ANNOTATION_REVISION);
	t->sets.items =
		mem_array_grow(t->sets.items, &t->sets.cap, t->sets.n + 1, sizeof(*t->sets.items));
	for (at = t->sets.n++; at > 0 && t->sets.items[at - 1]->rs.metadata.creation_timestamp.us >
						 v->rs.metadata.creation_timestamp.us;
	     at--)
		t->sets.items[at] = t->sets.items[at - 1];
	t->sets.items[at] = v;
}

/* The oldest with our template is the new one; it leaves the list. */
static void find_latest(struct deployment_turn *t)
{
	for (size_t i = 0; i < t->sets.n; i++) {
		if (!deployment_template_equal(&t->sets.items[i]->rs.spec.template,
					       &t->d.spec.template))
			continue;
		t->sets.latest = t->sets.items[i];
		t->sets.n--;
		for (; i < t->sets.n; i++)
			t->sets.items[i] = t->sets.items[i + 1];
		return;
	}
}

struct pods_asked {
	bool run;
};

static bool pod_runs(void *ctx, const struct object *o)
{
	struct pods_asked *p = ctx;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };

	if (object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) == 0 && !pod_is_over(&pod))
		p->run = true;
	return !p->run;
}

static bool old_pods_run(struct deployment_turn *t)
{
	struct informer *pods = controller_informer(t->workload->controller, API_CORE_V1_PODS);
	int index = informer_index_add(pods, owner_index_controller);
	struct pods_asked p = { false };

	for (size_t i = 0; i < t->sets.n; i++)
		informer_each_indexed(pods, index, t->sets.items[i]->object->uid, pod_runs, &p);
	return p.run;
}

/* The name that the new set would have is taken by another one: the next hash is made with this count. */
static void count_collision(struct deployment_turn *t, struct apps_v1_deployment_status *status)
{
	int32_t *n = ARENA_NEW(&t->arena, int32_t);

	*n = (status->collision_count ? *status->collision_count : 0) + 1;
	status->collision_count = n;
}

static int64_t write_status(struct deployment_turn *t)
{
	struct apps_v1_deployment changed = t->d;
	struct deployment_news *news = map_del(t->workload->own, t->key);
	int64_t now = pairs_number(&t->d.metadata.annotations, ANNOTATION_REVISION), wait_ms;
	struct status_write w = { .object = api_struct_apps_v1_deployment,
				  .status = api_struct_apps_v1_deployment_status,
				  .old = &t->d.status,
				  .now = &changed.status,
				  .whole = &changed };

	deployment_counts(&t->d, &t->sets, &t->arena, &changed.status);
	if (news && news->kind == DEPLOYMENT_COLLIDED && !t->sets.latest)
		count_collision(t, &changed.status);
	wait_ms = deployment_conditions(&t->d, &t->sets, &t->plan, news,
					clock_wall_us(clock_real()), &t->arena, &changed.status);
	if (t->sets.latest && t->sets.latest->revision == t->plan.revision &&
	    now != t->plan.revision) {
		w.more = true;
		pairs_set(&changed.metadata.annotations, &t->arena, ANNOTATION_REVISION,
			  deployment_number(t, t->plan.revision));
	}
	round_status(t->round, t->object, &w);
	deployment_news_free(news);
	return wait_ms;
}

static void carry_out(struct deployment_turn *t)
{
	int64_t wait_ms;

	deployment_plan(&t->d, &t->sets,
			str_eqz(t->d.spec.strategy.type, "Recreate") && old_pods_run(t), &t->plan);
	if (t->plan.create)
		deployment_set_create(t);
	for (size_t i = 0; i < t->sets.n; i++) {
		if (t->sets.items[i]->remove)
			deployment_set_remove(t, t->sets.items[i]);
		else
			deployment_set_size(t, t->sets.items[i]);
	}
	if (t->sets.latest)
		deployment_set_size(t, t->sets.latest);
	wait_ms = write_status(t);
	round_close(t->round, false, wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct deployment_turn t = { .workload = c->state, .key = key };

	t.object = workload_owner(t.workload, key);
	if (t.object &&
	    (!informer_synced(t.workload->children) || !workload_caught_up(t.workload, key))) {
		work_queue_add_after(c->queue, key, 1000);
		t.object = NULL;
	}
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_apps_v1_deployment, &t.d, NULL) < 0 ||
	    !t.d.spec.selector) {
		controller_done(c, key, false);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { .workload = t.workload,
					      .owner = t.object,
					      .selector = t.d.spec.selector };
	workload_children(&claim, t.round, add_set, &t);
	find_latest(&t);
	carry_out(&t);
	free(t.sets.items);
	arena_free(&t.arena);
}

/* Recreate waits for the last pod of an old set to go. */
static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;
	struct owner ref, up;
	const struct object *set;
	auto_buf key = { 0 };

	if (new || !owner_controller(old, &ref) || !str_eqz(ref.kind, "ReplicaSet"))
		return;
	set = informer_get(w->children, old->ns, ref.name);
	if (!set || !owner_controller(set, &up) || !str_eqz(up.kind, "Deployment"))
		return;
	buf_printf(&key, "%.*s/%.*s", STR_ARG(old->ns), STR_ARG(up.name));
	work_queue_add(w->controller->queue, buf_view(&key));
}

static void on_deployment(void *ctx, const struct object *old, const struct object *new)
{
	struct workload *w = ctx;
	auto_buf key = { 0 };

	if (new)
		return;
	controller_key(old, &key);
	deployment_news_free(map_del(w->own, buf_view(&key)));
}

static int start(struct controller *c, struct err *err)
{
	struct workload *w =
		workload_start(c, API_APPS_V1_DEPLOYMENTS, API_APPS_V1_REPLICASETS, work);
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);

	(void)err;
	w->own = NEW(struct map);
	informer_hook_add(w->owners, on_deployment, NULL, w);
	informer_index_add(pods, owner_index_controller);
	informer_hook_add(pods, on_pod, NULL, w);
	return 0;
}

static void stop(struct controller *c)
{
	struct workload *w = c->state;

	if (w && w->own)
		map_free(w->own, deployment_news_free);
	if (w)
		free(w->own);
	workload_stop(c);
}

const struct controller_row controller_deployment = { "deployment-controller", start, stop, NULL };
