/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/revisions.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/owners.h"
#include "server/controllers/pods.h"

void revisions_watch(struct controller *c)
{
	informer_index_add(controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS),
			   owner_index_controller);
}

static bool add(void *ctx, const struct object *o)
{
	struct revisions *r = ctx;
	const struct str *hash = object_label(o, STR(REVISION_HASH_LABEL));
	auto_arena arena = { 0 };
	struct apps_v1_controller_revision rev = { 0 };

	if (o->deleting || !hash ||
	    object_decode(o, &arena, api_struct_apps_v1_controller_revision, &rev, NULL) < 0)
		return true;
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] = (struct revision_view){ o, *hash, rev.revision };
	return true;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const struct revision_view *)a)->number,
		y = ((const struct revision_view *)b)->number;

	return x < y ? -1 : x > y;
}

void revisions_read(struct controller *c, const struct object *owner,
		    const struct core_v1_pod_template_spec *t, const int32_t *collisions,
		    struct revisions *out)
{
	struct informer *i = controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS);

	*out = (struct revisions){ 0 };
	deployment_template_hash(t, collisions, out->hash);
	informer_each_indexed(i, informer_index_add(i, owner_index_controller), owner->uid, add,
			      out);
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_number);
	for (size_t k = 0; k < out->n; k++)
		if (str_eqz(out->items[k].hash, out->hash))
			out->current = &out->items[k];
}

void revisions_free(struct revisions *r)
{
	free(r->items);
	*r = (struct revisions){ 0 };
}

struct str revision_name(const struct object *owner, struct str hash, struct arena *a)
{
	return str_from(arena_printf(a, "%.*s-%.*s", STR_ARG(owner->name), STR_ARG(hash)));
}

static void create(struct round *round, const struct object *owner,
		   const struct core_v1_pod_template_spec *t, const struct api_str_map *labels,
		   struct revisions *r)
{
	auto_buf body = { 0 }, template = { 0 };
	int64_t number = r->n ? r->items[r->n - 1].number + 1 : 1;

	struct_write_json(api_struct_core_v1_pod_template_spec, t, &template);
	buf_printf(&body,
		   "{\"kind\":\"ControllerRevision\",\"apiVersion\":\"apps/"
		   "v1\",\"metadata\":{\"name\":\"%.*s-%s\",\"labels\":{",
		   STR_ARG(owner->name), r->hash);
	for (size_t i = 0; i < labels->n; i++) {
		buf_json_string(&body, labels->items[i].key);
		buf_putc(&body, ':');
		buf_json_string(&body, labels->items[i].value);
		buf_putc(&body, ',');
	}
	buf_printf(&body, "\"" REVISION_HASH_LABEL "\":\"%s\"},\"ownerReferences\":[", r->hash);
	owner_reference_json(owner, &body);
	buf_puts(&body, "]},\"data\":{\"spec\":{\"template\":{\"$patch\":\"replace\",");
	buf_add(&body, template.p + 1, template.n - 1);
	buf_printf(&body, "}},\"revision\":%lld}", (long long)number);
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_APPS_V1_CONTROLLERREVISIONS,
					    .ns = owner->ns,
					    .body = buf_view(&body),
					    .harmless = ERR_ALREADY_EXISTS };
	round_call(round, &w, NULL, NULL);
}

static void raise_number(struct round *round, struct revisions *r)
{
	auto_buf body = { 0 };

	buf_printf(&body, "{\"revision\":%lld}", (long long)r->items[r->n - 1].number + 1);
	const struct controller_write w = { .verb = API_PATCH,
					    .resource = API_APPS_V1_CONTROLLERREVISIONS,
					    .ns = r->current->object->ns,
					    .name = r->current->object->name,
					    .content_type = STR("application/merge-patch+json"),
					    .body = buf_view(&body) };
	round_call(round, &w, NULL, NULL);
}

static void remove_old(struct round *round, struct revisions *r, size_t limit,
		       bool (*used)(void *ctx, struct str hash), void *ctx)
{
	size_t unused = 0;

	for (size_t i = 0; i < r->n; i++)
		unused += &r->items[i] != r->current && !used(ctx, r->items[i].hash);
	for (size_t i = 0; i < r->n && unused > limit; i++) {
		const struct object *o = r->items[i].object;
		const struct controller_write w = { .verb = API_DELETE,
						    .resource = API_APPS_V1_CONTROLLERREVISIONS,
						    .ns = o->ns,
						    .name = o->name,
						    .harmless = ERR_NOT_FOUND };

		if (&r->items[i] == r->current || used(ctx, r->items[i].hash))
			continue;
		round_call(round, &w, NULL, NULL);
		unused--;
	}
}

void revisions_write(struct round *round, const struct object *owner,
		     const struct core_v1_pod_template_spec *t, const struct api_str_map *labels,
		     struct revisions *r, size_t limit, bool (*used)(void *ctx, struct str hash),
		     void *ctx)
{
	if (!r->current)
		create(round, owner, t, labels, r);
	else if (r->current != &r->items[r->n - 1])
		raise_number(round, r);
	remove_old(round, r, limit, used, ctx);
}
