/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions over a real connection to a server whose handler accepts them: /exec, /forward. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "net/channels.h"
#include "net/spdy.h"

static struct {
	struct http_server *server;
	struct channels *session;
	struct buf log;
	bool stopped, closed, ready;
	int requests, gone;
	struct channel *data;
} t;

static const char *const kind_names[] = { "stdin", "stdout", "stderr", "error", "resize", "data" };

static void on_ready(struct channels *s)
{
	(void)s;
	t.ready = true;
	buf_puts(&t.log, "ready;");
}

static void on_opened(struct channels *s, struct channel *c)
{
	assert_non_null(channel_peer(s, c));
	assert_int_equal(channel_peer(s, c)->kind, CHANNEL_ERROR);
	t.data = c;
	buf_printf(&t.log, "open %d %s;", c->port, c->request_id);
}

static void on_data(struct channels *s, struct channel *c, const char *p, size_t n)
{
	(void)s;
	buf_printf(&t.log, "%s:%.*s;", kind_names[c->kind], (int)n, p);
}

static void on_ended(struct channels *s, struct channel *c)
{
	(void)s;
	buf_printf(&t.log, "end %s;", kind_names[c->kind]);
}

static void on_gone(struct channels *s, struct channel *c)
{
	(void)s;
	assert_ptr_equal(c, t.data);
	t.gone++;
}

static void on_closed(struct channels *s)
{
	assert_ptr_equal(s, t.session);
	t.closed = true;
	t.session = NULL;
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
	t.requests++;
	if (str_eq(req->path, STR("/exec"))) {
		c.use = CHANNELS_REMOTE_COMMAND;
		c.in = str_contains(req->query, STR("stdin"));
		c.out = c.err_out = true;
		c.tty = str_contains(req->query, STR("tty"));
		c.err_out = !c.tty;
	} else {
		c.use = CHANNELS_PORT_FORWARD;
	}
	t.session = channels_accept(req, &c);
}

static int setup(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	static struct loop *loops[] = { &test_loop };
	struct http_server_config c = {
		.loops = loops, .nloops = 1, .addresses = addresses, .handler = handler
	};
	if (loop_setup(state))
		return -1;
	memset(&t, 0, sizeof(t));
	return http_server_start(&c, &t.server, NULL);
}

static void on_stopped(void *ctx)
{
	(void)ctx;
	t.stopped = true;
}

static int teardown(void **state)
{
	http_server_stop(t.server, 100, on_stopped, NULL);
	RUN_UNTIL(t.stopped);
	buf_free(&t.log);
	return loop_teardown(state);
}

static bool has(const char *text)
{
	return t.log.n && strstr(t.log.p, text);
}

static void send_bytes(struct raw *r, const void *p, size_t n)
{
	stream_write_copy(r->s, p, n);
}

static bool got_bytes(const struct raw *r, const void *p, size_t n)
{
	return r->got.n >= n && memmem(r->got.p, r->got.n, p, n);
}

#define SEND(r, literal) send_bytes((r), literal, sizeof(literal) - 1)
#define GOT(r, literal)  got_bytes((r), literal, sizeof(literal) - 1)

/* Unmasked by a mask of zeros. */
static void send_message(struct raw *r, int opcode, const void *p, size_t n)
{
	unsigned char head[6] = { (unsigned char)(0x80 | opcode), (unsigned char)(0x80 | n) };
	assert_true(n < 126);
	send_bytes(r, head, 6);
	send_bytes(r, p, n);
}
#define MESSAGE(r, literal) send_message((r), 2, literal, sizeof(literal) - 1)

