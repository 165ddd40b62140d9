/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and the pool of connections that wait for one.
 *
 *   start ─► kept connection ─────────────► sent ─► head ─► body ─► done
 *      └───► connect ─► TLS handshake ──────┘ │
 *                            ▲  nothing came  │
 *                            └────── once ────┘
 * The connection (http1_client.c) parses; what it finds it tells the call through client_conn_ops. */
#include "net/http_client.h"

#include <stdio.h>

#include "net/connect.h"
#include "net/http1_client.h"
#include "net/http_call_head.h"

struct http_client {
	struct loop *loop;
	struct list calls;
	struct list idle; /* client_conn, last used last */
	bool freeing;
};

struct http_call {
	struct http_client *client;
	struct list link;
	const struct http_call_ops *ops;
	void *ctx;
	struct tls_client *tls;
	char *host;
	int port;
	struct buf head; /* request line and fields */
	struct buf body;
	struct chunk_queue waiting; /* streaming: written before there was a connection */
	bool streaming, chunked, ended, is_head, wants_upgrade;
	bool reused, paused, answered, finishing;
	uint64_t connect_timeout_ms;
	struct connect *connecting;
	struct stream *handshaking;
	struct client_conn *conn;
	struct loop_timer timeout;
	struct loop_later begin, finish, drained;
	struct err why;
};

struct http_client *http_client_new(struct loop *l)
{
	struct http_client *c = NEW(struct http_client);
	c->loop = l;
	list_init(&c->calls);
	list_init(&c->idle);
	return c;
}

static void free_when_empty(struct http_client *c)
{
	if (c->freeing && list_empty(&c->calls) && list_empty(&c->idle))
		free(c);
}

/* ---- the end of a call ---- */

static void on_timeout_closed(struct loop_timer *t)
{
	struct http_call *call = CONTAINER_OF(t, struct http_call, timeout);
	struct http_client *c = call->client;
	list_del(&call->link);
	buf_free(&call->head);
	buf_free(&call->body);
	chunk_queue_free(&call->waiting);
	free(call->host);
	err_clear(&call->why);
	free(call);
	free_when_empty(c);
}

static void run_finish(struct loop_later *t)
{
	struct http_call *call = CONTAINER_OF(t, struct http_call, finish);
	call->ops->done(call, call->why.reason == ERR_NONE ? NULL : &call->why);
	loop_timer_close(&call->timeout, on_timeout_closed);
}

static void let_go(struct http_call *call)
{
	loop_later_cancel(&call->begin);
	loop_later_cancel(&call->drained);
	connect_cancel(TAKE(call->connecting));
	if (call->handshaking)
		stream_close(TAKE(call->handshaking));
	struct client_conn *conn = TAKE(call->conn);
	if (conn)
		client_conn_close(conn);
}

/* `err` is taken over; NULL: complete. */
static void finish(struct http_call *call, struct err *err)
{
	if (call->finishing) {
		err_clear(err);
		return;
	}
	call->finishing = true;
	if (err)
		err_move(&call->why, err);
	loop_timer_stop(&call->timeout);
	let_go(call);
	loop_later(call->client->loop, &call->finish);
}

static void fail(struct http_call *call, enum err_reason reason, const char *text)
{
	struct err err = { 0 };
	err_set(&err, reason, "%s", text);
	finish(call, &err);
}

/* ---- what the connection tells ---- */

static void begin(struct http_call *call, bool fresh);

static void on_response(void *ctx, const struct http_response *r)
{
	struct http_call *call = ctx;
	call->answered = true;
	if (call->ops->response && !call->finishing)
		call->ops->response(call, r);
}

static void on_body(void *ctx, const char *p, size_t n)
{
	struct http_call *call = ctx;
	if (call->ops->data && !call->finishing)
		call->ops->data(call, p, n);
}

static void on_sent(void *ctx)
{
	struct http_call *call = ctx;
	if (call->streaming && call->ops->drain && !call->finishing)
		call->ops->drain(call);
}

static void run_drained(struct loop_later *t)
{
	on_sent(CONTAINER_OF(t, struct http_call, drained));
}

static void keep_conn(struct http_client *c, struct client_conn *conn)
{
	if (c->freeing)
		client_conn_close(conn);
	else
		client_conn_keep(conn, &c->idle);
}

static void on_complete(void *ctx, bool reusable)
{
	struct http_call *call = ctx;
	struct client_conn *conn = TAKE(call->conn);
	if (reusable && (!call->streaming || call->ended))
		keep_conn(call->client, conn);
	else
		client_conn_close(conn);
	finish(call, NULL);
}

static void on_upgraded(void *ctx, struct stream *s)
{
	struct http_call *call = ctx;
	call->conn = NULL;
	if (call->ops->upgraded && call->wants_upgrade && !call->finishing) {
		call->ops->upgraded(call, s);
		finish(call, NULL);
	} else {
		stream_close(s);
		fail(call, ERR_UNAVAILABLE, "the server switched protocols unasked");
	}
}

static void on_broken(void *ctx, bool got_bytes, const char *why)
{
	struct http_call *call = ctx;
	call->conn = NULL;
	if (call->reused && !got_bytes && !call->streaming && !call->finishing)
		begin(call, true);
	else
		fail(call, ERR_UNAVAILABLE, why);
}

static void on_gone(void *ctx)
{
	free_when_empty(ctx);
}

static const struct client_conn_ops conn_ops = {
	.response = on_response,
	.body = on_body,
	.sent = on_sent,
	.complete = on_complete,
	.upgraded = on_upgraded,
	.broken = on_broken,
};

/* ---- start ---- */

