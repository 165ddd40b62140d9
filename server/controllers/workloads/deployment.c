/* SPDX-License-Identifier: Apache-2.0 */
/* Rolls a Deployment's pods from one template to the next by sizing ReplicaSets. Key: the Deployment. */
#include "base/mem.h"
#include "server/controllers/workload.h"
#include "server/controllers/workloads/deployment_conditions.h"

#define HISTORY_MAX 2000 /* characters of ANNOTATION_HISTORY */

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

/* --- annotations that ReplicaSets have from their Deployment --- */

static bool is_passed_on(struct str key)
{
	return !str_eqz(key, "kubectl.kubernetes.io/last-applied-configuration") &&
	       !str_eqz(key, "deprecated.deployment.rollback.to") &&
	       !str_starts(key, STR("deployment.kubernetes.io/"));
}

static void add_passed_on(struct turn *t, struct api_str_map *to)
{
	for (size_t i = 0; i < t->d.metadata.annotations.n; i++) {
		const struct api_str_pair *p = &t->d.metadata.annotations.items[i];

		if (is_passed_on(p->key))
			pairs_set(to, &t->arena, arena_strdup(&t->arena, p->key), p->value);
	}
}

static struct str number(struct turn *t, int64_t n)
{
	return str_from(arena_printf(&t->arena, "%lld", (long long)n));
}

static void add_sizes(struct turn *t, struct api_str_map *to)
{
	const struct deployment_limits *l = &t->plan.limits;

	pairs_set(to, &t->arena, ANNOTATION_DESIRED, number(t, l->replicas));
	pairs_set(to, &t->arena, ANNOTATION_MAX, number(t, l->replicas + l->surge));
}

/* A set that becomes the newest again keeps the numbers that it has had. */
static void add_revision(struct turn *t, const struct set_view *v, struct api_str_map *to)
{
	const struct str *past = str_map_get(&v->rs.metadata.annotations, STR(ANNOTATION_HISTORY));
	struct str now = number(t, v->revision);

	if (v->revision >= t->plan.revision)
		return;
	pairs_set(to, &t->arena, ANNOTATION_REVISION, number(t, t->plan.revision));
	if (!v->revision)
		return;
	if (past && past->n)
		now = str_from(arena_printf(&t->arena, "%.*s,%.*s", STR_ARG(*past), STR_ARG(now)));
	if (now.n <= HISTORY_MAX)
		pairs_set(to, &t->arena, ANNOTATION_HISTORY, now);
}

static size_t write_changed(const struct api_str_map *wanted, const struct api_str_map *have,
			    struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < wanted->n; i++) {
		const struct str *old = str_map_get(have, wanted->items[i].key);

		if (old && str_eq(*old, wanted->items[i].value))
			continue;
		buf_puts(out, n++ ? "," : "");
		buf_json_string(out, wanted->items[i].key);
		buf_putc(out, ':');
		buf_json_string(out, wanted->items[i].value);
	}
	return n;
}

/* --- ReplicaSets made, sized, removed --- */

struct created {
	struct workload *workload;
	const struct object *deployment;
	char *key, *name;
	int32_t size;
};

static void note(struct workload *w, const char *key, enum deployment_news_kind kind, char *text)
{
	struct deployment_news *n = map_get(w->own, str_from(key));

	if (!n) {
		n = NEW(struct deployment_news);
		map_put(w->own, str_from(key), n);
	}
	free(n->text);
	*n = (struct deployment_news){ kind, text };
}

static void news_free(void *p)
{
	struct deployment_news *n = p;

	if (n)
		free(n->text);
	free(n);
}

static void on_create_failed(struct created *c, const struct err *err)
{
	char *text;

	expect_created(&c->workload->expected, str_from(c->key), -1, 0);
	if (err->reason == ERR_ALREADY_EXISTS) {
		note(c->workload, c->key, DEPLOYMENT_COLLIDED, str_dup(str_from(c->name)));
		return;
	}
	if (controller_namespace_goes(err))
		return;
	text = str_printf("Failed to create new replica set \"%s\": %s", c->name, err_text(err));
	event_record(c->workload->events, c->deployment, EVENT_WARNING, "ReplicaSetCreateError",
		     NULL, "%s", text);
	note(c->workload, c->key, DEPLOYMENT_FAILED, text);
}

static void on_created(void *ctx, const struct client_result *r)
{
	struct created *c = ctx;

	if (r->err) {
		on_create_failed(c, r->err);
	} else {
		note(c->workload, c->key, DEPLOYMENT_CREATED, str_dup(str_from(c->name)));
		if (c->size)
			event_record(c->workload->events, c->deployment, EVENT_NORMAL,
				     "ScalingReplicaSet", NULL,
				     "Scaled up replica set %s from 0 to %d", c->name, c->size);
	}
	object_unref(c->deployment);
	free(c->key);
	free(c->name);
	free(c);
}

