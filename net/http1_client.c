/* SPDX-License-Identifier: Apache-2.0 */
/* The parser pauses after each head and message, so that the call's callbacks run outside it, and before more of the body when
 * the call is paused. What is read and not parsed waits in `input`. */
#include "net/http1_client.h"

#include <llhttp.h>
#include <string.h>

#include "net/http1.h"
#include "net/stream_wrap.h"

#define IDLE_MS 60000

struct client_conn {
	struct list link; /* in the pool, or alone */
	struct stream *stream;
	const struct tls_client *tls;
	char *host;
	int port;
	llhttp_t parser;
	struct http1_head head;
	struct arena arena;
	struct buf input;
	const struct client_conn_ops *ops; /* NULL: no call */
	void *ctx;
	struct loop_timer timer;
	struct loop_later resume;
	/* by the head or the body's consumer: the end may be due without another byte */
	bool stopped;
	bool is_head, paused, got_bytes, head_complete, message_complete, parsing, closing,
		handed_over;
	void (*gone)(void *ctx);
	void *gone_ctx;
};

static void on_timer_closed(struct loop_timer *t)
{
	struct client_conn *k = CONTAINER_OF(t, struct client_conn, timer);
	http1_head_free(&k->head);
	arena_free(&k->arena);
	buf_free(&k->input);
	free(k->host);
	free(k);
}

static void free_conn(struct client_conn *k)
{
	bool pooled = !list_empty(&k->link);
	loop_later_cancel(&k->resume);
	list_del(&k->link);
	if (pooled)
		k->gone(k->gone_ctx);
	loop_timer_close(&k->timer, on_timer_closed);
}

void client_conn_close(struct client_conn *k)
{
	k->ops = NULL;
	if (k->closing)
		return;
	k->closing = true;
	stream_close(k->stream);
}

static void broken(struct client_conn *k, const char *why)
{
	const struct client_conn_ops *ops = TAKE(k->ops);
	void *ctx = k->ctx;
	client_conn_close(k);
	if (ops)
		ops->broken(ctx, k->got_bytes, why);
}

/* ---- parsing ---- */

static int limit(bool ok)
{
	return ok ? 0 : -1;
}

static int on_message_begin(llhttp_t *p)
{
	struct client_conn *k = p->data;
	http1_head_reset(&k->head);
	return 0;
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
	struct client_conn *k = p->data;
	return limit(http1_head_name(&k->head, at, n));
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
	struct client_conn *k = p->data;
	return limit(http1_head_value(&k->head, at, n));
}

static int on_headers_complete(llhttp_t *p)
{
	struct client_conn *k = p->data;
	if (k->is_head)
		p->flags |= F_SKIPBODY;
	k->head_complete = k->stopped = true;
	return HPE_PAUSED;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
	struct client_conn *k = p->data;
	if (k->ops)
		k->ops->body(k->ctx, at, n);
	k->stopped = k->paused || !k->ops;
	return k->stopped ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *p)
{
	struct client_conn *k = p->data;
	k->message_complete = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t *parser_settings(void)
{
	static const llhttp_settings_t settings = {
		.on_message_begin = on_message_begin,
		.on_header_field = on_name,
		.on_header_value = on_value,
		.on_headers_complete = on_headers_complete,
		.on_body = on_body,
		.on_message_complete = on_message_complete,
	};
	return &settings;
}

static void tell_response(struct client_conn *k)
{
	struct http_response r = { .status = k->parser.status_code };
	k->head_complete = false;
	if (r.status < 200 && r.status != 101)
		return;
	arena_reset(&k->arena);
	r.fields = http1_head_fields(&k->head, &k->arena, &r.nfields);
	k->ops->response(k->ctx, &r);
}

static void tell_complete(struct client_conn *k)
{
	const struct client_conn_ops *ops = k->ops;
	k->message_complete = false;
	if (k->parser.status_code < 200)
		return; /* 1xx: the answer follows */
	bool reusable = llhttp_should_keep_alive(&k->parser) && !k->closing;
	k->ops = NULL;
	ops->complete(k->ctx, reusable);
}

static void after_stop(struct client_conn *k, llhttp_errno_t e)
{
	if (e != HPE_PAUSED) {
		broken(k, "malformed HTTP response");
		return;
	}
	llhttp_resume(&k->parser);
	if (k->head_complete)
		tell_response(k);
	if (k->message_complete && k->ops)
		tell_complete(k);
}

static void hand_over(struct client_conn *k, const char *rest, size_t n)
{
	const struct client_conn_ops *ops = TAKE(k->ops);
	struct stream *s = stream_wrap(k->stream, str_of(rest, n), NULL, NULL);
	void *ctx = k->ctx;
	k->handed_over = true;
	free_conn(k);
	ops->upgraded(ctx, s);
}

static size_t parse(struct client_conn *k, const char *p, size_t n, bool *gone)
{
	size_t done = 0;
	k->parsing = true;
	while ((done < n || k->stopped) && k->ops && !k->paused) {
		k->stopped = false;
		llhttp_errno_t e = llhttp_execute(&k->parser, p + done, n - done);
		if (e == HPE_OK) {
			done = n;
			break;
		}
		const char *at = llhttp_get_error_pos(&k->parser);
		done = at ? (size_t)(at - p) : n;
		bool upgrade = k->head_complete && k->parser.status_code == 101;
		after_stop(k, e);
		if (upgrade && k->ops) {
			hand_over(k, p + done, n - done);
			*gone = true;
			return n;
		}
	}
	k->parsing = false;
	return done;
}

static void take_input(struct client_conn *k, const char *p, size_t n)
{
	bool gone = false;
	if (k->input.n > 0) {
		struct buf in = k->input;
		k->input = (struct buf){ 0 };
		if (n > 0)
			buf_add(&in, p, n);
		size_t done = parse(k, in.p, in.n, &gone);
		if (!gone && k->ops && done < in.n)
			buf_add(&k->input, in.p + done, in.n - done);
		buf_free(&in);
	} else {
		size_t done = parse(k, p, n, &gone);
		if (!gone && k->ops && done < n)
			buf_add(&k->input, p + done, n - done);
	}
}

/* ---- the stream's events ---- */

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct client_conn *k = s->ctx;
	if (k->closing)
		return;
	if (!k->ops) { /* nothing was asked */
		client_conn_close(k);
		return;
	}
	k->got_bytes = true;
	take_input(k, p, n);
}

