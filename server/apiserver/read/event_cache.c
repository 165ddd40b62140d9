/* SPDX-License-Identifier: Apache-2.0 */
#include "server/apiserver/read/event_cache.h"

static bool same(const struct event_form *a, const struct event_form *b)
{
	return a->object == b->object && a->resource == b->resource && a->type == b->type &&
	       a->media.format == b->media.format && a->media.shape == b->media.shape &&
	       a->media.shape_version == b->media.shape_version && a->include == b->include &&
	       a->headers == b->headers;
}

static void drop(struct event_slot *s)
{
	object_unref(s->form.object);
	http_frame_unref(s->frame);
	*s = (struct event_slot){ 0 };
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
	if (!c->rows)
		c->rows = mem_zalloc(EVENT_CACHE_ROWS * sizeof(*c->rows));
	unsigned at = (uint64_t)o->revision % EVENT_CACHE_ROWS;
	struct event_row *row = &c->rows[at];
	for (unsigned i = 0; i < EVENT_CACHE_FORMS; i++) {
		if (row->slots[i].frame && same(&row->slots[i].form, &form)) {
			e->table.no_headers = form.media.shape == SHAPE_TABLE;
			return row->slots[i].frame;
		}
	}
	struct event_slot *slot = &row->slots[row->next++ % EVENT_CACHE_FORMS];
	drop(slot);
	slot->form = form;
	slot->form.object = object_ref(o);
	slot->frame = make(e, type, o);
	c->used |= UINT64_C(1) << at;
	return slot->frame;
}

void event_cache_clear(struct event_cache *c)
{
	for (; c->used; c->used &= c->used - 1)
		for (unsigned i = 0; i < EVENT_CACHE_FORMS; i++)
			drop(&c->rows[__builtin_ctzll(c->used)].slots[i]);
}

void event_cache_free(struct event_cache *c)
{
	event_cache_clear(c);
	free(TAKE(c->rows));
}