static void fill_set(struct turn *t, struct apps_v1_replica_set *rs,
		     struct meta_v1_label_selector *selector)
{
	char hash[TEMPLATE_HASH_MAX];
	struct core_v1_pod as_pod;
	struct str label;

	deployment_template_hash(&t->d.spec.template, t->d.status.collision_count, hash);
	label = arena_str(&t->arena, str_from(hash));
	pod_from_template(t->object, &t->d.spec.template, &t->arena, &as_pod);
	rs->metadata.owner_references = as_pod.metadata.owner_references;
	rs->metadata.name =
		str_from(arena_printf(&t->arena, "%.*s-%s", STR_ARG(t->object->name), hash));
	rs->metadata.labels = t->d.spec.template.metadata.labels;
	pairs_set(&rs->metadata.labels, &t->arena, POD_TEMPLATE_HASH, label);
	add_passed_on(t, &rs->metadata.annotations);
	add_sizes(t, &rs->metadata.annotations);
	pairs_set(&rs->metadata.annotations, &t->arena, ANNOTATION_REVISION,
		  number(t, t->plan.revision));
	rs->spec.replicas = &t->plan.create_size;
	rs->spec.min_ready_seconds = t->d.spec.min_ready_seconds;
	rs->spec.template = t->d.spec.template;
	pairs_set(&rs->spec.template.metadata.labels, &t->arena, POD_TEMPLATE_HASH, label);
	*selector = *t->d.spec.selector;
	pairs_set(&selector->match_labels, &t->arena, POD_TEMPLATE_HASH, label);
	rs->spec.selector = selector;
}

static void create_set(struct turn *t)
{
	struct apps_v1_replica_set rs = { 0 };
	struct meta_v1_label_selector selector;
	struct created *c = NEW(struct created);
	auto_buf body = { 0 };

	fill_set(t, &rs, &selector);
	struct_write_json(api_struct_apps_v1_replica_set, &rs, &body);
	expect_created(&t->workload->expected, t->key, 1, clock_mono_ms(clock_real()));
	*c = (struct created){ .workload = t->workload,
			       .deployment = object_ref(t->object),
			       .key = str_dup(t->key),
			       .name = str_dup(rs.metadata.name),
			       .size = t->plan.create_size };
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_APPS_V1_REPLICASETS,
					    .ns = t->object->ns,
					    .body = buf_view(&body) };
	round_call(t->round, &w, on_created, c);
}

static void size_set(struct turn *t, const struct set_view *v)
{
	auto_buf body = { 0 };
	struct api_str_map wanted = { 0 };
	bool latest = v == t->sets.latest, resize = v->want != v->size,
	     wait = latest && v->rs.spec.min_ready_seconds != t->d.spec.min_ready_seconds;

	if (latest) {
		add_passed_on(t, &wanted);
		add_revision(t, v, &wanted);
	}
	if (resize || v->size || latest)
		add_sizes(t, &wanted);
	buf_printf(&body, "{\"metadata\":{\"resourceVersion\":\"%lld\",\"annotations\":{",
		   (long long)v->object->revision);
	if (!write_changed(&wanted, &v->rs.metadata.annotations, &body) && !resize && !wait)
		return;
	buf_puts(&body, "}},\"spec\":{");
	if (resize)
		buf_printf(&body, "\"replicas\":%d%s", v->want, wait ? "," : "");
	if (wait)
		buf_printf(&body, "\"minReadySeconds\":%d", t->d.spec.min_ready_seconds);
	buf_puts(&body, "}}");
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_APPS_V1_REPLICASETS,
					    .ns = v->object->ns,
					    .name = v->object->name,
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(t->round, &w, NULL, NULL);
	if (resize)
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

/* The name that the new set would have is taken by another one: the next hash is made with this count. */
static void count_collision(struct turn *t, struct apps_v1_deployment_status *status)
{
	int32_t *n = ARENA_NEW(&t->arena, int32_t);

	*n = (status->collision_count ? *status->collision_count : 0) + 1;
	status->collision_count = n;
}

static int64_t write_status(struct turn *t)
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
			  number(t, t->plan.revision));
	}
	round_status(t->round, t->object, &w);
	news_free(news);
	return wait_ms;
}

static void carry_out(struct turn *t)
{
	int64_t wait_ms;

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
	wait_ms = write_status(t);
	round_close(t->round, false, wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };

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
	news_free(map_del(w->own, buf_view(&key)));
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
		map_free(w->own, news_free);
	if (w)
		free(w->own);
	workload_stop(c);
}

const struct controller_row controller_deployment = { "deployment-controller", start, stop, NULL };