static void send_request(struct http_call *call, struct client_conn *conn)
{
	struct stream *s = client_conn_begin(conn, &conn_ops, call, call->is_head);
	call->conn = conn;
	stream_write_copy(s, call->head.p, call->head.n);
	if (call->body.n > 0)
		stream_write_copy(s, call->body.p, call->body.n);
	if (call->waiting.count > 0) {
		chunk_queue_write(&call->waiting, s);
		if (s->queued_bytes ==
		    0) /* no drain will come from a stream that took all at once */
			loop_later(call->client->loop, &call->drained);
	}
	if (call->paused)
		client_conn_pause(conn, true);
}

static void start_on(struct http_call *call, struct stream *s)
{
	struct client_conn *conn =
		client_conn_new(s, call->tls, call->host, call->port, on_gone, call->client);
	send_request(call, conn);
}

static void on_tls_ready(void *ctx, struct stream *s, const struct err *err)
{
	struct http_call *call = ctx;
	call->handshaking = NULL;
	if (!err) {
		start_on(call, s);
		return;
	}
	struct err copy = { 0 };
	err_copy(&copy, err);
	finish(call, &copy);
}

static void on_connected(void *ctx, struct stream *s, const struct err *err)
{
	struct http_call *call = ctx;
	call->connecting = NULL;
	if (err) {
		struct err copy = { 0 };
		err_copy(&copy, err);
		finish(call, &copy);
	} else if (call->tls) {
		call->handshaking = tls_connect(call->tls, s, on_tls_ready, call);
	} else {
		start_on(call, s);
	}
}

static void begin(struct http_call *call, bool fresh)
{
	struct http_client *c = call->client;
	struct client_conn *conn =
		fresh ? NULL : client_conn_find(&c->idle, call->tls, call->host, call->port);
	call->reused = conn != NULL;
	if (conn)
		send_request(call, conn);
	else
		call->connecting = connect_start(c->loop, call->host, call->port,
						 call->connect_timeout_ms, on_connected, call);
}

static void run_begin(struct loop_later *t)
{
	begin(CONTAINER_OF(t, struct http_call, begin), false);
}

/* Who doesn't answer on one kept connection will not on the others either: each would cost its own time. */
static void drop_idle(struct http_call *call)
{
	struct client_conn *conn;
	while ((conn = client_conn_find(&call->client->idle, call->tls, call->host, call->port)))
		client_conn_close(conn);
}

static void on_timeout(struct loop_timer *t)
{
	struct http_call *call = CONTAINER_OF(t, struct http_call, timeout);
	if (call->reused && !call->answered)
		drop_idle(call);
	fail(call, ERR_TIMEOUT, "context deadline exceeded");
}

struct http_call *http_call_start(struct http_client *c, const struct http_call_spec *spec)
{
	struct http_call *call = NEW(struct http_call);
	call->client = c;
	call->ops = spec->ops;
	call->ctx = spec->ctx;
	call->tls = spec->tls;
	call->host = str_dup(str_from(spec->host));
	call->port = spec->port;
	call->streaming = spec->streaming;
	call->is_head = str_eq(spec->method, STR("HEAD"));
	call->wants_upgrade = http_call_has_field(spec, "upgrade");
	call->connect_timeout_ms = spec->connect_timeout_ms;
	call->chunked = http_call_head(spec, &call->head);
	if (spec->body.n > 0)
		buf_str(&call->body, spec->body);
	list_add_tail(&c->calls, &call->link);
	loop_later_init(&call->finish, run_finish);
	loop_later_init(&call->begin, run_begin);
	loop_later_init(&call->drained, run_drained);
	loop_timer_init(c->loop, &call->timeout, on_timeout);
	if (spec->timeout_ms > 0)
		loop_timer_start(&call->timeout, spec->timeout_ms);
	loop_later(c->loop, &call->begin);
	return call;
}

/* ---- during a call ---- */

void *http_call_ctx(struct http_call *call)
{
	return call->ctx;
}

static void put(struct http_call *call, struct chunk *c, size_t n)
{
	if (call->conn)
		stream_write(client_conn_stream(call->conn), c, n);
	else
		chunk_queue_add(&call->waiting, c, n);
}

void http_call_write(struct http_call *call, struct chunk *c, size_t n)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += c[i].n;
	if (call->finishing || !call->streaming || call->ended || bytes == 0) {
		for (size_t i = 0; i < n; i++)
			chunk_release(&c[i]);
		return;
	}
	if (call->chunked) {
		char size[24];
		int len = snprintf(size, sizeof(size), "%zx\r\n", bytes);
		struct chunk head = chunk_copy(str_of(size, (size_t)len)),
			     tail = CHUNK_STATIC("\r\n");
		put(call, &head, 1);
		put(call, c, n);
		put(call, &tail, 1);
	} else {
		put(call, c, n);
	}
}

void http_call_end(struct http_call *call)
{
	struct chunk last = CHUNK_STATIC("0\r\n\r\n");
	if (call->finishing || !call->streaming || call->ended)
		return;
	call->ended = true;
	if (call->chunked)
		put(call, &last, 1);
}

size_t http_call_queued_bytes(const struct http_call *call)
{
	return call->waiting.bytes +
	       (call->conn ? client_conn_stream(call->conn)->queued_bytes : 0);
}

void http_call_pause(struct http_call *call, bool paused)
{
	call->paused = paused;
	if (call->conn)
		client_conn_pause(call->conn, paused);
}

void http_call_cancel(struct http_call *call)
{
	fail(call, ERR_UNAVAILABLE, "context canceled");
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	c->freeing = true;
	LIST_EACH_SAFE(&c->calls, it)
	http_call_cancel(LIST_ITEM(it, struct http_call, link));
	client_conns_close(&c->idle);
	free_when_empty(c);
}
