/* SPDX-License-Identifier: Apache-2.0 */
/* The client is a session of nghttp2 over the raw connection, so that both sides' state machines are exercised. */
#include "http_fixture.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

struct answer {
	int32_t id;
	int status;
	struct buf body, trailers;
	bool closed;
	uint32_t error;
};

struct client {
	struct stream *s;
	nghttp2_session *session;
	struct answer answers[400];
	size_t nanswers;
	bool goaway, closed, ended, hold_windows;
	struct str upload; /* body being sent */
};

static struct answer *find(struct client *c, int32_t id)
{
	for (size_t i = 0; i < c->nanswers; i++) {
		if (c->answers[i].id == id)
			return &c->answers[i];
	}
	fail_msg("no stream %d", id);
	return NULL;
}

static void pump(struct client *c)
{
	const uint8_t *p;
	nghttp2_ssize n;
	while (c->s && (n = nghttp2_session_mem_send2(c->session, &p)) > 0)
		stream_write_copy(c->s, p, (size_t)n);
}

static void on_data(struct stream *s, const char *p, size_t n)
{
	struct client *c = s->ctx;
	assert_true(nghttp2_session_mem_recv2(c->session, (const uint8_t *)p, n) >= 0);
	pump(c);
}

static void on_end(struct stream *s)
{
	struct client *c = s->ctx;
	c->ended = true;
}

static void on_close(struct stream *s)
{
	struct client *c = s->ctx;
	c->closed = true;
	c->s = NULL;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *f, const uint8_t *name,
		     size_t nn, const uint8_t *value, size_t vn, uint8_t flags, void *ctx)
{
	struct answer *a = find(ctx, f->hd.stream_id);
	(void)session;
	(void)flags;
	if (nn == 7 && memcmp(name, ":status", 7) == 0)
		a->status = atoi((const char *)value);
	else if (f->headers.cat == NGHTTP2_HCAT_HEADERS)
		buf_printf(&a->trailers, "%.*s=%.*s;", (int)nn, name, (int)vn, value);
	return 0;
}

static int on_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
		    void *ctx)
{
	struct client *c = ctx;
	(void)flags;
	buf_add(&find(c, id)->body, p, n);
	if (!c->hold_windows)
		nghttp2_session_consume(session, id, n);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *f, void *ctx)
{
	struct client *c = ctx;
	(void)session;
	if (f->hd.type == NGHTTP2_GOAWAY)
		c->goaway = true;
	return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *ctx)
{
	struct answer *a = find(ctx, id);
	(void)session;
	a->closed = true;
	a->error = error;
	return 0;
}

static const char *const h2[] = { "h2", NULL };

static void client_start(struct client *c, struct stream *s)
{
	nghttp2_session_callbacks *cb;
	nghttp2_option *opt;
	memset(c, 0, sizeof(*c));
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_option_new(&opt);
	nghttp2_option_set_no_auto_window_update(opt, 1);
	nghttp2_option_set_max_send_header_block_length(opt, 1 << 20);
	nghttp2_session_client_new2(&c->session, cb, c, opt);
	nghttp2_option_del(opt);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0);
	c->s = s;
	s->ctx = c;
	s->on_data = on_data;
	s->on_end = on_end;
	s->on_close = on_close;
	stream_read_start(s);
	pump(c);
}

static void client_connect(struct client *c)
{
	client_start(c, tls_connect_to(test_http.port, &test_pki()->client, h2));
	assert_string_equal(tls_stream_alpn(c->s), "h2");
}

static void client_stop(struct client *c)
{
	if (c->s)
		stream_close(c->s);
	RUN_UNTIL(c->closed);
	nghttp2_session_del(c->session);
	for (size_t i = 0; i < c->nanswers; i++) {
		buf_free(&c->answers[i].body);
		buf_free(&c->answers[i].trailers);
	}
}

#define NV(n, v)                                                                           \
	{                                                                                  \
		(uint8_t *)(n), (uint8_t *)(v), strlen(n), strlen(v), NGHTTP2_NV_FLAG_NONE \
	}

static nghttp2_ssize read_upload(nghttp2_session *session, int32_t id, uint8_t *out, size_t max,
				 uint32_t *flags, nghttp2_data_source *source, void *ctx)
{
	struct client *c = ctx;
	(void)session;
	(void)id;
	(void)source;
	size_t n = c->upload.n < max ? c->upload.n : max;
	memcpy(out, c->upload.p, n);
	c->upload.p += n;
	c->upload.n -= n;
	if (c->upload.n == 0)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (nghttp2_ssize)n;
}

