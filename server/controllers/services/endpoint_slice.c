/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes the pods of Services as EndpointSlices. Key: the Service. Slices that others manage are left alone. */
#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/services/services.h"
#include "server/controllers/services/slice_hints.h"
#include "server/controllers/services/zone_hints.h"

#define MANAGED_BY STR("endpointslice.kubernetes.io/managed-by")
#define SERVICE    STR("kubernetes.io/service-name")
#define ZONE       STR("topology.kubernetes.io/zone")
#define NODES_KEY  STR("/nodes") /* no Service's */

static struct str zone_of(void *ctx, struct str node)
{
	const struct object *o =
		informer_get(controller_informer(ctx, API_CORE_V1_NODES), STR(""), node);
	const struct str *zone = o ? object_label(o, ZONE) : NULL;

	return zone ? *zone : STR("");
}

static size_t by_service(const struct object *o, struct str *out, size_t max)
{
	const struct str *name = object_label(o, SERVICE), *manager = object_label(o, MANAGED_BY);

	if (!max || !name || !manager || !str_eqz(*manager, "endpointslice-controller.k8s.io"))
		return 0;
	out[0] = *name;
	return 1;
}

struct turn {
	struct controller *controller;
	struct round *round;
	struct service_view *view;
	struct slices wanted;
	struct str ns;
};

static void content(const struct discovery_v1_endpoint_slice *s, struct buf *out)
{
	struct discovery_v1_endpoint_slice bare = { .address_type = s->address_type,
						    .endpoints = s->endpoints,
						    .ports = s->ports };

	bare.metadata.labels = s->metadata.labels;
	struct_write_json(api_struct_discovery_v1_endpoint_slice, &bare, out);
}

static void write_slice(struct turn *t, enum api_verb verb,
			const struct discovery_v1_endpoint_slice *s)
{
	auto_buf body = { 0 };

	struct_write_json(api_struct_discovery_v1_endpoint_slice, s, &body);
	const struct controller_write w = { .verb = verb,
					    .resource = API_DISCOVERY_V1_ENDPOINTSLICES,
					    .ns = t->ns,
					    .name = verb == API_UPDATE ? s->metadata.name : STR(""),
					    .body = buf_view(&body),
					    .harmless =
						    verb == API_UPDATE ? ERR_NOT_FOUND : ERR_NONE };
	round_call(t->round, &w, NULL, NULL);
}

static void delete_slice(struct turn *t, const struct object *o)
{
	const struct controller_write w = { .verb = API_DELETE,
					    .resource = API_DISCOVERY_V1_ENDPOINTSLICES,
					    .ns = o->ns,
					    .name = o->name,
					    .harmless = ERR_NOT_FOUND };

	round_call(t->round, &w, NULL, NULL);
}

static bool compare_existing(void *ctx, const struct object *o)
{
	struct turn *t = ctx;
	auto_arena arena = { 0 };
	auto_buf old = { 0 }, now = { 0 };
	struct discovery_v1_endpoint_slice s = { 0 };

	if (!str_eq(o->ns, t->ns) || o->deleting)
		return true;
	for (size_t i = 0; i < t->wanted.n; i++) {
		struct discovery_v1_endpoint_slice *w = &t->wanted.items[i];

		if (!str_eq(w->metadata.name, o->name))
			continue;
		if (object_decode(o, &arena, api_struct_discovery_v1_endpoint_slice, &s, NULL) < 0)
			return true;
		content(&s, &old);
		content(w, &now);
		if (!str_eq(buf_view(&old), buf_view(&now))) {
			s.metadata.labels = w->metadata.labels;
			s.endpoints = w->endpoints;
			s.ports = w->ports;
			write_slice(t, API_UPDATE, &s);
		}
		w->metadata.name = STR(""); /* it is there */
		return true;
	}
	delete_slice(t, o);
	return true;
}

static void create_missing(struct turn *t)
{
	for (size_t i = 0; i < t->wanted.n; i++) {
		struct discovery_v1_endpoint_slice *s = &t->wanted.items[i];
		struct core_v1_pod as_pod;
		const struct core_v1_pod_template_spec nothing = { 0 };

		if (!s->metadata.name.n)
			continue;
		pod_from_template(t->view->object, &nothing, &t->view->arena, &as_pod);
		s->metadata.owner_references = as_pod.metadata.owner_references;
		write_slice(t, API_CREATE, s);
	}
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);
	struct service_view view;
	struct turn t = { .controller = c, .view = &view };
	struct str name;
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
	controller_key_split(key, &t.ns, &name);
	there = service_view_open(c, key, &view);
	t.round = round_new(c, key);
	if (there)
		slices_plan(&view.service, &view.pods, zone_of, c, &view.arena, &t.wanted);
	slice_hints_apply(c->state, key, there ? view.object : NULL,
			  there && t.wanted.n && zone_hints_wanted(&view.service), &t.wanted,
			  &view.arena);
	informer_each_indexed(slices, informer_index_add(slices, by_service), name,
			      compare_existing, &t);
	if (there)
		create_missing(&t);
	round_close(t.round, false, 0);
	free(t.wanted.items);
	controller_round_cost(c, started_us);
	service_view_close(&view);
}

static void on_slice(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	const struct object *o = new ? new : old;
	struct str name;
	auto_buf key = { 0 };

	if (!by_service(o, &name, 1))
		return;
	buf_printf(&key, "%.*s/%.*s", STR_ARG(o->ns), STR_ARG(name));
	work_queue_add(c->queue, buf_view(&key));
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
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);

	(void)err;
	c->state = slice_hints_new(c);
	controller_queue_start(c, work);
	informer_hook_add(controller_informer(c, API_CORE_V1_NODES), on_node, NULL, c);
	informer_index_add(slices, by_service);
	informer_hook_add(slices, on_slice, NULL, c);
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
