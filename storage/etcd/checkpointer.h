/* SPDX-License-Identifier: Apache-2.0 */
/* Moves the write-ahead log into the database on a thread of its own, with a connection of its own, while the writer goes on
 * writing: what takes long (writing pages, syncing the file) doesn't hold up a commit. The writer finishes the short rest
 * itself, because only then SQLite starts the log anew. */
#ifndef STORAGE_ETCD_CHECKPOINTER_H
#define STORAGE_ETCD_CHECKPOINTER_H

#include <sqlite3.h>

#include "storage/etcd/txn_queue.h"

struct checkpointer {
	sqlite3 *db;
	struct txn_queue *queue; /* of the writer: woken when a run has ended */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool started, asked, closing;
	bool busy;  /* writer's: asked and not answered */
	bool ended; /* a run has ended, not yet noticed */
	int moved;  /* frames of the log that are in the database then; -1: it failed */
};
int checkpointer_start(struct checkpointer *c, const char *path,
		       struct txn_queue *queue); /* an SQLite code */
void checkpointer_stop(struct checkpointer *c);
void checkpointer_ask(struct checkpointer *c); /* writer only; nothing while busy */
bool checkpointer_ended(struct checkpointer *c, int *out_moved); /* writer only: once per run */

#endif
