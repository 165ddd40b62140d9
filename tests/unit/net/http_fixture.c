/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include "net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct test_http test_http;
static struct tls_server *tls;
static struct tls_client *client;

static void on_close(struct http_request *req)
{
	test_http.closed++;
	if (test_http.held == req)
		test_http.held = NULL;
	if (test_http.stream == req)
		test_http.stream = NULL;
}

static void on_drain(struct http_request *req)
{
	(void)req;
	test_http.drains++;
}

static void answer_text(struct http_request *req, int status, struct str text)
{
	struct http_field f = { STR("content-type"), STR("text/plain") };
	struct chunk c = chunk_copy(text);
	http_reply(req, status, &f, 1, &c, 1);
}

static void on_echo_body(struct http_request *req, struct str body, const struct err *err)
{
	if (err)
		http_reply_err(req, err);
	else
		answer_text(req, 200, body);
}

static void on_upload_data(struct http_request *req, const char *p, size_t n)
{
	(void)p;
	test_http.streamed_bytes += n;
	if (!test_http.upload_freely)
		http_body_pause(req, true);
}

static void on_upload_end(struct http_request *req)
{
	test_http.stream_ended = true;
	answer_text(req, 200, STR("uploaded"));
}

static void via_closed(void *ctx)
{
	(void)ctx;
	test_http.closed++;
}

static void head_info(struct http_request *req)
{
	struct buf b = { 0 };
	struct str x = http_header(req, "x-test");
	buf_printf(&b, "%.*s %d %.*s [%.*s] [%.*s] host=%.*s x=%.*s peer=%s remote=%s",
		   STR_ARG(req->method), req->version, STR_ARG(req->target), STR_ARG(req->path),
		   STR_ARG(req->query), STR_ARG(req->authority), STR_ARG(x),
		   req->peer ? req->peer->common_name : "-", req->remote);
	answer_text(req, 200, buf_view(&b));
	buf_free(&b);
}

static void chunky(struct http_request *req)
{
	struct http_field trailer = { STR("grpc-status"), STR("0") };
	struct chunk one = CHUNK_STATIC("one"), two[] = { CHUNK_STATIC("t"), CHUNK_STATIC("wo") };
	http_stream_start(req, 200, NULL, 0);
	http_stream_write(req, &one, 1);
	http_stream_write(req, two, 2);
	http_stream_end_trailers(req, &trailer, 1);
}

static void echo_data(struct stream *s, const char *p, size_t n)
{
	stream_write_copy(s, p, n);
}

static void upgrade(struct http_request *req)
{
	struct http_field f[] = { { STR("connection"), STR("Upgrade") },
				  { STR("upgrade"), STR("echo") } };
	struct stream *s = http_upgrade(req, f, 2);
	if (!s) {
		answer_text(req, 400, STR("no upgrade"));
		return;
	}
	s->on_data = echo_data;
	/* HTTP/2 ends with both sides */
	s->on_end = req->version == 20 ? stream_shutdown : stream_close;
	stream_read_start(s);
}

static void via(struct http_request *req)
{
	struct str target = req->target;
	struct http_field f = { STR("x-test"), STR("from the proxy") };
	static const char *const drop[] = { "authorization", NULL };
	str_cut_prefix(&target, STR("/via"));
	struct proxy_spec spec = { .client = test_http.client,
				   .host = "127.0.0.1",
				   .port = test_http.backend_port,
				   .target = target,
				   .fields = &f,
				   .nfields = 1,
				   .drop = drop,
				   .prefix = STR("/via"),
				   .closed = via_closed };
	proxy_request(req, &spec);
}

static void redirect(struct http_request *req)
{
	struct http_field f = { STR("location"), STR("/hello") };
	http_reply(req, 302, &f, 1, NULL, 0);
}

static void page(struct http_request *req)
{
	struct http_field f = { STR("content-type"), STR("text/html; charset=utf-8") };
	struct chunk c = CHUNK_STATIC("<a href=\"/x\">/x</a>");
	http_reply(req, 200, &f, 1, &c, 1);
}

