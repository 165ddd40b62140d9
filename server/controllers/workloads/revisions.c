/* SPDX-License-Identifier: Apache-2.0 */
#include "server/controllers/workloads/revisions.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "client/selectors.h"
#include "server/controllers/owners.h"

#define LIMIT_DEFAULT 10

void revisions_watch(struct controller *c)
{
	informer_index_add(controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS),
			   owner_index_controller);
}

bool revisions_synced(struct controller *c)
{
	return informer_synced(controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS));
}

struct reading {
	struct revisions *out;
	const struct core_v1_pod_template_spec *template;
	const char *hash_label;
};

/* {"spec":{"template":{…}}}; a StatefulSet's and a DaemonSet's look the same from here. */
bool revision_template(const struct apps_v1_controller_revision *r, struct arena *a,
		       struct core_v1_pod_template_spec *out)
{
	struct apps_v1_daemon_set set = { 0 };

	if (struct_read_json(r->data, a, api_struct_apps_v1_daemon_set, &set, NULL) < 0)
		return false;
	*out = set.spec.template;
	return true;
}

static bool add(void *ctx, const struct object *o)
{
	struct reading *x = ctx;
	struct revisions *r = x->out;
	const struct str *hash = object_label(o, str_from(x->hash_label));
	auto_arena arena = { 0 };
	struct apps_v1_controller_revision rev = { 0 };
	struct core_v1_pod_template_spec template = { 0 };

	if (o->deleting || !hash ||
	    object_decode(o, &arena, api_struct_apps_v1_controller_revision, &rev, NULL) < 0)
		return true;
	r->items = mem_array_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] =
		(struct revision_view){ .object = o,
					.hash = *hash,
					.number = rev.revision,
					.current =
						revision_template(&rev, &arena, &template) &&
						deployment_template_equal(&template, x->template) };
	return true;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = ((const struct revision_view *)a)->number,
		y = ((const struct revision_view *)b)->number;

	return x < y ? -1 : x > y;
}

void revisions_read(struct controller *c, const struct object *owner, const char *hash_label,
		    const struct core_v1_pod_template_spec *t, const int32_t *collisions,
		    struct revisions *out)
{
	struct informer *i = controller_informer(c, API_APPS_V1_CONTROLLERREVISIONS);

	struct reading x = { out, t, hash_label };

	*out = (struct revisions){ 0 };
	informer_each_indexed(i, informer_index_add(i, owner_index_controller), owner->uid, add,
			      &x);
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_number);
	for (size_t k = 0; k < out->n; k++)
		if (out->items[k].current)
			out->current = &out->items[k];
	deployment_template_hash(t, collisions, out->new_hash);
	out->hash = out->current ? out->current->hash : str_from(out->new_hash);
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

bool revision_has_pods(const struct pod_views *pods, struct str label)
{
	for (size_t i = 0; i < pods->n; i++) {
		const struct str *l = object_label(pods->items[i].object, STR(REVISION_HASH_LABEL));

		if (l && str_eq(*l, label))
			return true;
	}
	return false;
}

static void copy_annotations(const struct api_str_map *m, struct buf *out)
{
	const char *comma = "";

	if (!m->n)
		return;
	buf_puts(out, ",\"annotations\":{");
	for (size_t i = 0; i < m->n; i++, comma = ",") {
		buf_puts(out, comma);
		buf_json_string(out, m->items[i].key);
		buf_putc(out, ':');
		buf_json_string(out, m->items[i].value);
	}
	buf_putc(out, '}');
}

static void create(struct round *round, const struct revision_owner *o, struct revisions *r)
{
	const struct api_str_map *labels = &o->template->metadata.labels;
	auto_buf body = { 0 }, template = { 0 };
	int64_t number = r->n ? r->items[r->n - 1].number + 1 : 1;

	struct_write_json(api_struct_core_v1_pod_template_spec, o->template, &template);
	buf_printf(&body,
		   "{\"kind\":\"ControllerRevision\",\"apiVersion\":\"apps/"
		   "v1\",\"metadata\":{\"name\":\"%.*s-%s\",\"labels\":{",
		   STR_ARG(o->object->name), r->new_hash);
	for (size_t i = 0; i < labels->n; i++) {
		buf_json_string(&body, labels->items[i].key);
		buf_putc(&body, ':');
		buf_json_string(&body, labels->items[i].value);
		buf_putc(&body, ',');
	}
	buf_printf(&body, "\"%s\":\"%s\"}", o->hash_label, r->new_hash);
	copy_annotations(o->annotations, &body);
	buf_puts(&body, ",\"ownerReferences\":[");
	owner_reference_json(o->object, &body);
	buf_puts(&body, "]},\"data\":{\"spec\":{\"template\":{\"$patch\":\"replace\",");
	buf_add(&body, template.p + 1, template.n - 1);
	buf_printf(&body, "}},\"revision\":%lld}", (long long)number);
	const struct controller_write w = { .verb = API_CREATE,
					    .resource = API_APPS_V1_CONTROLLERREVISIONS,
					    .ns = o->object->ns,
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

static void remove_old(struct round *round, const struct revision_owner *o, struct revisions *r)
{
	size_t unused = 0, limit = o->limit ? (size_t)*o->limit : LIMIT_DEFAULT;

	for (size_t i = 0; i < r->n; i++)
		unused += &r->items[i] != r->current && !o->used(o->ctx, r->items[i].hash);
	for (size_t i = 0; i < r->n && unused > limit; i++) {
		const struct object *old = r->items[i].object;
		const struct controller_write w = { .verb = API_DELETE,
						    .resource = API_APPS_V1_CONTROLLERREVISIONS,
						    .ns = old->ns,
						    .name = old->name,
						    .harmless = ERR_NOT_FOUND };

		if (&r->items[i] == r->current || o->used(o->ctx, r->items[i].hash))
			continue;
		round_call(round, &w, NULL, NULL);
		unused--;
	}
}

void revisions_write(struct round *round, const struct revision_owner *o, struct revisions *r)
{
	if (o->object->deleting)
		return;
	if (!r->current)
		create(round, o, r);
	else if (r->current != &r->items[r->n - 1])
		raise_number(round, r);
	remove_old(round, o, r);
}
