/* SPDX-License-Identifier: Apache-2.0 */
/* What /metrics says of a work queue: client-go's workqueue_* families, one series per queue. Made once per queue and never freed, as
 * metrics are. The verbs are for the queue's thread; a reader on another sees whole values. */
#ifndef CLIENT_QUEUE_METRICS_H
#define CLIENT_QUEUE_METRICS_H

#include <stddef.h>
#include <stdint.h>

struct queue_metrics;
struct queue_metrics *queue_metrics_new(const char *queue);
void queue_metrics_close(struct queue_metrics *m); /* its queue is gone: its last figures stand */
void queue_metrics_added(struct queue_metrics *m);
void queue_metrics_depth(struct queue_metrics *m, size_t depth);
void queue_metrics_retried(struct queue_metrics *m);
/* A key that was queued at `queued_us` is at work since `now_us`; `oldest_us`: since when the longest of all is at work. */
void queue_metrics_started(struct queue_metrics *m, int64_t queued_us, int64_t now_us,
			   int64_t oldest_us);
/* `oldest_us` as above, of those that are left; 0: none is. */
void queue_metrics_ended(struct queue_metrics *m, int64_t started_us, int64_t now_us,
			 int64_t oldest_us);

#endif
