/* SPDX-License-Identifier: Apache-2.0 */
/* DNS over TCP (RFC 7766): each message behind its length, several on a connection, answered in the order in which the answers are known.
 * A connection that says nothing for ten seconds is closed; there are 256 at most. */
#include "base/mem.h"
#include "server/dns/server.h"

#define CONNECTIONS_MAX 256
#define IDLE_MS         10000
#define FRAME           2
#define BACKLOG         128
#define PIPELINE_MAX    32 /* questions of one connection that wait for an answer */

struct dns_tcp {
	uv_tcp_t uv;
	struct dns *dns;
	struct list connections;
	size_t count;
};

struct connection {
	struct list link;
	uv_tcp_t uv;
	struct dns_tcp *server;
	struct loop_timer idle;
	struct buf in;
	size_t waiting; /* answers to come */
	int handles;    /* that are open */
	bool closed;
	char buffer[4096];
};

struct answer {
	uv_write_t write;
	char bytes[];
};

/* --- the end --- */

static void let_go(struct connection *c)
{
	if (c->handles || c->waiting)
		return;
	buf_free(&c->in);
	free(c);
}

static void on_socket_closed(uv_handle_t *h)
{
	struct connection *c = h->data;
	c->handles--;
	let_go(c);
}

static void on_idle_closed(struct loop_timer *t)
{
	struct connection *c = CONTAINER_OF(t, struct connection, idle);
	c->handles--;
	let_go(c);
}

static void connection_close(struct connection *c)
{
	if (c->closed)
		return;
	c->closed = true;
	list_del(&c->link);
	c->server->count--;
	uv_close((uv_handle_t *)&c->uv, on_socket_closed);
	loop_timer_close(&c->idle, on_idle_closed);
}

static void on_idle(struct loop_timer *t)
{
	connection_close(CONTAINER_OF(t, struct connection, idle));
}

/* --- answers --- */

static void on_written(uv_write_t *w, int status)
{
	struct connection *c = w->data;
	free(CONTAINER_OF(w, struct answer, write));
	if (status < 0)
		connection_close(c);
}

static void reply(struct connection *c, const void *answer, size_t n)
{
	struct answer *a = mem_alloc(sizeof(*a) + FRAME + n);
	uv_buf_t b = uv_buf_init(a->bytes, (unsigned)(FRAME + n));
	dns_put16(a->bytes, 0, (unsigned)n);
	memcpy(a->bytes + FRAME, answer, n);
	a->write.data = c;
	if (uv_write(&a->write, (uv_stream_t *)&c->uv, &b, 1, on_written) < 0) {
		free(a);
		connection_close(c);
	}
}

static void on_later(const struct dns_asker *who, const void *answer, size_t n)
{
	struct connection *c = who->ctx;
	c->waiting--;
	if (c->closed)
		let_go(c);
	else if (n)
		reply(c, answer, n);
	else
		connection_close(c);
}

/* --- questions --- */

static void serve(struct connection *c, const char *query, size_t n)
{
	char room[DNS_MESSAGE_MAX];
	const struct dns_asker who = { .later = on_later, .ctx = c, .tcp = true };
	bool waits;
	n = dns_serve(c->server->dns, query, n, &who, room, sizeof(room), &waits);
	if (waits)
		c->waiting++;
	else if (n)
		reply(c, room, n);
	else
		connection_close(c);
}

static void take_messages(struct connection *c)
{
	size_t at = 0;
	while (!c->closed && c->in.n - at >= FRAME) {
		size_t n = dns_get16(c->in.p, at);
		if (c->in.n - at - FRAME < n)
			break;
		if (c->waiting == PIPELINE_MAX) {
			connection_close(c);
			return;
		}
		serve(c, c->in.p + at + FRAME, n);
		at += FRAME + n;
	}
	if (at) {
		memmove(c->in.p, c->in.p + at, c->in.n - at);
		c->in.n -= at;
	}
}

static void give_buffer(uv_handle_t *h, size_t want, uv_buf_t *out)
{
	struct connection *c = h->data;
	(void)want;
	*out = uv_buf_init(c->buffer, sizeof(c->buffer));
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
	struct connection *c = h->data;
	if (n < 0) {
		connection_close(c);
		return;
	}
	loop_timer_start(&c->idle, IDLE_MS);
	buf_add(&c->in, b->base, (size_t)n);
	take_messages(c);
}

static void on_connection(uv_stream_t *h, int status)
{
	struct dns_tcp *t = h->data;
	if (status < 0)
		return;
	struct connection *c = NEW(struct connection);
	if (uv_tcp_init(&t->dns->loop->uv, &c->uv) < 0) {
		free(c);
		return;
	}
	c->uv.data = c;
	c->server = t;
	c->handles = 2;
	list_add_tail(&t->connections, &c->link);
	t->count++;
	loop_timer_init(t->dns->loop, &c->idle, on_idle);
	loop_timer_start(&c->idle, IDLE_MS);
	if (uv_accept(h, (uv_stream_t *)&c->uv) < 0 || t->count > CONNECTIONS_MAX ||
	    uv_read_start((uv_stream_t *)&c->uv, give_buffer, on_read) < 0)
		connection_close(c);
}

static void on_listener_closed(uv_handle_t *h)
{
	free(h->data);
}

void dns_tcp_close(struct dns_tcp *t)
{
	if (!t)
		return;
	LIST_EACH_SAFE(&t->connections, it)
	connection_close(LIST_ITEM(it, struct connection, link));
	uv_close((uv_handle_t *)&t->uv, on_listener_closed);
}

int dns_tcp_open(struct dns *d, const struct sockaddr *address, struct dns_tcp **out,
		 struct err *err)
{
	struct dns_tcp *t = NEW(struct dns_tcp);
	t->dns = d;
	t->uv.data = t;
	list_init(&t->connections);
	int r = uv_tcp_init(&d->loop->uv, &t->uv);
	if (r < 0) {
		free(t);
		return err_set(err, ERR_INTERNAL, "TCP socket: %s", uv_strerror(r));
	}
	r = uv_tcp_bind(&t->uv, address, address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0);
	if (r == 0)
		r = uv_listen((uv_stream_t *)&t->uv, BACKLOG, on_connection);
	if (r < 0) {
		dns_tcp_close(t);
		return err_set(err, r == UV_EADDRINUSE ? ERR_CONFLICT : ERR_UNAVAILABLE, "TCP: %s",
			       uv_strerror(r));
	}
	*out = t;
	return 0;
}
