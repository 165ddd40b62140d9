/* SPDX-License-Identifier: Apache-2.0 */
/* What is at work is counted as a number and a sum of starts, so that its age is known at any time without looking at each: the age of
 * n keys is n times now less the sum. */
#include "client/queue_metrics.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"

struct queue_metrics {
	struct metric *depth, *adds, *retries, *wait, *work, *unfinished, *longest;
	pthread_mutex_t lock; /* of what follows */
	bool closed;
	int64_t working, started_sum_us, oldest_us;
};

static struct metric *series(enum metric_type type, const char *name, const char *help,
			     const char *queue)
{
	static const double seconds[] = { 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10 };
	static const char *const labels[] = { "name", NULL }; /* the family keeps it */
	const char *values[] = { queue, NULL };
	size_t n = type == METRIC_HISTOGRAM ? COUNT_OF(seconds) : 0;

	return metric_with(metric_family(type, name, help, labels, n ? seconds : NULL, n), values);
}

static void collect(void *ctx)
{
	struct queue_metrics *m = ctx;
	int64_t now = clock_real()->mono_us(clock_real());

	pthread_mutex_lock(&m->lock);
	if (!m->closed) {
		int64_t all = m->working * now - m->started_sum_us;

		metric_set(m->unfinished, (double)all / 1e6);
		metric_set(m->longest, m->working ? (double)(now - m->oldest_us) / 1e6 : 0);
	}
	pthread_mutex_unlock(&m->lock);
}

struct queue_metrics *queue_metrics_new(const char *queue)
{
	struct queue_metrics *m = NEW(struct queue_metrics);

	pthread_mutex_init(&m->lock, NULL);
	m->depth = series(METRIC_GAUGE, "workqueue_depth", "Current depth of workqueue", queue);
	m->adds = series(METRIC_COUNTER, "workqueue_adds_total",
			 "Total number of adds handled by workqueue", queue);
	m->wait = series(METRIC_HISTOGRAM, "workqueue_queue_duration_seconds",
			 "How long in seconds an item stays in workqueue before being requested.",
			 queue);
	m->work = series(METRIC_HISTOGRAM, "workqueue_work_duration_seconds",
			 "How long in seconds processing an item from workqueue takes.", queue);
	m->unfinished = series(
		METRIC_GAUGE, "workqueue_unfinished_work_seconds",
		"How many seconds of work has done that is in progress and hasn't been observed by "
		"work_duration. Large values indicate stuck threads. One can deduce the number of "
		"stuck threads by observing the rate at which this increases.",
		queue);
	m->longest = series(
		METRIC_GAUGE, "workqueue_longest_running_processor_seconds",
		"How many seconds has the longest running processor for workqueue been running.",
		queue);
	m->retries = series(METRIC_COUNTER, "workqueue_retries_total",
			    "Total number of retries handled by workqueue", queue);
	metrics_on_collect(collect, m);
	return m;
}

void queue_metrics_close(struct queue_metrics *m)
{
	pthread_mutex_lock(&m->lock);
	m->closed = true;
	pthread_mutex_unlock(&m->lock);
}

void queue_metrics_added(struct queue_metrics *m)
{
	metric_add(m->adds, 1);
}

void queue_metrics_depth(struct queue_metrics *m, size_t depth)
{
	metric_set(m->depth, (double)depth);
}

void queue_metrics_retried(struct queue_metrics *m)
{
	metric_add(m->retries, 1);
}

void queue_metrics_started(struct queue_metrics *m, int64_t queued_us, int64_t now_us,
			   int64_t oldest_us)
{
	metric_observe(m->wait, (double)(now_us - queued_us) / 1e6);
	pthread_mutex_lock(&m->lock);
	m->working++;
	m->started_sum_us += now_us;
	m->oldest_us = oldest_us;
	pthread_mutex_unlock(&m->lock);
}

void queue_metrics_ended(struct queue_metrics *m, int64_t started_us, int64_t now_us,
			 int64_t oldest_us)
{
	metric_observe(m->work, (double)(now_us - started_us) / 1e6);
	pthread_mutex_lock(&m->lock);
	m->working--;
	m->started_sum_us -= started_us;
	m->oldest_us = oldest_us;
	pthread_mutex_unlock(&m->lock);
}
