/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <string.h>

struct result {
	int status, nresponses;
	struct buf body;
	char warning[64];
	struct stream *upgraded;
	bool done, failed, pause_at_once;
	struct err err;
	int drains;
};

static void on_response(struct http_call *call, const struct http_response *r)
{
	struct result *x = http_call_ctx(call);
	x->status = r->status;
	x->nresponses++;
	if (x->pause_at_once)
		http_call_pause(call, true);
}

static void on_data(struct http_call *call, const char *p, size_t n)
{
	struct result *x = http_call_ctx(call);
	buf_add(&x->body, p, n);
}

static void on_upgraded(struct http_call *call, struct stream *s)
{
	struct result *x = http_call_ctx(call);
	x->upgraded = s;
}

static void on_done(struct http_call *call, const struct err *err)
{
	struct result *x = http_call_ctx(call);
	assert_false(x->done);
	x->done = true;
	if (err) {
		x->failed = true;
		err_copy(&x->err, err);
	}
}

static void on_drain(struct http_call *call)
{
	struct result *x = http_call_ctx(call);
	x->drains++;
}

static const struct http_call_ops ops = { .response = on_response,
					  .data = on_data,
					  .upgraded = on_upgraded,
					  .done = on_done,
					  .drain = on_drain };

static struct http_call *start(struct result *x, const char *method, const char *target,
			       struct str body)
{
	*x = (struct result){ .status = 0 };
	struct http_call_spec spec = { .host = "127.0.0.1",
				       .port = test_http.port,
				       .method = str_from(method),
				       .target = str_from(target),
				       .body = body,
				       .ops = &ops,
				       .ctx = x };
	return http_call_start(test_http.client, &spec);
}

static void forget(struct result *x)
{
	buf_free(&x->body);
	err_clear(&x->err);
}

static void finish(struct result *x)
{
	RUN_UNTIL(x->done);
	if (x->failed)
		fail_msg("%s", x->err.text);
}

static void call_is_answered_and_its_connection_used_again(void **state)
{
	static struct result x;
	(void)state;
	for (int i = 0; i < 3; i++) {
		start(&x, "POST", "/echo", STR("some body"));
		assert_false(x.done);
		finish(&x);
		assert_int_equal(x.status, 200);
		assert_string_equal(x.body.p, "some body");
		forget(&x);
	}
	start(&x, "HEAD", "/hello", STR(""));
	finish(&x);
	assert_int_equal(x.body.n, 0);
	start(&x, "GET", "/chunky", STR(""));
	finish(&x);
	assert_string_equal(x.body.p, "onetwo");
	forget(&x);
}

static void kept_connection_that_died_is_replaced_once(void **state)
{
	static struct result x;
	(void)state;
	start(&x, "GET", "/hello", STR(""));
	finish(&x);
	forget(&x);
	/* the server forgets the connection while the call is on its way: /abort closes without a byte, on a kept and a new one */
	start(&x, "GET", "/abort", STR(""));
	RUN_UNTIL(x.done);
	assert_true(x.failed);
	assert_int_equal(test_http.requests, 3);
	assert_int_equal(x.err.reason, ERR_UNAVAILABLE);
	forget(&x);
}

static void refused_connection_fails_the_call(void **state)
{
	static struct result x;
	x = (struct result){ .status = 0 };
	(void)state;
	struct http_call_spec spec = { .host = "127.0.0.1",
				       .port = 1,
				       .method = STR("GET"),
				       .target = STR("/"),
				       .ops = &ops,
				       .ctx = &x };
	http_call_start(test_http.client, &spec);
	RUN_UNTIL(x.done);
	assert_non_null(strstr(x.err.text, "connect: connection refused"));
	forget(&x);
}

static void call_times_out(void **state)
{
	static struct result x;
	x = (struct result){ .status = 0 };
	(void)state;
	struct http_call_spec spec = { .host = "127.0.0.1",
				       .port = test_http.port,
				       .method = STR("GET"),
				       .target = STR("/hold"),
				       .timeout_ms = 50,
				       .ops = &ops,
				       .ctx = &x };
	http_call_start(test_http.client, &spec);
	RUN_UNTIL(x.done);
	assert_int_equal(x.err.reason, ERR_TIMEOUT);
	forget(&x);
	run_turns(5);
	if (test_http.held) {
		http_abort(test_http.held);
		RUN_UNTIL(test_http.closed == 1);
	}
}

static void cancelled_call_is_done_once(void **state)
{
	static struct result x;
	(void)state;
	struct http_call *call = start(&x, "GET", "/stream", STR(""));
	RUN_UNTIL(x.nresponses == 1);
	http_call_cancel(call);
	assert_false(x.done);
	RUN_UNTIL(x.done && test_http.closed == 1);
	assert_true(x.failed);
	forget(&x);
}

