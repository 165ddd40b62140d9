/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/storage/store_fixture.h"

#define STORE(state) (((struct store_fixture *)*(state))->store)

static void assert_dump(struct store *s, const char *want)
{
	auto_free char *got = store_dump(s);

	assert_string_equal(got, want);
}

static void a_write_gets_the_next_revision(void **state)
{
	assert_int_equal(store_put(STORE(state), "/a", "1", STORE_ABSENT).revision, 2);
	assert_int_equal(store_put(STORE(state), "/b", "2", STORE_ABSENT).revision, 3);
	assert_int_equal(STORE(state)->ops->revision(STORE(state)), 3);
	assert_dump(STORE(state), "/a=1@2 /b=2@3");
}

static void a_failed_compare_writes_nothing_and_says_what_is_there(void **state)
{
	struct answer a = store_put(STORE(state), "/a", "1", STORE_ABSENT), again;

	again = store_put(STORE(state), "/a", "2", STORE_ABSENT);
	assert_int_equal(again.failed_op, 0);
	assert_int_equal(again.found, a.revision);
	again = store_put(STORE(state), "/a", "2", a.revision + 7);
	assert_int_equal(again.failed_op, 0);
	again = store_delete(STORE(state), "/none", 5);
	assert_int_equal(again.failed_op, 0);
	assert_int_equal(again.found, 0);
	assert_int_equal(again.revision, a.revision);
	assert_dump(STORE(state), "/a=1@2");
}

static void a_transaction_happens_whole_or_not_at_all(void **state)
{
	struct store_op ops[3] = {
		{ .type = STORE_PUT, .key = STR("/a"), .value = STR("1"), .expect = STORE_ABSENT },
		{ .type = STORE_PUT, .key = STR("/b"), .value = STR("2"), .expect = STORE_ABSENT },
		{ .type = STORE_CHECK, .key = STR("/guard"), .expect = STORE_ABSENT }
	};
	struct answer a = store_do(STORE(state), ops, 3);

	assert_int_equal(a.failed_op, -1);
	assert_int_equal(a.revision, 3);
	store_put(STORE(state), "/guard", "x", STORE_ANY);
	ops[0].expect = ops[1].expect = STORE_ANY;
	a = store_do(STORE(state), ops, 3);
	assert_int_equal(a.failed_op, 2);
	assert_int_equal(a.found, 4);
	assert_dump(STORE(state), "/a=1@2 /b=2@3 /guard=x@4");
}

static void a_reopened_store_continues_where_it_was(void **state)
{
	struct store_fixture *f = *state;

	store_put(f->store, "/a", "1", STORE_ANY);
	store_put(f->store, "/b", "2", STORE_ANY);
	store_put(f->store, "/a", "3", STORE_ANY);
	store_delete(f->store, "/b", STORE_ANY);
	store_fixture_reopen(f);
	assert_dump(f->store, "/a=3@4");
	assert_int_equal(f->store->ops->revision(f->store), 5);
	assert_int_equal(store_put(f->store, "/b", "4", STORE_ABSENT).revision, 6);
	assert_int_equal(store_put(f->store, "/a", "5", 4).failed_op, -1);
}

static void deleting_what_is_not_there_takes_no_revision(void **state)
{
	struct answer a = store_delete(STORE(state), "/none", STORE_ANY);

	assert_int_equal(a.failed_op, -1);
	assert_int_equal(a.revision, 1);
}

struct seen {
	pthread_mutex_t lock;
	struct buf text;
	int64_t last;
	bool out_of_order;
	sem_t deleted;
};

static void see(struct seen *s, const struct store_event *ev)
{
	if (ev->revision != s->last + 1 && s->last)
		s->out_of_order = true;
	s->last = ev->revision;
	buf_printf(&s->text, "%s%.*s=%.*s@%lld<%lld", ev->type == STORE_DELETE ? "-" : "+",
		   STR_ARG(ev->key), STR_ARG(ev->value), (long long)ev->revision,
		   (long long)ev->prev_revision);
	buf_putc(&s->text, ' ');
}

static void on_commit(void *ctx, const struct store_event *ev, size_t n)
{
	struct seen *s = ctx;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++) {
		see(s, &ev[i]);
		if (ev[i].type == STORE_DELETE)
			sem_post(&s->deleted);
	}
	pthread_mutex_unlock(&s->lock);
}

static void subscribe(struct store *store, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	pthread_mutex_init(&s->lock, NULL);
	sem_init(&s->deleted, 0, 0);
	store->ops->subscribe(store, on_commit, s);
}