static struct answer *ask(struct client *c, const char *method, const char *path, struct str body)
{
	nghttp2_nv nv[] = { NV(":method", method), NV(":scheme", "https"),
			    NV(":authority", "example.org"), NV(":path", path),
			    NV("x-test", "some") };
	nghttp2_data_provider2 data = { .read_callback = read_upload };
	c->upload = body;
	int32_t id = nghttp2_submit_request2(c->session, NULL, nv, COUNT_OF(nv),
					     body.p ? &data : NULL, NULL);
	assert_true(id > 0);
	struct answer *a = &c->answers[c->nanswers++];
	*a = (struct answer){ .id = id };
	pump(c);
	return a;
}

static struct answer *get(struct client *c, const char *path)
{
	return ask(c, "GET", path, (struct str){ 0 });
}

static void request_and_peer_reach_the_handler(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	struct answer *a = get(&c, "/head-info?x=y");
	RUN_UNTIL(a->closed);
	assert_int_equal(a->status, 200);
	assert_string_equal(a->body.p, "GET 20 /head-info?x=y [/head-info] [x=y] host=example.org "
				       "x=some peer=jane remote=127.0.0.1");
	RUN_UNTIL(test_http.closed == 1);
	client_stop(&c);
}

static void many_streams_share_a_connection(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	struct answer *hold = get(&c, "/hold");
	for (int i = 0; i < 100; i++)
		get(&c, "/hello");
	for (int i = 0; i < 100; i++)
		RUN_UNTIL(c.answers[1 + i].closed);
	assert_string_equal(c.answers[100].body.p, "hello\n");
	assert_false(hold->closed);
	http_reply(test_http.held, 200, NULL, 0, NULL, 0);
	RUN_UNTIL(hold->closed);
	client_stop(&c);
}

static void body_is_collected_and_limited(void **state)
{
	static struct client c;
	char big[2000];
	(void)state;
	memset(big, 'x', sizeof(big));
	client_connect(&c);
	struct answer *a = ask(&c, "POST", "/echo", STR("some body"));
	RUN_UNTIL(a->closed);
	assert_string_equal(a->body.p, "some body");
	a = ask(&c, "POST", "/echo", str_of(big, sizeof(big)));
	RUN_UNTIL(a->closed);
	assert_int_equal(a->status, 413);
	a = ask(&c, "POST", "/hello", str_of(big, sizeof(big))); /* answered without its body */
	RUN_UNTIL(a->closed);
	assert_int_equal(a->status, 200);
	client_stop(&c);
}

static void large_stream_obeys_flow_control(void **state)
{
	static struct client c;
	size_t n = 8 << 20;
	char *big = mem_alloc(n);
	(void)state;
	for (size_t i = 0; i < n; i++)
		big[i] = (char)(i ^ (i >> 13));
	struct str copy = str_of(memcpy(mem_alloc(n), big, n), n);
	client_connect(&c);
	c.hold_windows = true;
	struct answer *a = get(&c, "/stream");
	RUN_UNTIL(test_http.stream);
	struct chunk chunks[] = { chunk_copy(STR("0123456789")), chunk_take(big, n) };
	assert_int_equal(http_stream_write(test_http.stream, chunks, 2), n + 10);
	RUN_UNTIL(a->body.n == 65535); /* the initial window */
	run_turns(20);
	assert_int_equal(a->body.n, 65535);
	assert_int_equal(http_queued_bytes(test_http.stream), n + 10 - 65535);
	c.hold_windows = false;
	nghttp2_session_consume(c.session, a->id, 65535);
	pump(&c);
	RUN_UNTIL(a->body.n == n + 10);
	assert_memory_equal(a->body.p + 10, copy.p, n);
	assert_int_equal(test_http.drains, 1);
	http_stream_end(test_http.stream);
	RUN_UNTIL(a->closed);
	free((void *)(uintptr_t)copy.p);
	client_stop(&c);
}

static int releases;
static void count_release(void *owner)
{
	free(owner);
	releases++;
}

