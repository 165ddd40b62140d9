/* SPDX-License-Identifier: Apache-2.0 */
/* Rolls a Deployment's pods from one template to the next by sizing ReplicaSets. Key: the Deployment. */
#include "api/meta.h"
#include "base/mem.h"
#include "server/controllers/deployment_conditions.h"
#include "server/controllers/workload.h"

struct turn { /* one reconcile */
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct apps_v1_deployment d;
	struct arena arena;
	struct set_views sets;
	struct deployment_plan plan;
	struct str key;
};

static void add_set(void *ctx, const struct object *o)
{
	struct turn *t = ctx;
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
static void find_latest(struct turn *t)
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

static bool old_pods_run(struct turn *t)
{
	struct informer *pods = controller_informer(t->workload->controller, API_CORE_V1_PODS);
	int index = informer_index_add(pods, owner_index_controller);
	struct pods_asked p = { false };

	for (size_t i = 0; i < t->sets.n; i++)
		informer_each_indexed(pods, index, t->sets.items[i]->object->uid, pod_runs, &p);
	return p.run;
}

static void add_annotations(struct turn *t, struct api_str_map *to)
{
	struct arena *a = &t->arena;
	const struct deployment_limits *l = &t->plan.limits;

	for (size_t i = 0; i < t->d.metadata.annotations.n; i++) {
		const struct api_str_pair *p = &t->d.metadata.annotations.items[i];

		if (!str_eqz(p->key, "kubectl.kubernetes.io/last-applied-configuration") &&
		    !str_starts(p->key, STR("deployment.kubernetes.io/")))
			pairs_set(to, a, arena_strdup(a, p->key), p->value);
	}
	pairs_set(to, a, ANNOTATION_DESIRED, str_from(arena_printf(a, "%d", l->replicas)));
	pairs_set(to, a, ANNOTATION_MAX, str_from(arena_printf(a, "%d", l->replicas + l->surge)));
	pairs_set(to, a, ANNOTATION_REVISION,
		  str_from(arena_printf(a, "%lld", (long long)t->plan.revision)));
}

struct created {
	struct workload *workload;
	const struct object *deployment;
	char *key, *name;
	int32_t size;
};

static void on_created(void *ctx, const struct client_result *r)
{
	struct created *c = ctx;

	if (r->err && r->err->reason != ERR_ALREADY_EXISTS)
		event_record(c->workload->events, c->deployment, EVENT_WARNING,
			     "ReplicaSetCreateError", NULL,
			     "Failed to create new replica set \"%s\": %s", c->name,
			     err_text(r->err));
	else if (!r->err && c->size)
		event_record(c->workload->events, c->deployment, EVENT_NORMAL, "ScalingReplicaSet",
			     NULL, "Scaled up replica set %s from 0 to %d", c->name, c->size);
	if (r->err)
		expect_created(&c->workload->expected, str_from(c->key), -1, 0);
	object_unref(c->deployment);
	free(c->key);
	free(c->name);
	free(c);
}

static void create_set(struct turn *t)
{
	struct apps_v1_replica_set rs = { 0 };
	char hash[TEMPLATE_HASH_MAX];
	struct str label;
	auto_buf body = { 0 };
	struct core_v1_pod as_pod;
	struct created *c = NEW(struct created);

	deployment_template_hash(&t->d.spec.template, t->d.status.collision_count, hash);
	label = arena_str(&t->arena, str_from(hash));
	pod_from_template(t->object, &t->d.spec.template, &t->arena, &as_pod);
	rs.metadata.owner_references = as_pod.metadata.owner_references;
	rs.metadata.name =
		str_from(arena_printf(&t->arena, "%.*s-%s", STR_ARG(t->object->name), hash));
	rs.metadata.labels = t->d.spec.template.metadata.labels;
	pairs_set(&rs.metadata.labels, &t->arena, POD_TEMPLATE_HASH, label);
	add_annotations(t, &rs.metadata.annotations);
	rs.spec.replicas = &t->plan.create_size;
	rs.spec.min_ready_seconds = t->d.spec.min_ready_seconds;
	rs.spec.template = t->d.spec.template;
	pairs_set(&rs.spec.template.metadata.labels, &t->arena, POD_TEMPLATE_HASH, label);
	struct meta_v1_label_selector selector = *t->d.spec.selector;
	pairs_set(&selector.match_labels, &t->arena, POD_TEMPLATE_HASH, label);
	rs.spec.selector = &selector;
	struct_write_json(api_struct_apps_v1_replica_set, &rs, &body);
	expect_created(&t->workload->expected, t->key, 1, clock_mono_ms(clock_real()));
	*c = (struct created){ t->workload, object_ref(t->object), str_dup(t->key),
			       str_dup(rs.metadata.name), t->plan.create_size };
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_APPS_V1_REPLICASETS,
					    .ns = t->object->ns,
					    .body = buf_view(&body),
					    .harmless = ERR_ALREADY_EXISTS };
	round_call(t->round, &w, on_created, c);
}

