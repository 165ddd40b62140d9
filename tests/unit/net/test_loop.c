/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdatomic.h>

#define SENDERS  4
#define MESSAGES 20000

struct numbered {
	struct loop_msg msg;
	int sender, n;
};
struct receiver {
	struct loop loop;
	int last[SENDERS];
	int count, disorder;
	_Atomic bool done;
};
static struct receiver receiver;

static void receive(struct loop_msg *m)
{
	struct numbered *x = CONTAINER_OF(m, struct numbered, msg);
	assert_true(loop_is_current(&receiver.loop));
	if (x->n != receiver.last[x->sender] + 1)
		receiver.disorder++;
	receiver.last[x->sender] = x->n;
	free(x);
	if (++receiver.count == SENDERS * MESSAGES)
		loop_stop(&receiver.loop);
}

static void *send_all(void *arg)
{
	for (int i = 1; i <= MESSAGES; i++) {
		struct numbered *x = NEW(struct numbered);
		x->msg.run = receive;
		x->sender = (int)(intptr_t)arg;
		x->n = i;
		loop_post(&receiver.loop, &x->msg);
	}
	return NULL;
}

static void messages_of_one_sender_arrive_once_and_in_order(void **state)
{
	pthread_t t[SENDERS];
	(void)state;
	assert_int_equal(loop_init(&receiver.loop, "receiver", NULL), 0);
	assert_int_equal(loop_spawn(&receiver.loop, 256 * 1024, NULL), 0);
	assert_false(loop_is_current(&receiver.loop));
	for (intptr_t i = 0; i < SENDERS; i++)
		pthread_create(&t[i], NULL, send_all, (void *)i);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	loop_join(&receiver.loop);
	assert_int_equal(receiver.count, SENDERS * MESSAGES);
	assert_int_equal(receiver.disorder, 0);
	loop_close(&receiver.loop);
}

struct ping {
	struct loop a, b;
	int rounds;
};

static void pong(void *ctx);
static void ping(void *ctx)
{
	struct ping *p = ctx;
	if (++p->rounds < 1000) {
		loop_call(&p->b, pong, p);
		return;
	}
	loop_stop(&p->b);
	loop_stop(&p->a);
}

static void pong(void *ctx)
{
	struct ping *p = ctx;
	loop_call(&p->a, ping, p);
}

static void loops_wake_each_other(void **state)
{
	struct ping p = { .rounds = 0 };
	(void)state;
	loop_init(&p.a, "a", NULL);
	loop_init(&p.b, "b", NULL);
	loop_spawn(&p.a, 0, NULL);
	loop_spawn(&p.b, 0, NULL);
	loop_call(&p.a, ping, &p);
	loop_join(&p.a);
	loop_join(&p.b);
	assert_int_equal(p.rounds, 1000);
	loop_close(&p.a);
	loop_close(&p.b);
}

struct later_order {
	struct loop_later first, second;
	char text[8];
	size_t n;
};

static void run_first(struct loop_later *t)
{
	struct later_order *o = CONTAINER_OF(t, struct later_order, first);
	o->text[o->n++] = '1';
	loop_later(&test_loop, &o->second);
}

static void run_second(struct loop_later *t)
{
	struct later_order *o = CONTAINER_OF(t, struct later_order, second);
	o->text[o->n++] = '2';
}

static void later_work_runs_once_and_in_the_same_turn(void **state)
{
	struct later_order o = { .n = 0 };
	(void)state;
	loop_later_init(&o.first, run_first);
	loop_later_init(&o.second, run_second);
	loop_later(&test_loop, &o.first);
	loop_later(&test_loop, &o.first);
	run_turns(1);
	assert_string_equal(o.text, "12");
	loop_later(&test_loop, &o.first);
	loop_later_cancel(&o.first);
	run_turns(2);
	assert_string_equal(o.text, "12");
}

static bool endless_stop;
static int endless_runs;
static void run_endless(struct loop_later *t)
{
	endless_runs++;
	if (!endless_stop)
		loop_later(&test_loop, t);
}

static void fire_stop(struct loop_timer *t)
{
	(void)t;
	endless_stop = true;
}

static void endless_later_work_does_not_starve_timers(void **state)
{
	struct loop_later t;
	struct loop_timer timer;
	(void)state;
	endless_stop = false;
	loop_later_init(&t, run_endless);
	loop_timer_init(&test_loop, &timer, fire_stop);
	loop_timer_start(&timer, 20);
	loop_later(&test_loop, &t);
	RUN_UNTIL(endless_stop && list_empty(&t.link));
	assert_true(endless_runs > 1);
	loop_timer_close(&timer, NULL);
	run_turns(2);
}