static void reset_in_the_middle_of_a_chunk_releases_it_once(void **state)
{
	static struct client c;
	size_t n = 1 << 20;
	(void)state;
	releases = 0;
	client_connect(&c);
	c.hold_windows = true;
	struct answer *a = get(&c, "/stream");
	RUN_UNTIL(test_http.stream);
	char *big = mem_zalloc(n);
	struct chunk chunk = { .p = big, .n = n, .release = count_release, .owner = big };
	http_stream_write(test_http.stream, &chunk, 1);
	RUN_UNTIL(a->body.n > 0);
	nghttp2_submit_rst_stream(c.session, NGHTTP2_FLAG_NONE, a->id, NGHTTP2_CANCEL);
	pump(&c);
	RUN_UNTIL(test_http.closed == 1);
	RUN_UNTIL(releases == 1);
	assert_null(test_http.stream);
	client_stop(&c);
	assert_int_equal(releases, 1);
}

static void paused_upload_holds_the_client_back(void **state)
{
	static struct client c;
	size_t n = 2 << 20;
	char *big = mem_zalloc(n);
	(void)state;
	client_connect(&c);
	struct answer *a = ask(&c, "PUT", "/upload", str_of(big, n));
	RUN_UNTIL(test_http.streamed_bytes > 0);
	for (int i = 0; i < 50; i++)
		run_turns(1);
	assert_true(test_http.streamed_bytes <= 256 * 1024);
	assert_true(c.upload.n >= n - 2 * 256 * 1024);
	test_http.upload_freely = true;
	http_body_pause(test_http.uploading, false);
	RUN_UNTIL(test_http.stream_ended);
	assert_int_equal(test_http.streamed_bytes, n);
	RUN_UNTIL(a->closed);
	assert_string_equal(a->body.p, "uploaded");
	free(big);
	client_stop(&c);
}

static void trailers_follow_the_body(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	struct answer *a = get(&c, "/chunky");
	RUN_UNTIL(a->closed);
	assert_string_equal(a->body.p, "onetwo");
	assert_string_equal(a->trailers.p, "grpc-status=0;");
	client_stop(&c);
}

static void head_and_unknown_paths(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	struct answer *a = ask(&c, "HEAD", "/hello", (struct str){ 0 }), *b = get(&c, "/nowhere");
	RUN_UNTIL(a->closed && b->closed);
	assert_int_equal(a->status, 200);
	assert_int_equal(a->body.n, 0);
	assert_int_equal(b->status, 404);
	assert_non_null(strstr(b->body.p, "\"reason\":\"NotFound\""));
	client_stop(&c);
}

static void aborted_request_resets_only_its_stream(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	struct answer *a = get(&c, "/abort"), *b = get(&c, "/hello");
	RUN_UNTIL(a->closed && b->closed);
	assert_int_equal(a->error, NGHTTP2_INTERNAL_ERROR);
	assert_int_equal(b->status, 200);
	client_stop(&c);
}

static void too_large_head_gets_431(void **state)
{
	static struct client c;
	static char path[70000];
	(void)state;
	client_connect(&c);
	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	struct answer *a = get(&c, path);
	RUN_UNTIL(a->closed || c.goaway || c.closed);
	assert_int_equal(a->status, 431);
	assert_int_equal(test_http.requests, 0);
	client_stop(&c);
}

