/* SPDX-License-Identifier: Apache-2.0 */
/* Keys to reconcile, each at most once in the queue and at most one at work; per-key exponential back-off (5 ms … 1000 s as
 * client-go's default), delayed adds. A key that is worked again and again is paced (pace.h): who fights with another writer
 * over a field does so fifty times a second and not as fast as it can. Event-driven: an empty queue costs nothing. What happens is in
 * client-go's metrics (queue_metrics.h). Loop thread only. */
#ifndef CLIENT_WORK_QUEUE_H
#define CLIENT_WORK_QUEUE_H

#include "base/str.h"
#include "net/loop.h"

struct work_queue;
struct work_queue_config {
	struct loop *loop;
	const char *name;                        /* metrics label */
	int workers;                             /* keys at work at once */
	void (*work)(void *ctx, struct str key); /* ends with work_queue_done(), at once or later */
	void *ctx;
	int64_t backoff_min_ms, backoff_max_ms; /* 0: defaults */
};
struct work_queue *work_queue_new(const struct work_queue_config *c);
void work_queue_free(struct work_queue *q);
void work_queue_add(struct work_queue *q, struct str key);
void work_queue_add_after(struct work_queue *q, struct str key, int64_t ms);
void work_queue_done(struct work_queue *q, struct str key,
		     bool retry); /* retry: add again after back-off; else forget it */
size_t work_queue_depth(const struct work_queue *q);

#endif