static void run_resume(struct loop_later *t)
{
	struct client_conn *k = CONTAINER_OF(t, struct client_conn, resume);
	if (!k->closing && k->ops && (k->input.n > 0 || k->stopped))
		take_input(k, "", 0);
}

static void on_end(struct stream *s)
{
	struct client_conn *k = s->ctx;
	if (k->closing)
		return;
	if (k->ops && k->got_bytes && llhttp_finish(&k->parser) != HPE_OK && !k->message_complete) {
		broken(k, "unexpected EOF");
		return;
	}
	k->closing = true;
	if (k->ops && k->message_complete) {
		tell_complete(k);
	} else {
		k->closing = false;
		broken(k, "EOF");
	}
	stream_close(s);
}

static void on_drain(struct stream *s)
{
	struct client_conn *k = s->ctx;
	if (k->ops)
		k->ops->sent(k->ctx);
}

static void on_close(struct stream *s)
{
	struct client_conn *k = s->ctx;
	k->closing = true;
	const struct client_conn_ops *ops = TAKE(k->ops);
	if (ops)
		ops->broken(k->ctx, k->got_bytes, "connection reset by peer");
	free_conn(k);
}

static void on_timer(struct loop_timer *t)
{
	client_conn_close(CONTAINER_OF(t, struct client_conn, timer));
}

/* ---- for the call ---- */

struct client_conn *client_conn_new(struct stream *s, const struct tls_client *tls,
				    const char *host, int port, void (*gone)(void *ctx),
				    void *gone_ctx)
{
	struct client_conn *k = NEW(struct client_conn);
	list_init(&k->link);
	k->stream = s;
	k->tls = tls;
	k->host = str_dup(str_from(host));
	k->port = port;
	k->gone = gone;
	k->gone_ctx = gone_ctx;
	loop_timer_init(s->loop, &k->timer, on_timer);
	loop_later_init(&k->resume, run_resume);
	s->ctx = k;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_drain = on_drain;
	s->on_close = on_close;
	return k;
}

struct stream *client_conn_begin(struct client_conn *k, const struct client_conn_ops *ops,
				 void *ctx, bool is_head)
{
	llhttp_init(&k->parser, HTTP_RESPONSE, parser_settings());
	k->parser.data = k;
	k->ops = ops;
	k->ctx = ctx;
	k->is_head = is_head;
	k->stopped = k->paused = k->got_bytes = k->head_complete = k->message_complete = false;
	http1_head_reset(&k->head);
	stream_read_start(k->stream);
	return k->stream;
}

struct stream *client_conn_stream(struct client_conn *k)
{
	return k->stream;
}

void client_conn_pause(struct client_conn *k, bool paused)
{
	k->paused = paused;
	if (paused) {
		stream_read_stop(k->stream);
		return;
	}
	stream_read_start(k->stream);
	loop_later(k->stream->loop, &k->resume);
}

void client_conn_keep(struct client_conn *k, struct list *idle)
{
	k->ops = NULL;
	list_add_tail(idle, &k->link);
	stream_read_start(k->stream);
	loop_timer_start(&k->timer, IDLE_MS);
}

struct client_conn *client_conn_find(struct list *idle, const struct tls_client *tls,
				     const char *host, int port)
{
	for (struct list *it = idle->prev; it != idle; it = it->prev) {
		struct client_conn *k = LIST_ITEM(it, struct client_conn, link);
		if (k->closing || k->tls != tls || k->port != port || strcmp(k->host, host) != 0)
			continue;
		list_del(&k->link);
		loop_timer_stop(&k->timer);
		return k;
	}
	return NULL;
}

void client_conns_close(struct list *idle)
{
	LIST_EACH_SAFE(idle, it)
	client_conn_close(LIST_ITEM(it, struct client_conn, link));
}
