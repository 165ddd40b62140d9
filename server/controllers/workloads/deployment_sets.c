/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/deployment_sets.h"

#include "base/mem.h"

#define HISTORY_MAX 2000 /* characters of ANNOTATION_HISTORY */

/* --- annotations that ReplicaSets have from their Deployment --- */

static bool is_passed_on(struct str key)
{
	return !str_eqz(key, "kubectl.kubernetes.io/last-applied-configuration") &&
	       !str_eqz(key, "deprecated.deployment.rollback.to") &&
	       !str_starts(key, STR("deployment.kubernetes.io/"));
}

static void add_passed_on(struct deployment_turn *t, struct api_str_map *to)
{
	for (size_t i = 0; i < t->d.metadata.annotations.n; i++) {
		const struct api_str_pair *p = &t->d.metadata.annotations.items[i];

		if (is_passed_on(p->key))
			pairs_set(to, &t->arena, arena_strdup(&t->arena, p->key), p->value);
	}
}

struct str deployment_number(struct deployment_turn *t, int64_t n)
{
	return str_from(arena_printf(&t->arena, "%lld", (long long)n));
}

static void add_sizes(struct deployment_turn *t, struct api_str_map *to)
{
	const struct deployment_limits *l = &t->plan.limits;

	pairs_set(to, &t->arena, ANNOTATION_DESIRED, deployment_number(t, l->replicas));
	pairs_set(to, &t->arena, ANNOTATION_MAX, deployment_number(t, l->replicas + l->surge));
}

/* A set that becomes the newest again keeps the numbers that it has had. */
static void add_revision(struct deployment_turn *t, const struct set_view *v,
			 struct api_str_map *to)
{
	const struct str *past = str_map_get(&v->rs.metadata.annotations, STR(ANNOTATION_HISTORY));
	struct str now = deployment_number(t, v->revision);

	if (v->revision >= t->plan.revision)
		return;
	pairs_set(to, &t->arena, ANNOTATION_REVISION, deployment_number(t, t->plan.revision));
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

void deployment_news_free(void *p)
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

static void fill_set(struct deployment_turn *t, struct apps_v1_replica_set *rs,
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
		  deployment_number(t, t->plan.revision));
	rs->spec.replicas = &t->plan.create_size;
	rs->spec.min_ready_seconds = t->d.spec.min_ready_seconds;
	rs->spec.template = t->d.spec.template;
	pairs_set(&rs->spec.template.metadata.labels, &t->arena, POD_TEMPLATE_HASH, label);
	*selector = *t->d.spec.selector;
	pairs_set(&selector->match_labels, &t->arena, POD_TEMPLATE_HASH, label);
	rs->spec.selector = selector;
}

void deployment_set_create(struct deployment_turn *t)
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

void deployment_set_size(struct deployment_turn *t, const struct set_view *v)
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

void deployment_set_remove(struct deployment_turn *t, const struct set_view *v)
{
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_APPS_V1_REPLICASETS,
					    .ns = v->object->ns,
					    .name = v->object->name,
					    .harmless = ERR_NOT_FOUND };

	round_call(t->round, &w, NULL, NULL);
}
