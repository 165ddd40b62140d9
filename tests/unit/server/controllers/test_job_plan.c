/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/controllers/jobs/job_plan.h"
#include "tests/unit/server/controllers/workload_fixture.h"

#define FINALIZED ",\"finalizers\":[\"" JOB_FINALIZER "\"]"
#define NOW       (1767225600LL * 1000000) /* 2026-01-01T00:00:00Z */

static struct batch_v1_job *job(struct workload_fixture *f, const char *spec, const char *status)
{
	auto_free char *json =
		str_printf("{\"metadata\":{\"name\":\"j\"},\"spec\":{%s},\"status\":{%s}}", spec,
			   status);

	return workload_read(f, api_struct_batch_v1_job, json);
}

static struct job_plan plan_at(struct workload_fixture *f, struct batch_v1_job *j, int64_t now_us)
{
	struct job_view v = { .job = j, .pods = &f->pods, .now_us = now_us, .caught_up = true };
	struct job_plan p;

	job_plan(&v, &p);
	return p;
}

static struct job_plan plan(struct workload_fixture *f, struct batch_v1_job *j)
{
	return plan_at(f, j, NOW);
}

static void as_many_as_run_in_parallel_and_are_still_needed(void **state)
{
	const struct {
		const char *spec;
		int succeeded, create;
	} cases[] = {
		{ "\"parallelism\":2,\"completions\":5", 0, 2 },
		{ "\"parallelism\":2,\"completions\":5", 4, 1 },
		{ "\"parallelism\":3", 0, 3 },
		{ "\"parallelism\":0,\"completions\":5", 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char status[40];

		snprintf(status, sizeof(status), "\"succeeded\":%d", cases[i].succeeded);
		struct job_plan p = plan(*state, job(*state, cases[i].spec, status));

		assert_int_equal(p.ncreate, cases[i].create);
		assert_int_equal(p.status.active, cases[i].create);
		assert_true(p.status.start_time.set);
	}
}

static void too_many_are_removed(void **state)
{
	for (int i = 0; i < 3; i++) {
		char name[4];

		snprintf(name, sizeof(name), "p%d", i);
		workload_pod(*state, name, FINALIZED, "", POD_READY);
	}
	struct job_plan p = plan(*state, job(*state, "\"parallelism\":1,\"completions\":5", ""));

	assert_int_equal(p.nremove, 2);
	assert_int_equal(p.status.active, 1);
}

/* Succeeded → uid noted → finalizer off → counted; never twice, whatever is seen in between. */
static void a_finished_pod_is_counted_once(void **state)
{
	struct workload_fixture *f = *state;
	struct core_v1_pod *pod = workload_pod(f, "p", FINALIZED, "", "\"phase\":\"Succeeded\"");
	struct batch_v1_job *j = job(f, "\"parallelism\":1,\"completions\":2", "");
	struct job_plan p = plan(f, j);

	assert_int_equal(p.status.succeeded, 0);
	assert_int_equal(p.status.uncounted_terminated_pods->succeeded.n, 1);
	assert_int_equal(p.nrelease, 0); /* not before the note is stored */
	assert_int_equal(p.ncreate, 1);  /* but it counts as one for what is needed */
	j->status = p.status;
	p = plan(f, j);
	assert_int_equal(p.nrelease, 1);
	assert_int_equal(p.status.uncounted_terminated_pods->succeeded.n, 1);
	assert_int_equal(p.status.succeeded, 0);
	pod->metadata.finalizers.n = 0;
	p = plan(f, j);
	assert_int_equal(p.status.succeeded, 1);
	assert_int_equal(p.status.uncounted_terminated_pods->succeeded.n, 0);
	j->status = p.status;
	p = plan(f, j);
	assert_int_equal(p.status.succeeded, 1);
	f->pods.n = 0; /* the pod is deleted */
	p = plan(f, j);
	assert_int_equal(p.status.succeeded, 1);
}

static void the_end_comes_when_all_are_counted(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j = job(f, "\"parallelism\":1,\"completions\":1", "");
	struct core_v1_pod *pod = workload_pod(f, "p", FINALIZED, "", "\"phase\":\"Succeeded\"");
	struct job_plan p = plan(f, j);

	assert_non_null(job_condition(&p.status, "SuccessCriteriaMet"));
	assert_null(job_condition(&p.status, "Complete"));
	j->status = p.status;
	pod->metadata.finalizers.n = 0;
	p = plan(f, j);
	assert_non_null(job_condition(&p.status, "Complete"));
	assert_true(p.status.completion_time.set);
	assert_string_equal(p.events[0].reason, "Completed");
	assert_int_equal(p.ncreate, 0);
}

static void beyond_the_backoff_limit_a_job_fails_and_ends_its_pods(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j =
		job(f, "\"parallelism\":2,\"completions\":4,\"backoffLimit\":1", "\"failed\":1");

	workload_pod(f, "bad", FINALIZED, "", "\"phase\":\"Failed\"");
	workload_pod(f, "runs", FINALIZED, "", POD_READY);
	struct job_plan p = plan(f, j);
	assert_non_null(job_condition(&p.status, "FailureTarget"));
	assert_null(job_condition(&p.status, "Failed")); /* a pod still runs */
	assert_int_equal(p.nremove, 1);
	assert_int_equal(p.ncreate, 0);
	j->status = p.status;
	f->pods.n = 0;
	p = plan(f, j);
	assert_true(str_eqz(job_condition(&p.status, "Failed")->reason, "BackoffLimitExceeded"));
}

static void after_a_failure_new_pods_wait(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j = job(f, "\"parallelism\":1,\"completions\":1", "");

	workload_pod(f, "bad", ",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"" FINALIZED, "",
		     "\"phase\":\"Failed\"");
	struct job_plan p = plan_at(f, j, NOW + 2000000);
	assert_int_equal(p.ncreate, 0);
	assert_int_equal(p.wait_ms, 8001);
	p = plan_at(f, j, NOW + 10000000);
	assert_int_equal(p.ncreate, 1);
}

static void a_deadline_ends_a_job(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j =
		job(f, "\"parallelism\":1,\"completions\":1,\"activeDeadlineSeconds\":60",
		    "\"startTime\":\"2026-01-01T00:00:00Z\"");
	struct job_plan p = plan_at(f, j, NOW + 59000000);

	assert_int_equal(p.wait_ms, 1000);
	assert_null(job_condition(&p.status, "FailureTarget"));
	p = plan_at(f, j, NOW + 60000000);
	assert_true(str_eqz(job_condition(&p.status, "FailureTarget")->reason, "DeadlineExceeded"));
}

static void an_indexed_job_fills_its_gaps(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j =
		job(f, "\"parallelism\":4,\"completions\":6,\"completionMode\":\"Indexed\"",
		    "\"completedIndexes\":\"0,4-5\"");

	workload_pod(f, "one", FINALIZED ",\"annotations\":{\"" JOB_INDEX "\":\"1\"}", "",
		     POD_READY);
	workload_pod(f, "two", FINALIZED ",\"annotations\":{\"" JOB_INDEX "\":\"2\"}", "",
		     "\"phase\":\"Succeeded\"");
	struct job_plan p = plan(f, j);
	assert_string_equal(p.status.completed_indexes.p, "0,2,4,5");
	assert_int_equal(p.status.succeeded, 4);
	assert_int_equal(p.ncreate, 1);
	assert_int_equal(p.create[0].index, 3);
}

static void a_suspended_job_has_no_pods(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j = job(f, "\"parallelism\":1,\"suspend\":true", "");

	workload_pod(f, "p", FINALIZED, "", POD_READY);
	struct job_plan p = plan(f, j);
	assert_int_equal(p.nremove, 1);
	assert_int_equal(p.ncreate, 0);
	assert_non_null(job_condition(&p.status, "Suspended"));
	assert_false(p.status.start_time.set);
	*j->spec.suspend = false;
	j->status = p.status;
	f->pods.n = 0;
	p = plan(f, j);
	assert_int_equal(p.ncreate, 1);
	assert_null(job_condition(&p.status, "Suspended"));
	assert_string_equal(p.events[0].reason, "Resumed");
}

static void a_finished_job_goes_after_its_time(void **state)
{
	const char *done = "\"conditions\":[{\"type\":\"Complete\",\"status\":\"True\","
			   "\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}]";
	struct batch_v1_job *j = job(*state, "\"ttlSecondsAfterFinished\":30", done);

	assert_int_equal(job_expires_ms(j, NOW + 10000000), 20001);
	assert_int_equal(job_expires_ms(j, NOW + 30000000), 0);
	j->spec.ttl_seconds_after_finished = NULL;
	assert_int_equal(job_expires_ms(j, NOW + 30000000), -1);
}

static struct core_v1_pod *ended(struct workload_fixture *f, const char *name, int index, int code)
{
	auto_free char *meta = str_printf(",\"namespace\":\"ns\"" FINALIZED
					  ",\"annotations\":{\"" JOB_INDEX "\":\"%d\"}",
					  index);
	auto_free char *status =
		str_printf("\"phase\":\"%s\",\"containerStatuses\":[{\"name\":\"c\",\"state\":{"
			   "\"terminated\":{"
			   "\"exitCode\":%d,\"finishedAt\":\"2025-12-31T00:00:00Z\"}}}]",
			   code ? "Failed" : "Succeeded", code);

	return workload_pod(f, name, meta, "", status);
}

static void a_failure_policy_decides_what_a_failure_means(void **state)
{
	const struct {
		const char *rule;
		int failed; /* noted */
		const char *end;
	} cases[] = {
		{ "\"action\":\"Ignore\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[3]}", 0,
		  NULL },
		{ "\"action\":\"Count\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[3]}", 1,
		  NULL },
		{ "\"action\":\"Ignore\",\"onExitCodes\":{\"operator\":\"NotIn\",\"values\":[3]}",
		  1, NULL },
		{ "\"action\":\"Ignore\",\"onExitCodes\":{\"containerName\":\"x\",\"operator\":"
		  "\"In\","
		  "\"values\":[3]}",
		  1, NULL },
		{ "\"action\":\"FailJob\",\"onExitCodes\":{\"operator\":\"In\",\"values\":[3]}", 1,
		  "Container c for pod ns/p failed with exit code 3 matching FailJob rule at index "
		  "0" },
		{ "\"action\":\"Ignore\",\"onPodConditions\":[{\"type\":\"DisruptionTarget\"}]", 1,
		  NULL },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct workload_fixture *f = *state;
		auto_free char *spec = str_printf("\"parallelism\":1,\"completions\":2,"
						  "\"podFailurePolicy\":{\"rules\":[{%s}]}",
						  cases[i].rule);

		f->pods.n = 0;
		ended(f, "p", 0, 3);
		struct job_plan p = plan(f, job(f, spec, ""));
		const struct batch_v1_job_condition *end =
			job_condition(&p.status, "FailureTarget");

		assert_int_equal(p.status.uncounted_terminated_pods->failed.n, cases[i].failed);
		assert_int_equal(end != NULL, cases[i].end != NULL);
		if (end)
			assert_true(str_eqz(end->message, cases[i].end));
	}
}

static void an_index_has_a_back_off_limit_of_its_own(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j = job(f,
				     "\"parallelism\":2,\"completions\":2,\"completionMode\":"
				     "\"Indexed\",\"backoffLimitPerIndex\":1",
				     "");
	ended(f, "a", 0, 1);
	struct job_plan p = plan(f, j);

	/* the failed pod keeps its finalizer until the next one of its index is there */
	assert_int_equal(p.nrelease + p.status.uncounted_terminated_pods->failed.n, 0);
	assert_int_equal(p.ncreate, 2);
	assert_int_equal(p.create[0].failures, 1);
	assert_int_equal(p.create[1].failures, 0);
	f->pods.n = 0;
	auto_free char *meta = str_printf(FINALIZED ",\"annotations\":{\"%s\":\"0\",\"%s\":\"1\"}",
					  JOB_INDEX, JOB_INDEX_FAILURE);
	workload_pod(f, "b", meta, "", "\"phase\":\"Failed\"");
	ended(f, "c", 1, 0);
	p = plan(f, j);
	assert_true(str_eqz(p.status.failed_indexes, "0"));
	assert_true(str_eqz(p.status.completed_indexes, "1"));
	assert_true(str_eqz(job_condition(&p.status, "FailureTarget")->reason, "FailedIndexes"));
}

static void too_many_failed_indexes_end_a_job(void **state)
{
	struct workload_fixture *f = *state;
	struct batch_v1_job *j =
		job(f,
		    "\"parallelism\":2,\"completions\":9,\"completionMode\":\"Indexed\","
		    "\"backoffLimitPerIndex\":0,\"maxFailedIndexes\":1",
		    "\"failedIndexes\":\"3\"");

	ended(f, "a", 4, 1);
	struct job_plan p = plan(f, j);
	assert_true(str_eqz(job_condition(&p.status, "FailureTarget")->reason,
			    "MaxFailedIndexesExceeded"));
}

static void a_success_policy_ends_a_job_early(void **state)
{
	const struct {
		const char *rule;
		bool met;
	} cases[] = {
		{ "\"succeededIndexes\":\"0\"", false },
		{ "\"succeededIndexes\":\"1-2\"", false },
		{ "\"succeededIndexes\":\"1-2\",\"succeededCount\":1", true },
		{ "\"succeededIndexes\":\"1\"", true },
		{ "\"succeededCount\":1", true },
		{ "\"succeededCount\":2", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct workload_fixture *f = *state;
		auto_free char *spec = str_printf(
			"\"parallelism\":1,\"completions\":3,\"completionMode\":\"Indexed\","
			"\"successPolicy\":{\"rules\":[{%s}]}",
			cases[i].rule);

		f->pods.n = 0;
		ended(f, "a", 1, 0);
		struct job_plan p = plan(f, job(f, spec, ""));
		assert_int_equal(job_condition(&p.status, "SuccessCriteriaMet") != NULL,
				 cases[i].met);
	}
}

static void only_failed_pods_are_replaced_if_so_asked(void **state)
{
	struct workload_fixture *f = *state;
	const char *spec = "\"parallelism\":1,\"completions\":1,\"podReplacementPolicy\":\"%s\"";
	auto_free char *failed = str_printf(spec, "Failed"),
		       *leaving = str_printf(spec, "TerminatingOrFailed");

	workload_pod(f, "p", FINALIZED POD_LEAVING, "", POD_READY);
	assert_int_equal(plan(f, job(f, failed, "")).ncreate, 0);
	assert_int_equal(*plan(f, job(f, failed, "")).status.terminating, 1);
	/* the other counts it as failed already */
	assert_int_equal(plan(f, job(f, leaving, "")).status.uncounted_terminated_pods->failed.n,
			 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, workload_setup, workload_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(as_many_as_run_in_parallel_and_are_still_needed),
		T(too_many_are_removed),
		T(a_finished_pod_is_counted_once),
		T(the_end_comes_when_all_are_counted),
		T(beyond_the_backoff_limit_a_job_fails_and_ends_its_pods),
		T(after_a_failure_new_pods_wait),
		T(a_deadline_ends_a_job),
		T(an_indexed_job_fills_its_gaps),
		T(a_suspended_job_has_no_pods),
		T(a_finished_job_goes_after_its_time),
		T(a_failure_policy_decides_what_a_failure_means),
		T(an_index_has_a_back_off_limit_of_its_own),
		T(too_many_failed_indexes_end_a_job),
		T(a_success_policy_ends_a_job_early),
		T(only_failed_pods_are_replaced_if_so_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
