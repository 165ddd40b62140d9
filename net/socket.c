/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of chunks over a libuv stream. At most one uv_write is in flight; it and the handle are embedded, so writing costs
 * no allocation. uv_pipe_t serves pipes, ptys and Unix sockets alike: libuv reads and writes it by read(2) and writev(2). */
#include "net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "net/chunk_queue.h"

#define WRITE_PIECES         64
/* A peer that is gone without a word is noticed after half a minute. */
#define KEEPALIVE_IDLE_S     15
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_PROBES     3

struct socket {
	struct stream base;
	union {
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	uv_write_t write_req;
	uv_shutdown_t shutdown_req;
	struct chunk_queue queue;
	bool writing, shutting, shut, closing;
	struct loop_later fail; /* closes after an error inside an op */
};

static struct socket *of(struct stream *s)
{
	return CONTAINER_OF(s, struct socket, base);
}

static void on_closed(uv_handle_t *h)
{
	struct socket *k = h->data;
	loop_later_cancel(&k->fail);
	chunk_queue_free(&k->queue);
	if (k->base.on_close)
		k->base.on_close(&k->base);
	free(k);
}

static void socket_close(struct stream *s)
{
	struct socket *k = of(s);
	if (k->closing)
		return;
	k->closing = true;
	uv_close((uv_handle_t *)&k->uv.stream, on_closed);
}

static void run_fail(struct loop_later *t)
{
	socket_close(&CONTAINER_OF(t, struct socket, fail)->base);
}

static void on_alloc(uv_handle_t *h, size_t want, uv_buf_t *out)
{
	struct socket *k = h->data;
	(void)want;
	*out = uv_buf_init(k->base.loop->read_buffer, LOOP_READ_BYTES);
}

static void on_read(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
	struct socket *k = uv->data;
	if (n > 0) {
		k->base.on_data(&k->base, buf->base, (size_t)n);
		return;
	}
	if (n == 0)
		return;
	uv_read_stop(uv);
	if (n != UV_EOF && n != UV_EIO)
		socket_close(&k->base);
	else if (k->base.on_end)
		k->base.on_end(&k->base);
}

static void socket_read_start(struct stream *s)
{
	struct socket *k = of(s);
	if (!k->closing && uv_is_readable(&k->uv.stream))
		uv_read_start(&k->uv.stream, on_alloc, on_read);
}

static void socket_read_stop(struct stream *s)
{
	struct socket *k = of(s);
	if (!k->closing)
		uv_read_stop(&k->uv.stream);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
	struct socket *k = CONTAINER_OF(req, struct socket, shutdown_req);
	if (status == UV_ENOTSOCK && !uv_is_readable(&k->uv.stream))
		socket_close(&k->base);
}

static void shutdown_when_sent(struct socket *k)
{
	if (!k->shutting || k->shut || k->writing || k->queue.count > 0 || k->closing)
		return;
	k->shut = true;
	uv_shutdown(&k->shutdown_req, &k->uv.stream, on_shutdown);
}

static void flush(struct socket *k);

static void on_written(uv_write_t *req, int status)
{
	struct socket *k = CONTAINER_OF(req, struct socket, write_req);
	k->writing = false;
	if (status < 0 || k->closing) {
		socket_close(&k->base);
		return;
	}
	chunk_queue_consume(&k->queue, (size_t)(uintptr_t)req->data);
	flush(k);
	if (k->queue.bytes == 0 && !k->closing && k->base.on_drain)
		k->base.on_drain(&k->base);
}

static void wait_for_room(struct socket *k, uv_buf_t *bufs, size_t n)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += bufs[i].len;
	k->write_req.data = (void *)(uintptr_t)bytes;
	int r = uv_write(&k->write_req, &k->uv.stream, bufs, (unsigned)n, on_written);
	if (r < 0)
		loop_later(k->base.loop, &k->fail);
	else
		k->writing = true;
}

