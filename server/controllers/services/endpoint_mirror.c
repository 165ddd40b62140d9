/* SPDX-License-Identifier: Apache-2.0 */
/* Mirrors Endpoints that somebody made by hand, for Services without a selector, as EndpointSlices. Key: the Endpoints. Slices are
 * owned by the Endpoints and go with them. */
#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/pods.h"
#include "server/controllers/services/endpoint_mirror_plan.h"

#define MANAGED_BY STR("endpointslice.kubernetes.io/managed-by")
#define SERVICE    STR("kubernetes.io/service-name")

static size_t by_service(const struct object *o, struct str *out, size_t max)
{
	const struct str *name = object_label(o, SERVICE), *manager = object_label(o, MANAGED_BY);

	if (!max || !name || !manager || !str_eqz(*manager, MIRROR_MANAGER))
		return 0;
	out[0] = *name;
	return 1;
}

struct turn {
	struct controller *controller;
	struct round *round;
	const struct object *object;
	struct core_v1_endpoints endpoints;
	struct arena arena;
	struct slices wanted;
	struct str ns;
};

static void write_slice(struct turn *t, enum api_verb verb,
			const struct discovery_v1_endpoint_slice *s, struct str name)
{
	auto_buf body = { 0 };

	if (s)
		struct_write_json(api_struct_discovery_v1_endpoint_slice, s, &body);
	const struct controller_write w = { .verb = verb,
					    .resource = API_DISCOVERY_V1_ENDPOINTSLICES,
					    .ns = t->ns,
					    .name = name,
					    .body = buf_view(&body),
					    .harmless = verb == API_CREATE ? ERR_ALREADY_EXISTS
									   : ERR_NOT_FOUND };
	round_call(t->round, &w, NULL, NULL);
}

static void content(const struct discovery_v1_endpoint_slice *s, struct buf *out)
{
	struct discovery_v1_endpoint_slice bare = { .address_type = s->address_type,
						    .endpoints = s->endpoints,
						    .ports = s->ports };

	bare.metadata.labels = s->metadata.labels;
	bare.metadata.annotations = s->metadata.annotations;
	struct_write_json(api_struct_discovery_v1_endpoint_slice, &bare, out);
}

static void update(struct turn *t, const struct object *o,
		   const struct discovery_v1_endpoint_slice *wanted)
{
	struct discovery_v1_endpoint_slice now = { 0 };
	auto_buf x = { 0 }, y = { 0 };

	if (object_decode(o, &t->arena, api_struct_discovery_v1_endpoint_slice, &now, NULL) < 0)
		return;
	content(&now, &x);
	content(wanted, &y);
	if (str_eq(buf_view(&x), buf_view(&y)))
		return;
	now.metadata.labels = wanted->metadata.labels;
	now.metadata.annotations = wanted->metadata.annotations;
	now.endpoints = wanted->endpoints;
	now.ports = wanted->ports;
	write_slice(t, API_UPDATE, &now, o->name);
}

static bool compare(void *ctx, const struct object *o)
{
	struct turn *t = ctx;

	if (!str_eq(o->ns, t->ns) || o->deleting)
		return true;
	for (size_t i = 0; i < t->wanted.n; i++) {
		struct discovery_v1_endpoint_slice *s = &t->wanted.items[i];

		if (!str_eq(s->metadata.name, o->name))
			continue;
		update(t, o, s);
		s->metadata.name = STR(""); /* it is there */
		return true;
	}
	write_slice(t, API_DELETE, NULL, o->name);
	return true;
}

static void create_missing(struct turn *t)
{
	const struct core_v1_pod_template_spec nothing = { 0 };
	struct core_v1_pod as_pod;

	for (size_t i = 0; i < t->wanted.n; i++) {
		struct discovery_v1_endpoint_slice *s = &t->wanted.items[i];

		if (!s->metadata.name.n)
			continue;
		pod_from_template(t->object, &nothing, &t->arena, &as_pod);
		s->metadata.owner_references = as_pod.metadata.owner_references;
		write_slice(t, API_CREATE, s, STR(""));
	}
}

static bool is_mirrored(struct turn *t, struct str name)
{
	const struct object *o =
		informer_get(controller_informer(t->controller, API_CORE_V1_SERVICES), t->ns, name);
	struct core_v1_service service = { 0 };

	return t->object && !t->object->deleting && o && !o->deleting &&
	       object_decode(o, &t->arena, api_struct_core_v1_service, &service, NULL) == 0 &&
	       object_decode(t->object, &t->arena, api_struct_core_v1_endpoints, &t->endpoints,
			     NULL) == 0 &&
	       mirror_wanted(&t->endpoints, &service);
}

static bool all_synced(struct controller *c)
{
	return informer_synced(controller_informer(c, API_CORE_V1_ENDPOINTS)) &&
	       informer_synced(controller_informer(c, API_CORE_V1_SERVICES)) &&
	       informer_synced(controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES));
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);
	struct turn t = { .controller = c };
	struct str name;

	if (!all_synced(c)) {
		controller_done(c, key, true);
		return;
	}
	controller_key_split(key, &t.ns, &name);
	t.object = informer_get(controller_informer(c, API_CORE_V1_ENDPOINTS), t.ns, name);
	t.round = round_new(c, key);
	if (is_mirrored(&t, name))
		mirror_plan(&t.endpoints, &t.arena, &t.wanted);
	informer_each_indexed(slices, informer_index_add(slices, by_service), name, compare, &t);
	create_missing(&t);
	round_close(t.round, false, 0);
	free(t.wanted.items);
	arena_free(&t.arena);
}

/* An Endpoints has its Service's name. */
static void on_change(void *ctx, const struct object *old, const struct object *new)
{
	controller_wake(ctx, new ? new : old);
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

static int start(struct controller *c, struct err *err)
{
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);

	(void)err;
	controller_queue_start(c, work);
	informer_index_add(slices, by_service);
	informer_hook_add(slices, on_slice, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_ENDPOINTS), on_change, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_SERVICES), on_change, NULL, c);
	return 0;
}

const struct controller_row controller_endpoint_mirror = {
	.name = "endpointslicemirroring-controller", .start = start
};