static void body_is_streamed_with_back_pressure(void **state)
{
	static struct result x;
	x = (struct result){ .status = 0 };
	size_t n = 4 << 20;
	(void)state;
	struct http_call_spec spec = { .host = "127.0.0.1",
				       .port = test_http.port,
				       .method = STR("PUT"),
				       .target = STR("/upload"),
				       .streaming = true,
				       .ops = &ops,
				       .ctx = &x };
	struct http_call *call = http_call_start(test_http.client, &spec);
	struct chunk c = chunk_take(mem_zalloc(n), n);
	http_call_write(call, &c, 1);
	assert_true(http_call_queued_bytes(call) >= n);
	RUN_UNTIL(test_http.streamed_bytes > 0);
	test_http.upload_freely = true;
	http_body_pause(test_http.uploading, false);
	RUN_UNTIL(x.drains > 0);
	http_call_end(call);
	finish(&x);
	assert_int_equal(test_http.streamed_bytes, n);
	assert_string_equal(x.body.p, "uploaded");
	forget(&x);
}

static void body_written_before_the_connection_is_drained_too(void **state)
{
	static struct result x;
	x = (struct result){ .status = 0 };
	(void)state;
	struct http_call_spec spec = { .host = "127.0.0.1",
				       .port = test_http.port,
				       .method = STR("POST"),
				       .target = STR("/echo"),
				       .streaming = true,
				       .ops = &ops,
				       .ctx = &x };
	struct http_call *call = http_call_start(test_http.client, &spec);
	struct chunk c = CHUNK_STATIC("small enough to go at once");
	http_call_write(call, &c, 1);
	assert_true(http_call_queued_bytes(call) > 0);
	RUN_UNTIL(x.drains > 0);
	assert_int_equal(http_call_queued_bytes(call), 0);
	http_call_end(call);
	finish(&x);
	assert_string_equal(x.body.p, "small enough to go at once");
	forget(&x);
}

static void paused_response_waits(void **state)
{
	static struct result x;
	size_t n = 1 << 20;
	(void)state;
	struct http_call *call = start(&x, "GET", "/stream", STR(""));
	x.pause_at_once = true;
	RUN_UNTIL(x.nresponses == 1);
	struct chunk c = chunk_take(mem_zalloc(n), n);
	http_stream_write(test_http.stream, &c, 1);
	http_stream_end(test_http.stream);
	run_turns(20);
	assert_int_equal(x.body.n, 0);
	http_call_pause(call, false);
	finish(&x);
	assert_int_equal(x.body.n, n);
	forget(&x);
}

static void connection_can_be_upgraded(void **state)
{
	static struct result x;
	x = (struct result){ .status = 0 };
	static struct raw r;
	struct http_field f[] = { { STR("connection"), STR("Upgrade") },
				  { STR("upgrade"), STR("echo") } };
	(void)state;
	struct http_call_spec spec = { .host = "127.0.0.1",
				       .port = test_http.port,
				       .method = STR("GET"),
				       .target = STR("/upgrade"),
				       .fields = f,
				       .nfields = 2,
				       .ops = &ops,
				       .ctx = &x };
	http_call_start(test_http.client, &spec);
	finish(&x);
	assert_int_equal(x.status, 101);
	raw_init(&r, x.upgraded);
	raw_send(&r, "echo");
	RUN_UNTIL(raw_has(&r, "echo"));
	raw_close(&r);
}

static void target_cannot_smuggle_a_line(void **state)
{
	static struct result x;
	(void)state;
	start(&x, "GET", "/head-info?a b\r\nX-Evil: 1", STR(""));
	finish(&x);
	assert_non_null(strstr(x.body.p, "[a%20b%0D%0AX-Evil:%201]"));
	forget(&x);
}

/* ---- through the proxy ---- */

static void proxy_passes_answers_bodies_and_fields(void **state)
{
	static struct result x;
	(void)state;
	start(&x, "POST", "/via/echo", STR("through and back"));
	finish(&x);
	assert_string_equal(x.body.p, "through and back");
	forget(&x);
	start(&x, "GET", "/via/head-info?x", STR(""));
	finish(&x);
	assert_non_null(strstr(x.body.p, "x=from the proxy"));
	forget(&x);
	start(&x, "GET", "/via/chunky", STR(""));
	finish(&x);
	assert_string_equal(x.body.p, "onetwo");
	forget(&x);
	start(&x, "GET", "/via/nowhere", STR(""));
	finish(&x);
	assert_int_equal(x.status, 404);
	forget(&x);
}

