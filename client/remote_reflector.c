/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages, then watches from the list's revision.
 *
 *   start ─► list ─page─page─► (differences to what is known are told) ─► watch ─┐
 *             ▲                                                          ▲       │ ended, lost: from the last revision
 *             │ 410 Gone                                                 └───────┤
 *             └──────────────────────────────────────────────────────────────────┘
 * A step that fails is tried again after a pause that doubles, on top of what a Retry-After asks for. A list without a place for its revision in the server's
 * memory begins anew. Follows client-go's tools/cache/reflector.go. */
#include "api/json/reader.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/map.h"
#include "client/remote_parts.h"
#include "client/status.h"

#define PAGE_OBJECTS    500
#define LIST_TIMEOUT_MS 60000
#define PAUSE_MIN_MS    200
#define PAUSE_MAX_MS    8000
#define WATCH_MIN_S     300    /* and up to twice that */
#define SILENCE_MS      180000 /* bookmarks come every minute: the peer is gone */
#define FRAME_MAX       (16u << 20)
#define LIST_MAX        (64u << 20)
#define EXPIRED         410

enum phase { PHASE_IDLE, PHASE_LIST, PHASE_WATCH };
struct reflector {
	struct list link; /* of the client's; alone once it stopped */
	struct remote *remote;
	struct loop *loop;
	struct watch_handler handler;
	char *ns, *labels, *fields;
	struct map known;   /* struct object by key */
	struct map listing; /* the same, of the list under way */
	struct http_call *http;
	enum phase phase;
	int status;
	struct buf body; /* of a page, or the frame of a watch that is not complete yet */
	char *next_page;
	int64_t revision; /* up to which we know everything; 0: list first */
	bool synced, stopped, expired, deaf;
	struct loop_timer again, silence;
	int closing; /* timers that are still to close */
	uint64_t pause_ms;
	int64_t wait_ms; /* that the answer asks for at least; below 0: none */
	struct loop_msg begin;
	bool begun;
};

static void unref(void *o)
{
	object_unref(o);
}

/* --- the end --- */

static void release(struct reflector *r)
{
	map_free(&r->known, unref);
	map_free(&r->listing, unref);
	buf_free(&r->body);
	free(r->next_page);
	free(r->ns);
	free(r->labels);
	free(r->fields);
	free(r);
}

static void timer_closed(struct reflector *r)
{
	if (--r->closing == 0)
		release(r);
}

static void again_closed(struct loop_timer *t)
{
	timer_closed(CONTAINER_OF(t, struct reflector, again));
}

static void silence_closed(struct loop_timer *t)
{
	timer_closed(CONTAINER_OF(t, struct reflector, silence));
}

static void close_timers(struct reflector *r)
{
	r->closing = 2;
	loop_timer_close(&r->again, again_closed);
	loop_timer_close(&r->silence, silence_closed);
}

void remote_reflector_drop(struct list *link)
{
	struct reflector *r = LIST_ITEM(link, struct reflector, link);
	list_del(link);
	r->stopped = true;
	if (!r->begun)
		return; /* its first message frees it */
	if (r->http)
		http_call_cancel(r->http);
	else
		close_timers(r);
}

void remote_unwatch(struct client *client, struct reflector *r)
{
	(void)client;
	if (!r->stopped)
		remote_reflector_drop(&r->link);
}

/* --- what is told --- */

static void tell(struct reflector *r, const struct object *old, const struct object *new)
{
	if (!r->stopped)
		r->handler.on_change(r->handler.ctx, old, new);
}

static void tell_change(struct reflector *r, struct object *o)
{
	struct object *old = map_put(&r->known, o->key, object_ref(o));
	if (!old || old->revision != o->revision)
		tell(r, old, o);
	object_unref(old);
}

static void tell_gone(struct reflector *r, struct str key)
{
	struct object *old = map_del(&r->known, key);
	if (old)
		tell(r, old, NULL);
	object_unref(old);
}

/* --- list --- */

static void step(struct reflector *r);

