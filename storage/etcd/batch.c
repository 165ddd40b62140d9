/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit. A batch is what waited, up to a bound: compares are decided against the index (which already shows the
 * batch's earlier transactions), rows are inserted, one COMMIT syncs once. Then, in this order: the new revision is
 * published, the subscriber sees the events, the answers go home. If anything fails the index is rolled back with the
 * database, and every transaction of the batch gets the error.
 *
 * Node heartbeats (Leases in kube-node-lease) are the one thing that is not worth a write of its own: a batch of nothing but
 * renewals is held in memory (held.h), one of nothing else (the first of a node, its last) is committed without a sync. */
#include "base/mem.h"
#include "base/metrics.h"
#include "storage/etcd/revlog.h"

#define BATCH_TXNS  256
#define BATCH_BYTES (4u << 20)
#define EXPIRE_TXNS 64
#define HEARTBEATS  STR("/registry/leases/kube-node-lease/")

struct undo {
	struct key_hash hash;
	int64_t mod, create; /* mod 0: there was none */
};

struct batch {
	struct revlog *l;
	struct store_txn **txns;
	size_t ntxns;
	struct store_event *events; /* and what undoes each */
	struct undo *undo;
	size_t nevents;
	int64_t revision; /* newest given out */
	bool begun;
	bool holds; /* nothing is written */
	int rc;
};

static bool compares_hold(struct batch *b, struct store_txn *t)
{
	for (size_t i = 0; i < t->nops; i++) {
		const struct store_op *op = &t->ops[i];
		const struct key_entry *e;

		if (op->expect == STORE_ANY)
			continue;
		e = key_index_get(&b->l->index, key_index_hash(&b->l->index, op->key));
		if ((e ? e->mod : 0) == op->expect)
			continue;
		t->failed_op = (int)i;
		t->found_revision = e ? e->mod : 0;
		return false;
	}
	return true;
}

/* The last value, for a deletion's event. */
static int read_value(struct batch *b, int64_t revision, struct str *out)
{
	sqlite3_stmt *s = b->l->statements[SQL_ROW];
	int rc;

	sqlite3_bind_int64(s, 1, revision);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		const void *p = sqlite3_column_blob(s, 4);

		*out = arena_str(&b->l->scratch,
				 str_of(p ? p : "", (size_t)sqlite3_column_bytes(s, 4)));
	}
	sqlite3_reset(s);
	return rc == SQLITE_ROW ? SQLITE_OK : rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
}

/* What is held comes first: rows that this batch replaces may be among it. */
static int begin(struct batch *b)
{
	int rc = b->begun ? SQLITE_OK : revlog_run(b->l, SQL_BEGIN);

	if (rc != SQLITE_OK || b->begun)
		return rc;
	b->begun = true;
	return revlog_held_insert(b->l);
}

static int apply_op(struct batch *b, const struct store_op *op)
{
	struct key_index *x = &b->l->index;
	struct key_hash h = key_index_hash(x, op->key);
	const struct key_entry *e = key_index_get(x, h);
	struct store_event *ev = &b->events[b->nevents];
	int rc = SQLITE_OK;

	if (op->type == STORE_CHECK || (op->type == STORE_DELETE && !e))
		return SQLITE_OK;
	*ev = (struct store_event){ .type = op->type,
				    .key = op->key,
				    .value = op->value,
				    .revision = b->revision + 1,
				    .prev_revision = e ? e->mod : 0,
				    .lease = op->lease,
				    .item = op->item };
	ev->create_revision = e ? e->create : ev->revision;
	if (!b->holds)
		rc = begin(b);
	if (rc == SQLITE_OK && op->type == STORE_DELETE)
		rc = read_value(b, e->mod, &ev->value);
	if (rc == SQLITE_OK && !b->holds)
		rc = revlog_insert(b->l, ev);
	if (rc != SQLITE_OK)
		return rc;
	if (b->holds)
		held_put(&b->l->held, ev, revlog_now_us());
	b->undo[b->nevents++] = (struct undo){ h, e ? e->mod : 0, e ? e->create : 0 };
	b->revision++;
	if (op->type == STORE_PUT)
		key_index_set(x, h, ev->revision, ev->create_revision);
	else
		key_index_del(x, h);
	return SQLITE_OK;
}

