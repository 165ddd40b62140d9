/* SPDX-License-Identifier: Apache-2.0 */
/* One pod on each node that suits. Key: the DaemonSet. */
#include "base/mem.h"
#include "server/controllers/backoffs.h"
#include "server/controllers/pairs.h"
#include "server/controllers/pod_batch.h"
#include "server/controllers/workload.h"
#include "server/controllers/workloads/daemon_set_plan.h"
#include "server/controllers/workloads/revisions.h"

#define BURST           250 /* pods made, and pods removed, at once */
#define FAILED_FIRST_MS 1000
#define FAILED_LAST_MS  (15 * 60 * 1000)

struct turn {
	struct workload *workload;
	struct round *round;
	const struct object *object;
	struct apps_v1_daemon_set set;
	struct arena arena;
	struct pod_views pods;
	struct daemon_node *nodes;
	size_t nnodes, cap;
	struct revisions revisions;
	struct str key;
};

static bool add_node(void *ctx, const struct object *o)
{
	struct turn *t = ctx;
	struct core_v1_node *n = ARENA_NEW(&t->arena, struct core_v1_node);

	if (object_decode(o, &t->arena, api_struct_core_v1_node, n, NULL) < 0)
		return true;
	t->nodes = mem_array_grow(t->nodes, &t->cap, t->nnodes + 1, sizeof(*t->nodes));
	t->nodes[t->nnodes++] = (struct daemon_node){ n, false };
	return true;
}

static void create_pods(struct turn *t)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	const struct str *generation = str_map_get(&t->set.metadata.annotations,
						   STR("deprecated.daemonset.template.generation"));
	struct pod_batch *batch = pod_batch_new(t->round, &owner);
	struct core_v1_pod pod;

	pod_from_template(t->object, &t->set.spec.template, &t->arena, &pod);
	pairs_set(&pod.metadata.labels, &t->arena, REVISION_HASH_LABEL, t->revisions.hash);
	if (generation)
		pairs_set(&pod.metadata.labels, &t->arena, "pod-template-generation", *generation);
	for (size_t i = 0, n = 0; i < t->nnodes && n < BURST; i++) {
		if (!t->nodes[i].create)
			continue;
		n++;
		daemon_pod_spec(&t->set.spec.template.spec, t->nodes[i].node->metadata.name,
				&t->arena, &pod.spec);
		pod_batch_add(batch, &pod, 1);
	}
	pod_batch_start(batch);
}

static void write_status(struct turn *t, struct apps_v1_daemon_set_status *status)
{
	struct apps_v1_daemon_set changed = t->set;
	const struct status_write w = { api_struct_apps_v1_daemon_set,
					api_struct_apps_v1_daemon_set_status, &t->set.status,
					status, &changed };

	status->collision_count = t->set.status.collision_count;
	status->conditions.items = t->set.status.conditions.items;
	status->conditions.n = t->set.status.conditions.n;
	changed.status = *status;
	round_status(t->round, t->object, &w);
}

static bool hash_in_use(void *ctx, struct str hash)
{
	struct turn *t = ctx;

	return revision_has_pods(&t->pods, hash);
}

static void failed_key(const struct turn *t, struct str node, struct buf *out)
{
	buf_printf(out, "%.*s/%.*s", STR_ARG(t->object->uid), STR_ARG(node));
}

static int64_t failed_wait_ms(void *ctx, struct str node)
{
	struct turn *t = ctx;
	auto_buf key = { 0 };

	failed_key(t, node, &key);
	return backoff_left_ms(t->workload->own, buf_view(&key), clock_mono_ms(clock_real()));
}

static void tell_ended(struct turn *t, const struct daemon_end *e)
{
	bool failed = str_eqz(e->view->pod.status.phase, "Failed");
	struct str node = t->nodes[e->node].node->metadata.name;
	auto_buf key = { 0 };

	event_record(t->workload->events, t->object, failed ? EVENT_WARNING : EVENT_NORMAL,
		     failed ? "FailedDaemonPod" : "SucceededDaemonPod", NULL,
		     "Found %s daemon pod %.*s/%.*s on node %.*s, will try to %s it",
		     failed ? "failed" : "succeeded", STR_ARG(e->view->object->ns),
		     STR_ARG(e->view->object->name), STR_ARG(node), failed ? "kill" : "delete");
	if (!failed)
		return;
	failed_key(t, node, &key);
	backoff_next(t->workload->own, buf_view(&key), clock_mono_ms(clock_real()));
}