static void proxy_keeps_credentials_and_rewrites_redirects(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/secret HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
		     "x\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "no authorization"));
	raw_send(&r, "GET /via/redirect HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "location: /via/hello\r\n"));
	assert_int_equal(raw_count(&r, "date: "), 2);
	raw_send(&r, "HEAD /via/hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "content-length: 6\r\n"));
	raw_close(&r);
}

static void proxy_rewrites_links_of_pages(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/page HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "<a href=\"/via/x\">/x</a>"));
	raw_close(&r);
}

static void proxy_streams_uploads_with_back_pressure(void **state)
{
	static struct raw r;
	size_t n = 64 << 20; /* more than all socket buffers on the way */
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "PUT /via/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n");
	struct chunk c = chunk_take(mem_zalloc(n), n);
	stream_write(r.s, &c, 1);
	RUN_UNTIL(test_http.streamed_bytes > 0);
	for (int i = 0; i < 300; i++)
		run_turns(1);
	assert_true(r.s->queued_bytes > 0);
	test_http.upload_freely = true;
	http_body_pause(test_http.uploading, false);
	RUN_UNTIL(test_http.stream_ended);
	RUN_UNTIL(raw_has(&r, "uploaded"));
	assert_int_equal(test_http.streamed_bytes, n);
	raw_close(&r);
}

static void proxy_streams_answers_with_back_pressure(void **state)
{
	static struct raw r;
	size_t n = 64 << 20;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/stream HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.stream && raw_has(&r, "200 OK"));
	stream_read_stop(r.s);
	struct chunk c = chunk_take(mem_zalloc(n), n);
	http_stream_write(test_http.stream, &c, 1);
	for (int i = 0; i < 300; i++)
		run_turns(1);
	assert_true(http_queued_bytes(test_http.stream) > 0);
	stream_read_start(r.s);
	RUN_UNTIL(test_http.drains == 1);
	http_stream_end(test_http.stream);
	RUN_UNTIL(r.got.n > n && raw_has(&r, "0\r\n\r\n"));
	raw_close(&r);
}

static void proxy_tells_the_backend_that_the_client_left(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/stream HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(test_http.stream && raw_has(&r, "200 OK"));
	raw_close(&r);
	RUN_UNTIL(test_http.closed == 2);
}

static void proxy_splices_upgrades(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
		     "echo\r\n\r\nearly");
	RUN_UNTIL(raw_has(&r, "early"));
	assert_true(raw_has(&r, "HTTP/1.1 101 Switching Protocols\r\n"));
	assert_true(raw_has(&r, "upgrade: echo\r\n"));
	raw_send(&r, " later");
	RUN_UNTIL(raw_has(&r, "early later"));
	stream_shutdown(r.s);
	RUN_UNTIL(r.ended);
	raw_close(&r);
	RUN_UNTIL(test_http.closed == 2);
}

static void proxy_passes_a_refused_upgrade(void **state)
{
	static struct raw r;
	(void)state;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "
		     "echo\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "hello\n"));
	raw_close(&r);
}

static void unreachable_backend_is_503(void **state)
{
	static struct raw r;
	(void)state;
	test_http.backend_port = 1;
	raw_connect(&r, test_http.port);
	raw_send(&r, "GET /via/hello HTTP/1.1\r\nHost: a\r\n\r\n");
	RUN_UNTIL(raw_has(&r, "\"code\":503"));
	assert_true(raw_has(&r, "HTTP/1.1 503 Service Unavailable"));
	assert_true(raw_has(&r, "error trying to reach service: dial tcp 127.0.0.1:1: connect: "
				"connection refused"));
	raw_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HTTP(call_is_answered_and_its_connection_used_again),
		ON_HTTP(kept_connection_that_died_is_replaced_once),
		ON_HTTP(refused_connection_fails_the_call),
		ON_HTTP(call_times_out),
		ON_HTTP(cancelled_call_is_done_once),
		ON_HTTP(body_is_streamed_with_back_pressure),
		ON_HTTP(body_written_before_the_connection_is_drained_too),
		ON_HTTP(paused_response_waits),
		ON_HTTP(connection_can_be_upgraded),
		ON_HTTP(target_cannot_smuggle_a_line),
		ON_HTTP(proxy_passes_answers_bodies_and_fields),
		ON_HTTP(proxy_keeps_credentials_and_rewrites_redirects),
		ON_HTTP(proxy_rewrites_links_of_pages),
		ON_HTTP(proxy_streams_uploads_with_back_pressure),
		ON_HTTP(proxy_streams_answers_with_back_pressure),
		ON_HTTP(proxy_tells_the_backend_that_the_client_left),
		ON_HTTP(proxy_splices_upgrades),
		ON_HTTP(proxy_passes_a_refused_upgrade),
		ON_HTTP(unreachable_backend_is_503),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