struct timed {
	struct loop_timer timer;
	int fired;
	bool closed;
};

static void on_fire(struct loop_timer *t)
{
	struct timed *x = CONTAINER_OF(t, struct timed, timer);
	if (++x->fired < 3)
		loop_timer_start(t, 1);
}

static void on_timer_closed(struct loop_timer *t)
{
	CONTAINER_OF(t, struct timed, timer)->closed = true;
}

static void timer_is_one_shot_and_restartable(void **state)
{
	struct timed x = { .fired = 0 };
	(void)state;
	loop_timer_init(&test_loop, &x.timer, on_fire);
	loop_timer_start(&x.timer, 1);
	RUN_UNTIL(x.fired == 3);
	loop_timer_start(&x.timer, 1);
	loop_timer_stop(&x.timer);
	run_once();
	assert_int_equal(x.fired, 3);
	loop_timer_close(&x.timer, on_timer_closed);
	loop_timer_start(&x.timer, 0);
	RUN_UNTIL(x.closed);
	assert_int_equal(x.fired, 3);
}

struct delayed {
	struct loop_delay delay;
	struct buf *log;
	char name;
};

static void delay_ran(struct loop_delay *d)
{
	struct delayed *x = CONTAINER_OF(d, struct delayed, delay);
	buf_putc(x->log, x->name);
}

static void delays_run_once_in_order_and_not_when_cancelled(void **state)
{
	auto_buf log = { 0 };
	struct delayed d[4];
	(void)state;
	for (int i = 0; i < 4; i++) {
		d[i] = (struct delayed){ .log = &log, .name = (char)('a' + i) };
		loop_delay_init(&d[i].delay, delay_ran);
	}
	loop_delay_start(&test_loop, &d[0].delay, 30);
	loop_delay_start(&test_loop, &d[1].delay, 1);
	loop_delay_start(&test_loop, &d[2].delay, 15);
	loop_delay_start(&test_loop, &d[3].delay, 2);
	loop_delay_start(&test_loop, &d[1].delay, 20); /* anew */
	loop_delay_cancel(&d[3].delay);
	RUN_UNTIL(log.n == 3);
	assert_string_equal(log.p, "cba");
}

static void only_a_busy_loop_looks_whether_it_is_quiet(void **state)
{
	(void)state;
	run_turns(1000);
	assert_true(list_empty(&test_loop.delays));
	run_turns(5000);
	assert_false(list_empty(&test_loop.delays));
}

static pthread_t worker;
static bool work_done;
static void work(void *ctx)
{
	worker = pthread_self();
	*(int *)ctx = 7;
}

static void done(void *ctx)
{
	assert_int_equal(*(int *)ctx, 7);
	work_done = true;
}

static void blocking_work_runs_elsewhere_and_reports_here(void **state)
{
	int result = 0;
	(void)state;
	work_done = false;
	loop_work(&test_loop, work, done, &result);
	RUN_UNTIL(work_done);
	assert_false(pthread_equal(worker, pthread_self()));
}

static void idle_loop_does_not_wake(void **state)
{
	struct loop l;
	(void)state;
	loop_init(&l, "idle", NULL);
	uv_loop_configure(&l.uv, UV_METRICS_IDLE_TIME);
	loop_spawn(&l, 0, NULL);
	uv_sleep(300);
	uv_metrics_t m;
	loop_stop(&l);
	loop_join(&l);
	assert_int_equal(uv_metrics_info(&l.uv, &m), 0);
	assert_true(m.loop_count <= 3);
	loop_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_one_sender_arrive_once_and_in_order),
		cmocka_unit_test(loops_wake_each_other),
		cmocka_unit_test_setup_teardown(later_work_runs_once_and_in_the_same_turn,
						loop_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(endless_later_work_does_not_starve_timers,
						loop_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(timer_is_one_shot_and_restartable, loop_setup,
						loop_teardown),
		cmocka_unit_test_setup_teardown(delays_run_once_in_order_and_not_when_cancelled,
						loop_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(only_a_busy_loop_looks_whether_it_is_quiet,
						loop_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(blocking_work_runs_elsewhere_and_reports_here,
						loop_setup, loop_teardown),
		cmocka_unit_test(idle_loop_does_not_wake),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
