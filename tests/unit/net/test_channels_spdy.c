/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as Go's spdystream writes them. */
#include "channels_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "net/spdy.h"

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
	raw_connect(r, http_server_port(test_channels.server));
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
		RUN_UNTIL(test_channels.closed);
		test_channels.closed = false;
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
	assert_false(test_channels.ready);
	send_hex(&r, "000000030000000668656c6c6f0a"); /* data before the command runs is kept */
	send_hex(&r, syn5_stdout);
	send_hex(&r, "0000000301000000");
	RUN_UNTIL(channels_heard("end stdin;"));
	assert_string_equal(test_channels.log.p, "ready;stdin:hello\n;end stdin;");
	send_hex(&r, "800300060000000400000001");
	RUN_UNTIL(got_hex(&r, "800300060000000400000001"));
	channel_write(test_channels.session, channels_find(test_channels.session, CHANNEL_STDOUT),
		      "out", 3);
	channels_finish_exec(test_channels.session, 2, NULL);
	RUN_UNTIL(r.ended);
	assert_true(got_hex(&r, "00000005000000036f7574"));
	assert_true(raw_has(&r, "command terminated with non-zero exit code: exit status 2"));
	assert_true(got_hex(&r, "0000000101000000"));
	assert_true(got_hex(&r, "0000000501000000"));
	assert_true(got_hex(&r, "80030007000000080000000500000000")); /* GOAWAY */
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
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
	assert_false(channels_heard("open"));
	send_hex(&r, "800300010000001800000003000000000000c2aa19540e2512d60b000000ffff");
	RUN_UNTIL(channels_heard("open 8080 0;"));
	send_hex(&r, "000000030000000468747470");
	RUN_UNTIL(channels_heard("data:http;"));
	/* a port that is none */
	send_hex(&r, "800300010000001800000005000000000000224a2f630586464300000000ffff");
	RUN_UNTIL(got_hex(&r, "80030003000000080000000500000005"));
	channel_write(test_channels.session, test_channels.data, "answer", 6);
	channel_end(test_channels.session, test_channels.data);
	channel_end(test_channels.session, channel_peer(test_channels.session, test_channels.data));
	RUN_UNTIL(got_hex(&r, "0000000301000000") && got_hex(&r, "0000000101000000"));
	assert_int_equal(test_channels.gone, 0);
	send_hex(&r, "0000000301000000");
	RUN_UNTIL(test_channels.gone == 1);
	assert_non_null(test_channels.session); /* for the next connection */
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
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
	RUN_UNTIL(test_channels.data);
	channel_write(test_channels.session,
		      channel_peer(test_channels.session, test_channels.data),
		      "error forwarding port", 21);
	channel_reset(test_channels.session, test_channels.data);
	RUN_UNTIL(test_channels.gone == 1);
	RUN_UNTIL(raw_has(&r, "error forwarding port"));
	RUN_UNTIL(got_hex(&r, "80030003000000080000000300000005"));
	assert_true(got_hex(&r, "80030003000000080000000100000005"));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
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
	RUN_UNTIL(channels_heard("open 8080 0;"));
	channel_write(test_channels.session, test_channels.data, "hi", 2);
	RUN_UNTIL(GOT(&r, "\x82\x0a\0\0\0\3\0\0\0\2hi"));
	channels_close(test_channels.session);
	RUN_UNTIL(GOT(&r, "\x88\x02\x03\xe8"));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
}

static void garbage_ends_a_spdy_session(void **state)
{
	struct raw r;
	(void)state;
	spdy_open(&r, "/exec", "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n");
	send_hex(&r, "80020001000000290000000100000000000078f9");
	RUN_UNTIL(test_channels.closed);
	assert_true(got_hex(&r, "80030007000000080000000000000001"));
	raw_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(spdy_exec_of_every_version_is_negotiated),
		CASE(spdy_exec_runs_when_its_streams_are_there),
		CASE(spdy_forward_pairs_streams_and_ends_them),
		CASE(failed_forward_is_reset),
		CASE(forward_is_tunnelled_through_websocket_messages),
		CASE(garbage_ends_a_spdy_session),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