static void rapid_resets_end_the_connection(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	for (int i = 0; i < 2000 && !c.closed && !c.goaway; i++) {
		nghttp2_nv nv[] = { NV(":method", "GET"), NV(":scheme", "https"),
				    NV(":path", "/hold") };
		c.nanswers = 0;
		int32_t id = nghttp2_submit_request2(c.session, NULL, nv, COUNT_OF(nv), NULL, NULL);
		if (id < 0)
			break;
		c.answers[c.nanswers++] = (struct answer){ .id = id };
		pump(&c);
		nghttp2_submit_rst_stream(c.session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
		pump(&c);
		run_turns(1);
	}
	RUN_UNTIL(c.goaway || c.closed);
	assert_true(test_http.requests < 1500);
	client_stop(&c);
}

static void concurrent_streams_are_limited(void **state)
{
	static struct client c;
	(void)state;
	client_connect(&c);
	RUN_UNTIL(nghttp2_session_get_remote_settings(c.session,
						      NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) ==
		  250);
	for (int i = 0; i < 300; i++)
		get(&c, "/hold");
	RUN_UNTIL(test_http.requests == 250);
	run_turns(20);
	assert_int_equal(test_http.requests, 250);
	client_stop(&c);
}

static void ping_flood_ends_the_connection(void **state)
{
	static const char ping[17] = "\0\0\x08\x06\0\0\0\0\0beatbeat";
	static struct raw r;
	size_t pings = 300000, n = pings * sizeof(ping);
	char *flood = mem_alloc(n);
	(void)state;
	for (size_t i = 0; i < pings; i++)
		memcpy(flood + i * sizeof(ping), ping, sizeof(ping));
	raw_init(&r, tls_connect_to(test_http.port, NULL, h2));
	stream_read_stop(r.s);
	static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
	stream_write_copy(r.s, hello, sizeof(hello) - 1);
	struct chunk c = chunk_take(flood, n);
	stream_write(r.s, &c, 1);
	RUN_UNTIL(r.closed || r.s->queued_bytes == 0);
	assert_true(r.closed);
	raw_close(&r);
}

static void garbage_after_the_preface_ends_the_connection(void **state)
{
	static struct raw r;
	(void)state;
	raw_init(&r, tls_connect_to(test_http.port, NULL, h2));
	raw_send(&r, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a settings frame, surely");
	RUN_UNTIL(r.ended || r.closed);
	raw_close(&r);
	raw_init(&r, tls_connect_to(test_http.port, NULL, h2));
	raw_send(&r, "GET / HTTP/1.1\r\nHost: wrong protocol\r\n\r\n");
	RUN_UNTIL(r.ended || r.closed);
	raw_close(&r);
}

static void plain_connection_with_a_preface_is_http2(void **state)
{
	static struct raw r;
	static struct client c;
	(void)state;
	raw_connect(&r, test_http.port);
	client_start(&c, r.s);
	struct answer *a = get(&c, "/hello");
	RUN_UNTIL(a->closed);
	assert_string_equal(a->body.p, "hello\n");
	client_stop(&c);
}

static void stopping_says_goaway_and_lets_streams_end(void **state)
{
	static struct client c, idle;
	(void)state;
	client_connect(&idle);
	struct answer *first = get(&idle, "/hello");
	RUN_UNTIL(first->closed);
	client_connect(&c);
	struct answer *a = get(&c, "/hold");
	RUN_UNTIL(test_http.held);
	http_stop_begin(2000);
	RUN_UNTIL(c.goaway && idle.goaway);
	struct chunk chunk = CHUNK_STATIC("done");
	http_reply(test_http.held, 200, NULL, 0, &chunk, 1);
	RUN_UNTIL(a->closed);
	assert_string_equal(a->body.p, "done");
	RUN_UNTIL(idle.ended || idle.closed);
	client_stop(&idle);
	client_stop(&c);
}

static void connect_stream_is_a_byte_stream(void **state)
{
	static struct client c;
	nghttp2_nv nv[] = { NV(":method", "CONNECT"), NV(":protocol", "websocket"),
			    NV(":scheme", "https"), NV(":path", "/upgrade"),
			    NV(":authority", "a") };
	nghttp2_data_provider2 data = { .read_callback = read_upload };
	(void)state;
	client_connect(&c);
	RUN_UNTIL(nghttp2_session_get_remote_settings(c.session,
						      NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
		  1);
	c.upload = STR("echo me");
	int32_t id = nghttp2_submit_request2(c.session, NULL, nv, COUNT_OF(nv), &data, NULL);
	c.answers[c.nanswers++] = (struct answer){ .id = id };
	pump(&c);
	RUN_UNTIL(c.answers[0].closed);
	assert_int_equal(c.answers[0].status, 200);
	assert_string_equal(c.answers[0].body.p, "echo me");
	client_stop(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HTTPS(request_and_peer_reach_the_handler),
		ON_HTTPS(many_streams_share_a_connection),
		ON_HTTPS(body_is_collected_and_limited),
		ON_HTTPS(large_stream_obeys_flow_control),
		ON_HTTPS(reset_in_the_middle_of_a_chunk_releases_it_once),
		ON_HTTPS(paused_upload_holds_the_client_back),
		ON_HTTPS(trailers_follow_the_body),
		ON_HTTPS(head_and_unknown_paths),
		ON_HTTPS(aborted_request_resets_only_its_stream),
		ON_HTTPS(too_large_head_gets_431),
		ON_HTTPS(rapid_resets_end_the_connection),
		ON_HTTPS(concurrent_streams_are_limited),
		ON_HTTPS(ping_flood_ends_the_connection),
		ON_HTTPS(garbage_after_the_preface_ends_the_connection),
		ON_HTTP(plain_connection_with_a_preface_is_http2),
		ON_HTTPS(stopping_says_goaway_and_lets_streams_end),
		ON_HTTPS(connect_stream_is_a_byte_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
