/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes the pods of Services as EndpointSlices. Key: the Service. Slices that others manage are left alone. */
#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/services/services.h"
#include "server/controllers/services/slice_hints.h"
#include "server/controllers/services/slices.h"
#include "server/controllers/services/zone_hints.h"

#define MANAGER   "endpointslice-controller.k8s.io"
#define ZONE      STR("topology.kubernetes.io/zone")
#define NODES_KEY STR("/nodes") /* no Service's */

static struct str zone_of(void *ctx, struct str node)
{
	const struct object *o =
		informer_get(controller_informer(ctx, API_CORE_V1_NODES), STR(""), node);
	const struct str *zone = o ? object_label(o, ZONE) : NULL;

	return zone ? *zone : STR("");
}

static size_t by_service(const struct object *o, struct str *out, size_t max)
{
	return slice_service(o, MANAGER, out, max);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);
	struct service_view view;
	struct slices wanted = { 0 };
	struct slices_write write = { .by_service = by_service,
				      .wanted = &wanted,
				      .harmless = ERR_NONE,
				      .arena = &view.arena };
	bool there;
	int64_t started_us = controller_round_start();

	if (str_eq(key, NODES_KEY)) {
		slice_hints_review(c->state);
		controller_round_cost(c, started_us);
		controller_done(c, key, false);
		return;
	}
	if (!services_synced(c) || !informer_synced(slices)) {
		controller_done(c, key, true);
		return;
	}
	controller_key_split(key, &write.ns, &write.service);
	there = service_view_open(c, key, &view);
	write.round = round_new(c, key);
	if (there)
		slices_plan(&view.service, &view.pods, zone_of, c, &view.arena, &wanted);
	slice_hints_apply(c->state, key, there ? view.object : NULL,
			  there && wanted.n && zone_hints_wanted(&view.service), &wanted,
			  &view.arena);
	write.owner = there ? view.object : NULL;
	slices_write(c, &write);
	round_close(write.round, false, 0);
	free(wanted.items);
	controller_round_cost(c, started_us);
	service_view_close(&view);
}

static void on_slice(void *ctx, const struct object *old, const struct object *new)
{
	slices_wake(ctx, by_service, new ? new : old);
}

static void on_node(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;

	(void)old;
	(void)new;
	slice_hints_nodes_changed(c->state);
	controller_add_soon(c, NODES_KEY);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	c->state = slice_hints_new(c);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	slices_watch(c, by_service, on_slice);
	services_watch(c);
	return 0;
}

static void stop(struct controller *c)
{
	slice_hints_free(c->state);
}

const struct controller_row controller_endpoint_slice = { "endpointslice-controller", start, stop,
							  .component =
								  "endpoint-slice-controller" };
