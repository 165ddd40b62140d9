/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox is a stack that senders push on without locks; the loop takes all of it at once and reverses it, which
 * keeps each sender's order. Only the push that finds it empty wakes the loop, so a burst costs one wake-up, and a loop with
 * nothing to do sleeps without any.
 *
 * One turn: [poll: sockets, inbox] -> [timers] -> [later: until none is left] -> poll … */
#include "net/loop.h"

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"

#define LATER_ROUNDS 16 /* of work that asks for more work, before sockets get their turn */

static void inbox_run(struct loop *l)
{
	struct loop_msg *stack = atomic_exchange_explicit(&l->inbox, NULL, memory_order_acquire);
	struct loop_msg *queue = NULL;
	while (stack) {
		struct loop_msg *next = stack->next;
		stack->next = queue;
		queue = stack;
		stack = next;
	}
	while (queue) {
		struct loop_msg *m = queue;
		queue = m->next;
		m->run(m);
	}
}

static void on_wake(uv_async_t *wake)
{
	inbox_run(CONTAINER_OF(wake, struct loop, wake));
}

static void later_run_once(struct loop *l)
{
	struct list batch;
	list_init(&batch);
	while (!list_empty(&l->later)) {
		struct list *it = l->later.next;
		list_del(it);
		list_add_tail(&batch, it);
	}
	while (!list_empty(&batch)) {
		struct loop_later *t = LIST_ITEM(batch.next, struct loop_later, link);
		list_del(&t->link);
		t->run(t);
	}
}

static void on_no_sleep(uv_idle_t *idle)
{
	uv_idle_stop(idle);
}

/* A loop that has been busy and has become quiet gives its free memory back. A loop at rest is not woken for it. */
struct loop_trim {
	struct loop_delay quiet;
	struct loop *loop;
	unsigned turns, looked_at;
};
#define TRIM_TURNS  5000 /* make it worth while */
#define QUIET_MS    2000
#define QUIET_TURNS 100

static void on_quiet(struct loop_delay *d)
{
	struct loop_trim *t = CONTAINER_OF(d, struct loop_trim, quiet);
	if (t->turns - t->looked_at > QUIET_TURNS) {
		t->looked_at = t->turns;
		loop_delay_start(t->loop, d, QUIET_MS);
		return;
	}
	t->turns = t->looked_at = 0;
	mem_trim();
}

static void count_turn(struct loop_trim *t)
{
	if (++t->turns == TRIM_TURNS)
		loop_delay_start(t->loop, &t->quiet, QUIET_MS);
}

static void on_before_sleep(uv_prepare_t *prepare)
{
	struct loop *l = CONTAINER_OF(prepare, struct loop, before_sleep);
	count_turn(l->trim);
	for (int i = 0; i < LATER_ROUNDS && !list_empty(&l->later); i++)
		later_run_once(l);
	if (!list_empty(&l->later))
		uv_idle_start(&l->no_sleep, on_no_sleep);
}