static int apply(struct batch *b)
{
	for (size_t i = 0; i < b->ntxns; i++) {
		struct store_txn *t = b->txns[i];

		if (compares_hold(b, t)) {
			for (size_t k = 0; k < t->nops; k++) {
				int rc = apply_op(b, &t->ops[k]);

				if (rc != SQLITE_OK)
					return rc;
			}
		}
		t->revision = b->revision;
	}
	return b->begun ? revlog_run(b->l, SQL_COMMIT) : SQLITE_OK;
}

static void roll_back(struct batch *b)
{
	struct key_index *x = &b->l->index;

	if (b->begun && !sqlite3_get_autocommit(b->l->db))
		revlog_run(b->l, SQL_ROLLBACK);
	while (b->nevents > 0) {
		const struct undo *u = &b->undo[--b->nevents];

		if (u->mod)
			key_index_set(x, u->hash, u->mod, u->create);
		else
			key_index_del(x, u->hash);
	}
}

static void fail_all(struct batch *b)
{
	auto_err err = { 0 };

	revlog_sql_err(b->l, b->rc, "write", &err);
	roll_back(b);
	for (size_t i = 0; i < b->ntxns; i++) {
		err_copy(&b->txns[i]->err, &err);
		b->txns[i]->revision = atomic_load(&b->l->revision);
		b->txns[i]->failed_op = -1;
	}
}

static void publish(struct batch *b)
{
	int64_t now_us = revlog_now_us();

	for (size_t i = 0; i < b->nevents; i++)
		if (b->events[i].type == STORE_PUT && b->events[i].lease > 0)
			expiry_add(&b->l->expiry, now_us + b->events[i].lease * 1000000,
				   b->events[i].revision);
	if (b->begun) { /* what was held is written with it */
		held_free(&b->l->held);
		held_init(&b->l->held);
		b->l->newest_row = b->revision;
	}
	atomic_store(&b->l->revision, b->revision);
	if (b->nevents && b->l->on_commit)
		b->l->on_commit(b->l->on_commit_ctx, b->events, b->nevents);
}

/* Answers of one batch for one loop travel as one message. */
struct answers {
	struct loop_msg msg;
	struct loop *loop;
	struct answers *next;
	size_t n;
	struct store_txn *txns[];
};

static void answers_run(struct loop_msg *m)
{
	struct answers *a = CONTAINER_OF(m, struct answers, msg);

	for (size_t i = 0; i < a->n; i++)
		a->txns[i]->done(a->txns[i]);
	free(a);
}

static void answer_run(struct loop_msg *m)
{
	struct store_txn *t = CONTAINER_OF(m, struct store_txn, msg);

	t->done(t);
}

static void answer_one(struct store_txn *t)
{
	if (t->loop) {
		t->msg.run = answer_run;
		loop_post(t->loop, &t->msg);
	} else if (t->done) {
		t->done(t);
	}
}

static void answer_all(struct batch *b)
{
	struct answers *all = NULL;

	if (b->ntxns == 1) {
		answer_one(b->txns[0]);
		return;
	}
	for (size_t i = 0; i < b->ntxns; i++) {
		struct store_txn *t = b->txns[i];
		struct answers *a = all;

		while (a && a->loop != t->loop)
			a = a->next;
		if (!t->loop) {
			answer_one(t);
			continue;
		}
		if (!a) {
			a = mem_alloc(sizeof(*a) + (b->ntxns - i) * sizeof(a->txns[0]));
			*a = (struct answers){ .msg.run = answers_run,
					       .loop = t->loop,
					       .next = all };
			all = a;
		}
		a->txns[a->n++] = t;
	}
	while (all) {
		struct answers *next = all->next;

		loop_post(all->loop, &all->msg);
		all = next;
	}
}

static bool only_heartbeats(const struct batch *b)
{
	for (size_t i = 0; i < b->ntxns; i++)
		for (size_t k = 0; k < b->txns[i]->nops; k++)
			if (!str_starts(b->txns[i]->ops[k].key, HEARTBEATS))
				return false;
	return true;
}

/* Nothing but new values of heartbeats that are there. */
static bool only_renewals(const struct batch *b)
{
	const struct key_index *x = &b->l->index;

	if (!only_heartbeats(b))
		return false;
	for (size_t i = 0; i < b->ntxns; i++)
		for (size_t k = 0; k < b->txns[i]->nops; k++) {
			const struct store_op *op = &b->txns[i]->ops[k];

			if (op->type == STORE_DELETE || op->lease ||
			    !key_index_get(x, key_index_hash(x, op->key)))
				return false;
		}
	return true;
}