static void events_carry_previous_revision_and_last_value(void **state)
{
	struct seen s;

	subscribe(STORE(state), &s);
	store_put(STORE(state), "/a", "1", STORE_ANY);
	store_put(STORE(state), "/a", "2", STORE_ANY);
	store_delete(STORE(state), "/a", STORE_ANY);
	assert_string_equal(s.text.p, "+/a=1@2<0 +/a=2@3<2 -/a=2@4<3 ");
	buf_free(&s.text);
}

static void on_history(void *ctx, const struct store_event *ev)
{
	see(ctx, ev);
}

static void history_tells_the_same_events_after_a_restart(void **state)
{
	struct store_fixture *f = *state;
	struct seen s = { 0 };

	store_put(f->store, "/a", "1", STORE_ANY);
	store_put(f->store, "/a", "2", STORE_ANY);
	store_delete(f->store, "/a", STORE_ANY);
	store_put(f->store, "/a", "3", STORE_ANY);
	store_fixture_reopen(f);
	assert_int_equal(f->store->ops->history(f->store, 2, on_history, &s, NULL), 0);
	assert_string_equal(s.text.p, "+/a=2@3<2 -/a=2@4<3 +/a=3@5<0 ");
	buf_free(&s.text);
}

struct writer {
	struct store *store;
	int id, count;
};

static void *write_many(void *ctx)
{
	struct writer *w = ctx;

	for (int i = 0; i < w->count; i++) {
		char key[32];

		snprintf(key, sizeof(key), "/w%d/%d", w->id, i);
		if (store_put(w->store, key, "v", STORE_ABSENT).failed_op != -1)
			abort();
	}
	return NULL;
}

