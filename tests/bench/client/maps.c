/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"
#include "scenario.h"

#define PAYLOAD 2048

const char *payload(size_t n)
{
	static char text[PAYLOAD_MAX + 1];
	for (size_t i = 0; i < PAYLOAD_MAX; i++)
		text[i] = (char)('a' + i * 7 % 26);
	return text + PAYLOAD_MAX - n;
}

char *config_map(const char *name, const char *extra, size_t payload_bytes)
{
	return str_printf(
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\"%s},"
		"\"data\":{\"payload\":\"%s\"}}",
		name, extra, payload(payload_bytes));
}

static atomic_size_t made;

static bool create(struct client *c, size_t i)
{
	(void)i;
	auto_free char *name = str_printf("item-%06zu", atomic_fetch_add(&made, 1));
	auto_free char *body = config_map(name, "", PAYLOAD);
	return client_request(c, "POST", MAPS, body) == 201;
}

static bool get(struct client *c, size_t i)
{
	auto_free char *path =
		str_printf(MAPS "/item-%06zu", (i * 7919 + (size_t)c->number) % 1000);
	return client_request(c, "GET", path, NULL) == 200;
}

static bool list(struct client *c, size_t i)
{
	(void)i;
	return client_request(c, "GET", MAPS "?resourceVersion=0", NULL) == 200;
}

static bool list_gzip(struct client *c, size_t i)
{
	if (i == 0)
		client_header(c, "Accept-Encoding: gzip");
	return list(c, i);
}

static const char *elsewhere; /* where lists are worth compressing for */

static bool list_elsewhere(struct client *c, size_t i)
{
	c->server = elsewhere;
	return list_gzip(c, i);
}

static bool get_http2(struct client *c, size_t i)
{
	if (i == 0)
		client_http2(c);
	return get(c, i);
}

static bool list_http2(struct client *c, size_t i)
{
	if (i == 0)
		client_http2(c);
	return list(c, i);
}

/* Upstream compresses for whoever accepts it; we don't for programs on the same machine. */
static void lists_compressed(void)
{
	auto_free char *address = target_elsewhere();
	struct client c;
	elsewhere = address;
	measure("list 1,000, gzip, elsewhere", 1, "application/json", list_elsewhere);
	client_init(&c, 0, "application/json");
	list(&c, 0);
	size_t plain = c.body.n;
	list_elsewhere(&c, 0);
	if (wanted("list 1,000, gzip, elsewhere"))
		printf("%-10s   %.2f MB became %.2f MB\n", target.name, (double)plain / 1e6,
		       (double)c.body.n / 1e6);
	client_close(&c);
	elsewhere = NULL;
}

/* Read, then write with the revision read; a conflict is tried again, as client-go's RetryOnConflict does. */
static bool update(struct client *c, size_t i)
{
	for (;; c->retried++) {
		if (client_request(c, "GET", MAPS "/shared", NULL) != 200)
			return false;
		json_t *o = json_loadb(c->body.p, c->body.n, 0, NULL);
		auto_free char *value = str_printf("%d-%zu", c->number, i);
		json_object_set_new(json_object_get(o, "data"), "last", json_string(value));
		auto_free char *body = json_dumps(o, JSON_COMPACT);
		json_decref(o);
		long code = client_request(c, "PUT", MAPS "/shared", body);
		if (code != 409)
			return code == 200;
	}
}

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
	client_request(&c, "DELETE", MAPS, NULL);
	atomic_store(&made, 0);
	client_close(&c);
}

static double metric(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at ? strtod(at + strlen(name), NULL) : 0;
}

/* Of our own store; zeros for others. */
static void commits(double *count, double *rows)
{
	struct client c;
	client_init(&c, 0, "text/plain");
	client_request(&c, "GET", "/metrics", NULL);
	*count = metric(c.body.p, "\nallinone_store_commit_duration_seconds_count ");
	*rows = metric(c.body.p, "\nallinone_store_rows_written_total ");
	client_close(&c);
}

static void creates_in_batches(void)
{
	double count, rows, count_then, rows_then;
	commits(&count_then, &rows_then);
	struct result r = measure("create 2 KB, 64 clients", 64, "application/json", create);
	commits(&count, &rows);
	if (r.n > 0 && count > count_then)
		printf("%-10s   %.0f commits/s, each synced, of %.1f rows\n", target.name,
		       (count - count_then) / r.wall_s, (rows - rows_then) / (count - count_then));
}

void bench_creates(void)
{
	measure("create 2 KB, 1 client", 1, "application/json", create);
	measure("create 2 KB, 16 clients", 16, "application/json", create);
	creates_in_batches();
	empty();
}

void bench_gets(void)
{
	fill(1000);
	measure("get, 1 client", 1, "application/json", get);
	measure("get, 16 clients", 16, "application/json", get);
	measure("get, 1 client, HTTP/2", 1, "application/json", get_http2);
}

void bench_lists(void)
{
	fill(1000);
	measure("list 1,000, json", 1, "application/json", list);
	measure("list 1,000, protobuf", 1, "application/vnd.kubernetes.protobuf", list);
	measure("list 1,000, table", 1,
		"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", list);
	measure("list 1,000, metadata", 1,
		"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
		list);
	measure("list 1,000, json, HTTP/2", 1, "application/json", list_http2);
	measure("list 1,000, gzip accepted", 1, "application/json", list_gzip);
	lists_compressed();
	fill(10000);
	measure("list 10,000, json", 1, "application/json", list);
	empty();
}

void bench_updates(void)
{
	struct client c;
	auto_free char *body = config_map("shared", "", PAYLOAD);
	client_init(&c, 0, "application/json");
	client_request(&c, "POST", MAPS, body);
	client_close(&c);
	measure("update, 1 client", 1, "application/json", update);
	measure("conflicting update, 16", 16, "application/json", update);
}
