/* SPDX-License-Identifier: Apache-2.0 */
#include "channels_fixture.h"

#include <stdio.h>
#include <string.h>

static void v5_session_carries_all_channels_and_ends_with_a_status(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec?stdin", "v5.channel.k8s.io, v4.channel.k8s.io");
	assert_true(raw_has(&r, "HTTP/1.1 101 "));
	assert_true(raw_has(&r, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_true(raw_has(&r, "sec-websocket-protocol: v5.channel.k8s.io\r\n"));
	RUN_UNTIL(test_channels.ready && GOT(&r, "\x82\x01\x01")); /* the empty message on stdout */
	MESSAGE(&r, "\0some input");
	MESSAGE(&r, "\4{\"Width\":80,\"Height\":24}");
	MESSAGE(&r, "\xff\0");
	RUN_UNTIL(channels_heard("end stdin;"));
	assert_string_equal(
		test_channels.log.p,
		"ready;stdin:some input;resize:{\"Width\":80,\"Height\":24};end stdin;");
	channel_write(test_channels.session, channels_find(test_channels.session, CHANNEL_STDOUT),
		      "out", 3);
	channel_write(test_channels.session, channels_find(test_channels.session, CHANNEL_STDERR),
		      "err", 3);
	channels_finish_exec(test_channels.session, 3, NULL);
	RUN_UNTIL(GOT(&r, "\x88\x02\x03\xe8"));
	assert_true(GOT(&r, "\x82\x04\x01out\x82\x04\x02"
			    "err\x82"));
	assert_true(raw_has(&r, "exit status 3"));
	assert_true(raw_has(&r, "\"reason\":\"NonZeroExitCode\",\"details\":{\"causes\":[{"
				"\"reason\":\"ExitCode\",\"message\":\"3\"}]}"));
	send_message(&r, 8, "\x03\xe8", 2);
	RUN_UNTIL(test_channels.closed && r.ended);
	raw_close(&r);
}

static void v4_success_and_failure_are_status_objects(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v4.channel.k8s.io");
	RUN_UNTIL(test_channels.ready);
	assert_null(channels_find(test_channels.session, CHANNEL_STDIN));
	MESSAGE(&r, "\xff\0"); /* not in v4: an unknown channel, ignored */
	channels_finish_exec(test_channels.session, 0, NULL);
	RUN_UNTIL(GOT(&r, "\x03{\"metadata\":{},\"status\":\"Success\"}"));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
	test_channels.ready = test_channels.closed = false;
	ws_open(&r, "/exec", "v4.channel.k8s.io");
	RUN_UNTIL(test_channels.ready);
	struct err err = { 0 };
	err_set(&err, ERR_INTERNAL, "no \"such\" file");
	channels_finish_exec(test_channels.session, 0, &err);
	err_clear(&err);
	RUN_UNTIL(raw_has(&r, "\"message\":\"Internal error occurred: error executing command in "
			      "container: no \\\"such\\\" file\""));
	assert_true(raw_has(&r, "\"code\":500"));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
}

static void client_without_protocol_gets_plain_text_errors(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", NULL);
	assert_false(raw_has(&r, "sec-websocket-protocol"));
	RUN_UNTIL(test_channels.ready);
	channels_finish_exec(test_channels.session, 7, NULL);
	RUN_UNTIL(GOT(&r, "\x03"
			  "command terminated with non-zero exit code: exit status 7"));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
}

static void base64_sessions_encode_both_ways(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec?stdin", "base64.channel.k8s.io");
	RUN_UNTIL(test_channels.ready);
	send_message(&r, 1, "0Zm9vCg==", 9);
	RUN_UNTIL(channels_heard("stdin:foo\n;"));
	/* a message in two frames, cut within a group */
	SEND(&r, "\x01\x83\0\0\0\0"
		 "0Zm"
		 "\x80\x86\0\0\0\0"
		 "9vYmFy");
	RUN_UNTIL(channels_heard("bar;"));
	channel_write(test_channels.session, channels_find(test_channels.session, CHANNEL_STDOUT),
		      "\n", 1);
	RUN_UNTIL(GOT(&r, "\x81\x05"
			  "1Cg=="));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
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
	assert_null(test_channels.session);
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
		raw_connect(&r, http_server_port(test_channels.server));
		raw_send(&r, bad[i]);
		RUN_UNTIL(raw_has(&r, "HTTP/1.1 400 "));
		RUN_UNTIL(raw_has(&r, "unable to upgrade: "));
		assert_null(test_channels.session);
		raw_close(&r);
	}
}

static void pings_are_answered_and_mistakes_close(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v4.channel.k8s.io");
	RUN_UNTIL(test_channels.ready);
	send_message(&r, 9, "beat", 4);
	RUN_UNTIL(GOT(&r, "\x8a\x04"
			  "beat"));
	SEND(&r, "\x82\x01x"); /* not masked */
	RUN_UNTIL(GOT(&r, "\x88\x02\x03\xea"));
	RUN_UNTIL(test_channels.closed);
	raw_close(&r);
}

static void client_that_leaves_closes_the_session(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/exec", "v5.channel.k8s.io");
	RUN_UNTIL(test_channels.ready);
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
}

static void paused_channel_is_kept_then_holds_the_connection(void **state)
{
	struct raw r;
	/* the head of a frame of 32 MiB and the byte of the channel */
	unsigned char frame[14] = { 0x82, 0xff, 0, 0, 0, 0, 2, 0, 0, 1 };
	size_t n = 32 << 20; /* more than the socket buffers */
	(void)state;
	ws_open(&r, "/exec?stdin", "v5.channel.k8s.io");
	RUN_UNTIL(test_channels.ready);
	channel_pause(test_channels.session, channels_find(test_channels.session, CHANNEL_STDIN),
		      true);
	send_bytes(&r, frame, 14);
	char *big = mem_alloc(n + 1);
	memset(big, 'x', n + 1);
	big[0] = 0;
	struct chunk c = chunk_take(big, n + 1);
	stream_write(r.s, &c, 1);
	for (int i = 0; i < 100; i++)
		run_turns(1);
	assert_false(channels_heard("stdin:"));
	assert_true(r.s->queued_bytes > n / 4);
	MESSAGE(&r, "\xff\0");
	channel_pause(test_channels.session, channels_find(test_channels.session, CHANNEL_STDIN),
		      false);
	RUN_UNTIL(channels_heard("end stdin;"));
	size_t data = 0;
	for (size_t i = 0; i < test_channels.log.n; i++)
		data += test_channels.log.p[i] == 'x';
	assert_int_equal(data, n);
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
}

static void websocket_forward_opens_pairs_with_their_ports(void **state)
{
	struct raw r;
	(void)state;
	ws_open(&r, "/forward", "v4.channel.k8s.io");
	RUN_UNTIL(channels_heard("open 443"));
	assert_string_equal(test_channels.log.p, "open 8080 0;open 443 1;");
	RUN_UNTIL(GOT(&r, "\x82\x03\x00\x90\x1f\x82\x03\x01\x90\x1f\x82\x03\x02\xbb\x01\x82\x03\x03"
			  "\xbb\x01"));
	MESSAGE(&r, "\2to 443");
	RUN_UNTIL(channels_heard("data:to 443;"));
	channel_write(test_channels.session, test_channels.data, "back", 4);
	RUN_UNTIL(GOT(&r, "\x82\x05\x02"
			  "back"));
	raw_close(&r);
	RUN_UNTIL(test_channels.closed);
}

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