static void pause_then(struct reflector *r)
{
	r->pause_ms = r->pause_ms ? r->pause_ms * 2 : PAUSE_MIN_MS;
	if (r->pause_ms > PAUSE_MAX_MS)
		r->pause_ms = PAUSE_MAX_MS;
	uint64_t pause_ms = r->pause_ms / 2 + rand_u64() % (r->pause_ms / 2 + 1);
	loop_timer_start(&r->again, pause_ms + (r->wait_ms > 0 ? (uint64_t)r->wait_ms : 0));
}

static void list_drop(struct reflector *r)
{
	map_free(&r->listing, unref);
	r->listing = (struct map){ 0 };
	free(TAKE(r->next_page));
}

static bool take_item(struct reflector *r, struct str json)
{
	struct object *o;
	auto_err err = { 0 };
	if (object_from_served(r->handler.resource, json, &o, &err) < 0) {
		log_warn("an object can't be read", LOG_S("error", err_text(&err)));
		return false;
	}
	object_unref(map_put(&r->listing, o->key, o));
	return true;
}

static bool take_list_metadata(struct reflector *r, struct reader *in, int64_t *revision)
{
	struct reader_text key, text;
	free(TAKE(r->next_page));
	if (reader_null(in) || !reader_object(in))
		return false;
	while (reader_member(in, &key)) {
		bool is_revision = reader_text_eq(&key, STR("resourceVersion"));
		if (is_revision || reader_text_eq(&key, STR("continue"))) {
			if (!reader_string(in, &text))
				return false;
			if (is_revision && !str_to_i64(text.raw, revision))
				return false;
			if (!is_revision && text.raw.n)
				r->next_page = str_dup(text.raw);
		} else {
			reader_skip(in);
		}
	}
	return !in->failed;
}

static bool take_page(struct reflector *r, int64_t *revision)
{
	struct reader in;
	struct reader_text key;
	struct str item;
	reader_init(&in, buf_view(&r->body));
	if (!reader_object(&in))
		return false;
	while (reader_member(&in, &key)) {
		if (reader_text_eq(&key, STR("metadata"))) {
			if (!take_list_metadata(r, &in, revision))
				return false;
		} else if (reader_text_eq(&key, STR("items")) && !reader_null(&in)) {
			if (!reader_array(&in))
				return false;
			while (reader_item(&in))
				if (!reader_value(&in, &item) || !take_item(r, item))
					return false;
		} else {
			reader_skip(&in);
		}
	}
	return !in.failed && *revision > 0;
}

/* Known objects that are not in the list are gone; then all others. Nobody else changes `known` meanwhile, but we may be stopped. */
static void tell_list(struct reflector *r)
{
	size_t at = 0, n = 0;
	struct map_entry *e;
	struct object **gone = mem_alloc((r->known.count + 1) * sizeof(struct object *));
	while ((e = map_next(&r->known, &at)))
		if (!map_get(&r->listing, e->key))
			gone[n++] = e->value;
	for (size_t i = 0; i < n; i++)
		tell_gone(r, gone[i]->key);
	free(gone);
	for (at = 0; (e = map_next(&r->listing, &at));)
		tell_change(r, e->value);
	list_drop(r);
}

static void list_page_done(struct reflector *r)
{
	int64_t revision = 0;
	if (!take_page(r, &revision)) {
		log_warn("a list can't be read", LOG_S("resource", r->handler.resource->plural));
		list_drop(r);
		pause_then(r);
		return;
	}
	r->pause_ms = 0;
	if (r->next_page) {
		step(r);
		return;
	}
	r->revision = revision;
	tell_list(r);
	if (!r->synced && !r->stopped && r->handler.on_synced)
		r->handler.on_synced(r->handler.ctx);
	r->synced = true;
	if (!r->stopped)
		step(r);
}

/* --- watch --- */

