/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that ask too much, too slowly, wrongly, or go away. */
#include "http_fixture.h"

#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HTTP(too_large_body_is_refused_with_413),
		ON_HTTP(unread_body_is_discarded_or_the_connection_closed),
		ON_HTTP(paused_body_holds_the_client_back),
		ON_HTTP(malformed_requests_get_a_status),
		ON_HTTP(head_limits_are_kept),
		ON_HTTP(client_that_leaves_closes_its_request),
		ON_HTTP(half_closed_client_gets_its_answer),
		ON_HTTP(slow_reader_is_told_to_the_writer_and_drains),
		ON_HTTP(pipelining_client_that_reads_nothing_is_not_served_on),
		ON_HTTP(response_fields_cannot_split_the_answer),
		ON_IMPATIENT_HTTP(slow_heads_and_bodies_time_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