static void ws_open(struct raw *r, const char *path, const char *protocol)
{
	struct buf b = { 0 };
	raw_connect(r, http_server_port(t.server));
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

static void v5_session_carries_all_channels_and_ends_with_a_status(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec?stdin", "v5.channel.k8s.io, v4.channel.k8s.io");
	assert_true(raw_has(&r, "HTTP/1.1 101 "));
	assert_true(raw_has(&r, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_true(raw_has(&r, "sec-websocket-protocol: v5.channel.k8s.io\r\n"));
	RUN_UNTIL(t.ready && GOT(&r, "\x82\x01\x01")); /* the empty message on stdout */
	MESSAGE(&r, "\0some input");
	MESSAGE(&r, "\4{\"Width\":80,\"Height\":24}");
	MESSAGE(&r, "\xff\0");
	RUN_UNTIL(has("end stdin;"));
	assert_string_equal(
		t.log.p, "ready;stdin:some input;resize:{\"Width\":80,\"Height\":24};end stdin;");
	channel_write(t.session, channels_find(t.session, CHANNEL_STDOUT), "out", 3);
	channel_write(t.session, channels_find(t.session, CHANNEL_STDERR), "err", 3);
	channels_finish_exec(t.session, 3, NULL);
	RUN_UNTIL(GOT(&r, "\x88\x02\x03\xe8"));
	assert_true(GOT(&r, "\x82\x04\x01out\x82\x04\x02"
			    "err\x82"));
	assert_true(raw_has(&r, "exit status 3"));
	assert_true(raw_has(&r, "\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{"
				"\"reason\":\"ExitCode\",\"message\":\"3\"}]}"));
	send_message(&r, 8, "\x03\xe8", 2);
	RUN_UNTIL(t.closed && r.ended);
	raw_close(&r);
}

static void v4_success_and_failure_are_status_objects(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v4.channel.k8s.io");
	RUN_UNTIL(t.ready);
	assert_null(channels_find(t.session, CHANNEL_STDIN));
	MESSAGE(&r, "\xff\0"); /* not in v4: an unknown channel, ignored */
	channels_finish_exec(t.session, 0, NULL);
	RUN_UNTIL(GOT(&r, "\x03{\"metadata\":{},\"status\":\"Success\"}"));
	raw_close(&r);
	RUN_UNTIL(t.closed);
	t.ready = t.closed = false;
	ws_open(&r, "/exec", "v4.channel.k8s.io");
	RUN_UNTIL(t.ready);
	struct err err = { 0 };
	err_set(&err, ERR_INTERNAL, "no \"such\" file");
	channels_finish_exec(t.session, 0, &err);
	err_clear(&err);
	RUN_UNTIL(raw_has(&r, "\"message\":\"Internal error occurred: error executing command in "
			      "container: no \\\"such\\\" file\""));
	assert_true(raw_has(&r, "\"code\":500"));
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void client_without_protocol_gets_plain_text_errors(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", NULL);
	assert_false(raw_has(&r, "sec-websocket-protocol"));
	RUN_UNTIL(t.ready);
	channels_finish_exec(t.session, 7, NULL);
	RUN_UNTIL(GOT(&r, "\x03"
			  "command terminated with non-zero exit code: exit status 7"));
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void base64_sessions_encode_both_ways(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec?stdin", "base64.channel.k8s.io");
	RUN_UNTIL(t.ready);
	send_message(&r, 1, "0Zm9vCg==", 9);
	RUN_UNTIL(has("stdin:foo\n;"));
	/* a message in two frames, cut within a group */
	SEND(&r, "\x01\x83\0\0\0\0"
		 "0Zm"
		 "\x80\x86\0\0\0\0"
		 "9vYmFy");
	RUN_UNTIL(has("bar;"));
	channel_write(t.session, channels_find(t.session, CHANNEL_STDOUT), "\n", 1);
	RUN_UNTIL(GOT(&r, "\x81\x05"
			  "1Cg=="));
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void unknown_protocol_is_forbidden(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v9.channel.k8s.io");
	RUN_UNTIL(raw_has(&r, "\"code\":403"));
	assert_true(raw_has(&r, "HTTP/1.1 403 Forbidden"));
	assert_true(raw_has(&r, "requested protocol(s) are not supported: [v9.channel.k8s.io]; "
				"supports [v5.channel.k8s.io"));
	assert_null(t.session);
	raw_close(&r);
}

static void incomplete_handshakes_are_bad_requests(void **state)
{
	static const char *const bad[] = {
		"GET /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
		"websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
		"GET /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
		"websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
		"POST /exec HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
		"SPDY/3.1\r\nContent-Length: 0\r\n\r\n",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct raw r;
		raw_connect(&r, http_server_port(t.server));
		raw_send(&r, bad[i]);
		RUN_UNTIL(raw_has(&r, "HTTP/1.1 400 "));
		RUN_UNTIL(raw_has(&r, "unable to upgrade: "));
		assert_null(t.session);
		raw_close(&r);
	}
}

static void pings_are_answered_and_mistakes_close(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v4.channel.k8s.io");
	RUN_UNTIL(t.ready);
	send_message(&r, 9, "beat", 4);
	RUN_UNTIL(GOT(&r, "\x8a\x04"
			  "beat"));
	SEND(&r, "\x82\x01x"); /* not masked */
	RUN_UNTIL(GOT(&r, "\x88\x02\x03\xea"));
	RUN_UNTIL(t.closed);
	raw_close(&r);
}

static void client_that_leaves_closes_the_session(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v5.channel.k8s.io");
	RUN_UNTIL(t.ready);
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void paused_channel_is_kept_then_holds_the_connection(void **state)
{
	struct raw r;
	/* the head of a frame of 32 MiB and the byte of the channel */
	unsigned char frame[14] = { 0x82, 0xff, 0, 0, 0, 0, 2, 0, 0, 1 };
	size_t n = 32 << 20; /* more than the socket buffers */
	(void)state;
	ws_open(&r, "/exec?stdin", "v5.channel.k8s.io");
	RUN_UNTIL(t.ready);
	channel_pause(t.session, channels_find(t.session, CHANNEL_STDIN), true);
	send_bytes(&r, frame, 14);
	char *big = mem_alloc(n + 1);
	memset(big, 'x', n + 1);
	big[0] = 0;
	struct chunk c = chunk_take(big, n + 1);
	stream_write(r.s, &c, 1);
	for (int i = 0; i < 100; i++)
		run_turns(1);
	assert_false(has("stdin:"));
	assert_true(r.s->queued_bytes > n / 4);
	MESSAGE(&r, "\xff\0");
	channel_pause(t.session, channels_find(t.session, CHANNEL_STDIN), false);
	RUN_UNTIL(has("end stdin;"));
	size_t data = 0;
	for (size_t i = 0; i < t.log.n; i++)
		data += t.log.p[i] == 'x';
	assert_int_equal(data, n);
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void websocket_forward_opens_pairs_with_their_ports(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/forward", "v4.channel.k8s.io");
	RUN_UNTIL(has("open 443"));
	assert_string_equal(t.log.p, "open 8080 0;open 443 1;");
	RUN_UNTIL(GOT(&r, "\x82\x03\x00\x90\x1f\x82\x03\x01\x90\x1f\x82\x03\x02\xbb\x01\x82\x03\x03"
			  "\xbb\x01"));
	MESSAGE(&r, "\2to 443");
	RUN_UNTIL(has("data:to 443;"));
	channel_write(t.session, t.data, "back", 4);
	RUN_UNTIL(GOT(&r, "\x82\x05\x02"
			  "back"));
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

/* ---- SPDY: frames as Go's spdystream writes them ---- */

static void send_hex(struct raw *r, const char *hex)
{
	unsigned char bytes[512];
	size_t n = strlen(hex) / 2;
	assert_true(hex_decode(bytes, n, str_from(hex)));
	send_bytes(r, bytes, n);
}

static bool got_hex(const struct raw *r, const char *hex)
{
	unsigned char bytes[512];
	size_t n = strlen(hex) / 2;
	assert_true(hex_decode(bytes, n, str_from(hex)));
	return got_bytes(r, bytes, n);
}

static void spdy_open(struct raw *r, const char *path, const char *protocols)
{
	struct buf b = { 0 };
	raw_connect(r, http_server_port(t.server));
	buf_printf(&b,
		   "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: "
		   "Upgrade\r\nUpgrade: SPDY/3.1\r\n%s\r\n",
		   path, protocols);
	raw_send(r, b.p);
	RUN_UNTIL(raw_has(r, "\r\n\r\n"));
	buf_free(&b);
}

static const char syn1_error[] = "80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a"
				 "2d4c45c6851c29a0a0a6800000000ffff";
static const char syn3_stdin[] = "800300010000001700000003000000000000c22e555c92929907000000ffff";
static const char syn5_stdout[] =
	"800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff";

static void spdy_exec_of_every_version_is_negotiated(void **state)
{
	static const struct {
		const char *offer, *taken;
	} versions[] = {
		{ "X-Stream-Protocol-Version: v4.channel.k8s.io\r\nX-Stream-Protocol-Version: "
		  "v3.channel.k8s.io\r\n",
		  "v4.channel.k8s.io" },
		{ "X-Stream-Protocol-Version: v3.channel.k8s.io, v2.channel.k8s.io\r\n",
		  "v3.channel.k8s.io" },
		{ "X-Stream-Protocol-Version: channel.k8s.io\r\n", "channel.k8s.io" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct raw r;
		char line[100];
		spdy_open(&r, "/exec", versions[i].offer);
		snprintf(line, sizeof(line), "\r\nx-stream-protocol-version: %s\r\n",
			 versions[i].taken);
		assert_true(raw_has(&r, line));
		assert_true(raw_has(&r, "upgrade: SPDY/3.1\r\n"));
		raw_close(&r);
		RUN_UNTIL(t.closed);
		t.closed = false;
	}
	struct raw r;
	spdy_open(&r, "/exec", "X-Stream-Protocol-Version: v9.channel.k8s.io\r\n");
	assert_true(raw_has(&r, "HTTP/1.1 403 "));
	assert_true(raw_has(&r, "x-accepted-stream-protocol-versions: v4.channel.k8s.io\r\n"));
	RUN_UNTIL(raw_has(&r, "unable to negotiate protocol: client supports [v9.channel.k8s.io], "
			      "server accepts [v4.channel.k8s.io v3"));
	raw_close(&r);
}

static void spdy_exec_runs_when_its_streams_are_there(void **state)
{
	struct raw r;
	(void)state;
	/* v2 knows no resize */
	spdy_open(&r, "/exec?stdin&tty", "X-Stream-Protocol-Version: v2.channel.k8s.io\r\n");
	send_hex(&r, syn1_error);
	send_hex(&r, syn3_stdin);
	RUN_UNTIL(got_hex(&r, "80030002000000"));
	run_turns(3);
	assert_false(t.ready);
	send_hex(&r, "000000030000000668656c6c6f0a"); /* data before the command runs is kept */
	send_hex(&r, syn5_stdout);
	send_hex(&r, "0000000301000000");
	RUN_UNTIL(has("end stdin;"));
	assert_string_equal(t.log.p, "ready;stdin:hello\n;end stdin;");
	send_hex(&r, "800300060000000400000001");
	RUN_UNTIL(got_hex(&r, "800300060000000400000001"));
	channel_write(t.session, channels_find(t.session, CHANNEL_STDOUT), "out", 3);
	channels_finish_exec(t.session, 2, NULL);
	RUN_UNTIL(r.ended);
	assert_true(got_hex(&r, "00000005000000036f7574"));
	assert_true(raw_has(&r, "command terminated with non-zero exit code: exit status 2"));
	assert_true(got_hex(&r, "0000000101000000"));
	assert_true(got_hex(&r, "0000000501000000"));
	assert_true(got_hex(&r, "80030007000000080000000500000000")); /* GOAWAY */
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void spdy_forward_pairs_streams_and_ends_them(void **state)
{
	struct raw r;
	(void)state;
	spdy_open(&r, "/forward", "X-Stream-Protocol-Version: portforward.k8s.io\r\n");
	send_hex(&r, "800300010000003e0000000100000000000078f9e3c6a7c202253a703a2b294a4dcc851625aca"
		     "9a0808614cb45e01c60616061c0c0c0c0590489c64c50"
		     "f2663400000000ffff");
	send_hex(&r, "0000000101000000"); /* the client never writes to the error stream */
	run_turns(5);
	assert_false(has("open"));
	send_hex(&r, "800300010000001800000003000000000000c2aa19540e2512d60b000000ffff");
	RUN_UNTIL(has("open 8080 0;"));
	send_hex(&r, "000000030000000468747470");
	RUN_UNTIL(has("data:http;"));
	/* a port that is none */
	send_hex(&r, "800300010000001800000005000000000000224a2f630586464300000000ffff");
	RUN_UNTIL(got_hex(&r, "80030003000000080000000500000005"));
	channel_write(t.session, t.data, "answer", 6);
	channel_end(t.session, t.data);
	channel_end(t.session, channel_peer(t.session, t.data));
	RUN_UNTIL(got_hex(&r, "0000000301000000") && got_hex(&r, "0000000101000000"));
	assert_int_equal(t.gone, 0);
	send_hex(&r, "0000000301000000");
	RUN_UNTIL(t.gone == 1);
	assert_non_null(t.session); /* for the next connection */
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void failed_forward_is_reset(void **state)
{
	struct raw r;
	(void)state;
	spdy_open(&r, "/forward", "X-Stream-Protocol-Version: portforward.k8s.io\r\n");
	send_hex(&r, "800300010000003e0000000100000000000078f9e3c6a7c202253a703a2b294a4dcc851625aca"
		     "9a0808614cb45e01c60616061c0c0c0c0590489c64c50"
		     "f2663400000000ffff");
	send_hex(&r, "800300010000001800000003000000000000c2aa19540e2512d60b000000ffff");
	RUN_UNTIL(t.data);
	channel_write(t.session, channel_peer(t.session, t.data), "error forwarding port", 21);
	channel_reset(t.session, t.data);
	RUN_UNTIL(t.gone == 1);
	RUN_UNTIL(raw_has(&r, "error forwarding port"));
	RUN_UNTIL(got_hex(&r, "80030003000000080000000300000005"));
	assert_true(got_hex(&r, "80030003000000080000000100000005"));
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void forward_is_tunnelled_through_websocket_messages(void **state)
{
	struct raw r;
	unsigned char bytes[128];
	(void)state;
	ws_open(&r, "/forward", "SPDY/3.1+portforward.k8s.io");
	assert_true(raw_has(&r, "sec-websocket-protocol: SPDY/3.1+portforward.k8s.io\r\n"));
	static const char first[] = "800300010000003e0000000100000000000078f9e3c6a7c202253a703a2b29"
				    "4a4dcc851625aca9a0808614cb45e01c60616061c0c0c0c059"
				    "0489c64c50f2663400000000ffff";
	size_t n = (sizeof(first) - 1) / 2;
	assert_true(hex_decode(bytes, n, STR(first)));
	send_message(&r, 2, bytes, 20); /* messages don't follow frames */
	send_message(&r, 2, bytes + 20, n - 20);
	static const char second[] =
		"800300010000001800000003000000000000c2aa19540e2512d60b000000ffff";
	assert_true(hex_decode(bytes, (sizeof(second) - 1) / 2, STR(second)));
	send_message(&r, 2, bytes, (sizeof(second) - 1) / 2);
	RUN_UNTIL(has("open 8080 0;"));
	channel_write(t.session, t.data, "hi", 2);
	RUN_UNTIL(GOT(&r, "\x82\x0a\0\0\0\3\0\0\0\2hi"));
	channels_close(t.session);
	RUN_UNTIL(GOT(&r, "\x88\x02\x03\xe8"));
	raw_close(&r);
	RUN_UNTIL(t.closed);
}

static void garbage_ends_a_spdy_session(void **state)
{
	struct raw r;
	(void)state;
	spdy_open(&r, "/exec", "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n");
	send_hex(&r, "80020001000000290000000100000000000078f9");
	RUN_UNTIL(t.closed);
	assert_true(got_hex(&r, "80030007000000080000000000000001"));
	raw_close(&r);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(v5_session_carries_all_channels_and_ends_with_a_status),
		CASE(v4_success_and_failure_are_status_objects),
		CASE(client_without_protocol_gets_plain_text_errors),
		CASE(base64_sessions_encode_both_ways),
		CASE(unknown_protocol_is_forbidden),
		CASE(incomplete_handshakes_are_bad_requests),
		CASE(pings_are_answered_and_mistakes_close),
		CASE(client_that_leaves_closes_the_session),
		CASE(paused_channel_is_kept_then_holds_the_connection),
		CASE(websocket_forward_opens_pairs_with_their_ports),
		CASE(spdy_exec_of_every_version_is_negotiated),
		CASE(spdy_exec_runs_when_its_streams_are_there),
		CASE(spdy_forward_pairs_streams_and_ends_them),
		CASE(failed_forward_is_reset),
		CASE(forward_is_tunnelled_through_websocket_messages),
		CASE(garbage_ends_a_spdy_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
