/* SPDX-License-Identifier: Apache-2.0 */
/* Evicts pods from nodes with NoExecute taints, at once or when their toleration runs out. The time runs from when this process saw the
 * taint, so that a control plane that was away gives nodes the time to come back. Key: the pod. */
#include "base/map.h"
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/nodes/pods_by_node.h"
#include "server/controllers/nodes/taint_eviction_plan.h"
#include "server/controllers/round.h"

struct planned { /* an eviction */
	int64_t at_ms;
	bool begun;
};
struct evictions {
	struct event_recorder *events;
	struct map tainted; /* names of nodes that evict, and nothing else */
	struct map planned; /* by the pod's key */
};

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_real());
}

static bool has_no_execute(const struct object *node)
{
	auto_arena arena = { 0 };
	struct core_v1_node n = { 0 };

	if (!str_contains(node->json, STR("NoExecute")) ||
	    object_decode(node, &arena, api_struct_core_v1_node, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n.spec.taints.n; i++)
		if (str_eqz(n.spec.taints.items[i].effect, "NoExecute"))
			return true;
	return false;
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct evictions *s = c->state;
	bool evicts = new &&has_no_execute(new);
	struct str name = new ? new->name : old->name;

	if (!evicts && !map_get(&s->tainted, name))
		return;
	if (evicts)
		map_put(&s->tainted, name, s);
	else
		map_del(&s->tainted, name);
	if (new)
		pods_of_node(c, name, controller_wake, c);
}

static void cancel(struct evictions *s, struct str key, const struct object *pod)
{
	struct planned *p = map_del(&s->planned, key);
	if (p && !p->begun)
		event_record(s->events, pod, EVENT_NORMAL, "TaintManagerEviction", NULL,
			     "Cancelling deletion of Pod %.*s", STR_ARG(key));
	free(p);
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct evictions *s = c->state;
	auto_buf key = { 0 };

	if (old && (!new || !str_eq(old->uid, new->uid))) {
		controller_key(old, &key);
		cancel(s, buf_view(&key), old);
	}
	if (new &&map_get(&s->tainted, pod_node(new)))
		controller_wake(ctx, new);
}

static void evict(struct controller *c, struct str key, const struct object *o)
{
	struct evictions *s = c->state;
	struct round *r = round_new(c, key);
	auto_buf body = { 0 }, options = { 0 };
	char now[TIME_TEXT_MAX];

	time_format(clock_wall_s(clock_real()), now);
	buf_printf(&body,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"conditions\":[{\"type\":"
		   "\"DisruptionTarget\",\"status\":\"True\","
		   "\"reason\":\"DeletionByTaintManager\",\"message\":\"Taint manager: deleting "
		   "due to NoExecute taint\","
		   "\"lastTransitionTime\":\"%s\"}]}}",
		   STR_ARG(o->uid), now);
	const struct controller_write mark = { .verb = API_PATCH,
					       .resource = API_CORE_V1_PODS,
					       .ns = o->ns,
					       .name = o->name,
					       .subresource = STR("status"),
					       .content_type = STR(
						       "application/strategic-merge-patch+json"),
					       .body = buf_view(&body),
					       .harmless = ERR_NOT_FOUND };
	round_call(r, &mark, NULL, NULL);
	const struct controller_write remove = controller_removal(o, "", &options);
	round_call(r, &remove, NULL, NULL);
	event_record(s->events, o, EVENT_NORMAL, "TaintManagerEviction", NULL,
		     "Marking for deletion Pod %.*s", STR_ARG(key));
	round_close(r, false, 0);
}

/* For how long it may stay, when that is asked for the first time. */
static int64_t patience_s(struct controller *c, const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	struct core_v1_node node = { 0 };
	const struct object *on =
		informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), pod_node(o));

	if (!on || object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) < 0 ||
	    object_decode(on, &arena, api_struct_core_v1_node, &node, NULL) < 0)
		return EVICT_NEVER;
	return taint_eviction_s(&pod, &node);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct evictions *s = c->state;
	struct str ns, name;
	int64_t now = now_ms();

	controller_key_split(key, &ns, &name);
	const struct object *o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (!o || o->deleting) {
		controller_done(c, key, false);
		return;
	}
	int64_t patience = patience_s(c, o);
	if (patience <= 0)
		cancel(s, key, o);

	struct planned *p = map_get(&s->planned, key);
	if (patience > 0 && !p) {
		p = NEW(struct planned);
		p->at_ms = now + patience * 1000;
		map_put(&s->planned, key, p);
	}
	if (patience == 0 || (p && p->at_ms <= now)) {
		if (p)
			p->begun = true;
		evict(c, key, o);
		return;
	}
	if (p)
		work_queue_add_after(c->queue, key, p->at_ms - now);
	controller_done(c, key, false);
}

static int start(struct controller *c, struct err *err)
{
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);
	struct evictions *s = NEW(struct evictions);

	(void)err;
	s->events = event_recorder_new(c->client, clock_real(), c->component);
	c->state = s;
	controller_queue_start(c, work);
	informer_index_add(pods, pod_index_node);
	informer_hook_add(pods, on_pod, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct evictions *s = c->state;

	event_recorder_free(s->events);
	map_free(&s->tainted, NULL);
	map_free(&s->planned, free);
	free(s);
}

const struct controller_row controller_taint_eviction = { "taint-eviction-controller", start, stop,
							  "node-controller" };
