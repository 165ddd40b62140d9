/* SPDX-License-Identifier: Apache-2.0 */
/* One pod on each node that suits. Key: the DaemonSet. */
#include "base/mem.h"
#include "server/controllers/daemon_set_plan.h"
#include "server/controllers/pairs.h"
#include "server/controllers/revisions.h"
#include "server/controllers/workload.h"

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
	struct core_v1_pod pod;

	pod_from_template(t->object, &t->set.spec.template, &t->arena, &pod);
	pairs_set(&pod.metadata.labels, &t->arena, REVISION_HASH_LABEL,
		  str_from(t->revisions.hash));
	for (size_t i = 0; i < t->nnodes; i++) {
		if (!t->nodes[i].create)
			continue;
		daemon_pod_spec(&t->set.spec.template.spec, t->nodes[i].node->metadata.name,
				&t->arena, &pod.spec);
		pod_create(t->round, &owner, &pod);
	}
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

	for (size_t i = 0; i < t->pods.n; i++) {
		const struct str *h =
			object_label(t->pods.items[i].object, STR(REVISION_HASH_LABEL));

		if (h && str_eq(*h, hash))
			return true;
	}
	return false;
}

static void carry_out(struct turn *t)
{
	struct daemon_view view = { &t->set,  t->nodes,          t->nnodes,
				    &t->pods, t->revisions.hash, clock_wall_us(clock_real()) };
	struct pod_owner owner = workload_pod_owner(t->workload, t->object, t->key);
	struct daemon_plan plan;
	int32_t *limit = t->set.spec.revision_history_limit;

	daemon_set_plan(&view, &plan);
	revisions_write(t->round, t->object, &t->set.spec.template,
			&t->set.spec.template.metadata.labels, &t->revisions,
			limit ? (size_t)*limit : 10, hash_in_use, t);
	if (workload_caught_up(t->workload, t->key)) {
		create_pods(t);
		for (size_t i = 0; i < plan.nremove; i++)
			pod_delete(t->round, &owner, plan.remove[i]->object);
	}
	write_status(t, &plan.status);
	round_close(t->round, false, plan.wait_ms);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct turn t = { .workload = c->state, .key = key };
	struct informer *nodes = controller_informer(c, API_CORE_V1_NODES);
	struct str ns, name;
	bool synced = informer_synced(t.workload->children) && informer_synced(nodes) &&
		      informer_synced(controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS));

	t.pods.arena = &t.arena;
	controller_key_split(key, &ns, &name);
	t.object = synced ? informer_get(t.workload->owners, ns, name) : NULL;
	if (!t.object ||
	    object_decode(t.object, &t.arena, api_struct_apps_v1_daemon_set, &t.set, NULL) < 0) {
		controller_done(c, key, !synced);
		arena_free(&t.arena);
		return;
	}
	t.round = round_new(c, key);
	const struct workload_claim claim = { t.workload, t.object, t.set.spec.selector };
	workload_children(&claim, t.round, workload_add_view, &t.pods);
	informer_each(nodes, STR(""), add_node, &t);
	revisions_read(c, t.object, &t.set.spec.template, t.set.status.collision_count,
		       &t.revisions);
	carry_out(&t);
	revisions_free(&t.revisions);
	free(t.nodes);
	free(t.pods.items);
	arena_free(&t.arena);
}

static bool wake(void *ctx, const struct object *o)
{
	struct controller *c = ctx;
	auto_buf key = { 0 };

	controller_key(o, &key);
	work_queue_add(c->queue, buf_view(&key));
	return true;
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
	informer_each(w->owners, STR(""), wake, c);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	workload_start(c, API_APPS_V1_DAEMONSETS, API_CORE_V1_PODS, work);
	revisions_watch(c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

const struct controller_row controller_daemon_set = { "daemon-set-controller", start, workload_stop,
						      "daemonset-controller" };
