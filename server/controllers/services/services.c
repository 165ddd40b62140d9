/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/services.h"

#include "base/mem.h"
#include "client/selectors.h"

static void on_service(void *ctx, const struct object *old, const struct object *new)
{
	controller_wake(ctx, new ? new : old);
}

static void enqueue_soon(struct controller *c, const struct object *o)
{
	auto_buf key = { 0 };

	controller_key(o, &key);
	controller_add_soon(c, buf_view(&key));
}

struct selecting {
	struct controller *controller;
	const struct object *old, *new;
};

static bool wake_if_selected(void *ctx, const struct object *o)
{
	struct selecting *s = ctx;
	auto_arena arena = { 0 };
	struct core_v1_service service = { 0 };

	if (object_decode(o, &arena, api_struct_core_v1_service, &service, NULL) < 0 ||
	    !service_has_backends(&service))
		return true;
	if ((s->old && label_map_matches(&service.spec.selector, s->old)) ||
	    (s->new &&label_map_matches(&service.spec.selector, s->new)))
		enqueue_soon(s->controller, o);
	return true;
}

static void on_pod(void *ctx, const struct object *old, const struct object *new)
{
	struct controller *c = ctx;
	struct selecting s = { c, old, new };

	informer_each(controller_informer(c, API_CORE_V1_SERVICES), (new ? new : old)->ns,
		      wake_if_selected, &s);
}

void services_watch(struct controller *c)
{
	informer_hook_add(controller_informer(c, API_CORE_V1_SERVICES), on_service, NULL, c);
	informer_hook_add(controller_informer(c, API_CORE_V1_PODS), on_pod, NULL, c);
}

bool services_synced(struct controller *c)
{
	return informer_synced(controller_informer(c, API_CORE_V1_SERVICES)) &&
	       informer_synced(controller_informer(c, API_CORE_V1_PODS));
}

static bool add_selected(void *ctx, const struct object *o)
{
	struct service_view *v = ctx;

	if (label_map_matches(&v->service.spec.selector, o))
		pod_views_add(&v->pods, o);
	return true;
}

bool service_view_open(struct controller *c, struct str key, struct service_view *out)
{
	struct str ns, name;

	*out = (struct service_view){ 0 };
	controller_key_split(key, &ns, &name);
	out->object = informer_get(controller_informer(c, API_CORE_V1_SERVICES), ns, name);
	out->pods.arena = &out->arena;
	if (!out->object || object_decode(out->object, &out->arena, api_struct_core_v1_service,
					  &out->service, NULL) < 0)
		return false;
	if (service_has_backends(&out->service))
		informer_each(controller_informer(c, API_CORE_V1_PODS), ns, add_selected, out);
	return true;
}

void service_view_close(struct service_view *v)
{
	free(v->pods.items);
	arena_free(&v->arena);
}
