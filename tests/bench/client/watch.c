/* SPDX-License-Identifier: Apache-2.0 */
/* Writers create, watchers see it: the latency is from the moment before the request to the moment at which the event has been
 * read, the commit included. */
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "floor.h"
#include "scenario.h"
#include "watchers.h"

#define WRITERS 4

static const struct watch_case {
	const char *name, *label;
	size_t watchers, writers;
	double rate; /* writes/s; 0: one after the other */
	size_t events, payload;
} cases[] = {
	{ "watch event to 1 of 100", "hundred", 100, 1, 0, 1000, 2048 },
	{ "same, 50 writes/s", "calm", 100, 1, 50, 100, 2048 },
	{ "1,000 watchers, 1,000 writes/s", "thousand", 1000, WRITERS, 1000, 3000, 100 },
};

struct writer {
	const struct watch_case *what;
	struct client client;
	atomic_size_t *next;
	double start;
	pthread_t thread;
};

static void wait_until(double t)
{
	double left = t - now_s();
	if (left <= 0)
		return;
	struct timespec ts = { .tv_sec = (time_t)left,
			       .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
	nanosleep(&ts, NULL);
}

static void *write_events(void *ctx)
{
	struct writer *w = ctx;
	size_t i;
	while ((i = atomic_fetch_add(w->next, 1)) < w->what->events) {
		if (w->what->rate > 0)
			wait_until(w->start + (double)i / w->what->rate);
		auto_free char *name = str_printf("%s-%04zu", w->what->label, i),
			       *extra = str_printf(",\"labels\":{\"watched\":\"%s\"},"
						   "\"annotations\":{\"sent\":\"%017.6f\"}",
						   w->what->label, now_s());
		auto_free char *body = config_map(name, extra, w->what->payload);
		if (client_request(&w->client, "POST", MAPS, body) != 201)
			die("watch", w->client.body.p);
	}
	return NULL;
}

/* All events of the case; the CPU time that the server spent meanwhile. */
static double write_all(const struct watch_case *what)
{
	struct writer writers[WRITERS];
	atomic_size_t next = 0;
	for (size_t i = 0; i < what->writers; i++) {
		writers[i] = (struct writer){ .what = what, .next = &next };
		client_init(&writers[i].client, (int)i, "application/json");
		client_request(&writers[i].client, "GET", "/version", NULL);
	}
	double cpu = cpu_s(), from = now_s();
	for (size_t i = 0; i < what->writers; i++) {
		writers[i].start = from;
		pthread_create(&writers[i].thread, NULL, write_events, &writers[i]);
	}
	for (size_t i = 0; i < what->writers; i++) {
		pthread_join(writers[i].thread, NULL);
		client_close(&writers[i].client);
	}
	return cpu_s() - cpu;
}

static char *path_from_now(const char *label)
{
	struct client c;
	client_init(&c, 0, "application/json");
	client_request(&c, "GET", MAPS "?limit=1", NULL);
	json_t *o = json_loadb(c.body.p, c.body.n, 0, NULL);
	char *path =
		str_printf(MAPS "?watch=1&labelSelector=watched%%3D%s&resourceVersion=%s", label,
			   json_string_value(json_object_get(json_object_get(o, "metadata"),
							     "resourceVersion")));
	json_decref(o);
	client_close(&c);
	return path;
}

/* The CPU time of the same writes while nobody watches. */
static double writes_cpu_s(const struct watch_case *what)
{
	struct watch_case alone = *what;
	auto_free char *label = str_printf("%s-alone", what->label);
	alone.label = label;
	return write_all(&alone);
}

/* What an event costs beyond its write, and what sending as many at once costs and nothing else. */
static void print_event(const struct watch_case *what, double cpu, const struct client *seen,
			const struct watched *about)
{
	double deliveries = (double)what->events * (double)what->watchers;
	double together = (double)seen->n / (double)about->reads;
	size_t bytes = about->bytes / seen->n;
	double least =
		watch_floor_s(what->watchers, together < 1 ? 1 : (size_t)(together + 0.5), bytes);
	printf("%-10s   ", target.name);
	if (what->rate > 0) /* else the writer is faster while nobody watches: other writes */
		printf("without the write %.2f us an event; ",
		       1e6 * (cpu - writes_cpu_s(what)) / deliveries);
	printf("records and sends alone, %.1f of %zu bytes at once: %.2f us\n", together, bytes,
	       1e6 * least);
}

static void watch(const struct watch_case *what)
{
	struct client seen;
	struct watched about;
	auto_free char *path = path_from_now(what->label);
	struct watchers *w = watchers_start(what->watchers, path, what->events);
	double cpu = cpu_s(), from = now_s();
	write_all(what);
	watchers_finish(w, &seen, &about);
	double spent = cpu_s() - cpu;
	print_result(what->name, &seen, 1, now_s() - from, spent);
	print_event(what, spent, &seen, &about);
	free(seen.latencies);
}

void bench_watches(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (wanted(cases[i].name))
			watch(&cases[i]);
}
