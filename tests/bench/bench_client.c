/* SPDX-License-Identifier: Apache-2.0 */
/* Measures a Kubernetes API server, any one: bench_client --kubeconfig F [--pids A,B] [--seconds S] [--name TEXT] [SCENARIO…]
 *
 * Blocking libcurl handles, one connection and one thread per client, over HTTP/1.1 with TLS and the kubeconfig's client
 * certificate. Prints a line per measurement: operations/s, p50 and p99 latency as the client sees it, and, with --pids, the CPU time
 * that those processes spent per operation (from their process clocks, so it doesn't depend on this program's own load).
 * Everything happens in namespace "bench-api", which is deleted at the end. */
#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "api/codec.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"

#define NAMESPACE   "bench-api"
#define PAYLOAD     2048
#define PIDS_MAX    16
#define CLIENTS_MAX 128

static struct target {
	char *server;
	struct buf ca, cert, key;
	pid_t pids[PIDS_MAX];
	size_t npids;
	double seconds;
	const char *name;
} target = { .seconds = 3, .name = "server" };

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_client: %s: %s\n", what, why);
	exit(1);
}

static double now_s(void)
{
	return (double)clock_real()->mono_us(clock_real()) / 1e6;
}

static double cpu_s(void)
{
	double sum = 0;
	for (size_t i = 0; i < target.npids; i++) {
		clockid_t id;
		struct timespec ts;
		if (clock_getcpuclockid(target.pids[i], &id) || clock_gettime(id, &ts))
			die("--pids", "no such process");
		sum += (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	}
	return sum;
}

/* --- the kubeconfig --- */

static void credential(const json_t *holder, const char *name, struct buf *out)
{
	auto_err err = { 0 };
	auto_free char *data_name = str_printf("%s-data", name);
	const char *data = json_string_value(json_object_get(holder, data_name));
	const char *path = json_string_value(json_object_get(holder, name));
	if (data && !base64_decode(out, str_from(data)))
		die(data_name, "not base64");
	if (!data && path && file_read(path, 1 << 20, out, &err) < 0)
		die(path, err_text(&err));
}

static const json_t *first(const json_t *config, const char *list, const char *item)
{
	return json_object_get(json_array_get(json_object_get(config, list), 0), item);
}

static void load_kubeconfig(const char *path)
{
	auto_err err = { 0 };
	auto_buf text = { 0 };
	json_t *config = NULL;
	if (file_read(path, 1 << 20, &text, &err) < 0 ||
	    api_yaml_parse(buf_view(&text), &config, NULL, &err) < 0)
		die(path, err_text(&err));
	const json_t *cluster = first(config, "clusters", "cluster"),
		     *user = first(config, "users", "user");
	if (!json_string_value(json_object_get(cluster, "server")))
		die(path, "no cluster with a server");
	target.server = str_dup(str_from(json_string_value(json_object_get(cluster, "server"))));
	credential(cluster, "certificate-authority", &target.ca);
	credential(user, "client-certificate", &target.cert);
	credential(user, "client-key", &target.key);
	json_decref(config);
}

/* --- one client --- */

struct client {
	CURL *curl;
	struct curl_slist *headers;
	struct buf body;
	unsigned seed;
	int number;
	/* of the measurement */
	double *latencies;
	size_t n, cap;
	size_t failed, retried;
};

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

static void client_init(struct client *c, int number, const char *accept)
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
	blob(c->curl, CURLOPT_CAINFO_BLOB, &target.ca);
	blob(c->curl, CURLOPT_SSLCERT_BLOB, &target.cert);
	blob(c->curl, CURLOPT_SSLKEY_BLOB, &target.key);
}

static void client_close(struct client *c)
{
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	buf_free(&c->body);
	free(c->latencies);
}

