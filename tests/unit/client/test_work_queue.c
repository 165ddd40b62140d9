/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "client/pace.h"
#include "client/work_queue.h"

struct fixture {
	struct loop loop;
	struct work_queue *queue;
	struct buf worked;
	int stop_after, retries;
	bool hold;   /* don't end the work */
	bool undone; /* somebody undoes what it did, which brings the key back */
};

static void work(void *ctx, struct str key)
{
	struct fixture *f = ctx;

	buf_printf(&f->worked, "%.*s ", STR_ARG(key));
	if (--f->stop_after == 0)
		loop_stop(&f->loop);
	if (f->undone)
		work_queue_add(f->queue, key);
	if (!f->hold)
		work_queue_done(f->queue, key, f->retries-- > 0);
}

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);
	const struct work_queue_config c = { .loop = &f->loop,
					     .name = "test",
					     .workers = 2,
					     .work = work,
					     .ctx = f,
					     .backoff_min_ms = 1,
					     .backoff_max_ms = 4 };

	assert_int_equal(loop_init(&f->loop, "test", NULL), 0);
	f->queue = work_queue_new(&c);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	work_queue_free(f->queue);
	loop_close(&f->loop);
	buf_free(&f->worked);
	free(f);
	return 0;
}

static void run(struct fixture *f, int n)
{
	f->stop_after = n;
	f->loop.stopping = false;
	loop_run(&f->loop);
}

static void a_key_added_often_is_worked_once(void **state)
{
	struct fixture *f = *state;

	work_queue_add(f->queue, STR("a"));
	work_queue_add(f->queue, STR("b"));
	work_queue_add(f->queue, STR("a"));
	assert_int_equal(work_queue_depth(f->queue), 2);
	run(f, 2);
	assert_string_equal(f->worked.p, "a b ");
	assert_int_equal(work_queue_depth(f->queue), 0);
}

static void a_key_added_during_its_work_is_worked_again_after_it(void **state)
{
	struct fixture *f = *state;

	f->hold = true;
	work_queue_add(f->queue, STR("a"));
	run(f, 1);
	work_queue_add(f->queue, STR("a"));
	work_queue_add(f->queue, STR("a"));
	assert_int_equal(work_queue_depth(f->queue),
			 0); /* one at work: the next one waits for its end */
	work_queue_done(f->queue, STR("a"), false);
	assert_int_equal(work_queue_depth(f->queue), 1);
	run(f, 1);
	assert_string_equal(f->worked.p, "a a ");
}

static void no_more_at_work_than_workers(void **state)
{
	struct fixture *f = *state;

	f->hold = true;
	work_queue_add(f->queue, STR("a"));
	work_queue_add(f->queue, STR("b"));
	work_queue_add(f->queue, STR("c"));
	run(f, 2);
	assert_string_equal(f->worked.p, "a b ");
	assert_int_equal(work_queue_depth(f->queue), 1);
	work_queue_done(f->queue, STR("b"), false);
	run(f, 1);
	assert_string_equal(f->worked.p, "a b c ");
}

static void failed_work_comes_back(void **state)
{
	struct fixture *f = *state;

	f->retries = 3;
	work_queue_add(f->queue, STR("a"));
	run(f, 4);
	assert_string_equal(f->worked.p, "a a a a ");
	assert_int_equal(work_queue_depth(f->queue), 0);
}

static void the_earlier_of_two_delays_stands(void **state)
{
	struct fixture *f = *state;

	work_queue_add_after(f->queue, STR("slow"), 1000000);
	work_queue_add_after(f->queue, STR("b"), 20);
	work_queue_add_after(f->queue, STR("slow"), 10);
	work_queue_add_after(f->queue, STR("slow"), 2000000);
	run(f, 2);
	assert_string_equal(f->worked.p, "slow b ");
}

static double figure(const char *name)
{
	auto_buf text = { 0 };
	const char *at;
	double v = -1;

	metrics_render(&text);
	buf_putc(&text, 0);
	at = strstr(text.p, name);
	assert_non_null(at);
	sscanf(at + strlen(name), "%lf", &v);
	return v;
}

static void what_is_at_work_and_for_how_long_is_in_the_metrics(void **state)
{
	struct fixture *f = *state;
	double waited = figure("workqueue_queue_duration_seconds_count{name=\"test\"}"),
	       worked = figure("workqueue_work_duration_seconds_count{name=\"test\"}");

	f->hold = true;
	work_queue_add(f->queue, STR("a"));
	work_queue_add(f->queue, STR("b"));
	run(f, 2);
	assert_float_equal(figure("workqueue_queue_duration_seconds_count{name=\"test\"}"),
			   waited + 2, 0.1);
	while (figure("workqueue_longest_running_processor_seconds{name=\"test\"}") <= 0)
		;
	assert_true(figure("workqueue_unfinished_work_seconds{name=\"test\"}") > 0);
	work_queue_done(f->queue, STR("a"), false);
	work_queue_done(f->queue, STR("b"), false);
	assert_float_equal(figure("workqueue_work_duration_seconds_count{name=\"test\"}"),
			   worked + 2, 0.1);
	assert_float_equal(figure("workqueue_unfinished_work_seconds{name=\"test\"}"), 0, 0);
	assert_float_equal(figure("workqueue_longest_running_processor_seconds{name=\"test\"}"), 0,
			   0);
}

static void a_fight_with_another_writer_is_paced(void **state)
{
	struct fixture *f = *state;
	int64_t began_us;

	f->undone = true;
	work_queue_add(f->queue, STR("a"));
	run(f, PACE_BURST);
	began_us = clock_real()->mono_us(clock_real());
	work_queue_add(f->queue, STR("a"));
	run(f, 10);
	assert_true(clock_real()->mono_us(clock_real()) - began_us >= 8 * 1000000 / PACE_RATE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_key_added_often_is_worked_once),
		T(a_key_added_during_its_work_is_worked_again_after_it),
		T(no_more_at_work_than_workers),
		T(failed_work_comes_back),
		T(the_earlier_of_two_delays_stands),
		T(a_fight_with_another_writer_is_paced),
		T(what_is_at_work_and_for_how_long_is_in_the_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
