/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions on their way to the writer: any number of threads push, one takes all that wait, in the order of each
 * pusher. A push is one atomic exchange; it takes the lock only when the writer may be asleep. */
#ifndef STORAGE_ETCD_TXN_QUEUE_H
#define STORAGE_ETCD_TXN_QUEUE_H

#include <pthread.h>
#include <stdatomic.h>

#include "storage/store.h"

struct txn_queue {
	_Atomic(struct loop_msg *) head; /* newest first; linked through txn->msg.next */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken;
};

void txn_queue_init(struct txn_queue *q);
void txn_queue_close(struct txn_queue *q);
void txn_queue_push(struct txn_queue *q, struct store_txn *t); /* any thread */
void txn_queue_wake(struct txn_queue *q);                      /* any thread: ends a wait */
/* What waits, oldest first, linked through msg.next; NULL if nothing does. Writer only. */
struct loop_msg *txn_queue_take(struct txn_queue *q);
void txn_queue_wait(struct txn_queue *q,
		    int64_t until_mono_us); /* writer only; INT64_MAX: no end */

#endif
