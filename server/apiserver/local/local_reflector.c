/* SPDX-License-Identifier: Apache-2.0 */
/* What the consumer knows is always the state of one view: `known`. A batch of events moves it on, and only then are they told. Whoever
 * falls out of the ring (a loop that stood still) gets the differences between `known` and a new view, both walked in key order. */
#include "server/apiserver/local/local_reflector.h"

#include "base/log.h"
#include "server/apiserver/authz/authz.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/read/selection.h"

#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 30000

struct change {
	const struct object *old, *new; /* references, or NULL */
};

struct reflector {
	struct local_client *client;
	struct loop *loop;
	struct watch_handler handler;
	struct arena arena; /* copies of the handler's slices */
	struct selection selection;
	struct cache *cache;
	struct cache_watcher watcher;
	struct cache_view known;
	struct change *batch; /* events since `known` */
	size_t nbatch, batch_cap;
	bool live, stopped, view_open;
	struct loop_msg start;
	struct loop_timer again; /* the watch was refused: roles may change */
	uint64_t again_ms;
	bool waiting;
};

struct object_list {
	const struct reflector *of;
	const struct object **items; /* references */
	size_t n, cap;
};

static void batch_drop(struct reflector *r)
{
	for (size_t i = 0; i < r->nbatch; i++) {
		object_unref(r->batch[i].old);
		object_unref(r->batch[i].new);
	}
	r->nbatch = 0;
}

static void reflector_free(struct reflector *r)
{
	batch_drop(r);
	free(r->batch);
	if (r->view_open)
		cache_view_close(&r->known);
	selection_free(&r->selection);
	arena_free(&r->arena);
	free(r);
}

static bool list_take(void *ctx, const struct object *o)
{
	struct object_list *l = ctx;
	if (!selection_match(&l->of->selection, o))
		return true;
	l->items = mem_array_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = object_ref(o);
	return true;
}

static void list_fill(struct object_list *l, const struct cache_view *v)
{
	cache_view_each(v, l->of->watcher.prefix, STR(""), list_take, l);
}

static void list_free(struct object_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		object_unref(l->items[i]);
	free(l->items);
}

static void tell(struct reflector *r, const struct object *old, const struct object *new)
{
	if (!r->stopped)
		r->handler.on_change(r->handler.ctx, old, new);
}

static void tell_differences(struct reflector *r, const struct object_list *before,
			     const struct object_list *now)
{
	size_t i = 0, k = 0;
	while (i < before->n || k < now->n) {
		int order = i == before->n ? 1
			    : k == now->n  ? -1
					   : str_cmp(before->items[i]->key, now->items[k]->key);
		if (order < 0) {
			tell(r, before->items[i++], NULL);
		} else if (order > 0) {
			tell(r, NULL, now->items[k++]);
		} else {
			if (before->items[i]->revision != now->items[k]->revision)
				tell(r, before->items[i], now->items[k]);
			i++;
			k++;
		}
	}
}

static void on_event(struct cache_watcher *w, const struct cache_event *e)
{
	struct reflector *r = CONTAINER_OF(w, struct reflector, watcher);
	if (e->revision <= r->known.revision) /* the view has it, which is younger than the watch */
		return;
	bool was = e->previous && selection_match(&r->selection, e->previous);
	bool is = e->type != CACHE_DELETED && selection_match(&r->selection, e->object);
	if (!was && !is)
		return;
	r->batch = mem_array_grow(r->batch, &r->batch_cap, r->nbatch + 1, sizeof(*r->batch));
	r->batch[r->nbatch++] = (struct change){ was ? object_ref(e->previous) : NULL,
						 is ? object_ref(e->object) : NULL };
}

/* Without a view any more the ring has just been lost, too: on_expired() comes next. */
static void on_batch_end(struct cache_watcher *w, int64_t revision)
{
	struct reflector *r = CONTAINER_OF(w, struct reflector, watcher);
	struct cache_view now;
	if (r->stopped || revision <= r->known.revision ||
	    cache_view_at(r->cache, revision, &now, NULL) < 0)
		return;
	cache_view_close(&r->known);
	r->known = now;
	for (size_t i = 0; i < r->nbatch; i++)
		tell(r, r->batch[i].old, r->batch[i].new);
	batch_drop(r);
}

/* First the watch, then the view, then the telling, which may take long: what comes meanwhile is in the ring, or on_expired() is called. */
static void watch_and_view(struct reflector *r, struct cache_view *view)
{
	cache_watch_from_now(r->loop, r->cache, &r->watcher);
	r->live = true;
	cache_view_now(r->cache, view);
}

