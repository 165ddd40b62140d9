/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "generated/api_tables.h"
#include "storage/cache/cache.h"
#include "tests/unit/storage/store_fixture.h"

#define PREFIX "/registry/configmaps/default/"

struct fixture {
	struct store_fixture *base;
	struct cache_set *set;
	struct cache *maps;
	struct cache_limits limits;
	struct loop loop;
};

static void open_set(struct fixture *f)
{
	f->set = cache_set_new(&f->limits);
	f->maps = cache_of(f->set, API_CORE_V1_CONFIGMAPS);
	assert_int_equal(cache_set_load(f->set, f->base->store, NULL), 0);
}

static int setup(void **state)
{
	struct fixture *f = NEW(struct fixture);

	if (store_fixture_setup((void **)&f->base) < 0 || loop_init(&f->loop, "test", NULL) < 0)
		return -1;
	open_set(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_fixture_teardown((void **)&f->base);
	cache_set_free(f->set);
	loop_close(&f->loop);
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	struct store *s = f->base->store;

	s->ops->close(s);
	cache_set_free(f->set);
	f->base->store = NULL;
	store_fixture_reopen(f->base);
	open_set(f);
}

static int64_t put(struct fixture *f, const char *name, const char *value)
{
	char key[80], json[200];
	struct answer a;

	snprintf(key, sizeof(key), PREFIX "%s", name);
	snprintf(json, sizeof(json),
		 "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"%s\","
		 "\"namespace\":\"default\","
		 "\"uid\":\"u-%s\"},\"data\":{\"v\":\"%s\"}}",
		 name, name, value);
	a = store_put(f->base->store, key, json, STORE_ANY);
	assert_int_equal(a.reason, ERR_NONE);
	return a.revision;
}

static int64_t del(struct fixture *f, const char *name)
{
	char key[80];

	snprintf(key, sizeof(key), PREFIX "%s", name);
	return store_delete(f->base->store, key, STORE_ANY).revision;
}

/* "name@revision" of what a view holds. */
static bool list_one(void *ctx, const struct object *o)
{
	buf_printf(ctx, "%.*s@%lld ", STR_ARG(o->name), (long long)o->revision);
	return true;
}

static void assert_view(struct cache_view *v, const char *want)
{
	auto_buf b = { 0 };

	buf_puts(&b, "");
	cache_view_each(v, STR(PREFIX), STR(""), list_one, &b);
	assert_string_equal(b.p ? b.p : "", want);
	cache_view_close(v);
}

static void what_is_committed_is_found_under_its_revision(void **state)
{
	struct fixture *f = *state;
	int64_t revision = put(f, "a", "1");
	struct object *o = cache_get(f->maps, STR(PREFIX "a"));
	char want[64];

	assert_non_null(o);
	assert_int_equal(o->revision, revision);
	snprintf(want, sizeof(want), "\"resourceVersion\":\"%lld\"", (long long)revision);
	assert_non_null(memmem(o->json.p, o->json.n, want, strlen(want)));
	assert_int_equal(cache_set_revision(f->set), revision);
	object_unref(o);
	assert_null(cache_get(f->maps, STR(PREFIX "b")));
}

static void a_view_stays_what_it_was(void **state)
{
	struct fixture *f = *state;
	struct cache_view v;

	put(f, "a", "1");
	put(f, "b", "1");
	cache_view_now(f->maps, &v);
	put(f, "a", "2");
	del(f, "b");
	put(f, "c", "1");
	assert_int_equal(v.revision, 3);
	assert_view(&v, "a@2 b@3 ");
	cache_view_now(f->maps, &v);
	assert_view(&v, "a@4 c@6 ");
}

static void an_older_view_is_the_newest_with_events_undone(void **state)
{
	struct fixture *f = *state;
	struct cache_view v;
	auto_err err = { 0 };

	put(f, "a", "1");
	put(f, "b", "1");
	put(f, "a", "2");
	del(f, "b");
	put(f, "b", "2");
	const char *want[] = { "", "a@2 ", "a@2 b@3 ", "a@4 b@3 ", "a@4 ", "a@4 b@6 " };
	for (int64_t r = 1; r <= 6; r++) {
		assert_int_equal(cache_view_at(f->maps, r, &v, &err), 0);
		assert_int_equal(v.revision, r);
		assert_view(&v, want[r - 1]);
	}
	assert_int_equal(cache_view_at(f->maps, 7, &v, &err), -ERR_TIMEOUT);
}

static void counts_know_what_remains(void **state)
{
	struct fixture *f = *state;
	struct cache_view v;

	for (int i = 0; i < 100; i++) {
		char name[8];

		snprintf(name, sizeof(name), "c%03d", i);
		put(f, name, "x");
	}
	cache_view_now(f->maps, &v);
	assert_int_equal(cache_view_count(&v, STR("/registry/configmaps/"), STR("")), 100);
	assert_int_equal(cache_view_count(&v, STR(PREFIX), STR(PREFIX "c009")), 90);
	assert_int_equal(cache_view_count(&v, STR("/registry/configmaps/other/"), STR("")), 0);
	cache_view_close(&v);
}

struct watch {
	struct cache_watcher w;
	struct loop *loop;
	struct buf text;
	int64_t until, batch_end, last;
	bool expired, disordered;
	struct watch *removes; /* taken out at its first event */
	bool writes;           /* as one that sends what it sees */
	size_t events, batches;
};

static void on_event(struct cache_watcher *cw, const struct cache_event *ev)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, w);

	if (ev->revision <= w->last)
		w->disordered = true;
	w->last = ev->revision;
	buf_printf(&w->text, "%c%.*s@%lld ", "+~-"[ev->type], STR_ARG(ev->object->name),
		   (long long)ev -> revision);
	w->events++;
	if (w->writes)
		cache_watch_wrote(cw);
	if (w->removes)
		cache_unwatch(&w->removes->w);
	w->removes = NULL;
}