static void many_writers_each_event_once_in_order(void **state)
{
	struct writer w[8];
	pthread_t t[8];
	struct seen s;

	subscribe(STORE(state), &s);
	for (int i = 0; i < 8; i++) {
		w[i] = (struct writer){ STORE(state), i, 50 };
		pthread_create(&t[i], NULL, write_many, &w[i]);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	assert_false(s.out_of_order);
	assert_int_equal(s.last, 1 + 8 * 50);
	buf_free(&s.text);
}

static void one_winner_of_racing_compares(void **state)
{
	struct store_op ops[32];
	struct store_txn txns[32];
	int winners = 0;

	for (int i = 0; i < 32; i++) { /* all queued before the last one's answer */
		ops[i] = (struct store_op){ .type = STORE_PUT,
					    .key = STR("/one"),
					    .value = STR("v") };
		txns[i] = (struct store_txn){ .ops = &ops[i], .nops = 1 };
		STORE(state)->ops->txn(STORE(state), &txns[i]);
	}
	store_put(STORE(state), "/fence", "", STORE_ANY);
	for (int i = 0; i < 32; i++)
		winners += txns[i].failed_op == -1;
	assert_int_equal(winners, 1);
}

static void a_key_with_a_lease_goes_by_itself(void **state)
{
	struct seen s;

	subscribe(STORE(state), &s);
	store_put_lease(STORE(state), "/event", "e", 1);
	store_put_lease(STORE(state), "/renewed", "e", 1);
	store_put(STORE(state), "/renewed", "stays", STORE_ANY);
	while (sem_wait(&s.deleted) != 0)
		;
	assert_dump(STORE(state), "/renewed=stays@4");
	buf_free(&s.text);
}

static void a_lease_survives_a_restart(void **state)
{
	struct store_fixture *f = *state;
	struct seen s;

	store_put_lease(f->store, "/event", "e", 1);
	store_fixture_reopen(f);
	subscribe(f->store, &s);
	while (sem_wait(&s.deleted) != 0)
		;
	assert_dump(f->store, "");
	buf_free(&s.text);
}

static void wait_compacted(struct store *s, int64_t revision)
{
	while (s->ops->compacted(s) < revision)
		sched_yield();
}

static void compaction_forgets_history_and_keeps_what_lives(void **state)
{
	struct store_fixture *f = *state;
	struct seen s = { 0 };
	auto_err err = { 0 };

	for (int i = 0; i < 100; i++)
		store_put(f->store, "/a", "v", STORE_ANY);
	store_put(f->store, "/gone", "v", STORE_ANY);
	store_delete(f->store, "/gone",
		     STORE_ANY); /* the newest row: its number must not be given out again */
	f->store->ops->compact(f->store, 103);
	wait_compacted(f->store, 103);
	assert_int_equal(f->store->ops->history(f->store, 50, on_history, &s, &err), -ERR_EXPIRED);
	assert_int_equal(f->store->ops->history(f->store, 103, on_history, &s, &err), 0);
	store_fixture_reopen(f);
	assert_dump(f->store, "/a=v@101");
	assert_int_equal(f->store->ops->compacted(f->store), 103);
	assert_int_equal(store_put(f->store, "/b", "v", STORE_ANY).revision, 104);
	buf_free(&s.text);
}

static void the_file_shrinks_with_the_live_data(void **state)
{
	struct store_fixture *f = *state;
	auto_free char *big = mem_alloc(20001);
	int64_t before, after;

	memset(big, 'x', 20000);
	big[20000] = 0;
	for (int i = 0; i < 400; i++)
		store_put(f->store, "/a", big, STORE_ANY);
	f->store->ops->size(f->store, &before);
	f->store->ops->compact(f->store, 401);
	wait_compacted(f->store, 401);
	for (int i = 0; i < 100; i++) /* the vacuum makes one step with each */
		store_put(f->store, "/a", "v", STORE_ANY);
	store_fixture_reopen(f); /* checkpoints */
	f->store->ops->size(f->store, &after);
	assert_true(before > 8000000);
	if (after > before / 4)
		fail_msg("%lld bytes of %lld are left", (long long)after, (long long)before);
}

#define LEASE "/registry/leases/kube-node-lease/n"

/* How many rows the file holds, as another program sees it. */
static int64_t rows_of(const struct store_fixture *f, const char *name)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	int64_t n = -1;

	sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL);
	sqlite3_prepare_v2(db, "SELECT count(*) FROM kine WHERE name = ?1", -1, &s, NULL);
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static void heartbeats_are_written_together_with_something_else(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = store_put(f->store, LEASE, "0", STORE_ABSENT).revision, last = 0;

	assert_int_equal(rows_of(f, LEASE), 1);
	for (int i = 1; i <= 5; i++)
		last = store_put(f->store, LEASE, "1", i == 1 ? first : last).revision;
	assert_int_equal(last, first + 5);
	assert_int_equal(f->store->ops->revision(f->store), last);
	assert_int_equal(rows_of(f, LEASE), 1);
	assert_int_equal(store_put(f->store, LEASE, "2", first).found, last);
	store_put(f->store, "/a", "", STORE_ABSENT);
	assert_int_equal(rows_of(f, LEASE), 2); /* only the newest value */
	last = store_put(f->store, LEASE, "3", STORE_ANY).revision;
	assert_int_equal(store_delete(f->store, LEASE, last).failed_op, -1);
	assert_int_equal(rows_of(f, LEASE), 4); /* the deletion finds its last value */
	store_put(f->store, LEASE, "4", STORE_ABSENT);
	store_put(f->store, LEASE, "5", STORE_ANY);
	store_fixture_reopen(f);
	auto_free char *dump = store_dump(f->store);
	assert_non_null(strstr(dump, LEASE "=5@"));
}

static void many_heartbeats_are_written(void **state)
{
	struct store_fixture *f = *state;
	int written = 0;

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i <= 1000; i++) {
			char key[64];

			snprintf(key, sizeof(key), LEASE "%d", i);
			store_put(f->store, key, "", pass ? STORE_ANY : STORE_ABSENT);
		}
	for (int i = 0; i <= 1000; i++) {
		char key[64];

		snprintf(key, sizeof(key), LEASE "%d", i);
		written += rows_of(f, key) == 2;
	}
	assert_true(written >= 1000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_fixture_setup, store_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_write_gets_the_next_revision),
		T(a_failed_compare_writes_nothing_and_says_what_is_there),
		T(a_transaction_happens_whole_or_not_at_all),
		T(a_reopened_store_continues_where_it_was),
		T(deleting_what_is_not_there_takes_no_revision),
		T(events_carry_previous_revision_and_last_value),
		T(history_tells_the_same_events_after_a_restart),
		T(many_writers_each_event_once_in_order),
		T(one_winner_of_racing_compares),
		T(a_key_with_a_lease_goes_by_itself),
		T(a_lease_survives_a_restart),
		T(compaction_forgets_history_and_keeps_what_lives),
		T(the_file_shrinks_with_the_live_data),
		T(heartbeats_are_written_together_with_something_else),
		T(many_heartbeats_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