static bool annotations_differ(struct turn *t, const struct set_view *v)
{
	const struct api_str_map *a = &v->rs.metadata.annotations;
	const struct deployment_limits *l = &t->plan.limits;

	return pairs_number(a, ANNOTATION_DESIRED) != l->replicas ||
	       pairs_number(a, ANNOTATION_MAX) != l->replicas + l->surge ||
	       (v == t->sets.latest && v->revision != t->plan.revision);
}

static void size_set(struct turn *t, const struct set_view *v)
{
	auto_buf body = { 0 };
	const struct deployment_limits *l = &t->plan.limits;

	if (v->want == v->size && (!(v->size || v == t->sets.latest) || !annotations_differ(t, v)))
		return;
	buf_printf(
		&body,
		"{\"metadata\":{\"resourceVersion\":\"%lld\",\"annotations\":{\"" ANNOTATION_DESIRED
		"\":\"%d\",\"" ANNOTATION_MAX "\":\"%d\"",
		(long long)v->object->revision, l->replicas, l->replicas + l->surge);
	if (v == t->sets.latest)
		buf_printf(&body, ",\"" ANNOTATION_REVISION "\":\"%lld\"",
			   (long long)t->plan.revision);
	buf_printf(&body, "}},\"spec\":{\"replicas\":%d}}", v->want);
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_APPS_V1_REPLICASETS,
					    .ns = v->object->ns,
					    .name = v->object->name,
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(t->round, &w, NULL, NULL);
	if (v->want != v->size)
		event_record(t->workload->events, t->object, EVENT_NORMAL, "ScalingReplicaSet",
			     NULL, "Scaled %s replica set %.*s from %d to %d",
			     v->want > v->size ? "up" : "down", STR_ARG(v->object->name), v->size,
			     v->want);
}

static void remove_set(struct turn *t, const struct set_view *v)
{
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_APPS_V1_REPLICASETS,
					    .ns = v->object->ns,
					    .name = v->object->name,
					    .harmless = ERR_NOT_FOUND };

	round_call(t->round, &w, NULL, NULL);
}

/* True: it was written. It names the version that we saw, and so would the status: that one waits for the next round, which
 * this write brings. */
static bool write_revision(struct turn *t)
{
	auto_buf body = { 0 };

	if (!t->sets.latest || t->sets.latest->revision != t->plan.revision ||
	    pairs_number(&t->d.metadata.annotations, ANNOTATION_REVISION) == t->plan.revision)
		return false;
	auto_free char *number = str_printf("%lld", (long long)t->plan.revision);
	json_t *tree = object_tree(t->object, NULL);
	meta_set_annotation(tree, ANNOTATION_REVISION, str_from(number));
	auto_free char *text = json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	buf_puts(&body, text);
	const struct controller_write w = { .verb = API_UPDATE,
					    .resource = API_APPS_V1_DEPLOYMENTS,
					    .ns = t->object->ns,
					    .name = t->object->name,
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(t->round, &w, NULL, NULL);
	return true;
}

static int64_t write_status(struct turn *t)
{
	struct apps_v1_deployment changed = t->d;
	const struct status_write w = { api_struct_apps_v1_deployment,
					api_struct_apps_v1_deployment_status, &t->d.status,
					&changed.status, &changed };
	int64_t wait_ms;

	deployment_counts(&t->d, &t->sets, &changed.status);
	wait_ms = deployment_conditions(&t->d, &t->sets, &t->plan, clock_wall_us(clock_real()),
					&t->arena, &changed.status);
	round_status(t->round, t->object, &w);
	return wait_ms;
}

static void carry_out(struct turn *t)
{
	int64_t wait_ms = 0;

	deployment_plan(&t->d, &t->sets,
			str_eqz(t->d.spec.strategy.type, "Recreate") && old_pods_run(t), &t->plan);
	if (t->plan.create)
		create_set(t);
	for (size_t i = 0; i < t->sets.n; i++) {
		if (t->sets.items[i]->remove)
			remove_set(t, t->sets.items[i]);
		else
			size_set(t, t->sets.items[i]);
	}
	if (t->sets.latest)
		size_set(t, t->sets.latest);
	if (!write_revision(t))
		wait_ms = write_status(t);
	round_close(t->round, false, wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	struct str ns, name;

	controller_key_split(key, &ns, &name);
	t.object = informer_get(t.workload->owners, ns, name);
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
	const struct workload_claim claim = { t.workload, t.object, t.d.spec.selector };
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

static int start(struct controller *c, struct err *err)
{
	struct workload *w =
		workload_start(c, API_APPS_V1_DEPLOYMENTS, API_APPS_V1_REPLICASETS, work);
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);

	(void)err;
	informer_index_add(pods, owner_index_controller);
	informer_hook_add(pods, on_pod, NULL, w);
	return 0;
}

const struct controller_row controller_deployment = { "deployment-controller", start,
						      workload_stop };
