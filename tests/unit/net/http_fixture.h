/* SPDX-License-Identifier: Apache-2.0 */
/* A server on the test's loop whose handler answers by path:
 *   /hello      200 "hello\n"                     /echo     collects the body (limit 1000), answers it
 *   /stream     streams, kept in test_http.stream /hold     answers nothing, kept in test_http.held
 *   /chunky     streams "one", "two" and trailers /upgrade  upgrades to "echo": sends back what comes
 *   /via/...    proxies to the rest at backend_port (itself), /redirect and /secret are for that
 *   /head-info  method, version, target, field x-test, peer */
#ifndef TESTS_NET_HTTP_FIXTURE_H
#define TESTS_NET_HTTP_FIXTURE_H

#include "fixture.h"
#include "net/http_client.h"

struct test_http {
	struct http_server *server;
	int port, backend_port;
	struct http_client *client;
	struct http_request *held, *stream;
	int requests, closed, drains;
	bool stopped;
	size_t streamed_bytes;            /* body piece by piece */
	bool stream_ended, upload_freely; /* otherwise paused after each piece */
	struct http_request *uploading;
};
extern struct test_http test_http;

int http_setup(void **state); /* plain */
int https_setup(void **state);
int impatient_http_setup(void **state); /* plain, 50 ms for heads and bodies */
int http_teardown(void **state);   /* fails when a request was not closed, or handles are left */
void http_stop_begin(uint64_t ms); /* test_http.stopped follows */
#define ON_HTTP(f)           cmocka_unit_test_setup_teardown(f, http_setup, http_teardown)
#define ON_IMPATIENT_HTTP(f) cmocka_unit_test_setup_teardown(f, impatient_http_setup, http_teardown)
#define ON_HTTPS(f)          cmocka_unit_test_setup_teardown(f, https_setup, http_teardown)

/* handshake done */
struct stream *tls_connect_to(int port, const struct identity *own, const char *const *alpn);

#endif
