/* SPDX-License-Identifier: Apache-2.0 */
/* Watches over nodes: one that is silent for too long turns Unknown and its pods not ready, and conditions become taints, which keep pods
 * away or evict them. Silence is measured on our own clock from the last change of the node's Lease or of its Ready condition, so that
 * clocks need not agree. One timer per node and grace period: the Lease's renewals only note the time.
 *
 *	node, Lease ─► work(node): node_health_plan() ─► writes;  needs a taint ─► node_zones_wait()
 *	                  │ ready, zone                                                │
 *	                  ▼                                                            ▼
 *	            node_zones_put() ─► work("/zones"): node_zones_judge()    work("/taints"): node_zones_next() ─► work(node)
 *
 * Keys: the node, and two that no node can have. */
#include "base/mem.h"
#include "client/events.h"
#include "server/controllers/nodes/node_health.h"
#include "server/controllers/nodes/node_pods.h"
#include "server/controllers/nodes/node_report.h"
#include "server/controllers/nodes/node_zones.h"
#include "server/controllers/nodes/pods_by_node.h"

#define ZONES_KEY     STR("/zones")
#define TAINTS_KEY    STR("/taints")
#define EVICT_SOON_MS 100 /* later than zones are judged */

struct known {                /* a node */
	int64_t heard_ms;     /* of it, last */
	int64_t heartbeat_us; /* of its Ready condition, when we last looked */
	bool evict;           /* its turn has come: it gets its NoExecute taint */
	bool spare;           /* nobody answers: it loses it */
	bool mark_pods;       /* turned Unknown: its pods aren't ready */
};
struct lifecycle {
	struct event_recorder *events;
	struct map nodes; /* struct known */
	struct node_zones zones;
	struct node_report *report;
};

static int64_t now_ms(void)
{
	return clock_mono_ms(clock_real());
}

/* --- what happens --- */

static void on_lease(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct lifecycle *s = c->state;
	(void)old;
	struct known *k =
		new &&str_eqz(new->ns, "kube-node-lease") ? map_get(&s->nodes, new->name) : NULL;
	if (k)
		k->heard_ms = now_ms();
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct lifecycle *s = c->state;
	if (old && (!new || !str_eq(old->uid, new->uid))) {
		event_record(s->events, old, EVENT_NORMAL, "RemovingNode", NULL,
			     "Node %.*s event: Removing Node %.*s from Controller",
			     STR_ARG(old->name), STR_ARG(old->name));
		free(map_del(&s->nodes, old->name));
		if (node_zones_drop(&s->zones, old->name))
			controller_add_soon(c, ZONES_KEY);
	}
	if (new)
		work_queue_add(c->queue, new->name);
}

/* --- writes --- */

static void write_node(struct controller *c, const struct core_v1_node *node,
		       const struct node_health_plan *plan, bool evict, struct str labels)
{
	auto_buf text = { 0 };
	char now[TIME_TEXT_MAX];
	time_format(clock_wall_s(clock_real()), now);
	buf_printf(&text, "{\"metadata\":{\"resourceVersion\":\"%.*s\"",
		   STR_ARG(node->metadata.resource_version));
	if (labels.n)
		buf_printf(&text, ",\"labels\":%.*s", STR_ARG(labels));
	buf_puts(&text, "},\"spec\":{\"taints\":");
	node_health_taints(node, plan, evict, now, &text);
	buf_puts(&text, "}}");
	const struct controller_write write = { .verb = API_PATCH,
						.resource = API_CORE_V1_NODES,
						.name = node->metadata.name,
						.content_type = STR("application/merge-patch+json"),
						.body = buf_view(&text),
						.harmless = ERR_NOT_FOUND };
	controller_write(c, node->metadata.name, &write);
}

static void write_unknown(struct controller *c, const struct object *o)
{
	struct lifecycle *s = c->state;
	auto_buf text = { 0 };
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	struct node_health_plan plan;
	char now[TIME_TEXT_MAX];
	object_decode(o, &arena, api_struct_core_v1_node, &node, NULL);
	node_health_plan(&node, &c->config->node_health, INT64_MAX, &plan);
	time_format(clock_wall_s(clock_real()), now);
	buf_printf(&text,
		   "{\"metadata\":{\"uid\":\"%.*s\"},\"status\":{\"conditions\":", STR_ARG(o->uid));
	node_health_unknown(&node, now, &text);
	buf_puts(&text, "}}");
	const struct controller_write write = { .verb = API_PATCH,
						.resource = API_CORE_V1_NODES,
						.name = o->name,
						.subresource = STR("status"),
						.content_type = STR(
							"application/strategic-merge-patch+json"),
						.body = buf_view(&text),
						.harmless = ERR_NOT_FOUND };
	controller_write(c, o->name, &write);
	struct known *k = map_get(&s->nodes, o->name);
	k->mark_pods |= plan.was_ready;
	if (plan.was_ready)
		event_record(s->events, o, EVENT_NORMAL, "NodeNotReady", NULL,
			     "Node %.*s status is now: NodeNotReady", STR_ARG(o->name));
}

