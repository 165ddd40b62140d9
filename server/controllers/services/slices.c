/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/services/slices.h"

#include "base/mem.h"
#include "client/selectors.h"

#define MANAGED_BY STR("endpointslice.kubernetes.io/managed-by")
#define SERVICE    STR("kubernetes.io/service-name")

size_t slice_service(const struct object *o, const char *manager, struct str *out, size_t max)
{
	const struct str *name = object_label(o, SERVICE), *by = object_label(o, MANAGED_BY);

	if (!max || !name || !by || !str_eqz(*by, manager))
		return 0;
	out[0] = *name;
	return 1;
}

void slices_watch(struct controller *c, slice_index *by_service,
		  void (*on_slice)(void *controller, const struct object *old,
				   const struct object *new))
{
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);

	informer_index_add(slices, by_service);
	informer_hook_add(slices, on_slice, NULL, c);
}

void slices_wake(struct controller *c, slice_index *by_service, const struct object *slice)
{
	struct str name;
	auto_buf key = { 0 };

	if (!by_service(slice, &name, 1))
		return;
	buf_printf(&key, "%.*s/%.*s", STR_ARG(slice->ns), STR_ARG(name));
	work_queue_add(c->queue, buf_view(&key));
}

static void write_slice(const struct slices_write *w, enum api_verb verb,
			const struct discovery_v1_endpoint_slice *s, struct str name)
{
	auto_buf body = { 0 };

	if (s)
		struct_write_json(api_struct_discovery_v1_endpoint_slice, s, &body);
	const struct controller_write call = { .verb = verb,
					       .resource = API_DISCOVERY_V1_ENDPOINTSLICES,
					       .ns = w->ns,
					       .name = name,
					       .body = buf_view(&body),
					       .harmless = verb == API_CREATE ? w->harmless
									      : ERR_NOT_FOUND };
	round_call(w->round, &call, NULL, NULL);
}

/* As far as it is ours. No endpoints are no endpoints, whether the list is empty or absent: the API turns one into the other. */
static void content(const struct slices_write *w, const struct discovery_v1_endpoint_slice *s,
		    struct buf *out)
{
	struct discovery_v1_endpoint_slice bare = { .address_type = s->address_type,
						    .endpoints = s->endpoints,
						    .ports = s->ports };

	if (!bare.endpoints.n)
		bare.endpoints.items = NULL;
	if (!bare.ports.n)
		bare.ports.items = NULL;
	bare.metadata.labels = s->metadata.labels;
	if (w->annotations)
		bare.metadata.annotations = s->metadata.annotations;
	struct_write_json(api_struct_discovery_v1_endpoint_slice, &bare, out);
}

static void update(const struct slices_write *w, const struct object *o,
		   const struct discovery_v1_endpoint_slice *wanted)
{
	struct discovery_v1_endpoint_slice now = { 0 };
	auto_arena arena = { 0 };
	auto_buf x = { 0 }, y = { 0 };

	if (object_decode(o, &arena, api_struct_discovery_v1_endpoint_slice, &now, NULL) < 0)
		return;
	content(w, &now, &x);
	content(w, wanted, &y);
	if (str_eq(buf_view(&x), buf_view(&y)))
		return;
	now.metadata.labels = wanted->metadata.labels;
	if (w->annotations)
		now.metadata.annotations = wanted->metadata.annotations;
	now.endpoints = wanted->endpoints;
	now.ports = wanted->ports;
	write_slice(w, API_UPDATE, &now, o->name);
}

static bool compare(void *ctx, const struct object *o)
{
	const struct slices_write *w = ctx;

	if (!str_eq(o->ns, w->ns) || o->deleting)
		return true;
	for (size_t i = 0; i < w->wanted->n; i++) {
		struct discovery_v1_endpoint_slice *s = &w->wanted->items[i];

		if (!str_eq(s->metadata.name, o->name))
			continue;
		update(w, o, s);
		s->metadata.name = STR(""); /* it is there */
		return true;
	}
	write_slice(w, API_DELETE, NULL, o->name);
	return true;
}

static void create_missing(const struct slices_write *w)
{
	const struct core_v1_pod_template_spec nothing = { 0 };
	struct core_v1_pod as_pod;

	for (size_t i = 0; i < w->wanted->n; i++) {
		struct discovery_v1_endpoint_slice *s = &w->wanted->items[i];

		if (!s->metadata.name.n)
			continue;
		pod_from_template(w->owner, &nothing, w->arena, &as_pod);
		s->metadata.owner_references = as_pod.metadata.owner_references;
		write_slice(w, API_CREATE, s, STR(""));
	}
}

void slices_write(struct controller *c, struct slices_write *w)
{
	struct informer *slices = controller_informer(c, API_DISCOVERY_V1_ENDPOINTSLICES);

	informer_each_indexed(slices, informer_index_add(slices, w->by_service), w->service,
			      compare, w);
	create_missing(w);
}
