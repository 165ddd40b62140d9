/* SPDX-License-Identifier: Apache-2.0 */
/* Deletes what a list with the same selectors shows, a few at a time, and answers with that list. */
#include "server/apiserver/convert.h"
#include "server/apiserver/decode.h"
#include "server/apiserver/delete_options.h"
#include "server/apiserver/deletion.h"
#include "server/apiserver/list_item.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/revision.h"
#include "server/apiserver/selection.h"
#include "server/apiserver/verbs.h"

#define AT_ONCE 64

struct sweep {
	struct api_request *r;
	struct selection selection;
	const struct object **items; /* references, all from one view */
	size_t n, cap, next, running;
	struct err err; /* the first failure */
	bool starting;
};

static void sweep_next(struct sweep *s);

static bool sweep_take(void *ctx, const struct object *o)
{
	struct sweep *s = ctx;
	if (!selection_match(&s->selection, o))
		return true;
	s->items = mem_array_grow(s->items, &s->cap, s->n + 1, sizeof(*s->items));
	s->items[s->n++] = object_ref(o);
	return true;
}

static void sweep_answer(struct sweep *s)
{
	struct buf text = { 0 };
	char version[256];
	const struct api_resource *res = s->r->resource;
	api_version_text(res, version, sizeof(version));
	buf_printf(&text,
		   "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{\"resourceVersion\":\"%"
		   "lld\"},\"items\":[",
		   res->list_kind, version, (long long)cache_set_revision(s->r->server->caches));
	for (size_t i = 0; i < s->n; i++) {
		struct str item = list_item(res, s->items[i]);
		buf_puts(&text, i ? ",{" : "{");
		buf_str(&text, item);
	}
	buf_puts(&text, "]}\n");
	respond_json(s->r, 200,
		     api_type_by_kind(s->r->group, s->r->version, str_from(res->list_kind)), &text);
}

static void sweep_finish(struct sweep *s)
{
	if (s->err.reason)
		respond_err(s->r, &s->err);
	else
		sweep_answer(s);
	for (size_t i = 0; i < s->n; i++)
		object_unref(s->items[i]);
	free(s->items);
	selection_free(&s->selection);
	err_clear(&s->err);
	free(s);
}

static void sweep_one_done(struct deletion *d, const struct object *last, bool gone,
			   const struct err *err)
{
	struct sweep *s = d->ctx;
	(void)last;
	(void)gone;
	if (err && err->reason != ERR_NOT_FOUND && !s->err.reason)
		err_copy(&s->err, err);
	s->running--;
	if (!s->starting)
		sweep_next(s);
}

static void sweep_next(struct sweep *s)
{
	s->starting = true;
	while (s->running < AT_ONCE && s->next < s->n && !s->err.reason) {
		const struct object *o = s->items[s->next++];
		struct deletion *d = deletion_new(s->r, s->r->resource, o->key, o->name);
		d->done = sweep_one_done;
		d->ctx = s;
		s->running++;
		deletion_start(d);
	}
	s->starting = false;
	if (s->running == 0)
		sweep_finish(s);
}

static void sweep_body(struct api_request *r)
{
	auto_err err = { 0 };
	json_t *body = NULL;
	struct sweep *s = NEW(struct sweep);
	s->r = r;
	int e = decode_optional(r, "DeleteOptions", &body, &err);
	if (e == 0)
		e = delete_options_read(&r->arena, body, &r->opt, &err);
	if (e == -ERR_INVALID)
		request_about(r, "meta.k8s.io", "DeleteOptions", STR(""));
	if (e == 0)
		e = revision_options_check(r, false, &err);
	if (e == 0)
		e = selection_parse(r->resource, r->opt.label_selector, r->opt.field_selector,
				    &s->selection, &err);
	json_decref(body);
	if (e < 0) {
		selection_free(&s->selection);
		free(s);
		respond_err(r, &err);
		return;
	}
	struct cache_view view;
	cache_view_now(server_cache(r->server, r->resource), &view);
	cache_view_each(&view, lookup_prefix(r), STR(""), sweep_take, s);
	cache_view_close(&view);
	sweep_next(s);
}

void verb_delete_collection(struct api_request *r)
{
	auto_err err = { 0 };
	if (respond_negotiate(r, true, false, &err) < 0)
		respond_err(r, &err);
	else
		r->responder->body(r, sweep_body);
}
