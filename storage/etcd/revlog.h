/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the embedded store. Files in reading order: database.c (open and verify), writer.c (the thread), batch.c (one
 * SQLite transaction for many of ours), reader.c (load and history), compaction.c (what the table
 * may forget) and compact_step.c (doing it), held.c (heartbeats not yet written) and held_write.c, checkpointer.c (the WAL).
 *
 * Invariants: a row's id is its revision; the newest row of a key that isn't a tombstone is the live one; `index` holds
 * exactly the live keys; `db`, `index` and `expiry` are used under db_lock, by the writer and, before the first
 * transaction, by whoever loads. */
#ifndef STORAGE_ETCD_REVLOG_H
#define STORAGE_ETCD_REVLOG_H

#include <sqlite3.h>

#include "base/arena.h"
#include "storage/etcd/checkpointer.h"
#include "storage/etcd/compaction.h"
#include "storage/etcd/expiry.h"
#include "storage/etcd/held.h"
#include "storage/etcd/key_index.h"
#include "storage/etcd/log.h"
#include "storage/etcd/txn_queue.h"

#define REVLOG_STATEMENTS(X)                                                                      \
	X(BEGIN, "BEGIN IMMEDIATE")                                                               \
	X(COMMIT, "COMMIT")                                                                       \
	X(ROLLBACK, "ROLLBACK")                                                                   \
	X(INSERT, "INSERT INTO kine(id, name, created, deleted, create_revision, prev_revision, " \
		  "lease, value) "                                                                \
		  "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                                       \
	X(ROW, "SELECT name, deleted, create_revision, lease, value FROM kine WHERE id = ?1")     \
	X(COMPACT_REPLACED,                                                                       \
	  "DELETE FROM kine WHERE id IN (SELECT prev_revision FROM kine "                         \
	  "WHERE id > ?1 AND id <= ?2 AND prev_revision > 0 AND name <> 'compact_rev_key')")      \
	X(COMPACT_TOMBSTONES, "DELETE FROM kine WHERE id > ?1 AND id <= ?2 AND deleted = 1")      \
	X(COMPACT_MARK,                                                                           \
	  "UPDATE kine SET prev_revision = ?1 WHERE name = 'compact_rev_key' AND id <= 1")        \
	X(RESERVE,                                                                                \
	  "UPDATE kine SET create_revision = ?1 WHERE name = 'compact_rev_key' AND id <= 1")

enum revlog_statement {
#define REVLOG_ENUM(name, sql) SQL_##name,
	REVLOG_STATEMENTS(REVLOG_ENUM)
#undef REVLOG_ENUM
		SQL_COUNT
};

struct revlog {
	struct store store;
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	bool relaxed; /* PRAGMA synchronous is NORMAL, not FULL */
	int wal_frames;
	struct checkpointer checkpointer;
	pthread_mutex_t db_lock;
	struct key_index index;
	struct expiry expiry;
	struct held held;
	int64_t newest_row; /* the newest revision that is in the table */

	struct txn_queue queue;
	struct loop_msg *pending, *pending_last; /* taken from the queue, not yet in a batch */
	struct arena scratch;                    /* of one batch */
	pthread_t thread;
	unsigned batches; /* since the writer gave free memory back */
	bool running;
	_Atomic bool closing;
	_Atomic int64_t revision;  /* newest committed */
	_Atomic int64_t compacted; /* history starts after it */
	_Atomic int64_t compact_request;
	struct compaction compaction;

	void (*on_commit)(void *ctx, const struct store_event *ev, size_t n);
	void *on_commit_ctx;
};

/* database.c */
int revlog_database_open(struct revlog *l, struct err *err);
void revlog_database_close(struct revlog *l);
int revlog_sql_err(const struct revlog *l, int rc, const char *doing, struct err *err);
/* Runs a statement that gives no rows (bound before) and resets it. An SQLite code. */
int revlog_run(struct revlog *l, enum revlog_statement s);
void revlog_set_relaxed(struct revlog *l, bool relaxed);
void revlog_checkpoint(struct revlog *l);

/* batch.c: takes at most a bounded number of l->pending, commits, tells the subscriber, answers. Under db_lock. */
void revlog_batch(struct revlog *l);
void revlog_expire(struct revlog *l,
		   int64_t now_us); /* deletes keys whose lease has ended, as transactions */

/* reader.c */
int revlog_index_build(struct revlog *l, struct err *err);
int revlog_load(struct store *s, int (*on_kv)(void *ctx, const struct store_kv *), void *ctx,
		struct err *err);
int revlog_history(struct store *s, int64_t since,
		   void (*on_event)(void *ctx, const struct store_event *), void *ctx,
		   struct err *err);

/* held_write.c: all under db_lock. An SQLite code. */
int revlog_insert(struct revlog *l, const struct store_event *ev); /* a row, in a transaction */
int revlog_held_reserve(struct revlog *l, int64_t revision); /* it may be given to what is held */
int revlog_held_insert(
	struct revlog *
		l); /* what is held, into the transaction that is open; held_init() once it is committed */
int revlog_held_write(struct revlog *l); /* as a transaction of its own, without a sync */
/* At the end: everything is written, the mark is taken back unless revisions beyond the table were seen. */
int revlog_held_close(struct revlog *l);

/* compact_step.c: one bounded step. True when there may be another one to do at once. Under db_lock. */
bool revlog_compact_step(struct revlog *l, int64_t now_us);

/* writer.c */
int revlog_writer_start(struct revlog *l, struct err *err);
void revlog_writer_stop(struct revlog *l);
int64_t revlog_now_us(void); /* monotonic */

#endif
