/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"
#include "floor.h"
#include "scenario.h"

#define PODS      "/api/v1/namespaces/" NAMESPACE "/pods"
#define COUNT     10000
#define POD_BYTES 4096

static atomic_size_t made;

/* Nobody schedules it; with what the server adds it is 4 KiB. */
static bool create_pod(struct client *c, size_t i)
{
	(void)i;
	size_t n = atomic_fetch_add(&made, 1);
	auto_free char *body = str_printf(
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"pod-%06zu\","
		"\"labels\":{\"app\":\"bench\"},\"annotations\":{\"payload\":\"%s\"}},"
		"\"spec\":{\"schedulerName\":\"nobody\",\"automountServiceAccountToken\":false,"
		"\"containers\":[{\"name\":\"main\",\"image\":\"registry.example/main:1\"}]}}",
		n, payload(POD_BYTES - 1500));
	return n >= COUNT || client_request(c, "POST", PODS, body) == 201;
}

static bool list(struct client *c, size_t i)
{
	(void)i;
	return client_request(c, "GET", PODS "?resourceVersion=0", NULL) == 200;
}

static double list_bytes(const char *accept)
{
	struct client c;
	client_init(&c, 0, accept);
	list(&c, 0);
	double n = (double)c.body.n;
	client_close(&c);
	return n;
}

static void list_as(const char *what, const char *accept)
{
	if (!wanted(what))
		return;
	double bytes = list_bytes(accept);
	struct result r = measure(what, 1, accept, list);
	double speed = bytes * (double)r.n / r.cpu_s, tls = tls_bulk_speed(POD_BYTES);
	printf("%-10s   %.1f MB each: %.2f GB per second of CPU; TLS records alone %.2f GB/s: "
	       "%.2f of it\n",
	       target.name, bytes / 1e6, speed / 1e9, tls / 1e9, speed / tls);
}

static void fill(void)
{
	struct client c;
	client_init(&c, 0, "application/json");
	while (atomic_load(&made) < COUNT)
		if (!create_pod(&c, 0))
			die("create a pod", c.body.p);
	client_close(&c);
}

void bench_pods(void)
{
	struct client c;
	double before = pss_bytes();
	fill();
	double stored = list_bytes("application/json");
	if (before > 0)
		printf("%-10s memory for 10,000 pods         %.2f bytes per stored byte (%.0f MB "
		       "for %.0f MB)\n",
		       target.name, (pss_bytes() - before) / stored, (pss_bytes() - before) / 1e6,
		       stored / 1e6);
	list_as("list 10,000 pods, json", "application/json");
	list_as("list 10,000 pods, protobuf", "application/vnd.kubernetes.protobuf");
	client_init(&c, 0, "application/json");
	client_request(&c, "DELETE", PODS "?gracePeriodSeconds=0", NULL);
	client_close(&c);
	atomic_store(&made, 0);
}
