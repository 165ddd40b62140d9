/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/unit/storage/cache_fixture.h"

static void a_watch_sees_what_came_after_its_start_and_only_that(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;
	int64_t since;

	put(f, "a", "1");
	since = put(f, "b", "1");
	put(f, "a", "2");
	del(f, "b");
	assert_int_equal(watch_start(f, &w, since), 0);
	assert_string_equal(w.text.p, ""); /* never from inside the call */
	run_until(f, &w, 5);
	assert_string_equal(w.text.p, "~a@4 -b@5 ");
	run_until(f, &w, put(f, "c", "1"));
	assert_string_equal(w.text.p, "~a@4 -b@5 +c@6 ");
	watch_stop(&w);
}

static void a_watch_resumes_across_a_restart(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;
	int64_t since;

	put(f, "a", "1");
	since = put(f, "b", "1");
	put(f, "a", "2");
	put(f, "a", "3");
	del(f, "b");
	put(f, "b", "2");
	cache_fixture_reopen(f);
	assert_int_equal(watch_start(f, &w, since), 0);
	run_until(f, &w, 7);
	assert_string_equal(w.text.p, "~a@4 ~a@5 -b@6 +b@7 ");
	struct cache_view v;
	assert_int_equal(cache_view_at(f->maps, since, &v, NULL), 0);
	assert_view(&v, "a@2 b@3 ");
	watch_stop(&w);
}

static void a_watcher_may_be_removed_inside_anothers_callback(void **state)
{
	struct cache_fixture *f = *state;
	struct watch a, b, c;

	watch_start(f, &a, 1);
	watch_start(f, &b, 1);
	watch_start(f, &c, 1);
	a.removes = &b;
	b.removes = &a;
	c.removes = &c;
	put(f, "x", "1");
	b.until = c.until = INT64_MAX;
	run_until(f, &a, put(f, "x", "2"));
	assert_string_equal(a.text.p, "+x@2 ~x@3 ");
	assert_string_equal(b.text.p, "");
	assert_string_equal(c.text.p, "+x@2 ");
	watch_stop(&a);
	buf_free(&b.text);
	buf_free(&c.text);
}

static void few_writes_are_never_held_back(void **state)
{
	struct cache_fixture *f = *state;
	static struct watch w[20];

	for (size_t i = 0; i < COUNT_OF(w); i++) {
		watch_start(f, &w[i], 1);
		w[i].writes = true;
	}
	for (int i = 0; i < 20; i++) { /* 400 writes: what the hub has in hand */
		run_until(f, &w[0], put(f, "x", "1"));
		assert_true(list_empty(&f->loop.delays));
	}
	for (size_t i = 0; i < COUNT_OF(w); i++) {
		assert_int_equal(w[i].events, 20);
		watch_stop(&w[i]);
	}
}

#define WRITERS 1000

#define PAUSE_US 15000 /* less than what a pass to so many is followed by */

static int64_t now_us(void)
{
	return (int64_t)(uv_hrtime() / 1000);
}

/* Writes until one comes soon after a pass, which a slow disk may make impossible: then it has been held back. */
static bool one_was_held_back(struct cache_fixture *f, const struct watch *w, int64_t *last)
{
	int64_t passed = -PAUSE_US;

	for (int i = 0; i < 100; i++) {
		size_t seen = w->events;

		*last = put(f, "x", "1");
		int64_t before = now_us();
		bool soon = before - passed < PAUSE_US;
		uv_run(&f->loop.uv, UV_RUN_NOWAIT);
		if (soon) {
			assert_int_equal(w->events, seen);
			assert_false(list_empty(&f->loop.delays));
			return true;
		}
		if (w->events > seen)
			passed = before;
	}
	return false;
}

static void many_watchers_that_write_are_served_in_batches(void **state)
{
	struct cache_fixture *f = *state;
	static struct watch w[WRITERS];
	int64_t last = 1;

	for (size_t i = 0; i < WRITERS; i++) {
		watch_start(f, &w[i], 1);
		w[i].writes = true;
		w[i].until = INT64_MAX;
	}
	bool held = one_was_held_back(f, &w[0], &last);
	if (w[0].last < last)
		run_until(f, &w[0], last);
	for (size_t i = 0; i < WRITERS; i++) {
		assert_int_equal(w[i].last, last);
		assert_int_equal(w[i].events, w[0].events);
		assert_false(w[i].disordered);
		watch_stop(&w[i]);
	}
	if (!held) {
		printf("# a write takes longer here than a pause\n");
		skip();
	}
}

