/* SPDX-License-Identifier: Apache-2.0 */
/* Removes pods that nobody will end any more: those bound to a node that is gone (after a quarantine in which it may come back), and
 * terminating ones that were never bound, or whose node is silent and tainted as out of service. And the oldest of those that have
 * ended, when there are too many. Event-driven: a pod is looked at when it or its node changes. Key: the pod, or ENDED_KEY. */
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "server/controllers/cleanup/pod_gc_plan.h"
#include "server/controllers/nodes/pods_by_node.h"
#include "server/controllers/owners.h"
#include "server/controllers/round.h"

#define ENDED_KEY   STR("/ended") /* no pod's */
#define ENDED_BATCH 500

struct gone { /* a node */
	int64_t since_ms;
};
struct collector {
	struct map gone;
	size_t ended; /* pods that have */
};

static const struct object *find_node(struct controller *c, struct str name)
{
	return informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), name);
}

static bool has_ended(const struct object *pod)
{
	struct str phase = pod_phase_at_rest(pod);
	return str_eqz(phase, "Succeeded") || str_eqz(phase, "Failed");
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

static void look(struct controller *c, const struct object *new)
{
	struct str name = pod_node(new);
	const struct object *node = name.n ? find_node(c, name) : NULL;
	if (!new->deleting && (!name.n || node))
		return;
	if (node && !is_out_of_service(node))
		return;
	controller_wake(c, new);
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct collector *s = c->state;
	s->ended -= old && has_ended(old);
	s->ended += new &&has_ended(new);
	if (c->config->terminated_pods > 0 && s->ended > (size_t)c->config->terminated_pods)
		controller_add_soon(c, ENDED_KEY);
	if (new)
		look(c, new);
}

static bool look_again(void *ctx, const struct object *pod)
{
	look(ctx, pod);
	return true;
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct collector *s = c->state;
	if (new)
		free(map_del(&s->gone, new->name));
	if (!new || is_out_of_service(new))
		pods_of_node(c, new ? new->name : old->name, look_again, c);
}

/* How long we have known the node to be gone; the first question starts the clock. */
static int64_t gone_ms(struct controller *c, struct str node)
{
	struct collector *s = c->state;
	int64_t now = clock_mono_ms(clock_real());
	struct gone *g = map_get(&s->gone, node);
	if (!g) {
		g = NEW(struct gone);
		g->since_ms = now;
		map_put(&s->gone, node, g);
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

enum why { UNSCHEDULED, OUT_OF_SERVICE_NODE, ORPHANED, TERMINATED };

/* In upstream's metrics. */
static void count(const struct object *pod, enum why why)
{
	static const char *const labels[] = { "namespace", "reason", NULL };
	static const char *const reasons[] = { "unscheduled", "out-of-service", "orphaned",
					       "terminated" };
	auto_free char *ns = str_dup(pod->ns);
	const char *const values[] = { ns, reasons[why] };
	metric_add(metric_with(
			   metric_family(METRIC_COUNTER, "pod_gc_collector_force_delete_pods_total",
					 "Number of pods that are being forcefully deleted since "
					 "the Pod GC Controller started.",
					 labels, NULL, 0),
			   values),
		   1);
}

static void delete_pod(struct round *r, const struct object *o, enum why why)
{
	auto_buf body = { 0 };

	if (!has_ended(o))
		mark_failed(r, o, why == ORPHANED);
	const struct controller_write w = controller_removal(o, ",\"gracePeriodSeconds\":0", &body);
	round_call(r, &w, NULL, NULL);
	count(o, why);
}

static void delete_one(struct controller *c, struct str key, const struct object *o, enum why why)
{
	struct round *r = round_new(c, key);
	delete_pod(r, o, why);
	round_close(r, false, 0);
}

/* --- is the node really gone, or are we behind? --- */

struct question {
	struct controller *controller;
	char *key;
};

static void on_live_node(void *ctx, const struct client_result *r)
{
	struct question *q = ctx;
	struct controller *c = q->controller;
	struct str key = str_from(q->key), ns, name;
	controller_key_split(key, &ns, &name);
	const struct object *o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (o && r->err && r->err->reason == ERR_NOT_FOUND)
		delete_one(c, key, o, ORPHANED);
	else
		controller_done(c, key, o && r->err);
	free(q->key);
	free(q);
}

static void ask_node(struct controller *c, struct str key, struct str node)
{
	struct question *q = NEW(struct question);
	*q = (struct question){ c, str_dup(key) };
	const struct client_call call = { .verb = API_GET,
					  .resource = API_CORE_V1_NODES,
					  .name = node,
					  .done = on_live_node,
					  .ctx = q };
	client_do(c->client, &call);
}

/* --- those that have ended --- */

struct ended_list {
	struct pod_gc_ended *items;
	size_t n, cap;
};

static bool is_evicted(const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	return str_contains(o->json, STR("\"Evicted\"")) &&
	       object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) == 0 &&
	       str_eqz(pod.status.phase, "Failed") && str_eqz(pod.status.reason, "Evicted");
}

static bool gather_ended(void *ctx, const struct object *o)
{
	struct ended_list *l = ctx;
	if (!has_ended(o))
		return true;
	l->items = mem_array_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = (struct pod_gc_ended){
		.evicted = is_evicted(o),
		.created = object_meta_text(o, STR("creationTimestamp")),
		.name = o->name,
		.pod = o,
	};
	return true;
}

static void collect_ended(struct controller *c)
{
	int64_t started = controller_round_start();
	struct round *r = round_new(c, ENDED_KEY);
	struct ended_list list = { 0 };
	informer_each(controller_informer(c, API_CORE_V1_PODS), STR(""), gather_ended, &list);
	size_t n = pod_gc_surplus(list.items, list.n, c->config->terminated_pods);
	for (size_t i = 0; i < n && i < ENDED_BATCH; i++)
		delete_pod(r, list.items[i].pod, TERMINATED);
	free(list.items);
	controller_round_cost(c, started);
	if (n > ENDED_BATCH)
		controller_add_soon(c, ENDED_KEY);
	round_close(r, false, 0);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct str ns, name;
	if (str_eq(key, ENDED_KEY)) {
		collect_ended(c);
		return;
	}
	controller_key_split(key, &ns, &name);
	const struct object *o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (!o || !informer_synced(controller_informer(c, API_CORE_V1_NODES))) {
		controller_done(c, key, o != NULL);
		return;
	}
	struct str node = pod_node(o);
	struct pod_gc_view view = { .bound = node.n > 0, .deleting = o->deleting };
	const struct object *at = view.bound ? find_node(c, node) : NULL;
	view.node_exists = at != NULL;
	view.out_of_service = at && is_out_of_service(at);
	view.node_gone_ms = view.bound && !view.node_exists ? gone_ms(c, node) : 0;
	enum pod_gc_verdict verdict = pod_gc_plan(&view);
	if (verdict == POD_GC_LOOK_LATER)
		work_queue_add_after(c->queue, key, POD_GC_QUARANTINE_MS - view.node_gone_ms);
	if (verdict != POD_GC_DELETE)
		controller_done(c, key, false);
	else if (view.bound && !view.node_exists)
		ask_node(c, key, node);
	else
		delete_one(c, key, o, view.bound ? OUT_OF_SERVICE_NODE : UNSCHEDULED);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = NEW(struct collector);
	controller_queue_start(c, work);
	informer_index_add(controller_informer(c, API_CORE_V1_PODS), pod_index_node);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct collector *s = c->state;
	map_free(&s->gone, free);
	free(s);
}

const struct controller_row controller_pod_gc = { "pod-garbage-collector", start, stop };