static void on_batch_end(struct cache_watcher *cw, int64_t revision)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, w);

	w->batch_end = revision;
	w->batches++;
	if (revision >= w->until)
		loop_stop(w->loop);
}

static void on_expired(struct cache_watcher *cw)
{
	struct watch *w = CONTAINER_OF(cw, struct watch, w);

	w->expired = true;
	loop_stop(w->loop);
}

static int watch_start(struct fixture *f, struct watch *w, int64_t since)
{
	*w = (struct watch){ .w = { .prefix = STR(PREFIX),
				    .on_event = on_event,
				    .on_batch_end = on_batch_end,
				    .on_expired = on_expired },
			     .loop = &f->loop };
	buf_puts(&w->text, "");
	return cache_watch(&f->loop, f->maps, &w->w, since, NULL);
}

static void run_until(struct fixture *f, struct watch *w, int64_t revision)
{
	w->until = revision;
	f->loop.stopping = false;
	loop_run(&f->loop);
}

static void a_watch_sees_what_came_after_its_start_and_only_that(void **state)
{
	struct fixture *f = *state;
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
	cache_unwatch(&w.w);
	buf_free(&w.text);
}

static void a_watch_resumes_across_a_restart(void **state)
{
	struct fixture *f = *state;
	struct watch w;
	int64_t since;

	put(f, "a", "1");
	since = put(f, "b", "1");
	put(f, "a", "2");
	put(f, "a", "3");
	del(f, "b");
	put(f, "b", "2");
	reopen(f);
	assert_int_equal(watch_start(f, &w, since), 0);
	run_until(f, &w, 7);
	assert_string_equal(w.text.p, "~a@4 ~a@5 -b@6 +b@7 ");
	struct cache_view v;
	assert_int_equal(cache_view_at(f->maps, since, &v, NULL), 0);
	assert_view(&v, "a@2 b@3 ");
	cache_unwatch(&w.w);
	buf_free(&w.text);
}

static void a_watcher_may_be_removed_inside_anothers_callback(void **state)
{
	struct fixture *f = *state;
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
	cache_unwatch(&a.w);
	buf_free(&a.text);
	buf_free(&b.text);
	buf_free(&c.text);
}

static void few_writes_are_never_held_back(void **state)
{
	struct fixture *f = *state;
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
		cache_unwatch(&w[i].w);
		buf_free(&w[i].text);
	}
}

#define WRITERS 1000

#define PAUSE_US 15000 /* less than what a pass to so many is followed by */

static int64_t now_us(void)
{
	return (int64_t)(uv_hrtime() / 1000);
}

/* Writes until one comes soon after a pass, which a slow disk may make impossible: then it has been held back. */
static bool one_was_held_back(struct fixture *f, const struct watch *w, int64_t *last)
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
	struct fixture *f = *state;
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
		cache_unwatch(&w[i].w);
		buf_free(&w[i].text);
	}
	if (!held) {
		printf("# a write takes longer here than a pause\n");
		skip();
	}
}

