/* SPDX-License-Identifier: Apache-2.0 */
/* A watch: first, when asked for, the state of one view as ADDED events, then what the cache's hub delivers.
 *
 *   initial ──(view walked, bookmark)──► live ◄──(drained: watch again from `seen`)── paused
 *                                          └──(client too slow: queue full)──► paused ──(fell out of the ring)──► 410, end
 *
 * Nothing is buffered here: a slow client's backlog is the ring of the cache, which is bounded. Live events are encoded once for
 * all watchers of the loop that want the same form (event_cache.h); the state at the start is sent as the cached objects' own
 * bytes. */
#include "api/codec.h"
#include "base/encode.h"
#include "server/apiserver/convert/convert.h"
#include "server/apiserver/local/loop_state.h"
#include "server/apiserver/lookup.h"
#include "server/apiserver/pages/request_metrics.h"
#include "server/apiserver/read/event.h"
#include "server/apiserver/read/selection.h"
#include "server/apiserver/respond.h"
#include "server/apiserver/status.h"
#include "server/apiserver/verbs.h"
#include "server/apiserver/write/revision.h"

#define QUEUE_HIGH_BYTES  (1u << 20)
#define PORTION_OBJECTS   256
#define BOOKMARK_EVERY_MS 60000
#define TIMEOUT_MIN_S     1800
#define TIMEOUT_MAX_S     INT32_MAX

struct watch {
	struct api_request *r; /* a reference */
	struct cache *cache;
	struct cache_watcher watcher;
	struct selection selection;
	struct str prefix;
	struct event_encoder encoder;
	struct cache_view view;
	struct str after; /* in `after_text` */
	struct buf after_text;
	bool initial, live, paused, ended, mark_initial_end;
	size_t portion;
	int64_t start;   /* revision to watch from */
	int64_t ends_ms; /* monotonic */
	struct loop_timer timer;
	struct list link; /* in the loop's list */
};

static void watch_live(struct watch *w);

static void timer_closed(struct loop_timer *t)
{
	struct watch *w = CONTAINER_OF(t, struct watch, timer);
	selection_free(&w->selection);
	buf_free(&w->after_text);
	request_unref(w->r);
	free(w);
}

static void watch_end(struct watch *w)
{
	if (w->ended)
		return;
	w->ended = true;
	if (w->live)
		cache_unwatch(&w->watcher);
	if (w->initial)
		cache_view_close(&w->view);
	w->live = w->initial = false;
	list_del(&w->link);
	w->r->on_drain = w->r->on_gone = NULL;
	if (!w->r->gone)
		w->r->responder->stream_end(w->r);
	request_metrics_watch(w->r, -1);
	respond_finished(w->r, 200, 0);
	loop_timer_close(&w->timer, timer_closed);
}

static void watch_wrote(struct watch *w, size_t queued)
{
	if (queued > QUEUE_HIGH_BYTES && !w->paused) {
		w->paused = true;
		if (w->live)
			cache_unwatch(&w->watcher);
		w->live = false;
	}
}

static void watch_write(struct watch *w, struct chunk *c, size_t n)
{
	watch_wrote(w, w->r->responder->stream_write(w->r, c, n));
}

static void send_live(struct watch *w, enum event_type type, const struct object *o)
{
	struct event_cache *c = &loop_state_of(w->r->loop)->events;
	struct http_frame *f = event_cache_frame(c, &w->encoder, type, o);
	cache_watch_wrote(&w->watcher);
	watch_wrote(w, w->r->responder->stream_write_frame(w->r, f));
}

static void send_object(struct watch *w, enum event_type type, const struct object *o)
{
	struct chunk c[EVENT_CHUNKS];
	size_t n = event_encode(&w->encoder, type, o, c);
	watch_write(w, c, n);
}

static void send_error(struct watch *w, const struct err *err)
{
	struct chunk c[EVENT_CHUNKS];
	size_t n = event_encode_error(&w->encoder, err, c);
	w->r->responder->stream_write(w->r, c, n);
	watch_end(w);
}

static void send_bookmark(struct watch *w, int64_t revision, bool initial_end)
{
	struct chunk c[EVENT_CHUNKS];
	size_t n = event_encode_bookmark(&w->encoder, revision, initial_end, c);
	watch_write(w, c, n);
}

/* An object that no longer matches is gone for this client, and one that matches now is new to it. */
static void on_event(struct cache_watcher *cw, const struct cache_event *e)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, watcher);
	bool was = e->previous && selection_match(&w->selection, e->previous);
	if (e->type == CACHE_DELETED) {
		if (was)
			send_live(w, EVENT_DELETED, e->object);
		return;
	}
	bool is = selection_match(&w->selection, e->object);
	if (is) {
		send_live(w, was ? EVENT_MODIFIED : EVENT_ADDED, e->object);
	} else if (was) {
		struct object *last = object_with_revision(e->previous, e->revision);
		send_live(w, EVENT_DELETED, last);
		object_unref(last);
	}
}

static void on_batch_end(struct cache_watcher *cw, int64_t revision)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, watcher);
	(void)revision;
	event_cache_clear(&loop_state_of(w->r->loop)->events);
}

static void on_expired(struct cache_watcher *cw)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, watcher);
	auto_err err = { 0 };
	w->live = false;
	err_set(&err, ERR_EXPIRED, "too old resource version: %lld", (long long)cw->seen);
	send_error(w, &err);
}

static void watch_timer(struct watch *w)
{
	int64_t left = w->ends_ms - clock_mono_ms(w->r->server->clock);
	int64_t next = BOOKMARK_EVERY_MS - (int64_t)(rand_u64() % (BOOKMARK_EVERY_MS / 10));
	if (!w->r->opt.allow_bookmarks || left < next)
		next = left;
	loop_timer_start(&w->timer, next > 0 ? (uint64_t)next : 0);
}

