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
		ON_HTTP(abort_closes_the_connection),
		ON_HTTP(stopping_lets_the_answer_out_and_closes),
		ON_HTTPS(tls_peer_reaches_the_handler),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
