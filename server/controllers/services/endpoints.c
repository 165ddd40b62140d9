/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes the pods of Services as Endpoints, for those who still read them. Key: the Service. */
#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/pairs.h"
#include "server/controllers/services/services.h"

static void content(const struct core_v1_endpoints *e, struct buf *out)
{
	struct core_v1_endpoints bare = { .subsets = e->subsets };

	bare.metadata.labels = e->metadata.labels;
	bare.metadata.annotations = e->metadata.annotations;
	struct_write_json(api_struct_core_v1_endpoints, &bare, out);
}

static void write_endpoints(struct round *r, struct str ns, struct str name, enum api_verb verb,
			    const struct core_v1_endpoints *e)
{
	auto_buf body = { 0 };

	if (e)
		struct_write_json(api_struct_core_v1_endpoints, e, &body);
	const struct controller_write w = { .verb = verb,
					    .resource = API_CORE_V1_ENDPOINTS,
					    .ns = ns,
					    .name = verb == API_CREATE ? STR("") : name,
					    .body = buf_view(&body),
					    .harmless = verb == API_CREATE ? ERR_ALREADY_EXISTS
									   : ERR_NOT_FOUND };
	round_call(r, &w, NULL, NULL);
}

/* The annotations that there are, and ours. */
static struct api_str_map with_capacity(const struct core_v1_endpoints *now,
					const struct core_v1_endpoints *wanted, struct arena *a)
{
	const struct api_str_map *had = &now->metadata.annotations;
	struct api_str_map out = { ARENA_ARRAY(a, struct api_str_pair, had->n + 1), 0 };

	for (size_t i = 0; i < had->n; i++)
		if (!str_eqz(had->items[i].key, ENDPOINTS_OVER_CAPACITY))
			out.items[out.n++] = had->items[i];
	if (wanted->metadata.annotations.n)
		pairs_set(&out, a, ENDPOINTS_OVER_CAPACITY,
			  wanted->metadata.annotations.items[0].value);
	return out;
}

static void update(struct round *r, const struct object *o, const struct core_v1_endpoints *wanted,
		   struct arena *a)
{
	struct core_v1_endpoints now = { 0 }, merged;
	auto_buf x = { 0 }, y = { 0 };

	if (object_decode(o, a, api_struct_core_v1_endpoints, &now, NULL) < 0)
		return;
	merged = *wanted;
	merged.metadata.annotations = with_capacity(&now, wanted, a);
	content(&now, &x);
	content(&merged, &y);
	if (str_eq(buf_view(&x), buf_view(&y)))
		return;
	now.metadata.labels = wanted->metadata.labels;
	now.metadata.annotations = merged.metadata.annotations;
	now.subsets = wanted->subsets;
	write_endpoints(r, o->ns, o->name, API_UPDATE, &now);
}

static void work(void *ctx, struct str key)
{
	struct controller *c = ctx;
	struct informer *all = controller_informer(c, API_CORE_V1_ENDPOINTS);
	struct service_view view;
	struct str ns, name;
	const struct object *o;
	int64_t started_us = controller_round_start();

	if (!services_synced(c) || !informer_synced(all)) {
		controller_done(c, key, true);
		return;
	}
	controller_key_split(key, &ns, &name);
	o = informer_get(all, ns, name);
	struct round *r = round_new(c, key);
	if (!service_view_open(c, key, &view)) {
		if (o)
			write_endpoints(r, ns, name, API_DELETE, NULL);
	} else if (service_has_backends(&view.service)) {
		struct core_v1_endpoints wanted;

		endpoints_plan(&view.service, &view.pods, &view.arena, &wanted);
		if (o)
			update(r, o, &wanted, &view.arena);
		else
			write_endpoints(r, ns, name, API_CREATE, &wanted);
	}
	round_close(r, false, 0);
	controller_round_cost(c, started_us);
	service_view_close(&view);
}

static int start(struct controller *c, struct err *err)
{
	(void)err;
	controller_queue_start(c, work);
	controller_informer(c, API_CORE_V1_ENDPOINTS);
	services_watch(c);
	return 0;
}

const struct controller_row controller_endpoints = { "endpoint-controller", start, NULL };