static int64_t revision_of(struct str object)
{
	struct reader in;
	struct reader_text key, text;
	int64_t revision = 0;
	reader_init(&in, object);
	for (bool ok = reader_object(&in); ok && reader_member(&in, &key);) {
		if (!reader_text_eq(&key, STR("metadata"))) {
			reader_skip(&in);
			continue;
		}
		for (ok = reader_object(&in); ok && reader_member(&in, &key);)
			if (!reader_text_eq(&key, STR("resourceVersion")))
				reader_skip(&in);
			else if (reader_string(&in, &text) && str_to_i64(text.raw, &revision))
				return revision;
	}
	return 0;
}

static void take_error(struct reflector *r, struct str status)
{
	auto_err err = { 0 };
	client_status_read(status, 0, &err);
	r->expired = err.reason == ERR_EXPIRED || err.reason == ERR_GONE;
	if (!r->expired)
		log_warn("watch failed", LOG_S("user", r->remote->user),
			 LOG_S("resource", r->handler.resource->plural),
			 LOG_S("error", err_text(&err)));
}

static void take_event(struct reflector *r, struct str type, struct str json)
{
	struct object *o;
	auto_err err = { 0 };
	if (str_eqz(type, "ERROR")) {
		take_error(r, json);
		r->deaf = true;
		return;
	}
	if (str_eqz(type, "BOOKMARK")) {
		int64_t revision = revision_of(json);
		r->revision = revision > r->revision ? revision : r->revision;
		return;
	}
	if (object_from_served(r->handler.resource, json, &o, &err) < 0) {
		log_warn("an event can't be read", LOG_S("error", err_text(&err)));
		r->expired = r->deaf = true;
		return;
	}
	r->revision = o->revision > r->revision ? o->revision : r->revision;
	if (str_eqz(type, "DELETED"))
		tell_gone(r, o->key);
	else
		tell_change(r, o);
	object_unref(o);
}

static void take_frame(struct reflector *r, struct str frame)
{
	struct reader in;
	struct reader_text key, type = { 0 };
	struct str object = { 0 };
	reader_init(&in, frame);
	for (bool ok = reader_object(&in); ok && reader_member(&in, &key);)
		if (reader_text_eq(&key, STR("type")))
			ok = reader_string(&in, &type);
		else if (reader_text_eq(&key, STR("object")))
			ok = reader_value(&in, &object);
		else
			ok = reader_skip(&in);
	if (in.failed || !object.n)
		r->expired = r->deaf = true;
	else
		take_event(r, type.raw, object);
}

/* Frames are lines. What is left of the last one waits in `body`. */
static void take_stream(struct reflector *r, const char *p, size_t n)
{
	const char *end;
	while (!r->stopped && !r->deaf && (end = memchr(p, '\n', n))) {
		size_t line = (size_t)(end - p);
		if (r->body.n) {
			struct buf whole = r->body;
			r->body = (struct buf){ 0 };
			buf_add(&whole, p, line);
			take_frame(r, buf_view(&whole));
			buf_free(&whole);
		} else if (line) {
			take_frame(r, str_of(p, line));
		}
		p = end + 1;
		n -= line + 1;
	}
	if (n && !r->deaf)
		buf_add(&r->body, p, n);
}

static void on_silence(struct loop_timer *t)
{
	struct reflector *r = CONTAINER_OF(t, struct reflector, silence);
	if (r->http)
		http_call_cancel(r->http);
}

/* --- one request after the other --- */

static void on_response(struct http_call *http, const struct http_response *response)
{
	struct reflector *r = http_call_ctx(http);
	r->status = response->status;
	r->wait_ms = remote_wait_ms(response);
	if (r->phase == PHASE_WATCH && r->status == 200) {
		r->pause_ms = 0;
		loop_timer_start(&r->silence, SILENCE_MS);
	}
}

static void on_data(struct http_call *http, const char *p, size_t n)
{
	struct reflector *r = http_call_ctx(http);
	bool watching = r->phase == PHASE_WATCH && r->status == 200;
	if (r->stopped || r->deaf)
		return;
	if (r->body.n + n > (watching ? FRAME_MAX : LIST_MAX)) {
		r->deaf = true;
	} else if (watching) {
		loop_timer_start(&r->silence, SILENCE_MS);
		take_stream(r, p, n);
	} else {
		buf_add(&r->body, p, n);
	}
	if (r->deaf && !r->stopped)
		http_call_cancel(http);
}

