/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"

static size_t keep(char *p, size_t size, size_t n, void *ctx)
{
	buf_add(ctx, p, size * n);
	return size * n;
}

static void blob(CURL *curl, CURLoption option, struct buf *b)
{
	struct curl_blob data = { b->p, b->n + 1,
				  CURL_BLOB_NOCOPY }; /* mbedTLS wants the NUL of a PEM */
	if (b->n)
		curl_easy_setopt(curl, option, &data);
}

void client_init(struct client *c, int number, const char *accept)
{
	*c = (struct client){ .curl = curl_easy_init(), .number = number };
	auto_free char *accept_line = str_printf("Accept: %s", accept);
	c->headers = curl_slist_append(NULL, accept_line);
	c->headers = curl_slist_append(c->headers, "Content-Type: application/json");
	c->headers = curl_slist_append(c->headers, "Expect:");
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &c->body);
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	/* as client-go and Go's servers like it best */
	curl_easy_setopt(c->curl, CURLOPT_TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256");
	blob(c->curl, CURLOPT_CAINFO_BLOB, &target.ca);
	blob(c->curl, CURLOPT_SSLCERT_BLOB, &target.cert);
	blob(c->curl, CURLOPT_SSLKEY_BLOB, &target.key);
}

void client_header(struct client *c, const char *line)
{
	struct curl_slist *kept = NULL;
	size_t name = (size_t)(strchr(line, ':') - line) + 1;
	for (struct curl_slist *h = c->headers; h; h = h->next)
		if (strncmp(h->data, line, name) != 0)
			kept = curl_slist_append(kept, h->data);
	curl_slist_free_all(c->headers);
	c->headers = curl_slist_append(kept, line);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
}

void client_http2(struct client *c)
{
	long version = 0;
	curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, 1L);
	client_request(c, "GET", "/version", NULL);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, 0L);
	curl_easy_getinfo(c->curl, CURLINFO_HTTP_VERSION, &version);
	if (version != CURL_HTTP_VERSION_2_0)
		die("HTTP/2", "the server or curl does not speak it");
}

void client_close(struct client *c)
{
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	buf_free(&c->body);
	free(c->latencies);
}

long client_request(struct client *c, const char *method, const char *path, const char *body)
{
	auto_free char *url = str_printf("%s%s", c->server ? c->server : target.server, path);
	long code = 0;
	buf_reset(&c->body);
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body);
	if (!body) {
		curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	}
	CURLcode r = curl_easy_perform(c->curl);
	if (r != CURLE_OK)
		die(path, curl_easy_strerror(r));
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

struct run {
	struct client *client;
	operation op;
	pthread_barrier_t *start;
};

void record(struct client *c, double s)
{
	c->latencies = mem_array_grow(c->latencies, &c->cap, c->n + 1, sizeof(double));
	c->latencies[c->n++] = s;
}

static void *run_client(void *ctx)
{
	struct run *r = ctx;
	pthread_barrier_wait(r->start);
	double until = now_s() + target.seconds;
	for (size_t i = 0; now_s() < until; i++) {
		double from = now_s();
		if (!r->op(r->client, i))
			r->client->failed++;
		record(r->client, now_s() - from);
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void print_result(const char *what, struct client *clients, size_t n, double wall, double cpu)
{
	double *all = NULL;
	size_t cap = 0, count = 0, failed = 0, retried = 0;
	double each = clients->each > 0 ? clients->each : 1;
	for (size_t i = 0; i < n; i++) {
		all = mem_array_grow(all, &cap, count + clients[i].n + 1, sizeof(double));
		memcpy(all + count, clients[i].latencies, clients[i].n * sizeof(double));
		count += clients[i].n;
		failed += clients[i].failed;
		retried += clients[i].retried;
	}
	qsort(all, count, sizeof(double), by_size);
	printf("%-10s %-28s %8.0f/s  p50 %8.3f ms  p99 %8.3f ms", target.name, what,
	       (double)count * each / wall, 1e3 * all[count / 2], 1e3 * all[count * 99 / 100]);
	if (target.npids)
		printf("  cpu %8.1f us/op", 1e6 * cpu / (double)count / each);
	if (retried)
		printf("  retries %zu", retried);
	if (failed)
		printf("  FAILED %zu", failed);
	putchar('\n');
	fflush(stdout);
	free(all);
}

bool wanted(const char *what)
{
	return !target.only || strstr(what, target.only);
}

struct result measure(const char *what, size_t n, const char *accept, operation op)
{
	struct client clients[CLIENTS_MAX];
	struct run runs[CLIENTS_MAX];
	pthread_t threads[CLIENTS_MAX];
	pthread_barrier_t start;
	if (!wanted(what))
		return (struct result){ 0 };
	pthread_barrier_init(&start, NULL, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++) {
		client_init(&clients[i], (int)i, accept);
		client_request(&clients[i], "GET", "/version",
			       NULL); /* the handshake is not part of it */
		runs[i] = (struct run){ &clients[i], op, &start };
		pthread_create(&threads[i], NULL, run_client, &runs[i]);
	}
	double cpu = cpu_s(), from = now_s();
	pthread_barrier_wait(&start);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	struct result result = { .wall_s = now_s() - from, .cpu_s = cpu_s() - cpu };
	print_result(what, clients, n, result.wall_s, result.cpu_s);
	for (size_t i = 0; i < n; i++) {
		result.n += clients[i].n;
		client_close(&clients[i]);
	}
	pthread_barrier_destroy(&start);
	return result;
}
