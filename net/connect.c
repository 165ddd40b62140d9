/* SPDX-License-Identifier: Apache-2.0 */
/* resolve (skipped for a literal address) -> attempts, 250 ms apart -> the first that connects wins, or all have failed.
 * The object lives until its timer, its polls and its resolver request have come back; `done` is NULL once it was called. */
#include "net/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/socket.h"

#define ATTEMPTS_MAX       8
#define STAGGER_MS         250
#define DEFAULT_TIMEOUT_MS 30000

struct attempt {
	struct connect *owner;
	int fd; /* -1: over */
	uv_poll_t poll;
};

struct connect {
	struct loop *loop;
	uv_getaddrinfo_t resolver;
	struct loop_timer stagger, timeout;
	struct loop_later begin;
	struct sockaddr_storage addresses[ATTEMPTS_MAX];
	socklen_t lengths[ATTEMPTS_MAX];
	struct attempt attempts[ATTEMPTS_MAX];
	size_t naddresses, started, failed;
	int refs; /* handles and requests that still point here */
	int last_error;
	char *host;
	int port;
	connect_done done;
	void *ctx;
};

static void unref(struct connect *c)
{
	if (--c->refs > 0)
		return;
	free(c->host);
	free(c);
}

static void on_stagger_closed(struct loop_timer *t)
{
	unref(CONTAINER_OF(t, struct connect, stagger));
}

static void on_timeout_closed(struct loop_timer *t)
{
	unref(CONTAINER_OF(t, struct connect, timeout));
}

static void on_poll_closed(uv_handle_t *h)
{
	unref(CONTAINER_OF((uv_poll_t *)h, struct attempt, poll)->owner);
}

/* Ends an attempt; returns its descriptor, which is the caller's. */
static int attempt_end(struct attempt *a)
{
	int fd = a->fd;
	if (fd < 0)
		return -1;
	a->fd = -1;
	uv_close((uv_handle_t *)&a->poll, on_poll_closed);
	return fd;
}

static void release_all(struct connect *c)
{
	c->done = NULL;
	loop_later_cancel(&c->begin);
	for (size_t i = 0; i < c->started; i++) {
		int fd = attempt_end(&c->attempts[i]);
		if (fd >= 0)
			close(fd);
	}
	uv_cancel((uv_req_t *)&c->resolver);
	loop_timer_close(&c->stagger, on_stagger_closed);
	loop_timer_close(&c->timeout, on_timeout_closed);
}

static void finish(struct connect *c, struct stream *s, const struct err *err)
{
	connect_done done = c->done;
	void *ctx = c->ctx;
	release_all(c);
	done(ctx, s, err);
}

static void fail(struct connect *c, const char *why)
{
	struct err err = { 0 };
	err_set(&err, ERR_UNAVAILABLE, "dial tcp %s%s%s:%d: %s", strchr(c->host, ':') ? "[" : "",
		c->host, strchr(c->host, ':') ? "]" : "", c->port, why);
	finish(c, NULL, &err);
	err_clear(&err);
}

static const char *why_text(int error)
{
	switch (error) {
	case ECONNREFUSED: return "connect: connection refused";
	case ETIMEDOUT: return "i/o timeout";
	case EHOSTUNREACH: return "connect: no route to host";
	case ENETUNREACH: return "connect: network is unreachable";
	default: return strerror(error);
	}
}

static void start_next(struct connect *c);

static void attempt_failed(struct connect *c, int error)
{
	c->last_error = error;
	c->failed++;
	if (c->started < c->naddresses)
		start_next(c);
	else if (c->failed == c->naddresses)
		fail(c, why_text(error));
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
	struct attempt *a = CONTAINER_OF(poll, struct attempt, poll);
	struct connect *c = a->owner;
	int error = 0;
	socklen_t n = sizeof(error);
	(void)events;
	if (a->fd < 0)
		return;
	/* libuv's status does not tell which */
	getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &n);
	if (!error && status < 0)
		error = -status;
	uv_poll_stop(&a->poll);
	int fd = attempt_end(a);
	if (error) {
		close(fd);
		attempt_failed(c, error);
		return;
	}
	/* the poll watcher must be gone from the loop before the stream may watch the same descriptor: a duplicate is simplest */
	int mine = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	close(fd);
	struct err err = { 0 };
	struct stream *s = mine >= 0 ? socket_stream(c->loop, mine, &err) : NULL;
	if (s)
		finish(c, s, NULL);
	else
		fail(c, err.text ? err.text : strerror(errno));
	err_clear(&err);
}