static void ignore_sigpipe(void)
{
	struct sigaction old;
	if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

int loop_init(struct loop *l, const char *name, struct err *err)
{
	memset(l, 0, sizeof(*l));
	l->name = name;
	l->thread = pthread_self();
	list_init(&l->later);
	list_init(&l->delays);
	ignore_sigpipe();
	int r = uv_loop_init(&l->uv);
	if (r < 0)
		return err_set(err, ERR_INTERNAL, "start loop %s: %s", name, uv_strerror(r));
	l->uv.data = l;
	r = uv_async_init(&l->uv, &l->wake, on_wake);
	if (r < 0) {
		uv_loop_close(&l->uv);
		return err_set(err, ERR_INTERNAL, "start loop %s: %s", name, uv_strerror(r));
	}
	uv_prepare_init(&l->uv, &l->before_sleep);
	uv_prepare_start(&l->before_sleep, on_before_sleep);
	uv_idle_init(&l->uv, &l->no_sleep);
	uv_timer_init(&l->uv, &l->delay_timer);
	l->read_buffer = mem_alloc(LOOP_READ_BYTES);
	l->trim = NEW(struct loop_trim);
	l->trim->loop = l;
	loop_delay_init(&l->trim->quiet, on_quiet);
	return 0;
}

static void turn(struct loop *l)
{
	while (!l->stopping)
		uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_run(struct loop *l)
{
	l->thread = pthread_self();
	turn(l);
}

struct spawn {
	struct loop *loop;
	sem_t started;
};

static void *thread_main(void *arg)
{
	struct spawn *s = arg;
	struct loop *l = s->loop;
	l->thread = pthread_self();
	pthread_setname_np(l->thread, l->name);
	sem_post(&s->started); /* from here on others may ask loop_is_current() */
	turn(l);
	return NULL;
}

int loop_spawn(struct loop *l, size_t stack_bytes, struct err *err)
{
	struct spawn s = { .loop = l };
	pthread_attr_t attr;
	pthread_t thread;
	sem_init(&s.started, 0, 0);
	pthread_attr_init(&attr);
	if (stack_bytes > 0)
		pthread_attr_setstacksize(&attr, stack_bytes);
	int r = pthread_create(&thread, &attr, thread_main, &s);
	pthread_attr_destroy(&attr);
	if (r == 0) {
		while (sem_wait(&s.started) != 0)
			;
	}
	sem_destroy(&s.started);
	if (r != 0)
		return err_set(err, ERR_INTERNAL, "start thread %s: %s", l->name, strerror(r));
	return 0;
}

void loop_post(struct loop *l, struct loop_msg *m)
{
	struct loop_msg *top = atomic_load_explicit(&l->inbox, memory_order_relaxed);
	do {
		m->next = top;
	} while (!atomic_compare_exchange_weak_explicit(&l->inbox, &top, m, memory_order_release,
							memory_order_relaxed));
	if (!top)
		uv_async_send(&l->wake);
}

struct call {
	struct loop_msg msg;
	void (*fn)(void *);
	void *ctx;
};

static void call_run(struct loop_msg *m)
{
	struct call *c = CONTAINER_OF(m, struct call, msg);
	c->fn(c->ctx);
	free(c);
}

void loop_call(struct loop *l, void (*fn)(void *), void *ctx)
{
	struct call *c = NEW(struct call);
	c->msg.run = call_run;
	c->fn = fn;
	c->ctx = ctx;
	loop_post(l, &c->msg);
}

static void stop_here(void *ctx)
{
	struct loop *l = ctx;
	l->stopping = true;
	uv_stop(&l->uv);
}

void loop_stop(struct loop *l)
{
	loop_call(l, stop_here, l);
}

void loop_join(struct loop *l)
{
	pthread_join(l->thread, NULL);
}

static void close_left(uv_handle_t *h, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

void loop_close(struct loop *l)
{
	l->thread = pthread_self();
	inbox_run(l);
	for (int i = 0; i < LATER_ROUNDS && !list_empty(&l->later); i++)
		later_run_once(l);
	uv_walk(&l->uv, close_left, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	inbox_run(l); /* posted while the last callbacks ran */
	uv_loop_close(&l->uv);
	free(TAKE(l->read_buffer));
	free(TAKE(l->trim));
}

bool loop_is_current(const struct loop *l)
{
	return pthread_equal(l->thread, pthread_self()) != 0;
}

void loop_later_init(struct loop_later *t, void (*run)(struct loop_later *))
{
	list_init(&t->link);
	t->run = run;
}

void loop_later(struct loop *l, struct loop_later *t)
{
	if (list_empty(&t->link))
		list_add_tail(&l->later, &t->link);
}

void loop_later_cancel(struct loop_later *t)
{
	list_del(&t->link);
}

struct work {
	uv_work_t req;
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx;
};

static void work_here(uv_work_t *req)
{
	struct work *w = CONTAINER_OF(req, struct work, req);
	w->work(w->ctx);
}

static void work_done(uv_work_t *req, int status)
{
	struct work *w = CONTAINER_OF(req, struct work, req);
	(void)status; /* never cancelled */
	if (w->done)
		w->done(w->ctx);
	free(w);
}

void loop_work(struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct work *w = NEW(struct work);
	w->work = work;
	w->done = done;
	w->ctx = ctx;
	uv_queue_work(&l->uv, &w->req, work_here, work_done);
}