static void refused(struct reflector *r)
{
	auto_err err = { 0 };
	client_status_read(buf_view(&r->body), r->status, &err);
	if (r->status == EXPIRED) {
		r->revision = 0;
		list_drop(r);
	} else {
		log_warn(r->phase == PHASE_LIST ? "list refused" : "watch refused",
			 LOG_S("user", r->remote->user),
			 LOG_S("resource", r->handler.resource->plural),
			 LOG_S("error", err_text(&err)));
	}
	pause_then(r);
}

static void lost(struct reflector *r, const struct err *err)
{
	log_debug("connection lost", LOG_S("resource", r->handler.resource->plural),
		  LOG_S("error", err_text(err)));
	list_drop(r);
	pause_then(r);
}

static void on_done(struct http_call *http, const struct err *err)
{
	struct reflector *r = http_call_ctx(http);
	enum phase phase = r->phase;
	r->http = NULL;
	loop_timer_stop(&r->silence);
	if (r->stopped) {
		close_timers(r);
		return;
	}
	if (r->expired)
		r->revision = 0;
	bool deaf = r->deaf;
	r->expired = r->deaf = false;
	if (deaf)
		pause_then(r);
	else if (r->status >= 400)
		refused(r);
	else if (phase == PHASE_LIST && !err)
		list_page_done(r);
	else if (err)
		lost(r, err);
	else
		step(r); /* the server ends watches now and then */
}

static const struct http_call_ops ops = { .response = on_response,
					  .data = on_data,
					  .done = on_done };

static void add_query(struct buf *b, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_printf(b, "&%s=", name);
	percent_encode(b, str_from(value));
}

static void step(struct reflector *r)
{
	auto_buf target = { 0 };
	struct remote_request request = { .method = STR("GET"), .ops = &ops, .ctx = r };
	remote_path(r->handler.resource, str_from(r->ns), &target);
	r->phase = r->revision ? PHASE_WATCH : PHASE_LIST;
	if (r->phase == PHASE_LIST) {
		buf_printf(&target, "?limit=%d", PAGE_OBJECTS);
		add_query(&target, "continue", r->next_page ? r->next_page : "");
		request.timeout_ms = LIST_TIMEOUT_MS;
	} else {
		buf_printf(&target,
			   "?watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&"
			   "resourceVersion=%lld",
			   WATCH_MIN_S + (int)(rand_u64() % WATCH_MIN_S), (long long)r->revision);
	}
	add_query(&target, "labelSelector", r->labels);
	add_query(&target, "fieldSelector", r->fields);
	request.target = buf_view(&target);
	buf_reset(&r->body);
	r->status = 0;
	r->wait_ms = -1;
	r->http = remote_send(r->remote, &request);
}

static void on_again(struct loop_timer *t)
{
	step(CONTAINER_OF(t, struct reflector, again));
}

static void begin(struct loop_msg *m)
{
	struct reflector *r = CONTAINER_OF(m, struct reflector, begin);
	if (r->stopped) {
		release(r);
		return;
	}
	r->begun = true;
	loop_timer_init(r->loop, &r->again, on_again);
	loop_timer_init(r->loop, &r->silence, on_silence);
	step(r);
}

void remote_reflector_renew(struct list *link)
{
	struct reflector *r = LIST_ITEM(link, struct reflector, link);
	if (r->http && r->phase == PHASE_WATCH)
		http_call_cancel(r->http);
}

struct reflector *remote_watch(struct client *client, const struct watch_handler *h)
{
	struct reflector *r = NEW(struct reflector);
	r->remote = CONTAINER_OF(client, struct remote, client);
	r->loop = client->loop;
	r->handler = *h;
	r->ns = str_dup(h->ns);
	r->labels = str_dup(h->label_selector);
	r->fields = str_dup(h->field_selector);
	list_add_tail(&r->remote->reflectors, &r->link);
	r->begin.run = begin;
	loop_post(r->loop, &r->begin);
	return r;
}
