/* SPDX-License-Identifier: Apache-2.0 */
/* What it takes to program Services, in a network namespace of its own: from JSON objects through service_elements and service_rules into the
 * kernel. 10,000 Services of 10 endpoints from empty, then single changes. Arguments: how many Services, how many endpoints of each. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/network/service_rules.h"
#include "api/decode.h"
#include "base/mem.h"

#define CHANGES 100

struct bench {
	size_t services, endpoints;
	struct service_rules *rules;
	struct service_elements *now; /* of each Service */
};

static double clock_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void service_json(size_t i, struct buf *out)
{
	buf_reset(out);
	buf_printf(
		out,
		"{\"metadata\":{\"name\":\"s%zu\",\"namespace\":\"d\"},\"spec\":{\"type\":"
		"\"ClusterIP\",\"clusterIP\":\"10.43.%zu.%zu\",\"clusterIPs\":[\"10.43.%zu.%zu\"],"
		"\"ipFamilies\":[\"IPv4\"],\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\","
		"\"port\":80}]}}",
		i, i / 250, i % 250 + 1, i / 250, i % 250 + 1);
}

static void slice_json(const struct bench *b, size_t i, size_t endpoints, struct buf *out)
{
	buf_reset(out);
	buf_puts(out, "{\"addressType\":\"IPv4\",\"ports\":[{\"name\":\"http\",\"protocol\":"
		      "\"TCP\",\"port\":8080}],\"endpoints\":[");
	for (size_t e = 0; e < endpoints; e++) {
		size_t n = i * b->endpoints + e;
		buf_printf(out,
			   "%s{\"addresses\":[\"10.%zu.%zu.%zu\"],\"nodeName\":\"n%zu\","
			   "\"conditions\":{\"ready\":true,\"serving\":true}}",
			   e ? "," : "", 64 + n / 62500, n / 250 % 250, n % 250 + 1, n % 100);
	}
	buf_puts(out, "]}");
}

static void must(int r, const struct err *err)
{
	if (r == 0)
		return;
	fprintf(stderr, "services: %s\n", err_text(err));
	exit(1);
}

/* One Service with so many endpoints, decoded and given to the transaction that is open. */
static void program(struct bench *b, size_t i, size_t endpoints, struct buf *text)
{
	auto_arena arena = { 0 };
	auto_err err = { 0 };
	struct core_v1_service service = { 0 };
	struct discovery_v1_endpoint_slice slice = { 0 };
	const struct service_view view = {
		.service = &service, .slices = &slice, .nslices = 1, .node = "n1", .zone = ""
	};
	struct service_elements after;
	service_json(i, text);
	must(struct_read_json(buf_view(text), &arena, api_struct_core_v1_service, &service, &err),
	     &err);
	slice_json(b, i, endpoints, text);
	must(struct_read_json(buf_view(text), &arena, api_struct_discovery_v1_endpoint_slice,
			      &slice, &err),
	     &err);
	service_elements_of(&view, &after);
	service_rules_change(b->rules, &b->now[i], &after);
	service_elements_free(&b->now[i]);
	b->now[i] = after;
}

static void all_of_them(struct bench *b, struct buf *text)
{
	auto_err err = { 0 };
	double at = clock_ms(CLOCK_MONOTONIC), cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < b->services; i++)
		program(b, i, b->endpoints, text);
	double decided = clock_ms(CLOCK_MONOTONIC) - at;
	must(service_rules_commit(b->rules, &err), &err);
	printf("services   %zu x %zu from empty          %.0f ms (%.0f ms to decode and decide), "
	       "%.0f ms of CPU\n",
	       b->services, b->endpoints, clock_ms(CLOCK_MONOTONIC) - at, decided,
	       clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* An endpoint less, an endpoint more. */
static void single_changes(struct bench *b, struct buf *text)
{
	auto_err err = { 0 };
	double took[CHANGES], cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < CHANGES; i++) {
		double at = clock_ms(CLOCK_MONOTONIC);
		program(b, b->services / 2, b->endpoints - (i % 2 == 0), text);
		must(service_rules_commit(b->rules, &err), &err);
		took[i] = clock_ms(CLOCK_MONOTONIC) - at;
	}
	cpu = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	qsort(took, CHANGES, sizeof(*took), compare);
	printf("services   one change among them        p50 %.2f ms, p99 %.2f ms, %.2f ms of CPU\n",
	       took[CHANGES / 2], took[CHANGES - 1], cpu / CHANGES);
}

int main(int argc, char **argv)
{
	struct bench b = { .services = argc > 1 ? (size_t)atoi(argv[1]) : 10000,
			   .endpoints = argc > 2 ? (size_t)atoi(argv[2]) : 10 };
	auto_err err = { 0 };
	auto_buf text = { 0 };
	struct cidr pods = { { AF_INET, { 10, 64 } }, 10 };
	if (unshare(CLONE_NEWNET) < 0) {
		printf("services   left out, it needs a network namespace (root)\n");
		return 0;
	}
	must(service_rules_new(&pods, 1, &b.rules, &err), &err);
	b.now = mem_zalloc(b.services * sizeof(*b.now));
	all_of_them(&b, &text);
	single_changes(&b, &text);
	for (size_t i = 0; i < b.services; i++)
		service_elements_free(&b.now[i]);
	service_rules_free(b.rules);
	free(b.now);
	return 0;
}