/* Sends what the kernel takes now; leaves the rest to a uv_write. */
static void flush(struct socket *k)
{
	uv_buf_t bufs[WRITE_PIECES];
	chunk_queue_consume(&k->queue, 0);
	while (k->queue.count > 0 && !k->writing && list_empty(&k->fail.link)) {
		size_t n = chunk_queue_peek(&k->queue, bufs, WRITE_PIECES);
		int r = uv_try_write(&k->uv.stream, bufs, (unsigned)n);
		if (r >= 0)
			chunk_queue_consume(&k->queue, (size_t)r);
		else if (r == UV_EAGAIN)
			wait_for_room(k, bufs, n);
		else
			loop_later(k->base.loop, &k->fail);
	}
	k->base.queued_bytes = k->queue.bytes;
	shutdown_when_sent(k);
}

static void socket_write(struct stream *s, struct chunk *c, size_t n)
{
	struct socket *k = of(s);
	if (k->closing || k->shutting) {
		for (size_t i = 0; i < n; i++)
			chunk_release(&c[i]);
		return;
	}
	chunk_queue_add(&k->queue, c, n);
	if (!k->writing)
		flush(k);
	k->base.queued_bytes = k->queue.bytes;
}

static void socket_shutdown(struct stream *s)
{
	struct socket *k = of(s);
	k->shutting = true;
	shutdown_when_sent(k);
}

static const struct stream_ops socket_ops = {
	.read_start = socket_read_start,
	.read_stop = socket_read_stop,
	.write = socket_write,
	.shutdown = socket_shutdown,
	.close = socket_close,
};

static void tune_tcp(int fd)
{
	int one = 1, idle = KEEPALIVE_IDLE_S, interval = KEEPALIVE_INTERVAL_S,
	    probes = KEEPALIVE_PROBES;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static bool is_tcp(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	return getsockname(fd, (struct sockaddr *)&a, &n) == 0 &&
	       (a.ss_family == AF_INET || a.ss_family == AF_INET6);
}

/* libuv aborts when epoll refuses a descriptor (files, /dev/null), so ask first. */
static bool can_be_waited_for(int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	auto_fd int ep = epoll_create1(EPOLL_CLOEXEC);
	return ep >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0;
}

static int open_handle(struct socket *k, int fd)
{
	uv_loop_t *uv = &k->base.loop->uv;
	if (is_tcp(fd)) {
		tune_tcp(fd);
		uv_tcp_init(uv, &k->uv.tcp);
		return uv_tcp_open(&k->uv.tcp, fd);
	}
	uv_pipe_init(uv, &k->uv.pipe, 0);
	if (!can_be_waited_for(fd))
		return UV_EPERM;
	return uv_pipe_open(&k->uv.pipe, fd);
}

static void free_half_built(uv_handle_t *h)
{
	free(h->data);
}

struct stream *socket_stream(struct loop *l, int fd, struct err *err)
{
	struct socket *k = NEW(struct socket);
	k->base.ops = &socket_ops;
	k->base.loop = l;
	loop_later_init(&k->fail, run_fail);
	int r = open_handle(k, fd);
	k->uv.stream.data = k;
	if (r < 0) {
		err_set(err, ERR_INTERNAL, "open stream of descriptor %d: %s", fd, uv_strerror(r));
		close(fd);
		uv_close((uv_handle_t *)&k->uv.stream, free_half_built);
		return NULL;
	}
	return &k->base;
}

struct stream *stream_from_fd(struct loop *l, int fd, struct err *err)
{
	return socket_stream(l, fd, err);
}

struct stream *stream_connect_unix(struct loop *l, const char *path, struct err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	if (n >= sizeof(a.sun_path)) {
		err_set(err, ERR_INTERNAL, "connect %s: path is longer than %zu", path,
			sizeof(a.sun_path) - 1);
		return NULL;
	}
	memcpy(a.sun_path, path, n);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err_sys(err, "connect %s", path);
		return NULL;
	}
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] != '@'));
	if (connect(fd, (struct sockaddr *)&a, len) != 0) {
		err_sys(err, "connect %s", path);
		close(fd);
		return NULL;
	}
	return socket_stream(l, fd, err);
}

void socket_address_text(const struct sockaddr_storage *a, char *out, size_t n)
{
	out[0] = '\0';
	if (a->ss_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, (socklen_t)n);
	} else if (a->ss_family == AF_INET6) {
		const struct in6_addr *in6 = &((const struct sockaddr_in6 *)a)->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(in6))
			inet_ntop(AF_INET, in6->s6_addr + 12, out, (socklen_t)n);
		else
			inet_ntop(AF_INET6, in6, out, (socklen_t)n);
	}
}
