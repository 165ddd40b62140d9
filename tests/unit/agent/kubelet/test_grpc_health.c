/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <stdio.h>
#include <string.h>

#include "agent/kubelet/pod/grpc_health.h"
#include "net/http_server.h"

#define PORT 17390

static struct loop loop;
static const char *grpc_status;
static struct str answer, expected_request;
static bool asked_right;

static void on_body(struct http_request *req, struct str body, const struct err *err)
{
	struct http_field fields[] = { { STR("content-type"), STR("application/grpc") },
				       { STR("grpc-status"), str_from(grpc_status) } };
	struct chunk c = chunk_copy(answer);
	asked_right = !err && str_eq(body, expected_request) &&
		      str_eqz(req->path, "/grpc.health.v1.Health/Check");
	http_reply(req, 200, fields, 2, &c, 1);
}

static void on_request(void *ctx, struct http_request *req)
{
	(void)ctx;
	http_body_collect(req, 1000, on_body);
}

static bool healthy;
static char said[300];

static void on_done(void *ctx, bool ok, const char *output)
{
	healthy = ok;
	snprintf(said, sizeof(said), "%s", output);
	loop_stop(ctx);
}

static void ask(int port, struct str service)
{
	grpc_health_start(&loop, "127.0.0.1", port, service, 2000, on_done, &loop);
	loop.stopping = false;
	loop_run(&loop);
}

static void a_serving_server_is_healthy(void **state)
{
	(void)state;
	grpc_status = "0";
	answer = STR("\0\0\0\0\2\x08\1");
	expected_request = STR("\0\0\0\0\5\x0a\3web");
	ask(PORT, STR("web"));
	assert_string_equal(said, "service healthy");
	assert_true(healthy);
	assert_true(asked_right);
}

static void another_status_is_named(void **state)
{
	(void)state;
	grpc_status = "0";
	answer = STR("\0\0\0\0\2\x08\2");
	expected_request = STR("\0\0\0\0\0");
	ask(PORT, (struct str){ 0 });
	assert_false(healthy);
	assert_true(asked_right);
	assert_string_equal(said, "service unhealthy (responded with \"NOT_SERVING\")");
}

static void an_error_is_no_health(void **state)
{
	(void)state;
	grpc_status = "12";
	answer = STR("");
	ask(PORT, (struct str){ 0 });
	assert_false(healthy);
	assert_non_null(strstr(said, "does not implement the grpc health protocol"));
}

static void nobody_there_is_told(void **state)
{
	(void)state;
	ask(PORT + 1, (struct str){ 0 });
	assert_false(healthy);
	assert_non_null(strstr(said, "error: failed to connect service at \"127.0.0.1:17391\""));
}

static int start(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	static struct loop *loops[] = { &loop };
	struct http_server *s;
	struct http_server_config c = { .loops = loops,
					.nloops = 1,
					.addresses = addresses,
					.port = PORT,
					.handler = on_request };
	(void)state;
	return loop_init(&loop, "test", NULL) < 0 || http_server_start(&c, &s, NULL) < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_serving_server_is_healthy),
		cmocka_unit_test(another_status_is_named),
		cmocka_unit_test(an_error_is_no_health),
		cmocka_unit_test(nobody_there_is_told),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
