/* SPDX-License-Identifier: Apache-2.0 */
/* One client: a blocking libcurl handle, one connection over HTTP/1.1 with TLS and the kubeconfig's client certificate. And the
 * measurement: some clients, a thread each, do the same thing until the time is over. */
#ifndef TESTS_BENCH_CLIENT_CLIENT_H
#define TESTS_BENCH_CLIENT_CLIENT_H

#include <curl/curl.h>

#include "target.h"

#define CLIENTS_MAX 128

struct client {
	CURL *curl;
	struct curl_slist *headers;
	struct buf body;
	const char *server; /* NULL: the target's; borrowed */
	int number;
	/* of the measurement */
	double *latencies;
	size_t n, cap;
	size_t failed, retried;
	double each; /* operations that a latency stands for; 0: one */
};
void client_init(struct client *c, int number, const char *accept);
void client_header(struct client *c, const char *line); /* replaces one of the same name */
void client_http2(struct client *c);
void client_close(struct client *c);
/* The code of the answer, whose body is in c->body; `body` NULL: none. */
long client_request(struct client *c, const char *method, const char *path, const char *body);

typedef bool (*operation)(struct client *c, size_t i); /* false: it failed */
/* What it found, for lines of the caller's own; nothing, if it is not wanted. */
struct result {
	double wall_s, cpu_s;
	size_t n;
};
bool wanted(const char *what); /* target.only */
struct result measure(const char *what, size_t nclients, const char *accept, operation op);
void record(struct client *c, double s); /* a latency */
void print_result(const char *what, struct client *clients, size_t n, double wall, double cpu);

#endif
