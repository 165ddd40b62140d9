/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"
#include "net/http_frame.h"

#include <string.h>

static void request_is_answered_and_connection_kept(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "hello\n"));
	assert_true(raw_has(&r, "HTTP/1.1 200 OK\r\n"));
	assert_true(raw_has(&r, "content-length: 6\r\n"));
	assert_true(raw_has(&r, "date: "));
	assert_false(raw_has(&r, "connection: close"));
	raw_send(&r, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_count(&r, "hello\n") == 2);
	RUN_UNTIL(test_http.closed == 2);
	raw_close(&r);
}

static void head_is_parsed(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "POST /head-info?a=b&c HTTP/1.1\r\nHost: example.org:6443\r\nX-Te");
	run_turns(5);
	raw_send(&r, "st:  some thing  \r\nContent-Length: 0\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "remote="));
	assert_true(raw_has(&r, "POST 11 /head-info?a=b&c [/head-info] [a=b&c] "
				"host=example.org:6443 x=some thing peer=- remote=127.0.0.1"));
	raw_send(&r, "GET http://other.example/head-info?x HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_count(&r, "remote=") == 2);
	assert_true(raw_has(&r, "[/head-info] [x] host=other.example"));
	raw_close(&r);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: "
		     "a\r\nContent-Length: 4\r\n\r\nbodyGET /hello "
		     "HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.held);
	run_turns(5);
	assert_int_equal(r.got.n, 0);
	assert_int_equal(test_http.requests, 1);
	struct chunk c = CHUNK_STATIC("first");
	http_reply(test_http.held, 200, NULL, 0, &c, 1);
	RUN_UNTIL(raw_has(&r, "hello\n"));
	char *first = strstr(r.got.p, "first"), *second = strstr(r.got.p, "body"),
	     *third = strstr(r.got.p, "hello\n");
	assert_true(first && second && third && first < second && second < third);
	raw_close(&r);
}

static void bodies_come_in_both_framings(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nsix");
	run_turns(3);
	raw_send(&r, "six");
	RUN_UNTIL(raw_has(&r, "sixsix"));
	raw_send(&r, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		     "chunked\r\n\r\n5\r\nchunk\r\n");
	run_turns(3);
	raw_send(&r, "3;x=y\r\ned!\r\n0\r\nTrailer: x\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "chunked!"));
	raw_send(&r, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "hello\n"));
	raw_close(&r);
}

static void stream_is_chunked_with_trailers(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /chunky HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\ngrpc-status: 0\r\n\r\n"));
	assert_true(raw_has(&r, "transfer-encoding: chunked"));
	raw_close(&r);
}

static struct http_request *stream_begin(struct raw *r, const char *head)
{
	test_http.stream = NULL;
	raw_connect(r, test_http.port);
	raw_send(r, head);
	RUN_UNTIL(test_http.stream);
	return test_http.stream;
}

static void one_frame_goes_to_many_streams_in_each_ones_framing(void **state)
{
	static struct raw a, b;
	struct chunk parts[] = { CHUNK_STATIC("sixteen "), CHUNK_STATIC("bytes :)") };
	struct http_frame *f = http_frame_new(parts, 2);
	(void)state;
	struct http_request *x = stream_begin(&a, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"),
			    *y = stream_begin(&b, "GET /stream HTTP/1.0\r\n\r\n");
	http_stream_write_frame(x, f);
	http_stream_write_frame(y, f);
	http_stream_write_frame(x, f);
	http_frame_unref(f); /* the streams hold it */
	http_stream_end(x);
	http_stream_end(y);
	RUN_UNTIL(b.ended && raw_has(&a, "\r\n\r\n10\r\nsixteen bytes :)\r\n"
					 "10\r\nsixteen bytes :)\r\n0\r\n\r\n"));
	assert_true(raw_has(&b, "\r\n\r\nsixteen bytes :)"));
	raw_close(&a);
	raw_close(&b);
}

static void http10_stream_ends_with_the_connection(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /chunky HTTP/1.0\r\n\r\n");
	RUN_UNTIL(r.ended);
	assert_true(raw_has(&r, "\r\n\r\nonetwo"));
	assert_false(raw_has(&r, "chunked"));
	raw_close(&r);
}

static void head_request_gets_no_body(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /head-info HTTP/1.1\r\nHost: "
		     "a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "remote="));
	assert_true(raw_has(&r, "content-length: 6"));
	assert_false(raw_has(&r, "hello\n"));
	raw_close(&r);
}

static void expectation_is_met_only_when_the_body_is_wanted(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
		     "4\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "HTTP/1.1 100 Continue\r\n\r\n"));
	raw_send(&r, "want");
	RUN_UNTIL(raw_has(&r, "want"));
	raw_send(&r, "POST /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
		     "4\r\n\r\n");
	RUN_UNTIL(r.ended);
	assert_int_equal(raw_count(&r, "100 Continue"), 1);
	assert_true(raw_has(&r, "connection: close"));
	raw_close(&r);
	raw_connect(&r, test_http.port);
	raw_send(&r,
		 "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: a-pony\r\nContent-Length: 4\r\n\r\n");
	RUN_UNTIL(r.ended);
	assert_true(raw_has(&r, "HTTP/1.1 417 "));
	raw_close(&r);
}

static void too_large_body_is_refused_with_413(void **state)
{
	static struct raw r;
	struct buf b = { 0 };
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "HTTP/1.1 413 "));
	assert_true(raw_has(&r, "\"reason\":\"RequestEntityTooLarge\""));
	raw_close(&r);
	raw_connect(&r, test_http.port);
	buf_puts(&b, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n");
	for (int i = 0; i < 2000; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	raw_send(&r, b.p);
	RUN_UNTIL(raw_has(&r, "hello\n")); /* the rest was read away */
	assert_true(raw_has(&r, "HTTP/1.1 413 "));
	raw_close(&r);
	buf_free(&b);
}

static void unread_body_is_discarded_or_the_connection_closed(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
	RUN_UNTIL(raw_has(&r, "hello\n"));
	raw_send(&r, "345GET /head-info HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "remote="));
	raw_send(&r, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
	RUN_UNTIL(raw_count(&r, "hello\n") == 2);
	size_t n = 300000;
	struct chunk c = chunk_take(mem_zalloc(n), n);
	stream_write(r.s, &c, 1);
	RUN_UNTIL(r.ended || r.closed);
	raw_close(&r);
}

static void paused_body_holds_the_client_back(void **state)
{
	static struct raw r;
	size_t n = 32 << 20; /* more than the socket buffers */
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n");
	struct chunk c = chunk_take(mem_zalloc(n), n);
	stream_write(r.s, &c, 1);
	RUN_UNTIL(test_http.streamed_bytes > 0);
	for (int i = 0; i < 100; i++)
		run_turns(1);
	assert_true(test_http.streamed_bytes <= 64 * 1024);
	assert_true(r.s->queued_bytes > n / 4);
	test_http.upload_freely = true;
	http_body_pause(test_http.uploading, false);
	RUN_UNTIL(test_http.stream_ended);
	assert_int_equal(test_http.streamed_bytes, n);
	RUN_UNTIL(raw_has(&r, "uploaded"));
	raw_close(&r);
}

struct refusal {
	const char *request, *status;
};

static void malformed_requests_get_a_status(void **state)
{
	static const struct refusal refusals[] = {
		{ "NONSENSE\r\n\r\n", "HTTP/1.1 400 Bad Request" },
		{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 Bad Request" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nBad Name: b\r\n\r\n", "HTTP/1.1 400 Bad Request" },
		{ "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: "
		  "4\r\n\r\n",
		  "HTTP/1.1 400 Bad Request" },
		{ "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
		  "HTTP/1.1 400 Bad Request" },
		{ "POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n",
		  "HTTP/1.1 400 Bad Request" },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		  "HTTP/1.1 400 Bad Request" },
		{ "PRI * HTTP/2.0\r\n\r\nNO\r\n\r\n", NULL },
		{ "GET / HTTP/3.7\r\nHost: a\r\n\r\n", "HTTP/1.1 " },
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct raw r;
		raw_connect(&r, test_http.port);
		raw_send(&r, refusals[i].request);
		for (int turns = 0; turns < 20 && !r.ended && !r.closed; turns++)
			run_once();
		if (!r.ended && !r.closed)
			fail_msg("not refused: %s", refusals[i].request);
		if (refusals[i].status && !raw_has(&r, refusals[i].status))
			fail_msg("%s\n-> %s", refusals[i].request, r.got.p);
		if (refusals[i].status)
			assert_true(raw_has(&r, "{\"kind\":\"Status\",\"apiVersion\":\"v1\""));
		raw_close(&r);
	}
	assert_true(test_http.requests <= 1); /* only /echo, whose body was broken */
}

static void head_limits_are_kept(void **state)
{
	static struct raw r;
	struct buf b = { 0 };
	(void)state;
	buf_puts(&b, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ");
	for (int i = 0; i < 70000; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\r\n\r\n");
	raw_connect(&r, test_http.port);
	raw_send(&r, b.p);
	RUN_UNTIL(raw_has(&r, "HTTP/1.1 431 "));
	raw_close(&r);
	buf_reset(&b);
	buf_puts(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < 600; i++)
		buf_puts(&b, "a: b\r\n");
	buf_puts(&b, "\r\n");
	raw_connect(&r, test_http.port);
	raw_send(&r, b.p);
	RUN_UNTIL(raw_has(&r, "HTTP/1.1 431 "));
	raw_close(&r);
	assert_int_equal(test_http.requests, 0);
	buf_free(&b);
}

static void client_that_leaves_closes_its_request(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.stream && raw_has(&r, "200 OK"));
	struct http_request *req = test_http.stream;
	raw_close(&r);
	RUN_UNTIL(test_http.closed == 1);
	(void)req;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.held);
	raw_close(&r);
	RUN_UNTIL(test_http.requests == 2);
	run_turns(5);
	/* a half-closed client may still want its answer; the write finds out */
	if (test_http.held) {
		struct chunk c = CHUNK_STATIC("x");
		http_reply(test_http.held, 200, NULL, 0, &c, 1);
	}
	RUN_UNTIL(test_http.closed == 2);
}

static void half_closed_client_gets_its_answer(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	stream_shutdown(r.s);
	RUN_UNTIL(test_http.held);
	run_turns(5);
	assert_non_null(test_http.held);
	struct chunk c = CHUNK_STATIC("late");
	http_reply(test_http.held, 200, NULL, 0, &c, 1);
	RUN_UNTIL(r.ended);
	assert_true(raw_has(&r, "late"));
	raw_close(&r);
}

static void slow_reader_is_told_to_the_writer_and_drains(void **state)
{
	static struct raw r;
	size_t n = 32 << 20;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.stream && raw_has(&r, "200 OK"));
	stream_read_stop(r.s);
	struct chunk c = chunk_take(mem_zalloc(n), n);
	assert_true(http_stream_write(test_http.stream, &c, 1) > n / 4);
	run_turns(20);
	assert_int_equal(test_http.drains, 0);
	stream_read_start(r.s);
	RUN_UNTIL(test_http.drains == 1);
	http_stream_end(test_http.stream);
	RUN_UNTIL(raw_has(&r, "\r\n0\r\n\r\n") || r.got.n > n + 20);
	raw_close(&r);
}

static void pipelining_client_that_reads_nothing_is_not_served_on(void **state)
{
	static struct raw r;
	struct buf b = { 0 };
	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_puts(&b, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	raw_connect(&r, test_http.port);
	stream_read_stop(r.s);
	size_t n = b.n;
	struct chunk c = chunk_take(buf_take(&b), n);
	stream_write(r.s, &c, 1);
	int before = -1;
	for (int i = 0; i < 1000 && before != test_http.requests; i++) {
		before = test_http.requests;
		run_turns(50);
	}
	assert_in_range(test_http.requests, 1000, 150000);
	stream_read_start(r.s);
	RUN_UNTIL(test_http.requests > before + 1000);
	raw_close(&r);
}

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

static void abort_closes_the_connection(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r,
		 "GET /abort HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(r.ended || r.closed);
	assert_int_equal(r.got.n, 0);
	assert_int_equal(test_http.requests, 1);
	raw_close(&r);
}

static void response_fields_cannot_split_the_answer(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.held);
	struct http_field f = { STR("warning"), STR("a\r\nset-cookie: b") };
	http_reply(test_http.held, 204, &f, 1, NULL, 0);
	RUN_UNTIL(raw_has(&r, "\r\n\r\n"));
	assert_true(raw_has(&r, "warning: a  set-cookie: b\r\n"));
	assert_false(raw_has(&r, "content-length"));
	raw_close(&r);
}

static void stopping_lets_the_answer_out_and_closes(void **state)
{
	static struct raw busy, idle, endless;
	(void)state;
	raw_connect(&idle, test_http.port);
	raw_send(&idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&idle, "hello\n"));
	raw_connect(&endless, test_http.port);
	raw_send(&endless, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.stream);
	raw_connect(&busy, test_http.port);
	raw_send(&busy, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.held);
	http_stop_begin(300);
	RUN_UNTIL(idle.ended || idle.closed);
	struct chunk c = CHUNK_STATIC("last words");
	http_reply(test_http.held, 200, NULL, 0, &c, 1);
	RUN_UNTIL(busy.ended);
	assert_true(raw_has(&busy, "last words"));
	assert_true(raw_has(&busy, "connection: close"));
	RUN_UNTIL(test_http.stopped); /* the endless one was cut at the deadline */
	RUN_UNTIL(endless.ended || endless.closed);
	raw_close(&idle);
	raw_close(&busy);
	raw_close(&endless);
}

static void slow_heads_and_bodies_time_out(void **state)
{
	static struct raw silent, head, body, second;
	(void)state;
	raw_connect(&silent, test_http.port);
	raw_connect(&head, test_http.port);
	raw_send(&head, "GET /hello HTTP/1.1\r\nHost: a\r\nX-Slow: ");
	raw_connect(&body, test_http.port);
	raw_send(&body, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123");
	raw_connect(&second, test_http.port);
	raw_send(&second, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hel");
	RUN_UNTIL((silent.ended || silent.closed) && head.ended && body.ended && second.ended);
	assert_true(raw_has(&head, "HTTP/1.1 408 "));
	assert_true(raw_has(&body, "HTTP/1.1 408 "));
	assert_true(raw_has(&second, "hello\n") && raw_has(&second, "HTTP/1.1 408 "));
	raw_close(&silent);
	raw_close(&head);
	raw_close(&body);
	raw_close(&second);
}

static void tls_peer_reaches_the_handler(void **state)
{
	static const char *const http1[] = { "http/1.1", NULL };
	static struct raw r;
	(void)state;
	raw_init(&r, tls_connect_to(test_http.port, &test_pki()->client, http1));
	raw_send(&r, "GET /head-info HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "remote="));
	assert_true(raw_has(&r, "peer=jane"));
	raw_close(&r);
	raw_init(&r, tls_connect_to(test_http.port, &test_pki()->stranger, http1));
	raw_send(&r, "GET /head-info HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "remote="));
	assert_true(raw_has(&r, "peer=-"));
	raw_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HTTP(request_is_answered_and_connection_kept),
		ON_HTTP(head_is_parsed),
		ON_HTTP(pipelined_requests_are_answered_in_order),
		ON_HTTP(bodies_come_in_both_framings),
		ON_HTTP(stream_is_chunked_with_trailers),
		ON_HTTP(one_frame_goes_to_many_streams_in_each_ones_framing),
		ON_HTTP(http10_stream_ends_with_the_connection),
		ON_HTTP(head_request_gets_no_body),
		ON_HTTP(expectation_is_met_only_when_the_body_is_wanted),
		ON_HTTP(too_large_body_is_refused_with_413),
		ON_HTTP(unread_body_is_discarded_or_the_connection_closed),
		ON_HTTP(paused_body_holds_the_client_back),
		ON_HTTP(malformed_requests_get_a_status),
		ON_HTTP(head_limits_are_kept),
		ON_HTTP(client_that_leaves_closes_its_request),
		ON_HTTP(half_closed_client_gets_its_answer),
		ON_HTTP(slow_reader_is_told_to_the_writer_and_drains),
		ON_HTTP(pipelining_client_that_reads_nothing_is_not_served_on),
		ON_HTTP(upgraded_connection_belongs_to_the_handler),
		ON_HTTP(upgrade_that_nobody_takes_is_a_plain_request),
		ON_HTTP(stream_can_be_websocket_messages),
		ON_HTTP(websocket_client_that_leaves_closes_its_request),
		ON_HTTP(abort_closes_the_connection),
		ON_HTTP(response_fields_cannot_split_the_answer),
		ON_HTTP(stopping_lets_the_answer_out_and_closes),
		ON_IMPATIENT_HTTP(slow_heads_and_bodies_time_out),
		ON_HTTPS(tls_peer_reaches_the_handler),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
