/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/controllers/autoscaling/autoscaler_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define NOW (1767225600LL * 1000000) /* 2026-01-01T00:00:00Z */

static const struct autoscaler_config config = { .patience_ms = 300000,
						 .initialization_ms = 300000,
						 .first_ready_ms = 30000,
						 .tolerance = 0.1 };

struct scene {
	struct scaling_memory memory;
	struct metric_answer answers[4];
	struct autoscaler_view view;
	struct autoscaler_plan plan;
};

static void scene_begin(struct workload_fixture *f, struct scene *s, const char *spec,
			const char *status, int current)
{
	auto_free char *json = str_printf("{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\","
					  "\"generation\":7},\"spec\":{%s},"
					  "\"status\":{%s}}",
					  spec, status);

	*s = (struct scene){ 0 };
	s->view = (struct autoscaler_view){
		.hpa = workload_read(f, api_struct_autoscaling_v2_horizontal_pod_autoscaler, json),
		.current = current,
		.counted = current,
		.selector = STR("app=web"),
		.pods = &f->pods,
		.answers = s->answers,
		.config = &config,
		.memory = &s->memory,
		.now_us = NOW,
		.arena = &f->arena,
	};
}

static void samples_of(struct workload_fixture *f, struct metric_answer *a, const char *names,
		       int milli)
{
	a->samples.items = ARENA_ARRAY(&f->arena, struct pod_sample, strlen(names));
	a->samples.n = strlen(names);
	for (size_t i = 0; names[i]; i++)
		a->samples.items[i] =
			(struct pod_sample){ str_of(&names[i], 1), milli, NOW, 10000000 };
}

static void pods(struct workload_fixture *f, const char *names)
{
	for (; *names; names++) {
		const char name[] = { *names, 0 };
		workload_pod(f, name, "",
			     "\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":"
			     "\"100m\",\"memory\":\"100Mi\"}}}]",
			     "\"startTime\":\"2025-12-31T20:00:00Z\",\"phase\":\"Running\","
			     "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\","
			     "\"lastTransitionTime\":\"2025-12-31T20:00:01Z\"}]");
	}
}

static const char *condition(const struct scene *s, const char *type)
{
	static char out[512];
	for (size_t i = 0; i < s->plan.status.conditions.n; i++) {
		const struct autoscaling_v2_horizontal_pod_autoscaler_condition *c =
			&s->plan.status.conditions.items[i];
		if (!str_eqz(c->type, type))
			continue;
		snprintf(out, sizeof(out), "%.*s %.*s: %.*s", STR_ARG(c->status),
			 STR_ARG(c->reason), STR_ARG(c->message));
		return out;
	}
	return "";
}

static const char *news(const struct scene *s, size_t i)
{
	static char out[512];
	if (i >= s->plan.nnews)
		return "";
	snprintf(out, sizeof(out), "%s %s: %s", s->plan.news[i].type, s->plan.news[i].reason,
		 s->plan.news[i].message);
	return out;
}

