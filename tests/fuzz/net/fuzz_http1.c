/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a client to a plain server, cut in two by the first byte; HTTP/2 too, through its preface. The handler does what the
 * path's second character says. */
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_conn.h"

static struct loop loop;
static struct http_server *server;
static bool client_closed;

static void on_body(struct http_request *req, struct str body, const struct err *err)
{
	struct chunk c = chunk_copy(body);
	if (err) {
		chunk_release(&c);
		http_reply_err(req, err);
	} else {
		http_reply(req, 200, NULL, 0, &c, 1);
	}
}

static void on_piece(struct http_request *req, const char *p, size_t n)
{
	http_body_pause(req, n > 3 && p[0] == 'p');
	http_body_pause(req, false);
}

static void on_piece_end(struct http_request *req)
{
	http_stream_start(req, 200, NULL, 0);
	struct chunk c = CHUNK_STATIC("streamed");
	http_stream_write(req, &c, 1);
	http_stream_end(req);
}

static void on_upgraded_data(struct stream *s, const char *p, size_t n)
{
	stream_write_copy(s, p, n);
}

static void upgrade(struct http_request *req)
{
	struct stream *s = http_upgrade(req, NULL, 0);
	if (!s) {
		http_reply(req, 400, NULL, 0, NULL, 0);
		return;
	}
	s->on_data = on_upgraded_data;
	s->on_end = stream_close;
	stream_read_start(s);
}

static void handler(void *ctx, struct http_request *req)
{
	(void)ctx;
	switch (req->path.n > 1 ? req->path.p[1] : 0) {
	case 'b': http_body_collect(req, 100, on_body); break;
	case 's': http_body_stream(req, on_piece, on_piece_end); break;
	case 'u': upgrade(req); break;
	case 'a': http_abort(req); break;
	default: http_reply(req, 200, req->fields, req->nfields > 3 ? 3 : req->nfields, NULL, 0);
	}
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	(void)s;
	(void)p;
	(void)n;
}

static void on_close(struct stream *s)
{
	(void)s;
	client_closed = true;
}

static void start(void)
{
	static const char *const none[] = { NULL };
	static struct loop *loops[] = { &loop };
	struct http_server_config c = {
		.loops = loops, .nloops = 1, .addresses = none, .handler = handler
	};
	if (loop_init(&loop, "fuzz", NULL) < 0 || http_server_start(&c, &server, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd[2];
	if (!server)
		start();
	if (n < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		return 0;
	size_t cut = data[0] * (n - 1) / 255;
	http_server_adopt(server, fd[0]);
	struct stream *s = stream_from_fd(&loop, fd[1], NULL);
	client_closed = false;
	s->on_data = on_data;
	s->on_close = on_close;
	stream_read_start(s);
	stream_write_copy(s, data + 1, cut);
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	uv_run(&loop.uv, UV_RUN_NOWAIT);
	if (!client_closed)
		stream_write_copy(s, data + 1 + cut, n - 1 - cut);
	for (int i = 0; i < 4; i++)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
	if (!client_closed)
		stream_close(s);
	while (!client_closed)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
	for (int i = 0; i < 4; i++)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
	return 0;
}