static void on_timer(struct loop_timer *t)
{
	struct watch *w = CONTAINER_OF(t, struct watch, timer);
	if (clock_mono_ms(w->r->server->clock) >= w->ends_ms) {
		watch_end(w);
		return;
	}
	if (w->live && w->r->opt.allow_bookmarks)
		send_bookmark(w, cache_watch_progress(&w->watcher), false);
	watch_timer(w);
}

static bool on_initial(void *ctx, const struct object *o)
{
	struct watch *w = ctx;
	buf_reset(&w->after_text);
	buf_str(&w->after_text, o->key);
	w->after = buf_view(&w->after_text);
	if (selection_match(&w->selection, o))
		send_object(w, EVENT_ADDED, o);
	return ++w->portion < PORTION_OBJECTS && !w->paused;
}

/* Walks the view until it ends or the client has enough for now. */
static void watch_initial(struct watch *w)
{
	do {
		w->portion = 0;
		buf_reserve(&w->after_text, 1);
		auto_buf after = { 0 };
		buf_str(&after, w->after);
		cache_view_each(&w->view, w->prefix, buf_view(&after), on_initial, w);
	} while (w->portion == PORTION_OBJECTS && !w->paused);
	if (w->paused)
		return;
	w->initial = false;
	cache_view_close(&w->view);
	if (w->mark_initial_end)
		send_bookmark(w, w->start, true);
	watch_live(w);
}

static void watch_live(struct watch *w)
{
	auto_err err = { 0 };
	if (w->paused)
		return;
	if (cache_watch(w->r->loop, w->cache, &w->watcher, w->start, &err) < 0)
		send_error(w, &err);
	else
		w->live = true;
}

static void on_drain(struct api_request *r)
{
	struct watch *w = r->state;
	if (!w->paused || w->ended)
		return;
	w->paused = false;
	if (w->initial) {
		watch_initial(w);
		return;
	}
	if (w->watcher.seen > w->start)
		w->start = w->watcher.seen;
	watch_live(w);
}

static void on_gone(struct api_request *r)
{
	watch_end(r->state);
}

static bool wants_initial(const struct request_options *o)
{
	if (o->has_send_initial_events)
		return o->send_initial_events;
	return o->resource_version.n == 0 || str_eqz(o->resource_version, "0");
}

static int watch_check(struct api_request *r, struct watch *w, struct err *err)
{
	int e = respond_negotiate(r, true, true, err);
	if (e == 0)
		e = revision_options_check(r, true, err);
	if (e == 0)
		e = selection_parse(r->resource, r->opt.label_selector, r->opt.field_selector,
				    &w->selection, err);
	if (e == 0)
		e = revision_parse(r, r->opt.resource_version, &w->start, err);
	if (e == 0 && r->opt.has_send_initial_events)
		e = revision_reached(r, w->start, err);
	if (e == 0)
		e = event_encoder_init(&w->encoder, r, err);
	return e;
}

static void watch_start(struct api_request *r, struct watch *w)
{
	struct http_field fields[RESPOND_FIELDS_MAX];
	size_t n = respond_fields(r, media_stream_text(r->media.format), fields);
	bool initial = wants_initial(&r->opt);
	int64_t timeout_s = r->opt.timeout_s > 0
				    ? r->opt.timeout_s
				    : TIMEOUT_MIN_S + (int64_t)(rand_u64() % TIMEOUT_MIN_S);
	if (timeout_s > TIMEOUT_MAX_S)
		timeout_s = TIMEOUT_MAX_S;
	w->prefix = lookup_prefix(r);
	w->selection.name = r->watch_path ? r->name : STR("");
	w->cache = server_cache(r->server, r->resource);
	w->watcher = (struct cache_watcher){ .prefix = w->prefix,
					     .on_event = on_event,
					     .on_batch_end = on_batch_end,
					     .on_expired = on_expired };
	w->mark_initial_end = r->opt.send_initial_events && r->opt.allow_bookmarks;
	w->ends_ms = clock_mono_ms(r->server->clock) + timeout_s * 1000;
	w->r = request_ref(r);
	r->state = w;
	r->on_drain = on_drain;
	r->on_gone = on_gone;
	list_add_tail(&loop_state_of(r->loop)->watches, &w->link);
	loop_timer_init(r->loop, &w->timer, on_timer);
	r->responder->stream_start(r, 200, fields, n);
	request_metrics_watch(r, 1);
	watch_timer(w);
	if (initial) {
		cache_view_now(w->cache, &w->view);
		w->start = w->view.revision;
		w->initial = true;
		watch_initial(w);
		return;
	}
	if (w->start == 0)
		w->start = cache_set_revision(r->server->caches);
	watch_live(w);
}

void verb_watch(struct api_request *r)
{
	auto_err err = { 0 };
	struct watch *w = NEW(struct watch);
	if (watch_check(r, w, &err) == 0) {
		watch_start(r, w);
		return;
	}
	selection_free(&w->selection);
	free(w);
	respond_err(r, &err);
}

void watches_end_of(struct loop *l, const struct crd *definition)
{
	struct list *head = &loop_state_of(l)->watches;
	LIST_EACH_SAFE(head, it)
	{
		struct watch *w = LIST_ITEM(it, struct watch, link);
		if (w->r->resource->crd == definition)
			watch_end(w);
	}
}

void watches_end(struct apiserver *s, struct loop *l)
{
	struct list *head = &loop_state_of(l)->watches;
	(void)s;
	LIST_EACH_SAFE(head, it)
	watch_end(LIST_ITEM(it, struct watch, link));
}
