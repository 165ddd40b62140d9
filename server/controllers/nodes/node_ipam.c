/* SPDX-License-Identifier: Apache-2.0 */
/* Gives each node its ranges of pod addresses: spec.podCIDR and spec.podCIDRs, one per family of --cluster-cidr. Nodes that have some are
 * marked before the first range is given out (on_synced), so that a restart never gives one twice. Key: the node. */
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "server/controllers/controller.h"
#include "server/controllers/nodes/node_cidr.h"

#define FAMILIES 2

struct pending { /* given out, and not yet seen in the Node: a write that is tried again must not take others */
	char ranges[FAMILIES][NODE_CIDR_TEXT];
};
struct node_ipam {
	struct node_cidr_pool pools[FAMILIES];
	size_t n;
	bool synced;
	struct map pending; /* node → struct pending */
};

static void each_range(const struct object *o, void (*fn)(struct node_ipam *, struct str),
		       struct node_ipam *ipam)
{
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	if (object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) < 0)
		return;
	for (size_t i = 0; i < node.spec.pod_cidrs.n; i++)
		fn(ipam, node.spec.pod_cidrs.items[i]);
}

static void take(struct node_ipam *ipam, struct str range)
{
	for (size_t i = 0; i < ipam->n; i++)
		node_cidr_take(&ipam->pools[i], range);
}

static void release(struct node_ipam *ipam, struct str range)
{
	for (size_t i = 0; i < ipam->n; i++)
		node_cidr_release(&ipam->pools[i], range);
}

static void release_pending(struct node_ipam *ipam, struct str name)
{
	auto_free struct pending *p = map_del(&ipam->pending, name);
	for (size_t i = 0; p && i < ipam->n; i++)
		node_cidr_release(&ipam->pools[i], str_from(p->ranges[i]));
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct node_ipam *ipam = c->state;
	if (!new) {
		each_range(old, release, ipam);
		release_pending(ipam, old->name);
		return;
	}
	each_range(new, take, ipam);
	if (ipam->synced)
		work_queue_add(c->queue, new->name);
}

static bool enqueue(void *ctx, const struct object *o)
{
	struct controller *c = ctx;
	work_queue_add(c->queue, o->name);
	return true;
}

static void on_synced(void *ctx)
{
	struct controller *c = ctx;
	((struct node_ipam *)c->state)->synced = true;
	informer_each(controller_informer(c, API_CORE_V1_NODES), STR(""), enqueue, c);
}

static bool has_range(const struct object *o)
{
	auto_arena arena = { 0 };
	struct core_v1_node node = { 0 };
	return object_decode(o, &arena, api_struct_core_v1_node, &node, NULL) == 0 &&
	       node.spec.pod_cidrs.n > 0;
}

/* What the node has been given or gets now; NULL: a family has no range left. */
static const struct pending *ranges_for(struct node_ipam *ipam, struct str name)
{
	struct pending *p = map_get(&ipam->pending, name);
	if (p)
		return p;
	p = NEW(struct pending);
	for (size_t i = 0; i < ipam->n; i++) {
		if (node_cidr_next(&ipam->pools[i], p->ranges[i]))
			continue;
		log_error("no pod addresses left for node", LOG_STR("node", name));
		while (i-- > 0)
			node_cidr_release(&ipam->pools[i], str_from(p->ranges[i]));
		free(p);
		return NULL;
	}
	map_put(&ipam->pending, name, p);
	return p;
}

static void patch(const struct node_ipam *ipam, const struct pending *p, struct buf *out)
{
	buf_printf(out, "{\"spec\":{\"podCIDR\":\"%s\",\"podCIDRs\":[", p->ranges[0]);
	for (size_t i = 0; i < ipam->n; i++)
		buf_printf(out, "%s\"%s\"", i ? "," : "", p->ranges[i]);
	buf_puts(out, "]}}");
}

static void work(void *ctx, struct str name)
{
	struct controller *c = ctx;
	const struct object *o =
		informer_get(controller_informer(c, API_CORE_V1_NODES), STR(""), name);
	struct node_ipam *ipam = c->state;
	auto_buf text = { 0 };
	if (!o || has_range(o)) {
		free(map_del(&ipam->pending, name));
		controller_done(c, name, false);
		return;
	}
	const struct pending *ranges = ranges_for(ipam, name);
	if (!ranges) {
		controller_done(c, name, true);
		return;
	}
	patch(ipam, ranges, &text);
	const struct controller_write write = {
		.verb = API_PATCH,
		.resource = API_CORE_V1_NODES,
		.name = name,
		.content_type = STR("application/merge-patch+json"),
		.body = buf_view(&text),
		.harmless = ERR_NOT_FOUND,
	};
	controller_write(c, name, &write);
}

static void stop(struct controller *c)
{
	struct node_ipam *ipam = c->state;
	for (size_t i = 0; i < ipam->n; i++)
		node_cidr_pool_free(&ipam->pools[i]);
	map_free(&ipam->pending, free);
	free(ipam);
}

static int start(struct controller *c, struct err *err)
{
	struct node_ipam *ipam = NEW(struct node_ipam);
	c->state = ipam;
	for (; ipam->n < FAMILIES && c->config->cluster_cidrs[ipam->n]; ipam->n++) {
		int r = node_cidr_pool_init(&ipam->pools[ipam->n],
					    c->config->cluster_cidrs[ipam->n], err);
		if (r < 0) {
			stop(c);
			return r;
		}
	}
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, on_synced, c);
	return 0;
}

const struct controller_row controller_node_ipam = { "node-controller", start, stop };
