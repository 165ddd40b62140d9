/* SPDX-License-Identifier: Apache-2.0 */
/* A Treiber stack that the only consumer empties at once and turns around. */
#include "storage/etcd/txn_queue.h"

#include <time.h>

void txn_queue_init(struct txn_queue *q)
{
	pthread_condattr_t attr;

	atomic_init(&q->head, NULL);
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->wake, &attr);
	pthread_condattr_destroy(&attr);
	q->woken = false;
}

void txn_queue_close(struct txn_queue *q)
{
	pthread_cond_destroy(&q->wake);
	pthread_mutex_destroy(&q->lock);
}

void txn_queue_wake(struct txn_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->woken = true;
	pthread_mutex_unlock(&q->lock);
	pthread_cond_signal(&q->wake); /* after: who wakes up would only wait for the lock */
}

void txn_queue_push(struct txn_queue *q, struct store_txn *t)
{
	struct loop_msg *old = atomic_load_explicit(&q->head, memory_order_relaxed);

	do {
		t->msg.next = old;
	} while (!atomic_compare_exchange_weak_explicit(&q->head, &old, &t->msg,
							memory_order_acq_rel,
							memory_order_relaxed));
	if (!old)
		txn_queue_wake(q);
}

struct loop_msg *txn_queue_take(struct txn_queue *q)
{
	struct loop_msg *newest = atomic_exchange_explicit(&q->head, NULL, memory_order_acq_rel);
	struct loop_msg *oldest = NULL;

	while (newest) {
		struct loop_msg *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

void txn_queue_wait(struct txn_queue *q, int64_t until_mono_us)
{
	struct timespec until = { .tv_sec = (time_t)(until_mono_us / 1000000),
				  .tv_nsec = (long)(until_mono_us % 1000000) * 1000 };

	pthread_mutex_lock(&q->lock);
	while (!q->woken) {
		if (until_mono_us == INT64_MAX)
			pthread_cond_wait(&q->wake, &q->lock);
		else if (pthread_cond_timedwait(&q->wake, &q->lock, &until) != 0)
			break;
	}
	q->woken = false;
	pthread_mutex_unlock(&q->lock);
}
