/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/controllers/jobs/cron_job_plan.h"

static int64_t at(const char *text)
{
	int64_t us;

	assert_true(time_parse(str_from(text), &us));
	return us / 1000000;
}

static void next_times(void **state)
{
	const struct {
		const char *schedule, *after, *next;
	} cases[] = {
		{ "* * * * *", "2026-01-02T03:04:05Z", "2026-01-02T03:05:00Z" },
		{ "* * * * *", "2026-01-02T03:04:00Z", "2026-01-02T03:05:00Z" },
		{ "*/15 * * * *", "2026-01-02T03:46:00Z", "2026-01-02T04:00:00Z" },
		{ "5,35 9-17/4 * * *", "2026-01-02T10:00:00Z", "2026-01-02T13:05:00Z" },
		{ "0 0 29 2 *", "2026-01-02T00:00:00Z", "2028-02-29T00:00:00Z" },
		{ "0 12 * * mon-FRI", "2026-01-02T13:00:00Z",
		  "2026-01-05T12:00:00Z" }, /* a Friday afternoon */
		{ "0 0 13 * 5", "2026-01-10T00:00:00Z",
		  "2026-01-13T00:00:00Z" }, /* both given: either will do */
		{ "0 0 * * 0", "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z" },
		{ "30 23 31 dec ?", "2026-01-02T00:00:00Z", "2026-12-31T23:30:00Z" },
		{ "@hourly", "2026-01-02T03:04:05Z", "2026-01-02T04:00:00Z" },
		{ "@monthly", "2026-01-02T03:04:05Z", "2026-02-01T00:00:00Z" },
		{ "@every 1h30m", "2026-01-02T03:04:05Z", "2026-01-02T04:34:05Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cron c;
		char text[TIME_TEXT_MAX];

		assert_int_equal(cron_parse(str_from(cases[i].schedule), &c, NULL), 0);
		time_format(cron_next(&c, NULL, at(cases[i].after)), text);
		assert_string_equal(text, cases[i].next);
	}
}

static void a_day_that_never_comes_has_no_next_time(void **state)
{
	struct cron c;

	(void)state;
	assert_int_equal(cron_parse(STR("0 0 31 2 *"), &c, NULL), 0);
	assert_int_equal(cron_next(&c, NULL, at("2026-01-02T00:00:00Z")), 0);
}

static void what_is_no_schedule_is_refused(void **state)
{
	const char *bad[] = { "",
			      "*",
			      "* * * *",
			      "* * * * * *",
			      "60 * * * *",
			      "* 24 * * *",
			      "* * 0 * *",
			      "* * * 13 *",
			      "* * * * 7",
			      "5-1 * * * *",
			      "*/0 * * * *",
			      "a * * * *",
			      "-1 * * * *",
			      "1,,2 * * * *",
			      "@sometimes",
			      "@every 5",
			      "@every x" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct cron c;

		if (cron_parse(str_from(bad[i]), &c, NULL) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
	}
}

struct plan_case {
	const char *created, *last, *now, *policy, *start;
	size_t active;
	int64_t deadline_s;
};

static void a_job_starts_when_it_is_due(void **state)
{
	const struct plan_case cases[] = {
		{ "2026-01-01T00:00:30Z", NULL, "2026-01-01T00:00:59Z", "Allow", NULL, 0, 0 },
		{ "2026-01-01T00:00:30Z", NULL, "2026-01-01T00:01:00Z", "Allow",
		  "2026-01-01T00:01:00Z", 0, 0 },
		{ "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z", "2026-01-01T00:01:30Z", "Allow",
		  NULL, 0, 0 },
		/* several missed: only the latest */
		{ "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z", "2026-01-01T00:09:10Z", "Allow",
		  "2026-01-01T00:09:00Z", 0, 0 },
		/* missed by more than the deadline */
		{ "2026-01-01T00:00:30Z", NULL, "2026-01-01T00:01:30Z", "Allow", NULL, 0, 20 },
		{ "2026-01-01T00:00:30Z", NULL, "2026-01-01T00:01:00Z", "Forbid", NULL, 1, 0 },
		{ "2026-01-01T00:00:30Z", NULL, "2026-01-01T00:01:00Z", "Replace",
		  "2026-01-01T00:01:00Z", 1, 0 },
	};
	struct cron every_minute;

	(void)state;
	cron_parse(STR("* * * * *"), &every_minute, NULL);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct batch_v1_cron_job job = { 0 };
		int64_t deadline = cases[i].deadline_s;
		struct cron_job_view v = { &job, &every_minute, NULL, cases[i].active,
					   at(cases[i].now) };
		struct cron_job_plan plan;

		job.metadata.creation_timestamp =
			(struct api_time){ at(cases[i].created) * 1000000, true };
		if (cases[i].last)
			job.status.last_schedule_time =
				(struct api_time){ at(cases[i].last) * 1000000, true };
		job.spec.concurrency_policy = str_from(cases[i].policy);
		job.spec.starting_deadline_seconds = deadline ? &deadline : NULL;
		cron_job_plan(&v, &plan);
		assert_int_equal(plan.start_s, cases[i].start ? at(cases[i].start) : 0);
		assert_int_equal(plan.replace, !strcmp(cases[i].policy, "Replace"));
		assert_int_equal(plan.skipped, !strcmp(cases[i].policy, "Forbid"));
		assert_true(plan.next_s > v.now_s);
	}
}

static void years_of_missed_times_end_soon(void **state)
{
	struct batch_v1_cron_job job = { 0 };
	struct cron every_minute;
	struct cron_job_plan plan;

	(void)state;
	cron_parse(STR("* * * * *"), &every_minute, NULL);
	struct cron_job_view v = { &job, &every_minute, NULL, 0, at("2026-01-01T00:00:30Z") };
	cron_job_plan(&v, &plan); /* created in 1970 */
	assert_true(plan.many_missed);
	assert_int_equal(plan.start_s, at("2026-01-01T00:00:00Z"));
}

/* Berlin as a zone without changes but those of its rule. */
static struct time_zone *berlin(void)
{
	static const char header[45] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				       "\0\0\0\0\0\0\0\1\0\0\0\4";
	static const char type[] = "\0\0\x0e\x10\0\0CET";
	struct time_zone *z = NULL;
	auto_buf file = { 0 };

	for (int i = 0; i < 2; i++) {
		buf_add(&file, header, 44);
		buf_add(&file, type, 10);
	}
	buf_puts(&file, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	assert_int_equal(time_zone_parse(buf_view(&file), &z), 0);
	return z;
}

static void a_zone_has_a_clock_of_its_own(void **state)
{
	const struct {
		const char *schedule, *after, *next;
	} cases[] = {
		{ "0 8 * * *", "2026-01-02T00:00:00Z", "2026-01-02T07:00:00Z" },
		{ "0 8 * * *", "2026-07-02T00:00:00Z", "2026-07-02T06:00:00Z" },
		{ "0 0 * * 1", "2026-01-02T00:00:00Z", "2026-01-04T23:00:00Z" },
		/* 2026-03-29: 02:00 is followed by 03:00 */
		{ "30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z" },
		{ "0 0 * * *", "2026-03-28T23:30:00Z", "2026-03-29T22:00:00Z" },
		/* 2026-10-25: 02:00 to 03:00 comes twice */
		{ "30 2 * * *", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z" },
		{ "30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z" },
		{ "0 0 * * *", "2026-10-25T00:00:00Z", "2026-10-25T23:00:00Z" },
	};
	struct time_zone *z = berlin();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cron c;
		char text[TIME_TEXT_MAX];

		assert_int_equal(cron_parse(str_from(cases[i].schedule), &c, NULL), 0);
		time_format(cron_next(&c, z, at(cases[i].after)), text);
		assert_string_equal(text, cases[i].next);
	}
	time_zone_free(z);
}

static void zones_are_known_by_name(void **state)
{
	const char *bad[] = { "Mars/Olympus", "../../etc/passwd", "/etc/passwd" };
	struct time_zone *z;
	auto_err err = { 0 };

	(void)state;
	assert_int_equal(time_zone_load(STR("UTC"), &z, NULL), 0);
	assert_null(z);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_true(time_zone_load(str_from(bad[i]), &z, &err) < 0);
	assert_string_equal(err_text(&err), "unknown time zone /etc/passwd");
}

static void a_job_that_a_user_made_is_not_its_own(void **state)
{
	struct api_str_pair scheduled = { STR_INIT(CRON_JOB_SCHEDULED), STR_INIT("now") },
			    manual = { STR_INIT("cronjob.kubernetes.io/instantiate"),
				       STR_INIT("manual") };
	const struct {
		const char *name;
		struct api_str_pair *annotation;
		bool made;
	} cases[] = {
		{ "nightly-29479680", &scheduled, true },
		{ "nightly-29479680", &manual, false },
		{ "by-hand", &manual, false },
		{ "by-hand", &scheduled, false },
	};
	struct core_v1_object_reference listed = { .uid = STR_INIT("u1") };
	struct batch_v1_cron_job c = { .metadata.name = STR_INIT("nightly") };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct batch_v1_job j = { .metadata.name = str_from(cases[i].name) };

		j.metadata.annotations = (struct api_str_map){ cases[i].annotation, 1 };
		assert_int_equal(cron_job_made(&c, &j), cases[i].made);
	}
	c.status.active.items = (void *)&listed;
	c.status.active.n = 1;
	assert_true(cron_job_lists(&c, STR("u1")));
	assert_false(cron_job_lists(&c, STR("u2")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_times),
		cmocka_unit_test(a_day_that_never_comes_has_no_next_time),
		cmocka_unit_test(what_is_no_schedule_is_refused),
		cmocka_unit_test(a_job_starts_when_it_is_due),
		cmocka_unit_test(years_of_missed_times_end_soon),
		cmocka_unit_test(a_zone_has_a_clock_of_its_own),
		cmocka_unit_test(zones_are_known_by_name),
		cmocka_unit_test(a_job_that_a_user_made_is_not_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
