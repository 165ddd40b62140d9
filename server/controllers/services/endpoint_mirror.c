/* SPDX-License-Identifier: Apache-2.0 */
/* Mirrors Endpoints that somebody made by hand, for Services without a selector, as EndpointSlices. Key: the Endpoints. Slices are
 * owned by the Endpoints and go with them. */
#include "base/mem.h"
#include "server/controllers/services/endpoint_mirror_plan.h"
#include "server/controllers/services/slices.h"

static size_t by_service(const struct object *o, struct str *out, size_t max)
{
	return slice_service(o, MIRROR_MANAGER, out, max);
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
	struct slices_write write = { .round = t.round,
				      .by_service = by_service,
				      .owner = t.object,
				      .ns = t.ns,
				      .service = name,
				      .wanted = &t.wanted,
				      .annotations = true,
				      .harmless = ERR_ALREADY_EXISTS,
				      .arena = &t.arena };
	slices_write(c, &write);
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
	slices_wake(ctx, by_service, new ? new : old);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	slices_watch(c, by_service, on_slice);
	informer_hook_add(controller_informer(c, API_CORE_V1_ENDPOINTS), on_change, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_SERVICES), on_change, NULL, c);
	return 0;
}

const struct controller_row controller_endpoint_mirror = {
	.name = "endpointslicemirroring-controller", .start = start
};