static void change_pods(struct turn *t, const struct daemon_plan *plan)
{
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);

	create_pods(t);
	for (size_t i = 0; i < plan->nended; i++)
		tell_ended(t, &plan->ended[i]);
	for (size_t i = 0; i < plan->nremove && i < BURST; i++)
		pod_delete(t->round, &owner, plan->remove[i]->object);
}

static void carry_out(struct turn *t)
{
	struct daemon_view view = { .set = &t->set,
				    .nodes = t->nodes,
				    .nnodes = t->nnodes,
				    .pods = &t->pods,
				    .hash = t->revisions.hash,
				    .now_us = clock_wall_us(clock_real()),
				    .backoff_ms = failed_wait_ms,
				    .ctx = t };
	const struct revision_owner owner = { .object = t->object,
					      .template = &t->set.spec.template,
					      .hash_label = REVISION_HASH_LABEL,
					      .annotations = &t->set.metadata.annotations,
					      .limit = t->set.spec.revision_history_limit,
					      .used = hash_in_use,
					      .ctx = t };
	struct daemon_plan plan;

	daemon_set_plan(&view, &plan);
	revisions_write(t->round, &owner, &t->revisions);
	if (workload_caught_up(t->workload, t->key))
		change_pods(t, &plan);
	write_status(t, &plan.status);
	round_close(t->round, false, plan.wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	struct informer *nodes = controller_informer(c, API_CORE_V1_NODES);
	bool synced = informer_synced(t.workload->children) && informer_synced(nodes) &&
		      revisions_synced(c);

	t.pods.arena = &t.arena;
	t.object = synced ? workload_owner(t.workload, key) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_apps_v1_daemon_set, &t.set, NULL) < 0) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { .workload = t.workload,
					      .owner = t.object,
					      .selector = t.set.spec.selector };
	workload_children(&claim, t.round, workload_add_view, &t.pods);
	informer_each(nodes, STR(""), add_node, &t);
	revisions_read(c, t.object, REVISION_HASH_LABEL, &t.set.spec.template,
		       t.set.status.collision_count, &t.revisions);
	carry_out(&t);
	revisions_free(&t.revisions);
	free(t.nodes);
	free(t.pods.items);
	arena_free(&t.arena);
}

static bool spec_or_labels_changed(const struct object *a, const struct object *b)
{
	auto_arena arena = { 0 };
	auto_buf x = { 0 }, y = { 0 };
	struct core_v1_node n = { 0 }, m = { 0 };

	if (a->nlabels != b->nlabels)
		return true;
	for (size_t i = 0; i < a->nlabels; i++)
		if (!str_eq(a->labels[i].key, b->labels[i].key) ||
		    !str_eq(a->labels[i].value, b->labels[i].value))
			return true;
	object_decode(a, &arena, api_struct_core_v1_node, &n, NULL);
	object_decode(b, &arena, api_struct_core_v1_node, &m, NULL);
	struct_write_json(api_struct_core_v1_node_spec, &n.spec, &x);
	struct_write_json(api_struct_core_v1_node_spec, &m.spec, &y);
	return !str_eq(buf_view(&x), buf_view(&y));
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct workload *w = c->state;

	if (!informer_count(w->owners) || (old && new && !spec_or_labels_changed(old, new)))
		return; /* heartbeats */
	informer_each(w->owners, STR(""), controller_wake, c);
}

static int start(struct controller *c, struct err *err)
{
	struct workload *w = workload_start(c, API_APPS_V1_DAEMONSETS, API_CORE_V1_PODS, work);
	struct backoffs *failed = NEW(struct backoffs);

	(void)err;
	*failed = (struct backoffs){ .min_ms = FAILED_FIRST_MS, .max_ms = FAILED_LAST_MS };
	w->own = failed;
	revisions_watch(c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct workload *w = c->state;

	if (w && w->own)
		backoffs_free(w->own);
	if (w)
		free(w->own);
	workload_stop(c);
}

const struct controller_row controller_daemon_set = { "daemon-set-controller", start, stop, NULL,
						      "daemonset-controller" };
