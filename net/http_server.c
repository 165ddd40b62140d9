/* SPDX-License-Identifier: Apache-2.0 */
/* loops[0] accepts and hands the descriptors out in turn (SO_REUSEPORT would spread them unevenly and wake as often). Each loop
 * keeps its own list of connections; stopping is a message to each loop, and the last one to be empty reports.
 *
 *   accept ─► message ─► socket ─► TLS handshake ─► by ALPN: HTTP/2 or HTTP/1.1
 *                          └─ plain: HTTP/2 if it opens with its preface (RFC 9113 3.4), else HTTP/1.1 */
#include "net/http_server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_conn.h"
#include "net/listener.h"
#include "net/socket.h"
#include "net/tls_peer.h"

#define LISTENERS_MAX 32

struct http_server {
	struct http_loop *loops;
	size_t nloops;
	struct tls_server *tls;
	http_handler handler;
	void *ctx;
	struct listener *listeners[LISTENERS_MAX];
	size_t nlisteners;
	size_t next; /* loop for the next connection */
	int port;
	_Atomic int busy_loops; /* while stopping: loops that still have connections */
	uint64_t stop_ms;
	void (*stopped)(void *ctx);
	void *stopped_ctx;
};

/* ---- connections that don't speak yet ---- */

struct pending {
	struct http_conn conn; /* in the list of its loop, so that stopping finds it */
	struct buf start;      /* plain: its first bytes */
	struct loop_timer timer;
};

static void on_pending_timer_closed(struct loop_timer *t)
{
	struct pending *p = CONTAINER_OF(t, struct pending, timer);
	buf_free(&p->start);
	free(p);
}

static void pending_free(struct pending *p)
{
	http_conn_gone(&p->conn);
	loop_timer_close(&p->timer, on_pending_timer_closed);
}

static void on_pending_close(struct stream *s)
{
	pending_free(s->ctx);
}

static void pending_kill(struct http_conn *c)
{
	stream_close(c->stream);
}

static const struct http_conn_ops pending_ops = { .drain = pending_kill, .kill = pending_kill };

static void start_conn(struct pending *p, bool http2)
{
	struct http_loop *home = p->conn.home;
	struct http_conn *c =
		(http2 ? http2_conn_new : http1_conn_new)(home, p->conn.stream, p->conn.peer,
							  p->conn.remote);
	c->peer_refused = p->conn.peer_refused;
	if (p->start.n > 0)
		c->ops->input(c, p->start.p, p->start.n);
	pending_free(p);
}

static void on_tls_ready(void *ctx, struct stream *s, const struct err *err)
{
	struct pending *p = ctx;
	if (err) {
		log_debug("TLS handshake failed", LOG_S("remote", p->conn.remote),
			  LOG_S("error", err_text(err)));
		return; /* the stream closes itself */
	}
	p->conn.peer = tls_stream_peer(s);
	p->conn.peer_refused = tls_stream_peer_refused(s);
	start_conn(p, strcmp(tls_stream_alpn(s), "h2") == 0);
}

static void on_plain_data(struct stream *s, const char *data, size_t n)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n";
	struct pending *p = s->ctx;
	buf_add(&p->start, data, n);
	size_t seen = p->start.n < sizeof(preface) - 1 ? p->start.n : sizeof(preface) - 1;
	bool same = memcmp(p->start.p, preface, seen) == 0;
	if (!same || seen == sizeof(preface) - 1)
		start_conn(p, same);
}

static void on_pending_timeout(struct loop_timer *t)
{
	struct pending *p = CONTAINER_OF(t, struct pending, timer);
	stream_close(p->conn.stream);
}

static void on_pending_end(struct stream *s)
{
	stream_close(s);
}

static void begin(struct http_loop *home, int fd, const char *remote)
{
	struct err err = { 0 };
	struct stream *s = socket_stream(home->loop, fd, &err);
	if (!s) {
		log_warn("connection refused", LOG_S("error", err_text(&err)));
		err_clear(&err);
		return;
	}
	struct pending *p = NEW(struct pending);
	struct tls_server *tls = home->server->tls;
	loop_timer_init(home->loop, &p->timer, on_pending_timeout);
	if (tls)
		s = tls_accept(tls, s, on_tls_ready, p);
	else
		loop_timer_start(&p->timer, home->head_ms);
	http_conn_init(&p->conn, home, s, NULL, remote);
	p->conn.ops = &pending_ops;
	s->ctx = p;
	s->on_data = on_plain_data;
	s->on_end = on_pending_end;
	s->on_close = on_pending_close;
	if (!tls)
		stream_read_start(s);
}

void http_server_adopt(struct http_server *s, int fd)
{
	begin(&s->loops[0], fd, "");
}

struct accepted {
	struct loop_msg msg;
	struct http_loop *home;
	int fd;
	char remote[64];
};

static void on_accepted(struct loop_msg *m)
{
	struct accepted *a = CONTAINER_OF(m, struct accepted, msg);
	if (a->home->stopping)
		close(a->fd);
	else
		begin(a->home, a->fd, a->remote);
	free(a);
}

static void on_accept(void *ctx, int fd, const struct sockaddr_storage *peer)
{
	struct http_server *s = ctx;
	struct accepted *a = NEW(struct accepted);
	a->msg.run = on_accepted;
	a->home = &s->loops[s->next++ % s->nloops];
	a->fd = fd;
	socket_address_text(peer, a->remote, sizeof(a->remote));
	if (loop_is_current(a->home->loop))
		on_accepted(&a->msg);
	else
		loop_post(a->home->loop, &a->msg);
}

