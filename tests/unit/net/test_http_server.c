/* SPDX-License-Identifier: Apache-2.0 */
/* Several loops on their own threads, clients on others: for ThreadSanitizer as much as for the claims. */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPS    3
#define CLIENTS  6
#define REQUESTS 50

static struct loop loops[LOOPS];
static struct loop *loop_list[LOOPS];
static struct http_server *server;
static int port;
static _Atomic int served[LOOPS];
static _Atomic int open_requests;
static _Atomic bool stopped;

static void on_close(struct http_request *req)
{
	(void)req;
	atomic_fetch_sub(&open_requests, 1);
}

static void handler(void *ctx, struct http_request *req)
{
	(void)ctx;
	req->on_close = on_close;
	atomic_fetch_add(&open_requests, 1);
	assert_true(loop_is_current(req->loop));
	for (int i = 0; i < LOOPS; i++) {
		if (req->loop == &loops[i])
			atomic_fetch_add(&served[i], 1);
	}
	if (str_eq(req->path, STR("/stream"))) {
		http_stream_start(req, 200, NULL, 0);
		return;
	}
	struct chunk c = CHUNK_STATIC("ok");
	http_reply(req, 200, NULL, 0, &c, 1);
}

static int dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		return -1;
	return fd;
}

static bool ask(int fd, const char *path)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	if (write(fd, text, (size_t)n) != n)
		return false;
	size_t got = 0;
	while (got < sizeof(text) - 1) {
		ssize_t r = read(fd, text + got, sizeof(text) - 1 - got);
		if (r <= 0)
			return false;
		got += (size_t)r;
		text[got] = '\0';
		char *end = strstr(text, "\r\n\r\n");
		if (end && (path[1] == 's' || strcmp(end + 4, "ok") == 0))
			return true;
	}
	return false;
}

static void *client(void *arg)
{
	intptr_t good = 0;
	(void)arg;
	for (int i = 0; i < 3; i++) {
		int fd = dial();
		for (int j = 0; j < REQUESTS; j++)
			good += ask(fd, "/x");
		close(fd);
	}
	return (void *)good;
}

static void on_stopped(void *ctx)
{
	(void)ctx;
	assert_true(loop_is_current(&loops[0]));
	atomic_store(&stopped, true);
}

static void connections_are_spread_and_stopping_ends_all(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	pthread_t t[CLIENTS];
	intptr_t good = 0;
	(void)state;
	for (int i = 0; i < LOOPS; i++) {
		assert_int_equal(loop_init(&loops[i], "api", NULL), 0);
		loop_list[i] = &loops[i];
	}
	struct http_server_config c = {
		.loops = loop_list, .nloops = LOOPS, .addresses = addresses, .handler = handler
	};
	assert_int_equal(http_server_start(&c, &server, NULL), 0);
	port = http_server_port(server);
	for (int i = 0; i < LOOPS; i++)
		loop_spawn(&loops[i], 512 * 1024, NULL);
	for (int i = 0; i < CLIENTS; i++)
		pthread_create(&t[i], NULL, client, NULL);
	for (int i = 0; i < CLIENTS; i++) {
		void *r;
		pthread_join(t[i], &r);
		good += (intptr_t)r;
	}
	assert_int_equal(good, CLIENTS * 3 * REQUESTS);
	for (int i = 0; i < LOOPS; i++)
		assert_int_equal(atomic_load(&served[i]), CLIENTS * REQUESTS);
	int watch[LOOPS];
	for (int i = 0; i < LOOPS; i++) {
		watch[i] = dial();
		assert_true(ask(watch[i], "/stream"));
	}
	http_server_stop(server, 50, on_stopped, NULL);
	for (int i = 0; i < LOOPS; i++) {
		char rest[64];
		while (read(watch[i], rest, sizeof(rest)) > 0)
			;
		close(watch[i]);
	}
	for (int i = 0; i < 1000 && !atomic_load(&stopped); i++)
		usleep(10000);
	assert_true(atomic_load(&stopped));
	assert_int_equal(atomic_load(&open_requests), 0);
	assert_int_equal(dial(), -1);
	for (int i = 0; i < LOOPS; i++)
		loop_stop(&loops[i]);
	for (int i = 0; i < LOOPS; i++) {
		loop_join(&loops[i]);
		loop_close(&loops[i]);
	}
}

static void port_in_use_is_said(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	struct http_server *one, *two;
	struct err err = { 0 };
	static struct loop *list[] = { &test_loop };
	(void)state;
	struct http_server_config c = {
		.loops = list, .nloops = 1, .addresses = addresses, .handler = handler
	};
	assert_int_equal(http_server_start(&c, &one, NULL), 0);
	c.port = http_server_port(one);
	assert_int_equal(http_server_start(&c, &two, &err), -ERR_CONFLICT);
	assert_non_null(strstr(err.text, "in use"));
	err_clear(&err);
	atomic_store(&stopped, false);
	http_server_stop(one, 10, NULL, NULL);
	run_turns(10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_spread_and_stopping_ends_all),
		cmocka_unit_test_setup_teardown(port_in_use_is_said, loop_setup, loop_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
