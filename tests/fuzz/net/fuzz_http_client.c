/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a server to a client connection, cut in two by the first byte; the second says what kind of call it is. */
#include <sys/socket.h>
#include <unistd.h>

#include "net/http1_client.h"

static struct loop loop;
static bool ready, over, server_closed;
static struct client_conn *conn;
static struct stream *upgraded;

static void finish(bool close)
{
	if (over)
		abort(); /* told twice */
	over = true;
	if (close)
		client_conn_close(conn);
}

static void on_response(void *ctx, const struct http_response *r)
{
	(void)ctx;
	if (over || r->status < 100)
		abort();
}

static void on_body(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	if (over)
		abort();
	if (n > 2 && p[0] == 'p') {
		client_conn_pause(conn, true);
		client_conn_pause(conn, false);
	}
}

static void on_sent(void *ctx)
{
	(void)ctx;
}

static void on_complete(void *ctx, bool reusable)
{
	(void)ctx;
	(void)reusable;
	finish(true);
}

static void on_upgraded(void *ctx, struct stream *s)
{
	(void)ctx;
	finish(false);
	upgraded = s;
}

static void on_broken(void *ctx, bool got_bytes, const char *why)
{
	(void)ctx;
	(void)got_bytes;
	(void)why;
	finish(false);
}

static const struct client_conn_ops ops = {
	.response = on_response,
	.body = on_body,
	.sent = on_sent,
	.complete = on_complete,
	.upgraded = on_upgraded,
	.broken = on_broken,
};

static void on_gone(void *ctx)
{
	(void)ctx;
}

static void ignore_data(struct stream *s, const char *p, size_t n)
{
	(void)s;
	(void)p;
	(void)n;
}

static void on_server_close(struct stream *s)
{
	(void)s;
	server_closed = true;
}

static void turns(int n)
{
	for (int i = 0; i < n; i++)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd[2];
	if (!ready && loop_init(&loop, "fuzz", NULL) < 0)
		abort();
	ready = true;
	if (n < 3 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		return 0;
	over = server_closed = false;
	upgraded = NULL;
	struct stream *server = stream_from_fd(&loop, fd[1], NULL);
	server->on_data = ignore_data;
	server->on_close = on_server_close;
	conn = client_conn_new(stream_from_fd(&loop, fd[0], NULL), NULL, "a", 1, on_gone, NULL);
	client_conn_begin(conn, &ops, NULL, data[1] & 1);
	size_t cut = data[0] * (n - 2) / 255;
	stream_write_copy(server, data + 2, cut);
	turns(2);
	if (!server_closed)
		stream_write_copy(server, data + 2 + cut, n - 2 - cut);
	turns(2);
	if (!server_closed)
		stream_close(server);
	turns(4);
	if (upgraded) {
		upgraded->on_data = ignore_data;
		stream_close(upgraded);
	}
	turns(4);
	if (!over || !server_closed)
		abort();
	return 0;
}
