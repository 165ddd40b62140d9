/* SPDX-License-Identifier: Apache-2.0 */
#include "channels_fixture.h"

#include <string.h>

struct channels_test test_channels;

static const char *const kind_names[] = { "stdin", "stdout", "stderr", "error", "resize", "data" };

static void on_ready(struct channels *s)
{
	(void)s;
	test_channels.ready = true;
	buf_puts(&test_channels.log, "ready;");
}

static void on_opened(struct channels *s, struct channel *c)
{
	assert_non_null(channel_peer(s, c));
	assert_int_equal(channel_peer(s, c)->kind, CHANNEL_ERROR);
	test_channels.data = c;
	buf_printf(&test_channels.log, "open %d %s;", c->port, c->request_id);
}

static void on_data(struct channels *s, struct channel *c, const char *p, size_t n)
{
	(void)s;
	buf_printf(&test_channels.log, "%s:%.*s;", kind_names[c->kind], (int)n, p);
}

static void on_ended(struct channels *s, struct channel *c)
{
	(void)s;
	buf_printf(&test_channels.log, "end %s;", kind_names[c->kind]);
}

static void on_gone(struct channels *s, struct channel *c)
{
	(void)s;
	assert_ptr_equal(c, test_channels.data);
	test_channels.gone++;
}

static void on_closed(struct channels *s)
{
	assert_ptr_equal(s, test_channels.session);
	test_channels.closed = true;
	test_channels.session = NULL;
}

static const struct channels_ops ops = { .ready = on_ready,
					 .opened = on_opened,
					 .data = on_data,
					 .ended = on_ended,
					 .gone = on_gone,
					 .closed = on_closed };

static void handler(void *ctx, struct http_request *req)
{
	static const int ports[] = { 8080, 443, 0 };
	struct channels_config c = { .ops = &ops, .ports = ports };
	(void)ctx;
	test_channels.requests++;
	if (str_eq(req->path, STR("/exec"))) {
		c.use = CHANNELS_REMOTE_COMMAND;
		c.in = str_contains(req->query, STR("stdin"));
		c.out = c.err_out = true;
		c.tty = str_contains(req->query, STR("tty"));
		c.err_out = !c.tty;
	} else {
		c.use = CHANNELS_PORT_FORWARD;
	}
	test_channels.session = channels_accept(req, &c);
}

int channels_setup(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	static struct loop *loops[] = { &test_loop };
	struct http_server_config c = {
		.loops = loops, .nloops = 1, .addresses = addresses, .handler = handler
	};
	if (loop_setup(state))
		return -1;
	memset(&test_channels, 0, sizeof(test_channels));
	return http_server_start(&c, &test_channels.server, NULL);
}

static void on_stopped(void *ctx)
{
	(void)ctx;
	test_channels.stopped = true;
}

int channels_teardown(void **state)
{
	http_server_stop(test_channels.server, 100, on_stopped, NULL);
	RUN_UNTIL(test_channels.stopped);
	buf_free(&test_channels.log);
	return loop_teardown(state);
}

bool channels_heard(const char *text)
{
	return test_channels.log.n && strstr(test_channels.log.p, text);
}

void send_bytes(struct raw *r, const void *p, size_t n)
{
	stream_write_copy(r->s, p, n);
}

bool got_bytes(const struct raw *r, const void *p, size_t n)
{
	return r->got.n >= n && memmem(r->got.p, r->got.n, p, n);
}

/* Unmasked by a mask of zeros. */
void send_message(struct raw *r, int opcode, const void *p, size_t n)
{
	unsigned char head[6] = { (unsigned char)(0x80 | opcode), (unsigned char)(0x80 | n) };
	assert_true(n < 126);
	send_bytes(r, head, 6);
	send_bytes(r, p, n);
}

void ws_open(struct raw *r, const char *path, const char *protocol)
{
	struct buf b = { 0 };
	raw_connect(r, http_server_port(test_channels.server));
	buf_printf(&b,
		   "GET %s HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
		   "websocket\r\nSec-WebSocket-Version: 13\r\n"
		   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
		   path);
	if (protocol)
		buf_printf(&b, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	buf_puts(&b, "\r\n");
	raw_send(r, b.p);
	RUN_UNTIL(raw_has(r, "\r\n\r\n"));
	buf_free(&b);
}