static void count_batch(const struct batch *b, int64_t started_us)
{
	static const double seconds[] = { .0005, .001, .002, .005, .01, .02, .05, .1, .5, 1, 5 };
	static struct metric *duration, *rows,
		*failures; /* the registry's own, made once by the writer */

	if (!duration) {
		duration = metric_with(metric_family(METRIC_HISTOGRAM,
						     "allinone_store_commit_duration_seconds",
						     "Time of one group commit, sync included.",
						     NULL, seconds, COUNT_OF(seconds)),
				       NULL);
		rows = metric_with(metric_family(METRIC_COUNTER,
						 "allinone_store_rows_written_total",
						 "Rows written to the revision log.", NULL, NULL,
						 0),
				   NULL);
		failures =
			metric_with(metric_family(METRIC_COUNTER,
						  "allinone_store_commit_failures_total",
						  "Group commits that failed and were rolled back.",
						  NULL, NULL, 0),
				    NULL);
	}
	if (b->begun)
		metric_observe(duration, (double)(revlog_now_us() - started_us) / 1e6);
	metric_add(rows, b->holds ? 0 : (double)b->nevents);
	metric_add(failures, b->rc == SQLITE_OK ? 0 : 1);
}

static void run(struct batch *b)
{
	int64_t started_us = revlog_now_us();
	size_t nops = 0;

	for (size_t i = 0; i < b->ntxns; i++) {
		b->txns[i]->failed_op = -1;
		nops += b->txns[i]->nops;
	}
	b->events = ARENA_ARRAY(&b->l->scratch, struct store_event, nops + 1);
	b->undo = ARENA_ARRAY(&b->l->scratch, struct undo, nops + 1);
	b->revision = atomic_load(&b->l->revision);
	b->holds = only_renewals(b) && !held_is_full(&b->l->held) &&
		   revlog_held_reserve(b->l, b->revision + (int64_t)nops) == SQLITE_OK;
	revlog_set_relaxed(b->l, only_heartbeats(b));
	b->rc = apply(b);
	if (b->rc == SQLITE_OK)
		publish(b);
	else
		fail_all(b);
	count_batch(b, started_us);
	answer_all(b);
	arena_reset(&b->l->scratch);
}

void revlog_batch(struct revlog *l)
{
	struct store_txn *txns[BATCH_TXNS];
	struct batch b = { .l = l, .txns = txns };
	size_t bytes = 0;

	while (l->pending && b.ntxns < BATCH_TXNS && bytes < BATCH_BYTES) {
		struct store_txn *t = CONTAINER_OF(l->pending, struct store_txn, msg);

		l->pending = l->pending->next;
		for (size_t i = 0; i < t->nops; i++)
			bytes += t->ops[i].key.n + t->ops[i].value.n;
		txns[b.ntxns++] = t;
	}
	run(&b);
}

static bool expired_key(struct revlog *l, int64_t revision, struct str *out)
{
	sqlite3_stmt *s = l->statements[SQL_ROW];
	const struct key_entry *e = NULL;

	sqlite3_bind_int64(s, 1, revision);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*out = arena_str(&l->scratch, str_of(sqlite3_column_text(s, 0),
						     (size_t)sqlite3_column_bytes(s, 0)));
		e = key_index_get(&l->index, key_index_hash(&l->index, *out));
	}
	sqlite3_reset(s);
	return e && e->mod == revision;
}

void revlog_expire(struct revlog *l, int64_t now_us)
{
	struct store_txn txns[EXPIRE_TXNS] = { 0 }, *list[EXPIRE_TXNS];
	struct store_op ops[EXPIRE_TXNS];
	struct batch b = { .l = l, .txns = list };
	int64_t revision;

	while (b.ntxns < EXPIRE_TXNS && expiry_take(&l->expiry, now_us, &revision)) {
		struct store_op *op = &ops[b.ntxns];

		*op = (struct store_op){ .type = STORE_DELETE, .expect = revision };
		if (!expired_key(l, revision, &op->key))
			continue;
		txns[b.ntxns] = (struct store_txn){ .ops = op, .nops = 1 };
		list[b.ntxns] = &txns[b.ntxns];
		b.ntxns++;
	}
	if (!b.ntxns)
		return;
	run(&b);
	for (size_t i = 0; i < b.ntxns; i++) {
		if (txns[i].err.reason) /* the key is still there: try again in a while */
			expiry_add(&l->expiry, now_us + 10000000, ops[i].expect);
		err_clear(&txns[i].err);
	}
}
