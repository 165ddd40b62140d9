/* SPDX-License-Identifier: Apache-2.0 */
/* Removes pods that nobody will end any more: those bound to a node that is gone (after a quarantine in which it may come back), and
 * terminating ones that were never bound, or whose node is silent and tainted as out of service. Event-driven: a pod is looked at when it or its node changes. Key: the pod. */
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/pod_gc_plan.h"
#include "server/controllers/round.h"

struct gone {
	int64_t since_ms;
};

/* spec.nodeName is among a pod's selectable fields, which every object at rest carries. */
static struct str node_of(const struct object *pod)
{
	for (size_t i = 0; i < pod->resource->nselectable; i++)
		if (!strcmp(pod->resource->selectable[i].label, "spec.nodeName"))
			return pod->fields[i];
	return STR("");
}

static const struct object *find_node(struct controller *c, struct str name)
{
	return informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), name);
}

#define OUT_OF_SERVICE "node.kubernetes.io/out-of-service"

static bool is_ready(const struct core_v1_node *node)
{
	for (size_t i = 0; i < node->status.conditions.n; i++)
		if (str_eqz(node->status.conditions.items[i].type, "Ready"))
			return str_eqz(node->status.conditions.items[i].status, "True");
	return false;
}

static bool is_out_of_service(const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };

	if (!str_contains(o->json, STR(OUT_OF_SERVICE)) ||
	    object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0 || is_ready(&node))
		return false;
	for (size_t i = 0; i < node.spec.taints.n; i++)
		if (str_eqz(node.spec.taints.items[i].key, OUT_OF_SERVICE))
			return true;
	return false;
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	if (!new)
		return;
	struct str name = node_of(new);
	const struct object *node = name.n ? find_node(c, name) : NULL;
	if (!new->deleting && (!name.n || node))
		return;
	if (node && !is_out_of_service(node))
		return;
	auto_buf key = { 0 };
	controller_key(new, &key);
	work_queue_add(c->queue, buf_view(&key));
}

struct orphan_search {
	struct controller *controller;
	struct str node;
};

static bool enqueue_if_on(void *ctx, const struct object *pod)
{
	struct orphan_search *s = ctx;
	if (str_eq(node_of(pod), s->node))
		on_pod(s->controller, NULL, pod);
	return true;
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if (new)
		free(map_del(c->state, new->name));
	if (new && !is_out_of_service(new))
		return;
	struct orphan_search search = { c, new ? new->name : old->name };
	informer_each(controller_informer(c, API_CORE_V1_PODS), STR(""), enqueue_if_on, &search);
}

/* How long we have known the node to be gone; the first question starts the clock. */
static int64_t gone_ms(struct controller *c, struct str node)
{
	int64_t now = clock_mono_ms(clock_real());
	struct gone *g = map_get(c->state, node);
	if (!g) {
		g = NEW(struct gone);
		g->since_ms = now;
		map_put(c->state, node, g);
	}
	return now - g->since_ms;
}

/* Nobody is left to say how it ended: it has failed. */
static void mark_failed(struct round *r, const struct object *o, bool node_is_gone)
{
	auto_buf body = { 0 };
	char now[TIME_TEXT_MAX];

	time_format(clock_wall_s(clock_real()), now);
	buf_printf(&body, "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"phase\":\"Failed\"",
		   STR_ARG(o->uid));
	if (node_is_gone)
		buf_printf(&body,
			   ",\"conditions\":[{\"type\":\"DisruptionTarget\",\"status\":\"True\","
			   "\"reason\":\"DeletionByPodGC\",\"message\":\"PodGC: node no longer "
			   "exists\",\"lastTransitionTime\":\"%s\"}]",
			   now);
	buf_puts(&body, "}}");
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_CORE_V1_PODS,
					    .ns = o->ns,
					    .name = o->name,
					    .subresource = STR("status"),
					    .content_type =
						    STR("application/strategic-merge-patch+json"),
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(r, &w, NULL, NULL);
}

static bool has_ended(const struct object *pod)
{
	for (size_t i = 0; i < pod->resource->nselectable; i++)
		if (!strcmp(pod->resource->selectable[i].label, "status.phase"))
			return str_eqz(pod->fields[i], "Succeeded") ||
			       str_eqz(pod->fields[i], "Failed");
	return false;
}

static void delete_pod(struct controller *c, struct str key, const struct object *o)
{
	struct round *r = round_new(c, key);
	auto_buf body = { 0 };

	if (!has_ended(o))
		mark_failed(r, o, node_of(o).n && !find_node(c, node_of(o)));
	buf_printf(&body,
		   "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"gracePeriodSeconds\":0,"
		   "\"preconditions\":{\"uid\":\"%.*s\"}}",
		   STR_ARG(o->uid));
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_CORE_V1_PODS,
					    .ns = o->ns,
					    .name = o->name,
					    .body = buf_view(&body),
					    .harmless = ERR_NOT_FOUND };
	round_call(r, &w, NULL, NULL);
	round_close(r, false, 0);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct str ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (!o || !informer_synced(controller_informer(c, API_CORE_V1_NODES))) {
		controller_done(c, key, o != NULL);
		return;
	}
	struct str node = node_of(o);
	struct pod_gc_view view = { .bound = node.n > 0, .deleting = o->deleting };
	const struct object *at = view.bound ? find_node(c, node) : NULL;
	view.node_exists = at != NULL;
	view.out_of_service = at && is_out_of_service(at);
	view.node_gone_ms = view.bound && !view.node_exists ? gone_ms(c, node) : 0;
	enum pod_gc_verdict verdict = pod_gc_plan(&view);
	if (verdict == POD_GC_LOOK_LATER)
		work_queue_add_after(c->queue, key, POD_GC_QUARANTINE_MS - view.node_gone_ms);
	if (verdict == POD_GC_DELETE)
		delete_pod(c, key, o);
	else
		controller_done(c, key, false);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = NEW(struct map);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	map_free(c->state, free);
	free(c->state);
}

const struct controller_row controller_pod_gc = { "pod-garbage-collector", start, stop };