static void handler(void *ctx, struct http_request *req)
{
	(void)ctx;
	test_http.requests++;
	req->on_close = on_close;
	req->on_drain = on_drain;
	if (str_eq(req->path, STR("/hello"))) {
		answer_text(req, 200, STR("hello\n"));
	} else if (str_eq(req->path, STR("/page"))) {
		page(req);
	} else if (str_eq(req->path, STR("/echo"))) {
		http_body_collect(req, 1000, on_echo_body);
	} else if (str_eq(req->path, STR("/upload"))) {
		test_http.uploading = req;
		http_body_stream(req, on_upload_data, on_upload_end);
	} else if (str_eq(req->path, STR("/hold"))) {
		test_http.held = req;
	} else if (str_eq(req->path, STR("/messages"))) {
		test_http.stream = req;
		if (!http_websocket_start(req, false, true))
			http_stream_start(req, 200, NULL, 0);
	} else if (str_eq(req->path, STR("/stream"))) {
		test_http.stream = req;
		http_stream_start(req, 200, NULL, 0);
	} else if (str_eq(req->path, STR("/chunky"))) {
		chunky(req);
	} else if (str_eq(req->path, STR("/abort"))) {
		http_abort(req);
	} else if (str_starts(req->path, STR("/via/"))) {
		via(req);
	} else if (str_eq(req->path, STR("/redirect"))) {
		redirect(req);
	} else if (str_eq(req->path, STR("/secret"))) {
		struct str auth = http_header(req, "authorization");
		answer_text(req, 200, auth.p ? auth : STR("no authorization"));
	} else if (str_eq(req->path, STR("/upgrade"))) {
		upgrade(req);
	} else if (str_eq(req->path, STR("/head-info")) || str_eq(req->path, STR("/"))) {
		head_info(req);
	} else {
		struct err err = { 0 };
		err_set(&err, ERR_NOT_FOUND, "the server could not find the requested resource");
		http_reply_err(req, &err);
		err_clear(&err);
	}
}

static const char *const alpn[] = { "h2", "http/1.1", NULL };

uint64_t test_http_head_ms;

static int start(bool with_tls)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	static struct loop *loops[] = { &test_loop };
	const struct test_pki *p = test_pki();
	struct tls_server_config tc = { .cert_pem = buf_view(&p->server.cert),
					.key_pem = buf_view(&p->server.key),
					.client_ca_pem = buf_view(&p->ca.cert),
					.alpn = alpn };
	if (with_tls && tls_server_new(&tc, &tls, NULL) < 0)
		return -1;
	struct http_server_config c = { .loops = loops,
					.nloops = 1,
					.tls = with_tls ? tls : NULL,
					.addresses = addresses,
					.handler = handler,
					.head_ms = test_http_head_ms,
					.body_ms = test_http_head_ms };
	test_http = (struct test_http){ 0 };
	struct err err = { 0 };
	if (http_server_start(&c, &test_http.server, &err) < 0)
		fail_msg("%s", err_text(&err));
	test_http.port = test_http.backend_port = http_server_port(test_http.server);
	test_http.client = http_client_new(&test_loop);
	return 0;
}

int http_setup(void **state)
{
	return loop_setup(state) || start(false);
}

int impatient_http_setup(void **state)
{
	test_http_head_ms = 50;
	int r = http_setup(state);
	test_http_head_ms = 0;
	return r;
}

int https_setup(void **state)
{
	return loop_setup(state) || start(true);
}

static void on_stopped(void *ctx)
{
	(void)ctx;
	test_http.stopped = true;
}

void http_stop_begin(uint64_t ms)
{
	http_server_stop(TAKE(test_http.server), ms, on_stopped, NULL);
}

int http_teardown(void **state)
{
	if (test_http.server)
		http_stop_begin(100);
	http_client_free(test_http.client);
	RUN_UNTIL(test_http.stopped);
	int r = loop_teardown(state);
	tls_server_free(TAKE(tls));
	tls_client_free(TAKE(client));
	return r || test_http.closed != test_http.requests;
}

struct ready {
	bool done;
	struct err err;
};

static void on_ready(void *ctx, struct stream *s, const struct err *err)
{
	struct ready *r = ctx;
	(void)s;
	r->done = true;
	if (err)
		err_copy(&r->err, err);
}

struct stream *tls_connect_to(int port, const struct identity *own, const char *const *offer)
{
	const struct test_pki *p = test_pki();
	struct tls_client_config c = { .ca_pem = buf_view(&p->ca.cert),
				       .server_name = "localhost",
				       .alpn = offer };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct ready r = { 0 };
	if (own) {
		c.cert_pem = buf_view(&own->cert);
		c.key_pem = buf_view(&own->key);
	}
	tls_client_free(TAKE(client));
	assert_int_equal(tls_client_new(&c, &client, NULL), 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	struct stream *s = tls_connect(client, stream_from_fd(&test_loop, fd, NULL), on_ready, &r);
	RUN_UNTIL(r.done);
	if (r.err.text)
		fail_msg("%s", r.err.text);
	return s;
}