/* --- a silent node: is it silent, or are we behind? The Lease is read where it is written --- */

struct question {
	struct controller *controller;
	char *node;
};

static void on_live_lease(void *ctx, const struct client_result *r)
{
	struct question *q = ctx;
	struct controller *c = q->controller;
	struct lifecycle *s = c->state;
	struct str name = str_from(q->node);
	auto_arena arena = { 0 };
	struct coordination_v1_lease lease = { 0 };
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), name);
	const struct object *seen = informer_get(controller_informer(c, API_COORDINATION_V1_LEASES),
						 STR("kube-node-lease"), name);
	auto_buf version = { 0 };
	if (seen)
		buf_printf(&version, "%lld", (long long)seen->revision);
	bool same = r->err ? r->err->reason == ERR_NOT_FOUND
			   : struct_read_json(r->body, &arena, api_struct_coordination_v1_lease,
					      &lease, NULL) == 0 &&
				     str_eq(lease.metadata.resource_version, buf_view(&version));
	if (!o || !map_get(&s->nodes, name))
		controller_done(c, name, false);
	else if (same)
		write_unknown(c, o);
	else
		controller_done(c, name, true);
	free(q->node);
	free(q);
}

static void ask_lease(struct controller *c, struct str node)
{
	struct question *q = NEW(struct question);
	*q = (struct question){ c, str_dup(node) };
	const struct client_call call = { .verb = API_GET,
					  .resource = API_COORDINATION_V1_LEASES,
					  .ns = STR("kube-node-lease"),
					  .name = node,
					  .done = on_live_lease,
					  .ctx = q };
	client_do(c->client, &call);
}

/* --- a node --- */

static struct known *know(struct controller *c, const struct object *o,
			  const struct core_v1_node *node)
{
	struct lifecycle *s = c->state;
	const struct core_v1_node_condition *ready = node_ready(node);
	struct known *k = map_get(&s->nodes, o->name);
	if (!k) {
		k = NEW(struct known);
		k->heard_ms = now_ms();
		if (!ready) /* it has had this long for its first word */
			k->heard_ms -= (clock_wall_us(clock_real()) -
					node->metadata.creation_timestamp.us) /
				       1000;
		k->mark_pods = ready && str_eqz(ready->status, "Unknown");
		map_put(&s->nodes, o->name, k);
		event_record(s->events, o, EVENT_NORMAL, "RegisteredNode", NULL,
			     "Node %.*s event: Registered Node %.*s in Controller",
			     STR_ARG(o->name), STR_ARG(o->name));
	} else if (ready && ready->last_heartbeat_time.us != k->heartbeat_us) {
		k->heard_ms = now_ms();
	}
	k->heartbeat_us = ready ? ready->last_heartbeat_time.us : 0;
	return k;
}

static void tell_zones(struct controller *c, const struct core_v1_node *node)
{
	struct lifecycle *s = c->state;
	auto_buf zone = { 0 };
	const struct core_v1_node_condition *ready = node_ready(node);
	node_zone_key(node, &zone);
	const struct node_zones_fact fact = {
		.zone = buf_view(&zone),
		.ready = ready && str_eqz(ready->status, "True"),
		.excluded = node_label(node, "node.kubernetes.io/exclude-disruption") != NULL,
	};
	if (node_zones_put(&s->zones, node->metadata.name, &fact))
		controller_add_soon(c, ZONES_KEY);
}

/* Whether a NoExecute taint comes or goes now. */
static bool settle_eviction(struct controller *c, struct known *k, const struct core_v1_node *node,
			    struct node_health_plan *plan)
{
	struct lifecycle *s = c->state;
	k->spare = k->spare && node_health_evicts(node);
	if (k->spare)
		plan->eviction = EVICTION_END;
	if (plan->eviction == EVICTION_WAIT && !k->evict) {
		node_zones_wait(&s->zones, node->metadata.name);
		work_queue_add_after(c->queue, TAINTS_KEY, EVICT_SOON_MS);
		return false;
	}
	if (plan->eviction != EVICTION_WAIT) {
		node_zones_forget(&s->zones, node->metadata.name);
		k->evict = false;
	}
	return plan->eviction != EVICTION_AS_IT_IS;
}