static void too_old_by_count_is_refused(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;
	struct cache_view v;
	auto_err err = { 0 };

	f->limits.ring_events = 10;
	cache_fixture_reopen(f);
	for (int i = 0; i < 20; i++)
		put(f, "a", "1");
	assert_int_equal(watch_start(f, &w, 2), -ERR_EXPIRED);
	assert_int_equal(cache_view_at(f->maps, 2, &v, &err), -ERR_EXPIRED);
	buf_free(&w.text);
	assert_int_equal(watch_start(f, &w, 11), 0);
	run_until(f, &w, 21);
	assert_int_equal(w.last, 21);
	watch_stop(&w);
}

static void too_old_by_bytes_is_refused(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;

	f->limits.ring_bytes = 3000;
	cache_fixture_reopen(f);
	for (int i = 0; i < 20; i++)
		put(f, "a", "1");
	assert_int_equal(watch_start(f, &w, 2), -ERR_EXPIRED);
	buf_free(&w.text);
	put(f, "b", "1"); /* replaces nothing: holds no bytes of the ring's */
	assert_int_equal(watch_start(f, &w, 21), 0);
	watch_stop(&w);
}

static void a_watcher_that_falls_out_of_the_ring_is_closed(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w, other;

	f->limits.ring_events = 10;
	cache_fixture_reopen(f);
	watch_start(f, &w, 1);
	for (int i = 0; i < 20; i++) /* its loop doesn't run meanwhile */
		put(f, "a", "1");
	watch_start(f, &other, 15);
	run_until(f, &other, 21);
	assert_true(w.expired);
	assert_string_equal(w.text.p, "");
	run_until(f, &other, put(f, "a", "2"));
	assert_int_equal(other.last, 22);
	assert_int_equal(w.last, 0);
	cache_unwatch(&other.w);
	buf_free(&w.text);
	buf_free(&other.text);
}

static void a_watch_from_now_is_never_too_old(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;

	f->limits.ring_events = 10;
	cache_fixture_reopen(f);
	for (int i = 0; i < 20; i++)
		put(f, "a", "1");
	watch_start_from_now(f, &w);
	int64_t next = put(f, "b", "1");
	run_until(f, &w, next);
	auto_free char *wanted = str_printf("+b@%lld ", (long long)next);
	assert_string_equal(w.text.p, wanted);
	watch_stop(&w);
}

static void progress_moves_with_other_resources(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;

	watch_start(f, &w, 1);
	run_until(f, &w, 1);
	store_put(f->base->store, "/registry/elsewhere/x", "{}", STORE_ANY);
	assert_int_equal(cache_watch_progress(&w.w), 2);
	put(f, "a", "1");
	assert_int_equal(cache_watch_progress(&w.w), 2); /* one event has not been delivered */
	run_until(f, &w, 3);
	assert_string_equal(w.text.p, "+a@3 ");
	watch_stop(&w);
}

static void *write_many(void *ctx)
{
	struct cache_fixture *f = ctx;

	for (int i = 0; i < 300; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i % 20);
		if (i % 5 == 4)
			del(f, name);
		else
			put(f, name, "v");
	}
	put(f, "end", "v");
	return NULL;
}

/* Readers and watchers beside a writer: every event once and in order, and each view is of one moment. */
static void watches_and_views_beside_a_writer(void **state)
{
	struct cache_fixture *f = *state;
	struct watch w;
	pthread_t t;
	int64_t last = 0;

	watch_start(f, &w, 1);
	pthread_create(&t, NULL, write_many, f);
	for (int i = 0; i < 200; i++) {
		struct cache_view v, again;

		cache_view_now(f->maps, &v);
		assert_true(v.revision >= last);
		last = v.revision;
		if (cache_view_at(f->maps, last, &again, NULL) == 0) {
			auto_buf a = { 0 }, b = { 0 };

			view_text(&v, &a);
			view_text(&again, &b);
			assert_string_equal(a.p, b.p);
			assert_int_equal(cache_view_count(&v, STR(PREFIX), STR("")),
					 cache_view_count(&again, STR(PREFIX), STR("")));
			cache_view_close(&again);
		}
		cache_view_close(&v);
	}
	while (w.last < 2 || !strstr(w.text.p, "+end@"))
		run_until(f, &w, w.batch_end + 1);
	pthread_join(t, NULL);
	assert_false(w.disordered);
	watch_stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_watch_sees_what_came_after_its_start_and_only_that),
		T(a_watch_resumes_across_a_restart),
		T(a_watcher_may_be_removed_inside_anothers_callback),
		T(few_writes_are_never_held_back),
		T(many_watchers_that_write_are_served_in_batches),
		T(too_old_by_count_is_refused),
		T(too_old_by_bytes_is_refused),
		T(a_watcher_that_falls_out_of_the_ring_is_closed),
		T(a_watch_from_now_is_never_too_old),
		T(progress_moves_with_other_resources),
		T(watches_and_views_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