/* ---- what the two protocols share ---- */

void http_conn_init(struct http_conn *c, struct http_loop *home, struct stream *s,
		    const struct tls_peer *peer, const char *remote)
{
	c->home = home;
	c->stream = s;
	c->peer = peer;
	snprintf(c->remote, sizeof(c->remote), "%s", remote);
	list_add_tail(&home->conns, &c->link);
}

static void report_if_empty(struct http_loop *home);

void http_conn_gone(struct http_conn *c)
{
	list_del(&c->link);
	report_if_empty(c->home);
}

void http_conn_dispatch(struct http_conn *c, struct http_exchange *x)
{
	struct http_server *s = c->home->server;
	bool over = c->peer && c->peer->not_after_s < clock_wall_s(clock_real());
	if (c->peer && !over)
		/* until the exchange is freed */
		x->pub.peer = tls_peer_ref((struct tls_peer *)(uintptr_t)c->peer);
	x->pub.peer_refused = over || c->peer_refused;
	memcpy(x->pub.remote, c->remote, sizeof(x->pub.remote));
	s->handler(s->ctx, &x->pub);
}

/* ---- start and stop ---- */

static void free_all(struct http_server *s)
{
	free(s->loops);
	free(s);
}

static void run_stopped(void *ctx)
{
	struct http_server *s = ctx;
	if (s->stopped)
		s->stopped(s->stopped_ctx);
	free_all(s);
}

static void on_deadline_closed(struct loop_timer *t)
{
	struct http_loop *home = CONTAINER_OF(t, struct http_loop, deadline);
	struct http_server *s = home->server;
	if (atomic_fetch_sub(&s->busy_loops, 1) == 1)
		loop_call(s->loops[0].loop, run_stopped, s);
}

static void report_if_empty(struct http_loop *home)
{
	if (home->stopping && list_empty(&home->conns))
		loop_timer_close(&home->deadline, on_deadline_closed);
}

static void kill_all(struct http_loop *home)
{
	LIST_EACH_SAFE(&home->conns, it)
	{
		struct http_conn *c = LIST_ITEM(it, struct http_conn, link);
		c->ops->kill(c);
	}
}

static void on_deadline(struct loop_timer *t)
{
	kill_all(CONTAINER_OF(t, struct http_loop, deadline));
}

static void stop_loop(void *ctx)
{
	struct http_loop *home = ctx;
	struct http_server *s = home->server;
	if (home->stopping)
		return;
	for (size_t i = 0; home == s->loops && i < s->nlisteners; i++)
		listener_close(s->listeners[i]);
	loop_timer_init(home->loop, &home->deadline, on_deadline);
	loop_timer_start(&home->deadline, s->stop_ms);
	LIST_EACH_SAFE(&home->conns, it)
	{
		struct http_conn *c = LIST_ITEM(it, struct http_conn, link);
		c->ops->drain(c);
	}
	home->stopping = true;
	report_if_empty(home);
}

void http_server_stop(struct http_server *s, uint64_t ms, void (*done)(void *ctx), void *ctx)
{
	s->stop_ms = ms;
	s->stopped = done;
	s->stopped_ctx = ctx;
	atomic_store(&s->busy_loops, (int)s->nloops);
	/* the last message may free the server before loop_call() returns */
	struct http_loop *each = s->loops, *end = each + s->nloops;
	for (; each < end; each++)
		loop_call(each->loop, stop_loop, each);
}

int http_server_port(const struct http_server *s)
{
	return s->port;
}

/* A host without IPv6 serves on what it has. */
static int listen_all(struct http_server *s, const struct http_server_config *c, struct err *err)
{
	int r = 0;
	s->port = c->port;
	for (size_t i = 0; c->addresses[i]; i++) {
		if (s->nlisteners == LISTENERS_MAX)
			return err_set(err, ERR_BAD_REQUEST, "listen: more than %d addresses",
				       LISTENERS_MAX);
		r = listener_tcp(s->loops[0].loop, c->addresses[i], s->port, on_accept, s,
				 &s->listeners[s->nlisteners], &s->port, err);
		if (r == 0)
			s->nlisteners++;
		else if (r != -ERR_UNAVAILABLE || !strchr(c->addresses[i], ':'))
			return r;
	}
	if (s->nlisteners == 0 && r < 0)
		return r;
	err_clear(err);
	return 0;
}

int http_server_start(const struct http_server_config *c, struct http_server **out, struct err *err)
{
	struct http_server *s = NEW(struct http_server);
	s->loops = mem_zalloc(c->nloops * sizeof(*s->loops));
	s->nloops = c->nloops;
	s->tls = c->tls;
	s->handler = c->handler;
	s->ctx = c->ctx;
	for (size_t i = 0; i < c->nloops; i++) {
		s->loops[i].server = s;
		s->loops[i].loop = c->loops[i];
		s->loops[i].head_ms = c->head_ms ? c->head_ms : 10000;
		s->loops[i].idle_ms = c->idle_ms ? c->idle_ms : 180000;
		s->loops[i].body_ms = c->body_ms ? c->body_ms : 30000;
		list_init(&s->loops[i].conns);
	}
	int r = listen_all(s, c, err);
	if (r < 0) {
		for (size_t i = 0; i < s->nlisteners; i++)
			listener_close(s->listeners[i]);
		free_all(s);
		return r;
	}
	*out = s;
	return 0;
}
