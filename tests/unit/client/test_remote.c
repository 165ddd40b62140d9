/* SPDX-License-Identifier: Apache-2.0 */
/* client/remote.h against a server of the test's own that is busy: how often it is asked again, and with what. */
#include "tests/unit/unit.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "client/remote.h"
#include "generated/api_tables.h"
#include "net/http_server.h"
#include "net/tls.h"

static struct loop loop;
static struct tls_server *tls;
static struct http_server *server;
static struct client *client;

static struct busy {       /* what the server says, and what it heard */
	int times, status; /* so often, then 200 */
	const char *retry_after;
	int asked;
	struct buf last; /* "METHOD target body" */
} busy;

static struct watches { /* how a server's short watches come */
	const char *event;
	int asked;
	uint64_t first_ms, last_ms;
} watches;

static struct answer {
	int n, code;
	enum err_reason reason;
} answer;

static int rng(void *ctx, unsigned char *out, size_t n)
{
	(void)ctx;
	rand_bytes(out, n);
	return 0;
}

static void certificate(struct buf *cert, struct buf *key)
{
	mbedtls_pk_context pk;
	mbedtls_x509write_cert w;
	unsigned char serial[] = { 1 }, pem[4096];
	mbedtls_pk_init(&pk);
	mbedtls_x509write_crt_init(&w);
	assert_int_equal(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pk), rng,
					     NULL),
			 0);
	mbedtls_x509write_crt_set_version(&w, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(&w, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&w, &pk);
	mbedtls_x509write_crt_set_issuer_key(&w, &pk);
	mbedtls_x509write_crt_set_subject_name(&w, "CN=busy");
	mbedtls_x509write_crt_set_issuer_name(&w, "CN=busy");
	mbedtls_x509write_crt_set_serial_raw(&w, serial, sizeof(serial));
	mbedtls_x509write_crt_set_validity(&w, "20200101000000", "20991231235959");
	assert_int_equal(mbedtls_x509write_crt_pem(&w, pem, sizeof(pem), rng, NULL), 0);
	buf_puts(cert, (char *)pem);
	assert_int_equal(mbedtls_pk_write_key_pem(&pk, pem, sizeof(pem)), 0);
	buf_puts(key, (char *)pem);
	mbedtls_x509write_crt_free(&w);
	mbedtls_pk_free(&pk);
}

static void on_body(struct http_request *req, struct str body, const struct err *err)
{
	struct http_field fields[] = { { STR("retry-after"), str_from(busy.retry_after) } };
	bool refuses = ++busy.asked <= busy.times;
	struct chunk c = CHUNK_STATIC("{\"kind\":\"Status\"}");
	assert_null(err);
	buf_reset(&busy.last);
	buf_printf(&busy.last, "%.*s %.*s %.*s", STR_ARG(req->method), STR_ARG(req->target),
		   STR_ARG(body));
	http_reply(req, refuses ? busy.status : 200, fields, refuses && *busy.retry_after, &c, 1);
}

static void on_watch(struct http_request *req)
{
	struct chunk c = chunk_copy(str_from(watches.event));
	uv_update_time(&loop.uv);
	watches.last_ms = uv_now(&loop.uv);
	if (!watches.asked++)
		watches.first_ms = watches.last_ms;
	http_reply(req, 200, NULL, 0, &c, 1);
}

static void on_list_or_watch(struct http_request *req)
{
	struct chunk c = CHUNK_STATIC("{\"kind\":\"ConfigMapList\",\"apiVersion\":\"v1\","
				      "\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}");
	if (str_contains(req->target, STR("watch=true")))
		on_watch(req);
	else
		http_reply(req, 200, NULL, 0, &c, 1);
}

static void on_request(void *ctx, struct http_request *req)
{
	(void)ctx;
	if (watches.event)
		on_list_or_watch(req);
	else
		http_body_collect(req, 1000, on_body);
}

static void on_answer(void *ctx, const struct client_result *r)
{
	(void)ctx;
	answer = (struct answer){ answer.n + 1, r->code, r->err ? r->err->reason : ERR_NONE };
}

static int start(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	struct loop *const loops[] = { &loop };
	auto_buf cert = { 0 }, key = { 0 };
	(void)state;
	busy = (struct busy){ .retry_after = "" };
	watches = (struct watches){ 0 };
	answer = (struct answer){ 0 };
	assert_int_equal(loop_init(&loop, "test", NULL), 0);
	certificate(&cert, &key);
	assert_int_equal(tls_server_new(&(struct tls_server_config){ .cert_pem = buf_view(&cert),
								     .key_pem = buf_view(&key) },
					&tls, NULL),
			 0);
	assert_int_equal(
		http_server_start(&(struct http_server_config){ .loops = (struct loop **)loops,
								.nloops = 1,
								.tls = tls,
								.addresses = addresses,
								.handler = on_request },
				  &server, NULL),
		0);
	return remote_client_new(&(struct remote_config){ .loop = &loop,
							  .host = "127.0.0.1",
							  .port = http_server_port(server),
							  .user = "tester",
							  .agent = "tester" },
				 &client, NULL);
}

