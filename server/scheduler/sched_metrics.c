/* SPDX-License-Identifier: Apache-2.0 */
#include "server/scheduler/sched_metrics.h"

#include "base/mem.h"

#define PROFILE "default-scheduler"

static const double attempt_buckets[] = { 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128,
					  0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384 };
static const double sli_buckets[] = { 0.01,   0.02,   0.04,   0.08,    0.16,    0.32,   0.64,
				      1.28,   2.56,   5.12,   10.24,   20.48,   40.96,  81.92,
				      163.84, 327.68, 655.36, 1310.72, 2621.44, 5242.88 };
static const double count_buckets[] = { 1, 2, 4, 8, 16 };
static const double victim_buckets[] = { 1, 2, 4, 8, 16, 32, 64 };

static struct metric *plain(enum metric_type type, const char *name, const char *help,
			    const double *buckets, size_t n)
{
	return metric_with(metric_family(type, name, help, NULL, buckets, n), NULL);
}

static struct metric *by_result(enum metric_type type, const char *name, const char *help,
				const char *result, const double *buckets, size_t n)
{
	static const char *const labels[] = { "result", "profile", NULL };
	const char *const values[] = { result, PROFILE, NULL };

	return metric_with(metric_family(type, name, help, labels, buckets, n), values);
}

static struct metric *attempts(const char *result)
{
	return by_result(METRIC_COUNTER, "scheduler_schedule_attempts_total",
			 "Number of attempts to schedule pods, by the result.", result, NULL, 0);
}

static struct metric *took(const char *result)
{
	return by_result(METRIC_HISTOGRAM, "scheduler_scheduling_attempt_duration_seconds",
			 "Scheduling attempt latency in seconds, by the result.", result,
			 attempt_buckets, COUNT_OF(attempt_buckets));
}

static struct metric *pending(const char *queue)
{
	static const char *const labels[] = { "queue", NULL };
	const char *const values[] = { queue, NULL };

	return metric_with(metric_family(METRIC_GAUGE, "scheduler_pending_pods",
					 "Number of pending pods, by the queue that they are in.",
					 labels, NULL, 0),
			   values);
}

void sched_metrics_init(struct sched_metrics *m)
{
	m->scheduled = attempts("scheduled");
	m->unschedulable = attempts("unschedulable");
	m->error = attempts("error");
	m->took_scheduled = took("scheduled");
	m->took_unschedulable = took("unschedulable");
	m->sli = plain(METRIC_HISTOGRAM, "scheduler_pod_scheduling_sli_duration_seconds",
		       "Seconds from when a pod entered the queue until it was bound.", sli_buckets,
		       COUNT_OF(sli_buckets));
	m->attempts_needed = plain(METRIC_HISTOGRAM, "scheduler_pod_scheduling_attempts",
				   "Number of attempts that it took to schedule a pod.",
				   count_buckets, COUNT_OF(count_buckets));
	m->preemptions = plain(METRIC_COUNTER, "scheduler_preemption_attempts_total",
			       "Total preemption attempts in the cluster till now.", NULL, 0);
	m->victims = plain(METRIC_HISTOGRAM, "scheduler_preemption_victims",
			   "Number of selected preemption victims.", victim_buckets,
			   COUNT_OF(victim_buckets));
	m->active = pending("active");
	m->backoff = pending("backoff");
	m->parked = pending("unschedulable");
	m->gated = pending("gated");
}

void sched_metrics_pending(struct sched_metrics *m, const struct sched_queue *q)
{
	metric_set(m->active, (double)q->active.n);
	metric_set(m->backoff, (double)(q->backoff.n + q->errors.n));
	metric_set(m->parked, (double)(q->nparked - q->ngated));
	metric_set(m->gated, (double)q->ngated);
}