#define CPU(percent)                                                                  \
	"{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":{\"type\":" \
	"\"Utilization\",\"averageUtilization\":" #percent "}}}"
#define REQUESTS                                                                            \
	"{\"type\":\"Pods\",\"pods\":{\"metric\":{\"name\":\"hits\"},\"target\":{\"type\":" \
	"\"AverageValue\",\"averageValue\":\"10\"}}}"
#define QUEUE                                                                                \
	"{\"type\":\"External\",\"external\":{\"metric\":{\"name\":\"queue\",\"selector\":{" \
	"\"matchLabels\":{\"of\":\"mail\"}}},\"target\":{\"type\":\"Value\",\"value\":\"10\"}}}"
#define SPEC(more) "\"minReplicas\":1,\"maxReplicas\":10," more

static void a_busy_target_grows_and_is_told_of(void **state)
{
	struct workload_fixture *f = *state;
	struct scene s;

	pods(f, "ab");
	scene_begin(f, &s, SPEC("\"metrics\":[" CPU(50) "]"), "", 2);
	samples_of(f, &s.answers[0], "ab", 80);
	autoscaler_plan(&s.view, &s.plan);
	assert_true(s.plan.rescale);
	assert_int_equal(s.plan.replicas, 4);
	autoscaler_rescaled(&s.view, &s.plan, NULL);
	assert_string_equal(news(&s, 0),
			    "Normal SuccessfulRescale: New size: 4; reason: cpu "
			    "resource utilization (percentage of request) above target");
	assert_string_equal(condition(&s, "AbleToScale"),
			    "True SucceededRescale: the HPA controller was able to update the "
			    "target scale to 4");
	assert_string_equal(condition(&s, "ScalingActive"),
			    "True ValidMetricFound: the HPA was able to successfully calculate a "
			    "replica count from cpu resource utilization (percentage of request)");
	assert_string_equal(
		condition(&s, "ScalingLimited"),
		"False DesiredWithinRange: the desired count is within the acceptable range");
	assert_int_equal(s.plan.status.desired_replicas, 4);
	assert_int_equal(s.plan.status.current_replicas, 2);
	assert_int_equal(*s.plan.status.observed_generation, 7);
	assert_true(s.plan.status.last_scale_time.us == NOW);
	assert_int_equal(
		*s.plan.status.current_metrics.items[0].resource->current.average_utilization, 80);
	assert_true(
		str_eqz(s.plan.status.current_metrics.items[0].resource->current.average_value.text,
			"80m"));
	scaling_memory_free(&s.memory);
}

static void a_write_that_fails_leaves_the_size(void **state)
{
	struct workload_fixture *f = *state;
	struct scene s;

	pods(f, "ab");
	scene_begin(f, &s, SPEC("\"metrics\":[" CPU(50) "]"), "\"desiredReplicas\":2", 2);
	samples_of(f, &s.answers[0], "ab", 80);
	autoscaler_plan(&s.view, &s.plan);
	autoscaler_rescaled(&s.view, &s.plan, "it burns");
	assert_string_equal(news(&s, 0),
			    "Warning FailedRescale: New size: 4; reason: cpu resource utilization "
			    "(percentage of request) above target; error: it burns");
	assert_string_equal(condition(&s, "AbleToScale"),
			    "False FailedUpdateScale: the HPA controller was unable to update the "
			    "target scale: it burns");
	assert_int_equal(s.plan.status.desired_replicas, 2);
	assert_false(s.plan.status.last_scale_time.set);
	scaling_memory_free(&s.memory);
}

static void the_metric_that_asks_for_the_most_counts(void **state)
{
	struct workload_fixture *f = *state;
	struct scene s;

	pods(f, "ab");
	scene_begin(f, &s, SPEC("\"metrics\":[" CPU(50) "," REQUESTS "]"), "", 2);
	samples_of(f, &s.answers[0], "ab", 50);
	samples_of(f, &s.answers[1], "ab", 15000);
	autoscaler_plan(&s.view, &s.plan);
	assert_int_equal(s.plan.replicas, 3);
	assert_string_equal(s.plan.why, "pods metric hits above target");
	scaling_memory_free(&s.memory);
}

static void a_metric_that_fails_forbids_going_down_only(void **state)
{
	static const struct {
		int milli;
		bool rescale;
		const char *active;
	} cases[] = {
		{ 80, true,
		  "True ValidMetricFound: the HPA was able to successfully calculate a replica "
		  "count from cpu resource utilization (percentage of request)" },
		{ 10, false,
		  "False FailedGetExternalMetric: the HPA was unable to compute the replica count: "
		  "unable to get external metric ns/queue/&LabelSelector{MatchLabels:map[string]"
		  "string{of: mail,},MatchExpressions:[]LabelSelectorRequirement{},}: no" },
	};
	struct workload_fixture *f = *state;

	pods(f, "ab");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;
		scene_begin(f, &s, SPEC("\"metrics\":[" QUEUE "," CPU(50) "]"), "", 2);
		s.answers[0].failure = "no";
		samples_of(f, &s.answers[1], "ab", cases[i].milli);
		autoscaler_plan(&s.view, &s.plan);
		assert_int_equal(s.plan.rescale, cases[i].rescale);
		assert_string_equal(condition(&s, "ScalingActive"), cases[i].active);
		assert_non_null(strstr(news(&s, 0), "Warning FailedGetExternalMetric: unable to "
						    "get external metric ns/queue/"));
		if (!cases[i].rescale)
			assert_non_null(strstr(
				news(&s, 1),
				"Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid "
				"out of 2), first error is: failed to get queue external metric "
				"value: failed to get external metric queue: unable to get"));
		scaling_memory_free(&s.memory);
	}
}

static void sizes_beyond_the_bounds_need_no_metrics(void **state)
{
	static const struct {
		int current, replicas;
		const char *why;
	} cases[] = {
		{ 12, 10, "Current number of replicas above Spec.MaxReplicas" },
		{ 1, 3, "Current number of replicas below Spec.MinReplicas" },
	};
	struct workload_fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;
		scene_begin(f, &s, "\"minReplicas\":3,\"maxReplicas\":10,\"metrics\":[" CPU(50) "]",
			    "", cases[i].current);
		assert_false(autoscaler_needs_metrics(s.view.hpa, cases[i].current));
		autoscaler_plan(&s.view, &s.plan);
		assert_true(s.plan.rescale);
		assert_int_equal(s.plan.replicas, cases[i].replicas);
		assert_string_equal(s.plan.why, cases[i].why);
		scaling_memory_free(&s.memory);
	}
}

