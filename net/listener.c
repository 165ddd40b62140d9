/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define BACKLOG          1024
#define ACCEPTS_PER_TURN 64
#define REST_MS          100

struct listener {
	int fd;
	int closes; /* handles whose close is outstanding */
	uv_poll_t poll;
	struct loop_timer rest;
	listener_accept on_accept;
	void *ctx;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_rested(struct loop_timer *t)
{
	struct listener *k = CONTAINER_OF(t, struct listener, rest);
	uv_poll_start(&k->poll, UV_READABLE, on_readable);
}

static void rest(struct listener *k)
{
	log_warn("cannot accept connections", LOG_S("error", strerror(errno)));
	uv_poll_stop(&k->poll);
	loop_timer_start(&k->rest, REST_MS);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *k = CONTAINER_OF(poll, struct listener, poll);
	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN && !uv_is_closing((uv_handle_t *)poll); i++) {
		struct sockaddr_storage peer;
		socklen_t n = sizeof(peer);
		int fd = accept4(k->fd, (struct sockaddr *)&peer, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			k->on_accept(k->ctx, fd, &peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(k);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

struct listener *listener_from_fd(struct loop *l, int fd, listener_accept on_accept, void *ctx)
{
	struct listener *k = NEW(struct listener);
	k->fd = fd;
	k->on_accept = on_accept;
	k->ctx = ctx;
	uv_poll_init(&l->uv, &k->poll, fd);
	uv_poll_start(&k->poll, UV_READABLE, on_readable);
	loop_timer_init(l, &k->rest, on_rested);
	return k;
}

static int address_parse(const char *text, int port, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		*len = sizeof(*in);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		*len = sizeof(*in6);
		return 0;
	}
	return -1;
}

static int port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return 0;
	return ntohs(a.ss_family == AF_INET ? ((struct sockaddr_in *)&a)->sin_port
					    : ((struct sockaddr_in6 *)&a)->sin6_port);
}

static int listen_fail(const char *address, int port, struct err *err)
{
	int error = errno;
	if (error == EADDRINUSE)
		return err_set(err, ERR_CONFLICT, "port %d on %s is in use by another program",
			       port, address);
	if (error == EAFNOSUPPORT || error == EADDRNOTAVAIL)
		return err_set(err, ERR_UNAVAILABLE, "listen on %s port %d: %s", address, port,
			       strerror(error));
	return err_sys(err, "listen on %s port %d", address, port);
}

int listener_tcp(struct loop *l, const char *address, int port, listener_accept on_accept,
		 void *ctx, struct listener **out, int *out_port, struct err *err)
{
	struct sockaddr_storage a;
	socklen_t len;
	int one = 1;
	if (address_parse(address, port, &a, &len) != 0)
		return err_set(err, ERR_BAD_REQUEST, "listen: \"%s\" is not an IP address",
			       address);
	auto_fd int fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return listen_fail(address, port, err);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, BACKLOG) != 0)
		return listen_fail(address, port, err);
	if (out_port)
		*out_port = port_of(fd);
	*out = listener_from_fd(l, TAKE_FD(fd), on_accept, ctx);
	return 0;
}

static void one_closed(struct listener *k)
{
	if (--k->closes > 0)
		return;
	close(k->fd);
	free(k);
}

static void on_poll_closed(uv_handle_t *h)
{
	one_closed(CONTAINER_OF((uv_poll_t *)h, struct listener, poll));
}

static void on_timer_closed(struct loop_timer *t)
{
	one_closed(CONTAINER_OF(t, struct listener, rest));
}

void listener_close(struct listener *k)
{
	if (!k)
		return;
	k->closes = 2;
	uv_close((uv_handle_t *)&k->poll, on_poll_closed);
	loop_timer_close(&k->rest, on_timer_closed);
}