static void too_old_by_count_is_refused(void **state)
{
	struct fixture *f = *state;
	struct watch w;
	struct cache_view v;
	auto_err err = { 0 };

	f->limits.ring_events = 10;
	reopen(f);
	for (int i = 0; i < 20; i++)
		put(f, "a", "1");
	assert_int_equal(watch_start(f, &w, 2), -ERR_EXPIRED);
	assert_int_equal(cache_view_at(f->maps, 2, &v, &err), -ERR_EXPIRED);
	buf_free(&w.text);
	assert_int_equal(watch_start(f, &w, 11), 0);
	run_until(f, &w, 21);
	assert_int_equal(w.last, 21);
	cache_unwatch(&w.w);
	buf_free(&w.text);
}

static void too_old_by_bytes_is_refused(void **state)
{
	struct fixture *f = *state;
	struct watch w;

	f->limits.ring_bytes = 3000;
	reopen(f);
	for (int i = 0; i < 20; i++)
		put(f, "a", "1");
	assert_int_equal(watch_start(f, &w, 2), -ERR_EXPIRED);
	buf_free(&w.text);
	put(f, "b", "1"); /* replaces nothing: holds no bytes of the ring's */
	assert_int_equal(watch_start(f, &w, 21), 0);
	cache_unwatch(&w.w);
	buf_free(&w.text);
}

static void a_watcher_that_falls_out_of_the_ring_is_closed(void **state)
{
	struct fixture *f = *state;
	struct watch w, other;

	f->limits.ring_events = 10;
	reopen(f);
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

static void progress_moves_with_other_resources(void **state)
{
	struct fixture *f = *state;
	struct watch w;

	watch_start(f, &w, 1);
	run_until(f, &w, 1);
	store_put(f->base->store, "/registry/elsewhere/x", "{}", STORE_ANY);
	assert_int_equal(cache_watch_progress(&w.w), 2);
	put(f, "a", "1");
	assert_int_equal(cache_watch_progress(&w.w), 2); /* one event has not been delivered */
	run_until(f, &w, 3);
	assert_string_equal(w.text.p, "+a@3 ");
	cache_unwatch(&w.w);
	buf_free(&w.text);
}

static void objects_of_a_resource_that_comes_later_are_kept(void **state)
{
	struct fixture *f = *state;
	struct cache *late;

	store_put(f->base->store, "/registry/secrets/default/s",
		  "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\","
		  "\"namespace\":\"default\",\"uid\":\"u\"}}",
		  STORE_ANY);
	store_put(f->base->store, "/registry/secrets/default/t", "{}", STORE_ANY);
	store_delete(f->base->store, "/registry/secrets/default/t", STORE_ANY);
	late = cache_of(f->set, API_CORE_V1_SECRETS);
	assert_int_equal(cache_count(late), 1);
	struct object *o = cache_get(late, STR("/registry/secrets/default/s"));
	assert_int_equal(o->revision, 2);
	object_unref(o);
}

static void *write_many(void *ctx)
{
	struct fixture *f = ctx;

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
	struct fixture *f = *state;
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

			cache_view_each(&v, STR(PREFIX), STR(""), list_one, &a);
			cache_view_each(&again, STR(PREFIX), STR(""), list_one, &b);
			assert_true(str_eq(buf_view(&a), buf_view(&b)));
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
	cache_unwatch(&w.w);
	buf_free(&w.text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_committed_is_found_under_its_revision),
		T(a_view_stays_what_it_was),
		T(an_older_view_is_the_newest_with_events_undone),
		T(counts_know_what_remains),
		T(a_watch_sees_what_came_after_its_start_and_only_that),
		T(a_watch_resumes_across_a_restart),
		T(a_watcher_may_be_removed_inside_anothers_callback),
		T(few_writes_are_never_held_back),
		T(many_watchers_that_write_are_served_in_batches),
		T(too_old_by_count_is_refused),
		T(too_old_by_bytes_is_refused),
		T(a_watcher_that_falls_out_of_the_ring_is_closed),
		T(progress_moves_with_other_resources),
		T(objects_of_a_resource_that_comes_later_are_kept),
		T(watches_and_views_beside_a_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