#define ZEROED "\"conditions\":[{\"type\":\"ScaledToZero\",\"status\":\"True\"}]"

static void zero_is_left_only_by_whom_it_was_reached(void **state)
{
	static const struct {
		const char *spec, *status;
		bool asks;
	} cases[] = {
		{ "\"minReplicas\":1,\"maxReplicas\":9,\"metrics\":[" CPU(50) "]", "", false },
		{ "\"minReplicas\":0,\"maxReplicas\":9,\"metrics\":[" QUEUE "]", "", false },
		{ "\"minReplicas\":0,\"maxReplicas\":9,\"metrics\":[" QUEUE "]", ZEROED, true },
		{ "\"minReplicas\":0,\"maxReplicas\":9,\"metrics\":[" CPU(50) "]", ZEROED, false },
		{ "\"minReplicas\":2,\"maxReplicas\":9,\"metrics\":[" CPU(50) "]", ZEROED, true },
	};
	struct workload_fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;
		scene_begin(f, &s, cases[i].spec, cases[i].status, 0);
		assert_int_equal(autoscaler_needs_metrics(s.view.hpa, 0), cases[i].asks);
		if (cases[i].asks)
			continue;
		autoscaler_plan(&s.view, &s.plan);
		assert_false(s.plan.rescale);
		assert_string_equal(condition(&s, "ScalingActive"),
				    "False ScalingDisabled: scaling is disabled since the replica "
				    "count of the target is zero");
		scaling_memory_free(&s.memory);
	}
}

static void an_empty_queue_goes_to_zero_and_comes_back(void **state)
{
	struct workload_fixture *f = *state;
	const char *spec = "\"minReplicas\":0,\"maxReplicas\":9,\"metrics\":[" QUEUE "]";
	struct scene s;

	pods(f, "a");
	scene_begin(f, &s, spec, "", 1);
	samples_of(f, &s.answers[0], "q", 0);
	scaling_begin(&s.memory, 1, NOW - 301000000LL); /* it has been patient */
	autoscaler_plan(&s.view, &s.plan);
	autoscaler_rescaled(&s.view, &s.plan, NULL);
	assert_int_equal(s.plan.replicas, 0);
	assert_string_equal(condition(&s, "ScaledToZero"),
			    "True ScaledToZero: the HPA controller scaled the workload to zero");
	scaling_memory_free(&s.memory);
	scene_begin(f, &s, spec, ZEROED, 0);
	samples_of(f, &s.answers[0], "q", 25000);
	autoscaler_plan(&s.view, &s.plan);
	autoscaler_rescaled(&s.view, &s.plan, NULL);
	assert_int_equal(s.plan.replicas, 3);
	assert_string_equal(
		condition(&s, "ScaledToZero"),
		"False NotScaledToZero: the HPA controller did not scale the workload to zero");
	scaling_memory_free(&s.memory);
}

static void bad_selectors_and_rivals_are_told(void **state)
{
	static const struct {
		const char *selector, *bad, *rivals, *news, *active;
	} cases[] = {
		{ "", NULL, NULL, "Warning SelectorRequired: selector is required",
		  "False InvalidSelector: the HPA target's scale is missing a selector" },
		{ "a=b", "oh", NULL,
		  "Warning InvalidSelector: couldn't convert selector into a corresponding "
		  "internal selector object: oh",
		  "False InvalidSelector: couldn't convert selector into a corresponding internal "
		  "selector object: oh" },
		{ "a=b", NULL, "[ns/a ns/b]",
		  "Warning AmbiguousSelector: pods by selector a=b are controlled by more than one "
		  "HPA (e.g. [ns/a ns/b])",
		  "False AmbiguousSelector: pods by selector a=b are controlled by more than one "
		  "HPA (e.g. [ns/a ns/b])" },
	};
	struct workload_fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct scene s;
		scene_begin(f, &s, SPEC("\"metrics\":[" CPU(50) "]"), "", 2);
		s.view.selector = str_from(cases[i].selector);
		s.view.bad_selector = cases[i].bad;
		s.view.rivals = cases[i].rivals;
		autoscaler_plan(&s.view, &s.plan);
		assert_string_equal(news(&s, 0), cases[i].news);
		assert_string_equal(condition(&s, "ScalingActive"), cases[i].active);
		assert_false(s.plan.rescale);
		scaling_memory_free(&s.memory);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_busy_target_grows_and_is_told_of),
		T(a_write_that_fails_leaves_the_size),
		T(the_metric_that_asks_for_the_most_counts),
		T(a_metric_that_fails_forbids_going_down_only),
		T(sizes_beyond_the_bounds_need_no_metrics),
		T(zero_is_left_only_by_whom_it_was_reached),
		T(an_empty_queue_goes_to_zero_and_comes_back),
		T(bad_selectors_and_rivals_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
