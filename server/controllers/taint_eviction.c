/* SPDX-License-Identifier: Apache-2.0 */
/* Evicts pods from nodes with NoExecute taints, at once or when their toleration runs out. Key: the pod. */
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/round.h"
#include "server/controllers/taint_eviction_plan.h"

static size_t by_node(const struct object *o, struct str *out, size_t max)
{
	for (size_t i = 0; max && i < o->resource->nselectable; i++)
		if (!strcmp(o->resource->selectable[i].label, "spec.nodeName") && o->fields[i].n) {
			out[0] = o->fields[i];
			return 1;
		}
	return 0;
}

static bool enqueue(void *ctx, const struct object *pod)
{
	struct controller *c = ctx;
	auto_buf key = { 0 };

	controller_key(pod, &key);
	work_queue_add(c->queue, buf_view(&key));
	return true;
}

static bool has_no_execute(const struct object *node)
{
	auto_arena arena = { 0 };
	struct core_v1_node n = { 0 };

	if (object_decode(node, &arena, api_struct_core_v1_node, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n.spec.taints.n; i++)
		if (str_eqz(n.spec.taints.items[i].effect, "NoExecute"))
			return true;
	return false;
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);

	(void)old;
	if (new &&has_no_execute(new))
		informer_each_indexed(pods, informer_index_add(pods, by_node), new->name, enqueue,
				      c);
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct str node;

	if (new && !new->deleting && by_node(new, &node, 1) && !(old && by_node(old, &node, 1)))
		enqueue(ctx, new); /* it has just come to its node */
}

static void evict(struct controller *c, struct str key, const struct object *o)
{
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
	buf_printf(&options,
		   "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":{\"uid\":"
		   "\"%.*s\"}}",
		   STR_ARG(o->uid));
	const struct controller_write remove = { .verb = API_DELETE,
						 .resource = API_CORE_V1_PODS,
						 .ns = o->ns,
						 .name = o->name,
						 .body = buf_view(&options),
						 .harmless = ERR_NOT_FOUND };
	round_call(r, &remove, NULL, NULL);
	event_record(c->state, o, EVENT_NORMAL, "TaintManagerEviction", NULL,
		     "Marking for deletion Pod %.*s", STR_ARG(key));
	round_close(r, false, 0);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct core_v1_pod pod = { 0 };
	struct core_v1_node node = { 0 };
	struct str ns, name, node_name;
	const struct object *o, *on = NULL;
	int64_t ms = EVICT_NEVER;

	controller_key_split(key, &ns, &name);
	o = informer_get(controller_informer(c, API_CORE_V1_PODS), ns, name);
	if (o && !o->deleting && by_node(o, &node_name, 1))
		on = informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), node_name);
	if (on && object_decode(o, &arena, api_struct_core_v1_pod, &pod, NULL) == 0 &&
	    object_decode(on, &arena, api_struct_core_v1_node, &node, NULL) == 0)
		ms = taint_eviction_ms(&pod, &node, clock_wall_us(clock_real()));
	if (ms == 0) {
		evict(c, key, o);
		return;
	}
	if (ms > 0)
		work_queue_add_after(c->queue, key, ms);
	controller_done(c, key, false);
}

static int start(struct controller *c, struct err *err)
{
	struct informer *pods = controller_informer(c, API_CORE_V1_PODS);

	(void)err;
	c->state = event_recorder_new(c->client, clock_real(), c->component);
	controller_queue_start(c, work);
	informer_index_add(pods, by_node);
	informer_hook_add(pods, on_pod, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	event_recorder_free(c->state);
}

const struct controller_row controller_taint_eviction = { "taint-eviction-controller", start, stop,
							  "node-controller" };