static void on_expired(struct cache_watcher *w)
{
	struct reflector *r = CONTAINER_OF(w, struct reflector, watcher);
	struct object_list before = { .of = r }, now = { .of = r };
	struct cache_view view;
	batch_drop(r);
	watch_and_view(r, &view);
	list_fill(&before, &r->known);
	list_fill(&now, &view);
	cache_view_close(&r->known);
	r->known = view;
	tell_differences(r, &before, &now);
	list_free(&before);
	list_free(&now);
}

static bool may_watch(const struct reflector *r)
{
	const struct api_resource *res = r->handler.resource;
	struct authz_attributes a = { .user = &r->client->user,
				      .verb = STR("watch"),
				      .is_resource = true,
				      .group = str_from(res->group),
				      .resource = str_from(res->plural),
				      .ns = r->handler.ns,
				      .name = authz_name_selected(r->handler.field_selector),
				      .field_selector = r->handler.field_selector };
	return authz_allowed(r->client->server->authorizer, &a);
}

static void reflector_list(struct reflector *r)
{
	struct object_list none = { .of = r }, now = { .of = r };
	watch_and_view(r, &r->known);
	r->view_open = true;
	list_fill(&now, &r->known);
	tell_differences(r, &none, &now);
	list_free(&now);
	if (!r->stopped && r->handler.on_synced)
		r->handler.on_synced(r->handler.ctx);
}

static void reflector_try(struct reflector *r);

static void on_again(struct loop_timer *t)
{
	reflector_try(CONTAINER_OF(t, struct reflector, again));
}

static void refused(struct reflector *r)
{
	log_warn("watch refused", LOG_S("user", r->client->client.user),
		 LOG_S("resource", r->handler.resource->plural));
	if (!r->waiting)
		loop_timer_init(r->loop, &r->again, on_again);
	r->waiting = true;
	r->again_ms = r->again_ms ? r->again_ms * 2 : AGAIN_MIN_MS;
	if (r->again_ms > AGAIN_MAX_MS)
		r->again_ms = AGAIN_MAX_MS;
	loop_timer_start(&r->again, r->again_ms);
}

static void reflector_try(struct reflector *r)
{
	if (may_watch(r))
		reflector_list(r);
	else
		refused(r);
}

static void reflector_begin(struct loop_msg *m)
{
	struct reflector *r = CONTAINER_OF(m, struct reflector, start);
	if (r->stopped)
		reflector_free(r);
	else
		reflector_try(r);
}

struct reflector *reflector_start(struct local_client *c, const struct watch_handler *h)
{
	struct reflector *r = NEW(struct reflector);
	const struct api_resource *res = h->resource;
	auto_err err = { 0 };
	r->client = c;
	r->loop = c->client.loop;
	r->handler = *h;
	r->handler.ns = arena_str(&r->arena, h->ns);
	r->handler.field_selector = arena_str(&r->arena, h->field_selector);
	r->cache = server_cache(c->server, res);
	const struct api_resource *stored = res->storage ? res->storage : res;
	bool one = res->namespaced && h->ns.n;
	r->watcher = (struct cache_watcher){ .on_event = on_event,
					     .on_batch_end = on_batch_end,
					     .on_expired = on_expired };
	r->watcher.prefix =
		str_from(arena_printf(&r->arena, "%s%.*s%s", stored->storage_prefix,
				      one ? (int)h->ns.n : 0, one ? h->ns.p : "", one ? "/" : ""));
	int e = selection_parse(res, h->label_selector, h->field_selector, &r->selection, &err);
	if (e < 0) {
		log_error("watch is wrong", LOG_S("user", c->client.user),
			  LOG_S("resource", res->plural), LOG_S("error", err_text(&err)));
		return r; /* never synced; reflector_stop() frees it */
	}
	r->start.run = reflector_begin;
	loop_post(r->loop, &r->start);
	return r;
}

static void timer_closed(struct loop_timer *t)
{
	reflector_free(CONTAINER_OF(t, struct reflector, again));
}

static void stopped_later(void *ctx)
{
	struct reflector *r = ctx;
	if (r->waiting)
		loop_timer_close(&r->again, timer_closed);
	else
		reflector_free(r);
}

void reflector_stop(struct reflector *r)
{
	r->stopped = true;
	bool begun = r->view_open || r->waiting, posted = r->start.run != NULL;
	if (r->live)
		cache_unwatch(&r->watcher);
	r->live = false;
	if (begun || !posted)
		loop_call(r->loop, stopped_later,
			  r); /* not now: the caller may be inside one of our callbacks */
}