static void stopped(void *ctx)
{
	*(bool *)ctx = true;
}

static int stop(void **state)
{
	bool done = false;
	(void)state;
	remote_client_free(client);
	http_server_stop(server, 0, stopped, &done);
	while (!done)
		uv_run(&loop.uv, UV_RUN_ONCE);
	for (int i = 0; i < 10; i++)
		uv_run(&loop.uv, UV_RUN_NOWAIT);
	loop_close(&loop);
	tls_server_free(tls);
	buf_free(&busy.last);
	return 0;
}

static void ask(enum api_verb verb, const char *name, const char *body)
{
	client_do(client, &(struct client_call){ .verb = verb,
						 .resource = API_CORE_V1_CONFIGMAPS,
						 .ns = STR("default"),
						 .name = str_from(name),
						 .body = str_from(body),
						 .done = on_answer });
}

static void finish(void)
{
	while (!answer.n)
		uv_run(&loop.uv, UV_RUN_ONCE);
	assert_int_equal(answer.n, 1);
}

static void a_busy_server_is_asked_the_same_again(void **state)
{
	static const int statuses[] = { 429, 503, 500 };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		answer = (struct answer){ 0 };
		busy.asked = 0;
		busy.times = 2;
		busy.status = statuses[i];
		busy.retry_after = "0";
		ask(API_CREATE, "", "{\"data\":{}}");
		finish();
		assert_int_equal(answer.code, 200);
		assert_int_equal(busy.asked, 3);
		assert_string_equal(busy.last.p,
				    "POST /api/v1/namespaces/default/configmaps {\"data\":{}}");
	}
}

static void ten_times_are_enough(void **state)
{
	(void)state;
	busy.times = 100;
	busy.status = 429;
	busy.retry_after = "0";
	ask(API_GET, "a", "");
	finish();
	assert_int_equal(answer.code, 429);
	assert_int_equal(answer.reason, ERR_TOO_MANY_REQUESTS);
	assert_int_equal(busy.asked, 11);
}

static void an_answer_that_asks_for_no_patience_is_the_answer(void **state)
{
	static const struct {
		int status;
		const char *retry_after;
	} rows[] = { { 429, "" },     { 503, "" },   { 409, "0" },
		     { 429, "soon" }, { 429, "-1" }, { 429, "86400" } };
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		answer = (struct answer){ 0 };
		busy.asked = 0;
		busy.times = 1;
		busy.status = rows[i].status;
		busy.retry_after = rows[i].retry_after;
		ask(API_DELETE, "a", "");
		finish();
		assert_int_equal(answer.code, rows[i].status);
		assert_int_equal(busy.asked, 1);
	}
}

static void who_waits_does_not_hold_up_others_and_may_be_dropped(void **state)
{
	(void)state;
	busy.times = 1;
	busy.status = 429;
	busy.retry_after = "60";
	ask(API_GET, "a", "");
	while (!busy.asked)
		uv_run(&loop.uv, UV_RUN_ONCE);
	ask(API_GET, "b", "");
	finish();
	assert_int_equal(answer.code, 200);
	assert_string_equal(busy.last.p, "GET /api/v1/namespaces/default/configmaps/b ");
}

/* --- watches --- */

static void on_change(void *ctx, const struct object *old, const struct object *new)
{
	(void)ctx;
	(void)old;
	(void)new;
}

static void watch_until(int wanted, const char *event)
{
	struct reflector *r;
	watches = (struct watches){ .event = event };
	r = client_watch(client, &(struct watch_handler){ .resource = API_CORE_V1_CONFIGMAPS,
							  .on_change = on_change });
	while (watches.asked < wanted)
		uv_run(&loop.uv, UV_RUN_ONCE);
	client_unwatch(client, r);
}

static void watches_that_end_at_once_and_say_nothing_begin_again_after_growing_pauses(void **state)
{
	(void)state;
	watch_until(4, "");
	assert_true(watches.last_ms - watches.first_ms >= 100 + 200 + 400);
}

/* Were there pauses, they would be minutes. */
static void a_watch_that_told_something_begins_again_without_a_pause(void **state)
{
	(void)state;
	watch_until(40, "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":"
			"\"v1\",\"metadata\":{\"resourceVersion\":\"6\"}}}\n");
	assert_true(watches.last_ms - watches.first_ms < 60000);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_busy_server_is_asked_the_same_again),
		CLAIM(ten_times_are_enough),
		CLAIM(an_answer_that_asks_for_no_patience_is_the_answer),
		CLAIM(who_waits_does_not_hold_up_others_and_may_be_dropped),
		CLAIM(watches_that_end_at_once_and_say_nothing_begin_again_after_growing_pauses),
		CLAIM(a_watch_that_told_something_begins_again_without_a_pause),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
