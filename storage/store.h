/* SPDX-License-Identifier: Apache-2.0 */
/* The narrow interface between the server and what keeps its data. Two implementations: the embedded revision log on SQLite
 * (storage/etcd/) and, later, a client of a real etcd. Values are opaque and do not contain their revision.
 *
 * A write is durable when its callback says so. Events reach the subscriber in revision order, each exactly once, before
 * the callback of the write that made them. */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include "base/err.h"
#include "base/str.h"
#include "net/loop.h"

#define STORE_ANY    (-1) /* compare: don't */
#define STORE_ABSENT 0    /* compare: the key must not exist */

enum store_op_type { STORE_PUT, STORE_DELETE, STORE_CHECK /* compare only */ };
struct store_op {
	enum store_op_type type;
	struct str key, value; /* borrowed until the callback */
	int64_t expect;        /* mod revision that the key must have, or STORE_ANY, STORE_ABSENT */
	int64_t lease;         /* 0: none */
	void *item; /* put: the sealed-to-be object, shown to the subscriber with the event (which takes a reference of its
	             * own: the caller keeps and drops its one); may be NULL */
};

/* A transaction: all compares hold and all operations happen, or none. Each put and each delete of an existing key takes a
 * revision of its own, in order, and nobody sees a state between them. Owned by the caller until done. */
struct store_txn {
	struct store_op *ops;
	size_t nops;
	struct loop *loop; /* where done() runs */
	void (*done)(struct store_txn *);
	/* result: */
	int64_t revision; /* of the last operation; nothing changed or a failed compare: the store's current one */
	int failed_op;          /* index of the operation whose compare failed, or -1 */
	int64_t found_revision; /* what that key has: 0 if it does not exist */
	struct err err;         /* disk full, …: nothing was written */
	struct loop_msg msg;    /* private */
};

struct store_event {
	enum store_op_type type; /* STORE_PUT or STORE_DELETE */
	struct str key, value;   /* borrowed for the call; a delete's value is the last one */
	struct str prev_value;   /* in history() only: the value that this event replaced */
	int64_t revision, create_revision, prev_revision; /* prev_revision 0: created */
	int64_t lease;
	void *item;
};

struct store_kv {
	struct str key, value; /* borrowed for the call */
	int64_t revision, create_revision, lease;
};

struct store;
struct store_ops {
	void (*txn)(struct store *, struct store_txn *); /* any thread */
	/* Every live key, in key order, before the first transaction; then the tail of history (oldest first, at most `tail`
	 * events) so that watches may resume from before a restart. Then the subscriber gets what commits. */
	int (*load)(struct store *, int (*on_kv)(void *ctx, const struct store_kv *), void *ctx,
		    struct err *err);
	int (*history)(struct store *, int64_t since,
		       void (*on_event)(void *ctx, const struct store_event *), void *ctx,
		       struct err *err);
	/* Commit subscriber: called on the store's own thread for each committed batch. Set before the first transaction. */
	void (*subscribe)(struct store *,
			  void (*on_commit)(void *ctx, const struct store_event *ev, size_t n),
			  void *ctx);
	int64_t (*revision)(struct store *);               /* newest committed */
	int64_t (*compacted)(struct store *);              /* oldest revision still readable */
	void (*compact)(struct store *, int64_t revision); /* asynchronous, in bounded steps */
	int (*size)(struct store *, int64_t *out_bytes);
	void (*close)(struct store *); /* commits what waits, checkpoints, joins the thread */
};
struct store {
	const struct store_ops *ops;
};

#endif
