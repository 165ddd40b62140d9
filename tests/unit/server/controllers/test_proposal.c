/* SPDX-License-Identifier: Apache-2.0 */
/* How many replicas a metric asks for: the cases of upstream's replica_calculator_test.go, and what else is to be seen there. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/controllers/autoscaling/proposal.h"
#include "server/controllers/autoscaling/requests.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define NOW      (1767225600LL * 1000000) /* 2026-01-01T00:00:00Z */
#define MINUTE   (60 * 1000000LL)
#define PODS_MAX 8

static const char *status_of(char letter)
{
	static const char start[] = "\"startTime\":\"2025-12-31T23:00:00Z\",";
	static char out[256];
	const char *phase = letter == 'F' ? "Failed" : letter == 'P' ? "Pending" : "Running";
	const char *ready = letter == 'u' || letter == 'P' ? "False" : "True";
	const char *began = letter == 'h' ? "\"startTime\":\"2025-12-31T23:59:30Z\"," : start;

	snprintf(out, sizeof(out),
		 "%s\"phase\":\"%s\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\","
		 "\"lastTransitionTime\":\"2025-12-31T23:%sZ\"}]",
		 began, phase, ready, letter == 'h' ? "59:30" : "00:00");
	return out;
}

/* A letter for each pod: r ready, u never ready, h started half a minute ago, F failed, P pending, D being deleted. */
static void add_pods(struct workload_fixture *f, const char *letters, const char *requests)
{
	for (size_t i = 0; letters[i]; i++) {
		char name[24], spec[256];

		snprintf(name, sizeof(name), "p%zu", i);
		snprintf(spec, sizeof(spec),
			 "\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{%s}}}]",
			 requests);
		workload_pod(f, name, letters[i] == 'D' ? POD_LEAVING : "", spec,
			     status_of(letters[i]));
	}
}

struct given {
	struct pod_sample items[PODS_MAX];
	struct samples samples;
	struct proposal_view view;
	char names[PODS_MAX][24];
};

/* Samples of p0, p1 …; a negative one is missing. */
static void give(struct workload_fixture *f, struct given *g, int current, const int *levels,
		 size_t n)
{
	memset(g, 0, sizeof(*g));
	g->samples.items = g->items;
	for (size_t i = 0; i < n; i++) {
		snprintf(g->names[i], sizeof(g->names[i]), "p%zu", i);
		if (levels[i] >= 0)
			g->items[g->samples.n++] = (struct pod_sample){ str_from(g->names[i]),
									levels[i], NOW, MINUTE };
	}
	g->view = (struct proposal_view){ .pods = &f->pods,
					  .current = current,
					  .counted = current,
					  .tolerance_down = 0.1,
					  .tolerance_up = 0.1,
					  .initialization_us = 2 * MINUTE,
					  .first_ready_us = MINUTE / 6,
					  .now_us = NOW,
					  .arena = &f->arena };
}

#define NONE (-1)

static const struct {
	const char *pods;
	int current, levels[PODS_MAX], percent;
	int replicas, utilization, usage;
} utilizations[] = {
	{ "rrr", 3, { 300, 500, 700 }, 30, 5, 50, 500 },
	{ "urr", 3, { 300, 500, 700 }, 30, 4, 60, 600 },  /* an unready one uses nothing */
	{ "hrr", 3, { 300, 500, 700 }, 30, 4, 60, 600 },  /* nor does one that starts */
	{ "ruu", 3, { 400, 500, 700 }, 30, 3, 40, 400 },  /* so that no change is left */
	{ "rrFF", 2, { 500, 700 }, 30, 4, 60, 600 },      /* failed ones don't count */
	{ "rrDD", 2, { 500, 700 }, 30, 4, 60, 600 },      /* nor those that go */
	{ "rrP", 3, { 500, 700, NONE }, 30, 4, 60, 600 }, /* pending: as unready ones */
	{ "rrrrr", 5, { 100, 300, 500, 250, 250 }, 50, 3, 28, 280 },
	{ "rrruu", 5, { 100, 300, 500, 250, 250 }, 50, 2, 30, 300 },
	{ "rrr", 3, { 1010, 1030, 1020 }, 100, 3, 102, 1020 }, /* near enough */
	{ "rrrr",
	  4,
	  { 4000, 9500, 3000, 7000, 3200, 2000 },
	  100,
	  24,
	  587,
	  5875 },                                                /* others' samples */
	{ "rrrr", 4, { 400, 95, NONE, NONE }, 100, 3, 24, 247 }, /* missing: they use all */
	{ "rr", 2, { 1000, NONE }, 100, 2, 100, 1000 },
	{ "rr", 2, { 1900, NONE }, 100, 2, 190, 1900 }, /* missing: they use nothing */
	{ "rr", 2, { 600, NONE }, 100, 2, 60, 600 },
	{ "urr", 3, { 100, 450, NONE }, 50, 3, 45, 450 },
	{ "urr", 3, { 100, 2000, NONE }, 50, 4, 200, 2000 },
	{ "urrr", 4, { 100, 100, 100, NONE }, 50, 3, 10, 100 },
};

