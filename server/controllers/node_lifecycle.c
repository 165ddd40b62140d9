/* SPDX-License-Identifier: Apache-2.0 */
/* Watches over nodes: one that is silent for too long turns Unknown, and conditions become taints, which keep pods away or evict them.
 * Silence is measured on our own clock from the last change of the node's Lease or status, so that clocks need not agree. One timer
 * per node and grace period: the Lease's renewals only note the time. Key: the node. */
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/node_health.h"

struct heartbeat {
	int64_t ms;
};

static void note(struct controller *c, struct str node)
{
	struct map *seen = c->state;
	struct heartbeat *h = map_get(seen, node);
	if (!h) {
		h = NEW(struct heartbeat);
		map_put(seen, node, h);
		work_queue_add_after(c->queue, node, NODE_GRACE_MS);
	}
	h->ms = clock_mono_ms(clock_real());
}

static void on_lease(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	(void)old;
	if (new &&str_eqz(new->ns, "kube-node-lease") && map_get(c->state, new->name))
		note(c, new->name);
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	if (!new) {
		free(map_del(c->state, old->name));
		return;
	}
	if (!old)
		note(c, new->name);
	work_queue_add(c->queue, new->name);
}

static void taints_json(const struct core_v1_node *node, const struct node_health_plan *plan,
			struct buf *out)
{
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(clock_real()), now);
	buf_puts(out, "\"taints\":[");
	const char *comma = "";
	for (size_t i = 0; i < node->spec.taints.n; i++) {
		const struct core_v1_taint *t = &node->spec.taints.items[i];
		if (node_health_owns_taint(t->key, t->effect))
			continue;
		buf_puts(out, comma);
		struct_write_json(api_struct_core_v1_taint, t, out);
		comma = ",";
	}
	for (size_t i = 0; i < plan->ntaints; i++, comma = ",") {
		bool evicts = !strcmp(plan->taints[i].effect, "NoExecute");
		buf_printf(out, "%s{\"key\":\"%s\",\"effect\":\"%s\"", comma, plan->taints[i].key,
			   plan->taints[i].effect);
		buf_printf(out, evicts ? ",\"timeAdded\":\"%s\"}" : "}", now);
	}
	buf_puts(out, "]");
}

static void unknown_json(const struct core_v1_node *node, struct buf *out)
{
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(clock_real()), now);
	buf_puts(out, "{\"status\":{\"conditions\":[");
	for (size_t i = 0; i < node->status.conditions.n; i++) {
		const struct core_v1_node_condition *condition = &node->status.conditions.items[i];
		buf_printf(
			out,
			"%s{\"type\":\"%.*s\",\"status\":\"Unknown\",\"reason\":"
			"\"NodeStatusUnknown\",\"message\":"
			"\"Kubelet stopped posting node status.\",\"lastTransitionTime\":\"%s\"}",
			i ? "," : "", STR_ARG(condition->type), now);
	}
	buf_puts(out, "]}}");
}

static void write_taints(struct controller *c, struct str name, const struct core_v1_node *node,
			 const struct node_health_plan *plan)
{
	auto_buf text = { 0 };
	buf_printf(&text, "{\"metadata\":{\"resourceVersion\":\"%.*s\"},\"spec\":{",
		   STR_ARG(node->metadata.resource_version));
	taints_json(node, plan, &text);
	buf_puts(&text, "}}");
	const struct controller_write write = { .verb = API_PATCH,
						.resource = API_CORE_V1_NODES,
						.name = name,
						.content_type = STR("application/merge-patch+json"),
						.body = buf_view(&text),
						.harmless = ERR_NOT_FOUND };
	controller_write(c, name, &write);
}

static void write_unknown(struct controller *c, struct str name, const struct core_v1_node *node)
{
	auto_buf text = { 0 };
	unknown_json(node, &text);
	const struct controller_write write = { .verb = API_PATCH,
						.resource = API_CORE_V1_NODES,
						.name = name,
						.subresource = STR("status"),
						.content_type = STR(
							"application/strategic-merge-patch+json"),
						.body = buf_view(&text),
						.harmless = ERR_NOT_FOUND };
	controller_write(c, name, &write);
}

/* The change of conditions comes back as an event, which brings the taints. */
static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	struct node_health_plan plan;
	const struct heartbeat *h = map_get(c->state, name);
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), name);
	if (!o || !h || object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0) {
		controller_done(c, name, false);
		return;
	}
	int64_t silent = clock_mono_ms(clock_real()) - h->ms;
	node_health_plan(&node, silent, &plan);
	if (silent < NODE_GRACE_MS)
		work_queue_add_after(c->queue, name, NODE_GRACE_MS - silent);
	if (plan.turn_unknown)
		write_unknown(c, name, &node);
	else if (plan.change_taints)
		write_taints(c, name, &node, &plan);
	else
		controller_done(c, name, false);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = NEW(struct map);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	informer_hook_add(controller_informer(c, API_COORDINATION_V1_LEASES), on_lease, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	map_free(c->state, free);
	free(c->state);
}

const struct controller_row controller_node_lifecycle = { "node-lifecycle-controller", start, stop,
							  "node-controller" };
