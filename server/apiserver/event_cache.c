/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/event_cache.h"

static bool same(const struct event_form *a, const struct event_form *b)
{
	return a->object == b->object && a->resource == b->resource && a->type == b->type &&
	       a->media.format == b->media.format && a->media.shape == b->media.shape &&
	       a->media.shape_version == b->media.shape_version && a->include == b->include &&
	       a->headers == b->headers;
}

static void drop(struct event_cache *c, unsigned i)
{
	object_unref(c->slots[i].form.object);
	http_frame_unref(c->slots[i].frame);
	c->slots[i].form = (struct event_form){ 0 };
	c->slots[i].frame = NULL;
}

static struct http_frame *make(struct event_encoder *e, enum event_type type,
			       const struct object *o)
{
	struct chunk c[EVENT_CHUNKS];
	size_t n = event_encode(e, type, o, c);
	struct http_frame *f = http_frame_new(c, n);
	for (size_t i = 0; i < n; i++)
		chunk_release(&c[i]);
	return f;
}

struct http_frame *event_cache_frame(struct event_cache *c, struct event_encoder *e,
				     enum event_type type, const struct object *o)
{
	const struct event_form form = { .object = o,
					 .resource = e->r->resource,
					 .type = type,
					 .media = e->r->media,
					 .include = e->table.include,
					 .headers = !e->table.no_headers };
	for (unsigned i = 0; i < EVENT_CACHE_SLOTS; i++) {
		if (c->slots[i].frame && same(&c->slots[i].form, &form)) {
			e->table.no_headers = form.media.shape == SHAPE_TABLE;
			return c->slots[i].frame;
		}
	}
	unsigned at = c->next++ % EVENT_CACHE_SLOTS;
	drop(c, at);
	c->slots[at].form = form;
	c->slots[at].form.object = object_ref(o);
	c->slots[at].frame = make(e, type, o);
	c->used = true;
	return c->slots[at].frame;
}

void event_cache_clear(struct event_cache *c)
{
	for (unsigned i = 0; i < EVENT_CACHE_SLOTS && c->used; i++)
		drop(c, i);
	c->used = false;
}
