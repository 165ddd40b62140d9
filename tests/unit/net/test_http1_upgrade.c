/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that stop being HTTP/1.1. */
#include "http_fixture.h"

#include <string.h>

static void upgraded_connection_belongs_to_the_handler(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
		     "echo\r\n\r\nearly bytes");
	RUN_UNTIL(raw_has(&r, "early bytes"));
	assert_true(raw_has(&r, "HTTP/1.1 101 Switching Protocols\r\nconnection: "
				"Upgrade\r\nupgrade: echo\r\n\r\nearly"));
	raw_send(&r, " and later ones");
	RUN_UNTIL(raw_has(&r, "later ones"));
	assert_int_equal(test_http.closed, 0);
	raw_close(&r);
	run_turns(3);
}

static void upgrade_that_nobody_takes_is_a_plain_request(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r,
		 "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "hello\n"));
	raw_send(&r, "GET /head-info HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "remote="));
	raw_close(&r);
}

static void ask_for_messages(struct raw *r, const char *protocol)
{
	struct buf b = { 0 };
	raw_connect(r, test_http.port);
	buf_printf(
		&b,
		"GET /messages HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
		"dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
		protocol);
	raw_send(r, b.p);
	RUN_UNTIL(raw_has(r, "\r\n\r\n"));
	buf_free(&b);
}

static void stream_can_be_websocket_messages(void **state)
{
	static const struct {
		const char *protocol, *first, *second;
	} cases[] = {
		{ "", "\x82\x06line 1", "\x82\x06line 2\x88\x02\x03\xe8" },
		{ "Sec-WebSocket-Protocol: base64url.bearer.x, binary.k8s.io\r\n", "\x82\x06line 1",
		  "\x82\x06line 2\x88\x02\x03\xe8" },
		{ "Sec-WebSocket-Protocol: base64.binary.k8s.io\r\n",
		  "\x81\x08"
		  "bGluZSAx",
		  "\x81\x08"
		  "bGluZSAy\x88\x02\x03\xe8" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct raw r;
		struct chunk one[] = { CHUNK_STATIC("line"), CHUNK_STATIC(" 1") },
			     two = CHUNK_STATIC("line 2");
		ask_for_messages(&r, cases[i].protocol);
		assert_true(raw_has(&r, "HTTP/1.1 101 "));
		assert_non_null(test_http.stream);
		http_stream_write(test_http.stream, one, 2);
		RUN_UNTIL(raw_has(&r, cases[i].first));
		http_stream_write(test_http.stream, &two, 1);
		http_stream_end(test_http.stream);
		RUN_UNTIL(raw_has(&r, cases[i].second));
		raw_close(&r);
		RUN_UNTIL(test_http.closed == (int)i + 1);
	}
	static struct raw r;
	ask_for_messages(&r, "Sec-WebSocket-Protocol: soap\r\n");
	RUN_UNTIL(raw_has(&r, "requested protocol(s) are not supported: [soap]"));
	assert_true(raw_has(&r, "HTTP/1.1 403 "));
	raw_close(&r);
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /messages HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "HTTP/1.1 200 OK"));
	raw_close(&r);
}

static void websocket_client_that_leaves_closes_its_request(void **state)
{
	static struct raw r;
	(void)state;
	ask_for_messages(&r, "");
	raw_close(&r);
	RUN_UNTIL(test_http.closed == 1);
	ask_for_messages(&r, "");
	http_abort(test_http.stream);
	RUN_UNTIL(test_http.closed == 2 && (r.ended || r.closed));
	raw_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HTTP(upgraded_connection_belongs_to_the_handler),
		ON_HTTP(upgrade_that_nobody_takes_is_a_plain_request),
		ON_HTTP(stream_can_be_websocket_messages),
		ON_HTTP(websocket_client_that_leaves_closes_its_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