static void start_next(struct connect *c)
{
	size_t i = c->started++;
	struct attempt *a = &c->attempts[i];
	a->owner = c;
	a->fd = socket(c->addresses[i].ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0) {
		attempt_failed(c, errno);
		return;
	}
	if (connect(a->fd, (struct sockaddr *)&c->addresses[i], c->lengths[i]) != 0 &&
	    errno != EINPROGRESS) {
		int error = errno;
		close(a->fd);
		a->fd = -1;
		attempt_failed(c, error);
		return;
	}
	c->refs++;
	uv_poll_init(&c->loop->uv, &a->poll, a->fd);
	uv_poll_start(&a->poll, UV_WRITABLE, on_writable);
	if (c->started < c->naddresses)
		loop_timer_start(&c->stagger, STAGGER_MS);
}

static void on_stagger(struct loop_timer *t)
{
	struct connect *c = CONTAINER_OF(t, struct connect, stagger);
	if (c->started < c->naddresses)
		start_next(c);
}

static void on_timeout(struct loop_timer *t)
{
	fail(CONTAINER_OF(t, struct connect, timeout), "i/o timeout");
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
	struct connect *c = CONTAINER_OF(req, struct connect, resolver);
	if (c->done && status < 0) {
		fail(c, status == UV_EAI_NONAME ? "lookup: no such host" : uv_strerror(status));
	} else if (c->done) {
		for (struct addrinfo *it = list; it && c->naddresses < ATTEMPTS_MAX;
		     it = it->ai_next) {
			memcpy(&c->addresses[c->naddresses], it->ai_addr, it->ai_addrlen);
			c->lengths[c->naddresses++] = it->ai_addrlen;
		}
		start_next(c);
	}
	uv_freeaddrinfo(list);
	unref(c);
}

static bool literal(struct connect *c)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&c->addresses[0];
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&c->addresses[0];
	c->naddresses = 1;
	if (uv_ip4_addr(c->host, c->port, in) == 0)
		c->lengths[0] = sizeof(*in);
	else if (uv_ip6_addr(c->host, c->port, in6) == 0)
		c->lengths[0] = sizeof(*in6);
	else
		c->naddresses = 0;
	return c->naddresses == 1;
}

static void on_begin(struct loop_later *t)
{
	struct connect *c = CONTAINER_OF(t, struct connect, begin);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	char port[8];
	if (literal(c)) {
		start_next(c);
		return;
	}
	snprintf(port, sizeof(port), "%d", c->port & 0xffff);
	c->refs++;
	int r = uv_getaddrinfo(&c->loop->uv, &c->resolver, on_resolved, c->host, port, &hints);
	if (r < 0) {
		c->refs--;
		fail(c, uv_strerror(r));
	}
}

struct connect *connect_start(struct loop *l, const char *host, int port, uint64_t timeout_ms,
			      connect_done done, void *ctx)
{
	struct connect *c = NEW(struct connect);
	c->loop = l;
	c->host = str_dup(str_from(host));
	c->port = port;
	c->done = done;
	c->ctx = ctx;
	c->refs = 2;
	c->resolver.type = UV_UNKNOWN_REQ;
	loop_timer_init(l, &c->stagger, on_stagger);
	loop_timer_init(l, &c->timeout, on_timeout);
	loop_timer_start(&c->timeout, timeout_ms ? timeout_ms : DEFAULT_TIMEOUT_MS);
	loop_later_init(&c->begin, on_begin);
	loop_later(l, &c->begin);
	return c;
}

void connect_cancel(struct connect *c)
{
	if (c)
		release_all(c);
}