static void look_at(struct controller *c, const struct object *o, const struct core_v1_node *node)
{
	struct lifecycle *s = c->state;
	struct node_health_plan plan;
	auto_buf labels = { 0 };
	struct known *k = know(c, o, node);
	int64_t silent = now_ms() - k->heard_ms,
		grace = node_health_grace_ms(&c->config->node_health, node);
	tell_zones(c, node);
	node_health_plan(node, &c->config->node_health, silent, &plan);
	if (silent < grace)
		work_queue_add_after(c->queue, o->name, grace - silent);
	bool change = settle_eviction(c, k, node, &plan) || plan.change_no_schedule;
	change |= node_health_labels(node, &labels);
	if (plan.turn_unknown)
		ask_lease(c, o->name);
	else if (change)
		write_node(c, node, &plan, k->evict, buf_view(&labels));
	else if (k->mark_pods && plan.silent)
		k->mark_pods = node_pods_mark(c, s->events, o->name);
	else
		controller_done(c, o->name, false);
}

/* --- zones --- */

static bool spare(void *ctx, const struct object *node)
{
	struct controller *c = ctx;
	struct lifecycle *s = c->state;
	struct known *k = map_get(&s->nodes, node->name);
	node_zones_forget(&s->zones, node->name);
	if (k) {
		k->spare = true;
		k->evict = false;
		work_queue_add(c->queue, node->name);
	}
	return true;
}

static void judge(struct controller *c)
{
	struct lifecycle *s = c->state;
	size_t at = 0;
	int64_t started = controller_round_start();
	switch (node_zones_judge(&s->zones, now_ms())) {
	case ZONES_ALL_DISRUPTED:
		informer_each(controller_informer(c, API_CORE_V1_NODES), STR(""), spare, c);
		break;
	case ZONES_ANSWER_AGAIN:
		for (struct map_entry *e; (e = map_next(&s->nodes, &at));)
			((struct known *)e->value)->heard_ms = now_ms();
		break;
	case ZONES_AS_BEFORE: break;
	}
	node_report_update(s->report, &s->zones);
	work_queue_add_after(c->queue, TAINTS_KEY, EVICT_SOON_MS);
	controller_round_cost(c, started);
	controller_done(c, ZONES_KEY, false);
}

static void let_out(struct controller *c)
{
	struct lifecycle *s = c->state;
	struct str node;
	int64_t wait;
	while (node_zones_next(&s->zones, now_ms(), &node, &wait)) {
		struct known *k = map_get(&s->nodes, node);
		if (k)
			k->evict = true;
		work_queue_add(c->queue, node);
	}
	node_report_update(s->report, &s->zones);
	if (wait != ZONES_NEVER)
		work_queue_add_after(c->queue, TAINTS_KEY, wait);
	controller_done(c, TAINTS_KEY, false);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	const struct object *o;
	if (str_eq(key, ZONES_KEY))
		judge(c);
	else if (str_eq(key, TAINTS_KEY))
		let_out(c);
	else if ((o = informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), key)) &&
		 object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) == 0)
		look_at(c, o, &node);
	else
		controller_done(c, key, false);
}

static int start(struct controller *c, struct err *err)
{
	struct lifecycle *s = NEW(struct lifecycle);
	(void)err;
	c->state = s;
	s->events = event_recorder_new(c->client, clock_real(), c->component);
	s->report = node_report_new();
	node_zones_init(&s->zones, &c->config->node_zones);
	controller_queue_start(c, work);
	informer_index_add(controller_informer(c, API_CORE_V1_PODS), pod_index_node);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	informer_hook_add(controller_informer(c, API_COORDINATION_V1_LEASES), on_lease, NULL, c);
	return 0;
}

static void stop(struct controller *c)
{
	struct lifecycle *s = c->state;
	event_recorder_free(s->events);
	node_report_free(s->report);
	node_zones_free(&s->zones);
	map_free(&s->nodes, free);
	free(s);
}

const struct controller_row controller_node_lifecycle = { "node-lifecycle-controller", start, stop,
							  "node-controller", "node-controller" };
