/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/made.h"

#include "server/apiserver/convert/convert.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/read/list_item.h"
#include "server/apiserver/read/list_shape.h"
#include "server/apiserver/respond.h"

bool made_add(struct api_request *r, struct made *m, struct str ns, struct str name,
	      struct str json)
{
	struct object *o = NULL;
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 16;
		const struct object **grown = ARENA_ARRAY(&r->arena, const struct object *, cap);
		for (size_t i = 0; i < m->n; i++)
			grown[i] = m->items[i];
		m->items = grown;
		m->cap = cap;
	}
	if (object_new(r->resource, lookup_key(r, r->resource, ns, name), json, &o, NULL) < 0)
		return false;
	m->items[m->n++] = o;
	return true;
}

static void respond_list(struct api_request *r, const struct made *m)
{
	struct buf text = { 0 };
	char version[256];
	const char *kind = r->resource->list_kind;
	api_version_text(r->resource, version, sizeof(version));
	buf_printf(&text, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{},\"items\":[",
		   kind, version);
	for (size_t i = 0; i < m->n; i++) {
		buf_puts(&text, i ? ",{" : "{");
		buf_str(&text, list_item(r->resource, m->items[i]));
	}
	buf_puts(&text, "]}\n");
	respond_json(r, 200,
		     api_type_by_kind(str_from(r->resource->group), str_from(r->resource->version),
				      str_from(kind)),
		     &text);
}

void made_respond(struct api_request *r, struct made *m)
{
	auto_err err = { 0 };
	if (r->verb == API_GET && m->n) {
		respond_object(r, 200, m->items[0]);
	} else if (r->verb == API_GET) {
		lookup_not_found(r, r->resource, r->name, &err);
		respond_err(r, &err);
	} else if (r->media.shape == SHAPE_OBJECT) {
		respond_list(r, m);
	} else {
		list_shape_respond(r, m->items, m->n, &(struct list_meta){ .remaining = -1 });
	}
	for (size_t i = 0; i < m->n; i++)
		object_unref(m->items[i]);
	m->n = 0;
}