static long request(struct client *c, const char *method, const char *path, const char *body)
{
	auto_free char *url = str_printf("%s%s", target.server, path);
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

/* --- a measurement: all clients do the same thing until the time is over --- */

typedef bool (*operation)(struct client *c, size_t i);

struct run {
	struct client *client;
	operation op;
	size_t fixed; /* operations per client; 0: until the time is over */
	pthread_barrier_t *start;
};

static void record(struct client *c, double s)
{
	c->latencies = mem_array_grow(c->latencies, &c->cap, c->n + 1, sizeof(double));
	c->latencies[c->n++] = s;
}

static void *run_client(void *ctx)
{
	struct run *r = ctx;
	pthread_barrier_wait(r->start);
	double until = now_s() + target.seconds;
	for (size_t i = 0; r->fixed ? i < r->fixed : now_s() < until; i++) {
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

static void print_result(const char *what, struct client *clients, size_t n, double wall,
			 double cpu)
{
	double *all = NULL;
	size_t cap = 0, count = 0, failed = 0, retried = 0;
	for (size_t i = 0; i < n; i++) {
		all = mem_array_grow(all, &cap, count + clients[i].n + 1, sizeof(double));
		memcpy(all + count, clients[i].latencies, clients[i].n * sizeof(double));
		count += clients[i].n;
		failed += clients[i].failed;
		retried += clients[i].retried;
	}
	qsort(all, count, sizeof(double), by_size);
	printf("%-10s %-28s %8.0f/s  p50 %8.3f ms  p99 %8.3f ms", target.name, what,
	       (double)count / wall, 1e3 * all[count / 2], 1e3 * all[count * 99 / 100]);
	if (target.npids)
		printf("  cpu %8.1f us/op", 1e6 * cpu / (double)count);
	if (retried)
		printf("  retries %zu", retried);
	if (failed)
		printf("  FAILED %zu", failed);
	putchar('\n');
	fflush(stdout);
	free(all);
}

static void measure(const char *what, size_t n, const char *accept, operation op, size_t fixed)
{
	struct client clients[CLIENTS_MAX];
	struct run runs[CLIENTS_MAX];
	pthread_t threads[CLIENTS_MAX];
	pthread_barrier_t start;
	pthread_barrier_init(&start, NULL, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++) {
		client_init(&clients[i], (int)i, accept);
		request(&clients[i], "GET", "/version", NULL); /* the handshake is not part of it */
		runs[i] = (struct run){ &clients[i], op, fixed, &start };
		pthread_create(&threads[i], NULL, run_client, &runs[i]);
	}
	double cpu = cpu_s(), from = now_s();
	pthread_barrier_wait(&start);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	print_result(what, clients, n, now_s() - from, cpu_s() - cpu);
	for (size_t i = 0; i < n; i++)
		client_close(&clients[i]);
	pthread_barrier_destroy(&start);
}

/* --- the operations --- */

static const char *payload(void)
{
	static char text[PAYLOAD + 1];
	for (size_t i = 0; i < PAYLOAD; i++)
		text[i] = (char)('a' + i * 7 % 26);
	return text;
}

static char *config_map(const char *name, const char *extra)
{
	return str_printf(
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"%s},"
		"\"data\":{\"payload\":\"%s\"}}",
		name, extra, payload());
}

#define MAPS "/api/v1/namespaces/" NAMESPACE "/configmaps"
static atomic_size_t made;

static bool create(struct client *c, size_t i)
{
	(void)i;
	auto_free char *name = str_printf("item-%06zu", atomic_fetch_add(&made, 1));
	auto_free char *body = config_map(name, "");
	return request(c, "POST", MAPS, body) == 201;
}

static bool get(struct client *c, size_t i)
{
	auto_free char *path =
		str_printf(MAPS "/item-%06zu", (i * 7919 + (size_t)c->number) % 1000);
	return request(c, "GET", path, NULL) == 200;
}

static bool list(struct client *c, size_t i)
{
	(void)i;
	return request(c, "GET", MAPS "?resourceVersion=0", NULL) == 200;
}

/* Read, then write with the revision read; a conflict is tried again, as client-go's RetryOnConflict does. */
static bool update(struct client *c, size_t i)
{
	for (;; c->retried++) {
		if (request(c, "GET", MAPS "/shared", NULL) != 200)
			return false;
		json_t *o = json_loadb(c->body.p, c->body.n, 0, NULL);
		auto_free char *value = str_printf("%d-%zu", c->number, i);
		json_object_set_new(json_object_get(o, "data"), "last", json_string(value));
		auto_free char *body = json_dumps(o, JSON_COMPACT);
		json_decref(o);
		long code = request(c, "PUT", MAPS "/shared", body);
		if (code != 409)
			return code == 200;
	}
}

/* --- watches: each event carries the time at which its writer sent it --- */

#define WATCHERS 100
#define EVENTS   1000
struct watcher {
	struct client client;
	struct buf line;
	size_t seen;
	pthread_t thread;
};
static atomic_size_t watchers_ready;

static void on_line(struct watcher *w)
{
	const char *at = strstr(w->line.p, "\"sent\":\"");
	if (!at)
		return;
	record(&w->client, now_s() - strtod(at + 8, NULL));
	w->seen++;
}

static size_t on_event(char *p, size_t size, size_t n, void *ctx)
{
	struct watcher *w = ctx;
	for (size_t i = 0; i < size * n; i++) {
		if (p[i] != '\n') {
			buf_putc(&w->line, p[i]);
			continue;
		}
		on_line(w);
		buf_reset(&w->line);
	}
	return w->seen >= EVENTS ? CURL_WRITEFUNC_ERROR : size * n;
}

static size_t on_head(char *p, size_t size, size_t n, void *ctx)
{
	(void)ctx;
	if (size * n == 2 && p[0] == '\r')
		atomic_fetch_add(&watchers_ready, 1);
	return size * n;
}

static void *run_watcher(void *ctx)
{
	struct watcher *w = ctx;
	auto_free char *url =
		str_printf("%s" MAPS "?watch=1&labelSelector=watched%%3Dyes&resourceVersion=%s",
			   target.server, w->client.body.p);
	curl_easy_setopt(w->client.curl, CURLOPT_URL, url);
	curl_easy_setopt(w->client.curl, CURLOPT_WRITEFUNCTION, on_event);
	curl_easy_setopt(w->client.curl, CURLOPT_WRITEDATA, w);
	curl_easy_setopt(w->client.curl, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(w->client.curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_perform(w->client.curl);
	return NULL;
}

static void current_revision(struct client *c, struct buf *out)
{
	request(c, "GET", MAPS "?limit=1", NULL);
	json_t *o = json_loadb(c->body.p, c->body.n, 0, NULL);
	buf_reset(out);
	buf_puts(out, json_string_value(
			      json_object_get(json_object_get(o, "metadata"), "resourceVersion")));
	json_decref(o);
}

/* 1,000 creates, one every millisecond at most, seen by 100 watchers. */
static void watch(void)
{
	static struct watcher watchers[WATCHERS];
	static struct client results[WATCHERS];
	struct client writer;
	auto_buf revision = { 0 };
	client_init(&writer, 0, "application/json");
	current_revision(&writer, &revision);
	for (size_t i = 0; i < WATCHERS; i++) {
		client_init(&watchers[i].client, (int)i, "application/json");
		buf_str(&watchers[i].client.body, buf_view(&revision));
		pthread_create(&watchers[i].thread, NULL, run_watcher, &watchers[i]);
	}
	while (atomic_load(&watchers_ready) < WATCHERS)
		sched_yield();
	double cpu = cpu_s(), from = now_s();
	for (size_t i = 0; i < EVENTS; i++) {
		auto_free char *name = str_printf("watched-%04zu", i),
			       *extra = str_printf(",\"labels\":{\"watched\":\"yes\"},"
						   "\"annotations\":{\"sent\":\"%.6f\"}",
						   now_s());
		auto_free char *body = config_map(name, extra);
		if (request(&writer, "POST", MAPS, body) != 201)
			writer.failed++;
	}
	for (size_t i = 0; i < WATCHERS; i++) {
		pthread_join(watchers[i].thread, NULL);
		results[i] = watchers[i].client;
		results[i].failed = EVENTS - watchers[i].seen;
	}
	print_result("watch event to 1 of 100", results, WATCHERS, now_s() - from, cpu_s() - cpu);
	for (size_t i = 0; i < WATCHERS; i++) {
		client_close(&results[i]);
		buf_free(&watchers[i].line);
	}
	client_close(&writer);
}

/* --- the scenarios, in the order in which they run --- */

static void fill(size_t want)
{
	struct client c;
	client_init(&c, 0, "application/json");
	while (atomic_load(&made) < want)
		if (!create(&c, 0))
			die("create", c.body.p);
	client_close(&c);
}

static void empty(void)
{
	struct client c;
	client_init(&c, 0, "application/json");
	request(&c, "DELETE", MAPS, NULL);
	atomic_store(&made, 0);
	client_close(&c);
}

static void creates(void)
{
	measure("create 2 KB, 1 client", 1, "application/json", create, 0);
	measure("create 2 KB, 16 clients", 16, "application/json", create, 0);
	measure("create 2 KB, 64 clients", 64, "application/json", create, 0);
	empty();
}

static void gets(void)
{
	fill(1000);
	measure("get, 1 client", 1, "application/json", get, 0);
	measure("get, 16 clients", 16, "application/json", get, 0);
}

static void lists(void)
{
	fill(1000);
	measure("list 1,000, json", 1, "application/json", list, 0);
	measure("list 1,000, protobuf", 1, "application/vnd.kubernetes.protobuf", list, 0);
	measure("list 1,000, table", 1,
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", list, 0);
	fill(10000);
	measure("list 10,000, json", 1, "application/json", list, 0);
	empty();
}

static void updates(void)
{
	struct client c;
	auto_free char *body = config_map("shared", "");
	client_init(&c, 0, "application/json");
	request(&c, "POST", MAPS, body);
	client_close(&c);
	measure("update, 1 client", 1, "application/json", update, 0);
	measure("conflicting update, 16", 16, "application/json", update, 0);
}

static const struct scenario {
	const char *name;
	void (*run)(void);
} scenarios[] = { { "create", creates },
		  { "get", gets },
		  { "list", lists },
		  { "update", updates },
		  { "watch", watch } };

static void set_namespace(bool there)
{
	struct client c;
	client_init(&c, 0, "application/json");
	if (there) {
		request(&c, "POST", "/api/v1/namespaces",
			"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
			"\"" NAMESPACE "\"}}");
		if (request(&c, "GET", "/api/v1/namespaces/" NAMESPACE, NULL) != 200)
			die("namespace", c.body.p);
	} else {
		request(&c, "DELETE", MAPS, NULL);
		request(&c, "DELETE", "/api/v1/namespaces/" NAMESPACE, NULL);
	}
	client_close(&c);
}

static void take_pids(const char *text)
{
	struct str rest = str_from(text), one;
	int64_t v;
	while (str_next(&rest, ',', &one))
		if (target.npids < PIDS_MAX && str_to_i64(one, &v))
			target.pids[target.npids++] = (pid_t)v;
}

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	const char *kubeconfig = NULL;
	int i = 1;
	for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--kubeconfig"))
			kubeconfig = argv[i + 1];
		else if (!strcmp(argv[i], "--pids"))
			take_pids(argv[i + 1]);
		else if (!strcmp(argv[i], "--seconds"))
			target.seconds = strtod(argv[i + 1], NULL);
		else if (!strcmp(argv[i], "--name"))
			target.name = argv[i + 1];
		else
			die(argv[i], "unknown flag");
	}
	if (!kubeconfig)
		die("usage", "bench_client --kubeconfig FILE [--pids A,B] [--seconds S] [--name "
			     "TEXT] [create|get|update|watch|list]…");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	load_kubeconfig(kubeconfig);
	set_namespace(true);
	for (size_t s = 0; s < COUNT_OF(scenarios); s++)
		if (wanted(scenarios[s].name, argv + i))
			scenarios[s].run();
	set_namespace(false);
	free(target.server);
	return 0;
}