static void a_part_of_the_requests(void **state)
{
	struct workload_fixture *f = *state;
	for (size_t i = 0; i < COUNT_OF(utilizations); i++) {
		struct given g;
		f->pods.n = 0;
		add_pods(f, utilizations[i].pods, "\"cpu\":\"1\"");
		size_t n = strlen(utilizations[i].pods);
		give(f, &g, utilizations[i].current, utilizations[i].levels, n < 6 ? 6 : n);
		while (g.samples.n && g.items[g.samples.n - 1].milli == 0)
			g.samples.n--;
		struct proposal p = proposal_of_utilization(&g.view, &g.samples, STR("cpu"),
							    STR(""), utilizations[i].percent);
		assert_null(p.failure);
		assert_int_equal(p.replicas, utilizations[i].replicas);
		assert_int_equal(p.utilization, utilizations[i].utilization);
		assert_int_equal(p.usage_milli, utilizations[i].usage);
	}
}

static void what_cannot_be_reckoned_says_why(void **state)
{
	static const struct {
		const char *pods, *requests, *container, *why;
		int levels[2];
	} cases[] = {
		{ "",
		  "",
		  "",
		  "no pods returned by selector while calculating replica count",
		  { 1, 1 } },
		{ "uu",
		  "\"cpu\":\"1\"",
		  "",
		  "did not receive metrics for targeted pods (pods might be unready)",
		  { 1, 1 } },
		{ "rr",
		  "\"cpu\":\"1\"",
		  "",
		  "did not receive metrics for targeted pods (pods might be unready)",
		  { NONE, NONE } },
		{ "rr",
		  "\"memory\":\"1\"",
		  "",
		  "missing request for cpu in container c of Pod p0",
		  { 1, 1 } },
		{ "rr", "\"cpu\":\"1\"", "d", "container d not found in Pod p0", { 1, 1 } },
		{ "rr", "\"cpu\":\"0\"", "", "no metrics returned matched known pods", { 1, 1 } },
	};
	struct workload_fixture *f = *state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct given g;
		f->pods.n = 0;
		add_pods(f, cases[i].pods, cases[i].requests);
		give(f, &g, 2, cases[i].levels, 2);
		struct proposal p = proposal_of_utilization(&g.view, &g.samples, STR("cpu"),
							    str_from(cases[i].container), 50);
		assert_string_equal(p.failure, cases[i].why);
	}
}

static void an_average_over_the_pods(void **state)
{
	static const struct {
		const char *pods;
		int current, levels[PODS_MAX], target, replicas, usage;
	} cases[] = {
		{ "rrr", 3, { 20000, 10000, 30000 }, 15000, 4, 20000 },
		{ "uuu", 3, { 50000, 10000, 30000 }, 15000, 6, 30000 }, /* readiness is cpu's */
		{ "rrrrr", 5, { 12000, 12000, 12000, 12000, 12000 }, 20000, 3, 12000 },
		{ "rrr", 3, { 1010, 1030, 1020 }, 1000, 3, 1020 },
		{ "rrr", 3, { 50000, NONE, 15000 }, 15000, 5, 32500 },
		{ "rP", 1, { 30000, NONE }, 10000, 3, 30000 },
		{ "rrr", 3, { 1000, 1000, NONE }, 10000, 2, 1000 }, /* missing: the target itself */
	};
	struct workload_fixture *f = *state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct given g;
		f->pods.n = 0;
		add_pods(f, cases[i].pods, "");
		give(f, &g, cases[i].current, cases[i].levels, strlen(cases[i].pods));
		struct proposal p =
			proposal_of_average(&g.view, &g.samples, STR(""), cases[i].target);
		assert_null(p.failure);
		assert_int_equal(p.replicas, cases[i].replicas);
		assert_int_equal(p.usage_milli, cases[i].usage);
	}
}

