/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages, then watches from the list's revision.
 *
 *   start ─► list ─page─page─► (differences to what is known are told) ─► watch ─┐
 *             ▲                                                          ▲       │ ended, lost: from the last revision
 *             │ 410 Gone                                                 └───────┤
 *             └──────────────────────────────────────────────────────────────────┘
 * A step that fails is tried again after a pause that doubles, on top of what a Retry-After asks for; so is a watch that ends at once and
 * without an event. The pause is short again after a watch that lived. A list without a place for its revision in the server's
 * memory begins anew. Follows client-go's tools/cache/reflector.go. */
#include "client/remote_reflector.h"

#include "base/encode.h"
#include "base/log.h"
#include "client/status.h"

#define PAGE_OBJECTS    500
#define LIST_TIMEOUT_MS 60000
#define PAUSE_MIN_MS    200
#define PAUSE_MAX_MS    8000
#define WATCH_MIN_S     300 /* and up to twice that */
#define SHORT_WATCH_MS  1000
#define SILENCE_MS      180000 /* bookmarks come every minute: the peer is gone */
#define FRAME_MAX       (16u << 20)
#define LIST_MAX        (64u << 20)
#define EXPIRED         410

/* --- the end --- */

static void release(struct reflector *r)
{
	reflector_list_drop(r);
	reflector_known_drop(r);
	buf_free(&r->body);
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

static void list_page_done(struct reflector *r)
{
	int64_t revision = 0;
	if (!reflector_take_page(r, &revision)) {
		log_warn("a list can't be read", LOG_S("resource", r->handler.resource->plural));
		reflector_list_drop(r);
		pause_then(r);
		return;
	}
	if (r->next_page) {
		step(r);
		return;
	}
	r->revision = revision;
	reflector_tell_list(r);
	if (!r->synced && !r->stopped && r->handler.on_synced)
		r->handler.on_synced(r->handler.ctx);
	r->synced = true;
	if (!r->stopped)
		step(r);
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
		r->watched_ms = uv_now(&r->loop->uv);
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
		reflector_take_stream(r, p, n);
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
		reflector_list_drop(r);
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
	reflector_list_drop(r);
	pause_then(r);
}

/* Nothing is wrong with a server whose watch lasted, or told something. */
static bool watch_lived(const struct reflector *r)
{
	if (r->phase != PHASE_WATCH || r->status != 200)
		return false;
	return (r->heard && !r->deaf) || uv_now(&r->loop->uv) - r->watched_ms >= SHORT_WATCH_MS;
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
	bool deaf = r->deaf, lived = watch_lived(r);
	if (lived)
		r->pause_ms = 0;
	r->expired = r->deaf = false;
	if (deaf)
		pause_then(r);
	else if (r->status >= 400)
		refused(r);
	else if (phase == PHASE_LIST && !err)
		list_page_done(r);
	else if (err)
		lost(r, err);
	else if (lived)
		step(r); /* the server ends watches now and then */
	else
		pause_then(r);
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
	r->heard = false;
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