static void a_metric_as_a_whole(void **state)
{
	static const struct {
		const char *pods;
		int current, value, target, replicas, per_pod, each;
	} cases[] = {
		{ "rrr", 3, 20000, 15000, 4, 2, 6667 }, /* ready pods times the ratio */
		{ "rur", 3, 20000, 15000, 3, 2, 6667 }, /* two are ready */
		{ "rrr", 3, 16000, 15000, 3, 2, 5334 }, /* near enough */
		{ "", 0, 20000, 15000, 2, 2, 20000 },   /* from nothing */
		{ "rrr", 3, 45000, 15000, 9, 3, 15000 },
	};
	struct workload_fixture *f = *state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct given g;
		f->pods.n = 0;
		add_pods(f, cases[i].pods, "");
		give(f, &g, cases[i].current, &cases[i].value, 1);
		struct proposal p = proposal_of_value(&g.view, &g.samples, cases[i].target);
		assert_int_equal(p.replicas, cases[i].replicas);
		assert_int_equal(p.usage_milli, cases[i].value);
		p = proposal_per_pod(&g.view, &g.samples, cases[i].target);
		assert_int_equal(p.replicas, cases[i].per_pod);
		assert_int_equal(p.usage_milli, cases[i].each);
	}
}

static void requests_of_the_pod_as_a_whole_come_first(void **state)
{
	struct workload_fixture *f = *state;
	struct given g;
	const int levels[] = { 500 };
	workload_pod(f, "p0", "",
		     "\"resources\":{\"requests\":{\"cpu\":\"2\"}},\"containers\":[{\"name\":\"c\","
		     "\"resources\":{\"requests\":{\"cpu\":\"1\"}}}]",
		     status_of('r'));
	give(f, &g, 1, levels, 1);
	struct proposal whole =
		proposal_of_utilization(&g.view, &g.samples, STR("cpu"), STR(""), 50);
	struct proposal one =
		proposal_of_utilization(&g.view, &g.samples, STR("cpu"), STR("c"), 50);
	assert_int_equal(whole.utilization, 25);
	assert_int_equal(one.utilization, 50);
}

/* What somebody writes into a pod makes no number wrap round. */
static void requests_beyond_all_counting_are_the_most_there_is(void **state)
{
	static const char huge[] = "\"resources\":{\"requests\":{\"memory\":\"9E\"}}";
	struct workload_fixture *f = *state;
	struct given g;
	const int levels[] = { 500, NONE };
	int64_t each, whole;
	for (int i = 0; i < 2; i++) {
		auto_free char *name = str_printf("p%d", i);
		auto_free char *spec = str_printf("\"containers\":[{\"name\":\"a\",%s},"
						  "{\"name\":\"b\",%s}]",
						  huge, huge);
		workload_pod(f, name, "", spec, status_of('r'));
	}
	assert_null(pod_requests(&f->pods.items[0].pod, STR("memory"), STR(""), &f->arena, &each));
	assert_int_equal(each, INT64_MAX);
	give(f, &g, 2, levels, 2);
	struct proposal p =
		proposal_of_utilization(&g.view, &g.samples, STR("memory"), STR(""), 200);
	assert_null(p.failure);
	assert_int_equal(p.utilization, 0);
	assert_int_equal(p.replicas, 1); /* one without a sample uses all that it may */
	const struct core_v1_pod *pod = workload_pod(f, "whole", "", huge, status_of('r'));
	assert_null(pod_requests(pod, STR("memory"), STR(""), &f->arena, &whole));
	assert_int_equal(whole, INT64_MAX);
}

static void tolerances_of_their_own(void **state)
{
	struct workload_fixture *f = *state;
	struct given g;
	const int levels[] = { 700, 700 };
	add_pods(f, "rr", "\"cpu\":\"1\"");
	give(f, &g, 2, levels, 2);
	g.view.tolerance_up = 0.5;
	assert_int_equal(
		proposal_of_utilization(&g.view, &g.samples, STR("cpu"), STR(""), 50).replicas, 2);
	g.view.tolerance_up = 0.3;
	assert_int_equal(
		proposal_of_utilization(&g.view, &g.samples, STR("cpu"), STR(""), 50).replicas, 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_part_of_the_requests),
		T(what_cannot_be_reckoned_says_why),
		T(an_average_over_the_pods),
		T(a_metric_as_a_whole),
		T(requests_of_the_pod_as_a_whole_come_first),
		T(requests_beyond_all_counting_are_the_most_there_is),
		T(tolerances_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
